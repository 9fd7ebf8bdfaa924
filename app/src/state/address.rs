//! The address bar: its query string is the view, so a link within the page changes it without loading anything.

use leptos::prelude::*;

/// The page's address, as far as it changes while the page stays; cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Address(RwSignal<String>);

impl Address {
    /// The address of a query string.
    pub fn new(query: &str) -> Self {
        Self(RwSignal::new(query.to_owned()))
    }

    /// The query string, without its question mark.
    pub fn query(self) -> Memo<String> {
        Memo::new(move |_| self.0.get())
    }

    /// The address bar shows another query string.
    pub fn follow(self, query: &str) {
        if self.0.with_untracked(|shown| shown != query) {
            self.0.set(query.to_owned());
        }
    }
}

//! The address bar: its query string is the view, so a link within the page changes it without loading anything.

use leptos::prelude::*;

/// The page's address, as far as it changes while the page stays; cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Address(RwSignal<String>);

impl Address {
    /// The address that the server renders.
    pub fn new(query: &str) -> Self {
        Self(RwSignal::new(query.to_owned()))
    }

    /// The query string, without its question mark.
    pub fn query(self) -> Memo<String> {
        Memo::new(move |_| self.0.get())
    }

    /// The address bar shows another query string.
    #[cfg(feature = "hydrate")]
    pub fn follow(self, query: &str) {
        if self.0.with_untracked(|shown| shown != query) {
            self.0.set(query.to_owned());
        }
    }

    /// Goes to another view of the page; with `replace` the back button skips the one left behind.
    #[cfg(feature = "hydrate")]
    pub fn go(self, href: &str, replace: bool) {
        let address = href.split_once('#').map_or(href, |(address, _)| address);
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let is_shown = self.0.with_untracked(|shown| shown == query);
        if let Some(tab) = crate::tab::tab().filter(|_| !is_shown) {
            tab.go(href, replace);
        }
    }

    /// The view that was gone to could not be read: the address is again that of what is shown.
    #[cfg(feature = "hydrate")]
    pub fn stay_at(self, query: &str) {
        if self.0.with_untracked(|shown| shown == query) {
            return;
        }
        if let Some(tab) = crate::tab::tab() {
            tab.stay(query);
        }
        self.0.set(query.to_owned());
    }

    /// Only a browser goes anywhere.
    #[cfg(not(feature = "hydrate"))]
    pub fn stay_at(self, _: &str) {}

    /// Only a browser goes anywhere.
    #[cfg(not(feature = "hydrate"))]
    pub fn go(self, _: &str, _: bool) {}
}

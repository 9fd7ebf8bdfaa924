//! Reads a page again: when its view changes, and when asked to.

use std::future::Future;

use leptos::prelude::*;

use super::{Address, view_href, view_of};
use crate::{error::AppError, ui::Lifetime};

/// A view that was asked for and could not be read. What was shown before still is, and so are its controls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedView {
    /// The query string of its address.
    pub query: String,
    /// Why it could not be read.
    pub error: AppError,
}

impl FailedView {
    /// Whether trying again will not help: the session has ended, or access was taken away.
    pub fn is_lasting(&self) -> bool {
        matches!(self.error, AppError::SignedOut | AppError::NotFound)
    }
}

/// How a page is read again; cheap to copy.
#[derive(Clone, Copy)]
pub struct Reading {
    /// Whether an answer is waited for.
    pub is_loading: RwSignal<bool>,
    /// What could not be read the last time.
    pub failed: RwSignal<Option<FailedView>>,
    /// Asks for what is shown again.
    pub again: Callback<()>,
    address: Address,
    /// The query string of what is shown.
    shown: StoredValue<String>,
    asked: StoredValue<u32>,
    lifetime: Lifetime,
}

impl Reading {
    /// Reads with `load` and hands what came to `show`. Only the answer to the last question counts.
    pub fn new<P, F>(
        address: Address,
        load: impl Fn(String) -> F + Copy + Send + Sync + 'static,
        show: impl Fn(P) + Copy + Send + Sync + 'static,
    ) -> Self
    where
        P: 'static,
        F: Future<Output = Result<P, AppError>> + 'static,
    {
        let query = address.query();
        let again = move |reading: Self| reading.read(query.get_untracked(), load, show);
        let this = Self {
            is_loading: RwSignal::new(false),
            failed: RwSignal::new(None),
            again: Callback::new(|()| {}),
            address,
            shown: StoredValue::new(query.get_untracked()),
            asked: StoredValue::new(0),
            lifetime: Lifetime::of_component(),
        };
        Effect::new(move |_| {
            let query = query.get();
            if this.is_of_what_is_shown(&query) {
                this.shown.set_value(query);
                this.forget_question();
            } else {
                this.read(query, load, show);
            }
        });
        Self {
            again: Callback::new(move |()| again(this)),
            ..this
        }
    }

    /// Asks once more for the view that could not be read.
    pub fn retry(self) {
        if let Some(failed) = self.failed.get_untracked() {
            if self.is_of_what_is_shown(&failed.query) {
                self.again.run(());
            } else {
                self.address.go(&view_href(&failed.query), true);
            }
        }
    }

    fn is_of_what_is_shown(self, query: &str) -> bool {
        self.shown
            .with_value(|shown| view_of(shown) == view_of(query))
    }

    /// Whatever is still being read is not wanted any more.
    fn forget_question(self) {
        if self.is_loading.get_untracked() {
            self.asked.update_value(|asked| *asked += 1);
            self.is_loading.set(false);
        }
    }

    fn read<P, F>(self, query: String, load: impl Fn(String) -> F, show: impl Fn(P) + 'static)
    where
        P: 'static,
        F: Future<Output = Result<P, AppError>> + 'static,
    {
        self.asked.update_value(|asked| *asked += 1);
        let mine = self.asked.get_value();
        self.is_loading.set(true);
        let answer = load(query.clone());
        self.lifetime.spawn(async move {
            let answer = answer.await;
            if self.asked.get_value() != mine {
                return;
            }
            self.is_loading.set(false);
            match answer {
                Ok(page) => {
                    self.failed.set(None);
                    self.shown.set_value(query);
                    show(page);
                }
                Err(error) => self.keep_what_is_shown(query, error),
            }
        });
    }

    fn keep_what_is_shown(self, query: String, error: AppError) {
        self.failed.set(Some(FailedView { query, error }));
        self.address.stay_at(&self.shown.get_value());
    }
}

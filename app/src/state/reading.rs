//! Reads a page again: when its view changes, and when asked to.

use std::future::Future;

use leptos::prelude::*;

use crate::{error::AppError, ui::Lifetime};

/// How a page is read again.
#[derive(Clone, Copy)]
pub struct Reading {
    /// Whether an answer is waited for.
    pub is_loading: RwSignal<bool>,
    /// Why it could not be read the last time.
    pub problem: RwSignal<Option<AppError>>,
    /// Asks for it.
    pub again: Callback<()>,
}

impl Reading {
    /// Reads with `load` and hands what came to `show`. Only the answer to the last question counts.
    pub fn new<P, F>(
        query: Memo<String>,
        load: impl Fn(String) -> F + Copy + Send + Sync + 'static,
        show: impl Fn(P) + Copy + Send + Sync + 'static,
    ) -> Self
    where
        P: 'static,
        F: Future<Output = Result<P, AppError>> + 'static,
    {
        let is_loading = RwSignal::new(false);
        let problem = RwSignal::new(None);
        let asked = StoredValue::new(0_u32);
        let lifetime = Lifetime::of_component();
        let read = move |query: String| {
            asked.update_value(|asked| *asked += 1);
            let mine = asked.get_value();
            is_loading.set(true);
            lifetime.spawn(async move {
                let answer = load(query).await;
                if asked.get_value() != mine {
                    return;
                }
                is_loading.set(false);
                match answer {
                    Ok(page) => {
                        problem.set(None);
                        show(page);
                    }
                    Err(error) => problem.set(Some(error)),
                }
            });
        };
        Effect::new(move |shown: Option<String>| {
            let query = query.get();
            if shown.is_some_and(|shown| shown != query) {
                read(query.clone());
            }
            query
        });
        Self {
            is_loading,
            problem,
            again: Callback::new(move |()| read(query.get_untracked())),
        }
    }
}

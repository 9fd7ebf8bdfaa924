//! Why somebody could not sign in, and what they can do.

use http::StatusCode;
use leptos::prelude::*;

use crate::{SIGN_IN_PATH, ui::Icon};

/// The page of a sign-in that did not work.
#[derive(Debug, Clone)]
pub struct RefusedPage {
    /// Why, and what to do.
    pub reason: String,
    /// The answer's status.
    pub status: StatusCode,
}

impl RefusedPage {
    pub(in crate::pages) fn view(self) -> AnyView {
        view! {
            <main class="lone">
                <section class="card sign-in" role="alert">
                    <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                    <h1>"You are not signed in"</h1>
                    <p class="sign-in-lead">{sentence(&self.reason)}</p>
                    <a class="button primary" href=SIGN_IN_PATH rel="external">"Go to sign-in"</a>
                </section>
            </main>
        }
        .into_any()
    }
}

/// A reason as a sentence of its own.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let end = if reason.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}

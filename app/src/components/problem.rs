//! What stands where something could not be shown.

use leptos::prelude::*;

use crate::error::AppError;

/// Says what went wrong and what to do next.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a component owns its properties"
)]
#[component]
pub fn Problem(
    /// What went wrong.
    error: AppError,
) -> impl IntoView {
    let (href, label) = match error {
        AppError::SignedOut => ("/sign-in", "Sign in"),
        AppError::NotFound
        | AppError::Invalid(_)
        | AppError::TooLarge
        | AppError::TooSlow
        | AppError::Unreadable => (crate::USAGE_PATH, "Go to AI Credits Usage"),
        AppError::Busy | AppError::Offline | AppError::Failed | AppError::TooMany => {
            ("", "Try again")
        }
    };
    view! {
        <section class="problem" role="alert">
            <h1>{error.to_string()}</h1>
            <p>{error.advice()}</p>
            <a class="button primary" href=href>{label}</a>
        </section>
    }
}

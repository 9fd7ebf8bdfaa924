//! What goes wrong with a page while it is open.

use leptos::prelude::*;

use crate::{
    error::AppError,
    state::Link,
    ui::{Notice, Tone},
};

/// Says that the page is not live, and why it could not be read again.
#[component]
pub fn PageNotices(
    /// How the connection is.
    link: RwSignal<Link>,
    /// Why the page could not be read the last time.
    problem: RwSignal<Option<AppError>>,
) -> impl IntoView {
    view! {
        {move || not_live(link.get()).map(|text| view! {
            <Notice tone=Tone::Calm title="Not live.".to_owned() text=text.to_owned()/>
        })}
        {move || problem.get().map(|error| view! {
            <Notice tone=Tone::Warning title=error.to_string() text=error.advice()>
                {(error == AppError::SignedOut).then(|| view! { <a class="button" href="/sign-in" rel="external">"Sign in"</a> })}
            </Notice>
        })}
    }
}

/// Why changes do not arrive.
const fn not_live(link: Link) -> Option<&'static str> {
    match link {
        Link::Connecting | Link::Live => None,
        Link::Broken => {
            Some("The connection is being restored. Figures are as of the last change received.")
        }
        Link::Full => Some(
            "Too many pages are live. Close pages that you do not need; this one tries again every minute.",
        ),
    }
}

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
        {move || (link.get() == Link::Broken).then(|| view! {
            <Notice tone=Tone::Calm title="Not live.".to_owned()
                text="The connection is being restored. Figures are as of the last change received.".to_owned()/>
        })}
        {move || problem.get().map(|error| view! {
            <Notice tone=Tone::Warning title=error.to_string() text=error.advice()>
                {(error == AppError::SignedOut).then(|| view! { <a class="button" href="/sign-in" rel="external">"Sign in"</a> })}
            </Notice>
        })}
    }
}

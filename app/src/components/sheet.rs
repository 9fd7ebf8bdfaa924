//! A side sheet over a page: an address of its own, so that it is a page without scripts, and goes when one goes back.

use leptos::prelude::*;

use crate::ui::Icon;

/// What is done beside the page, in place; on a phone it comes from below.
#[component]
pub fn Sheet(
    /// What is done.
    title: &'static str,
    /// The page without it.
    back: String,
    /// The form.
    children: Children,
) -> impl IntoView {
    let veil = back.clone();
    view! {
        <div class="sheet-layer" data-sheet="">
            <a class="sheet-veil" href=veil data-noscroll="" tabindex="-1" aria-hidden="true"></a>
            <section class="sheet" role="dialog" aria-modal="true" aria-labelledby="sheet-title">
                <header class="sheet-header">
                    <h2 id="sheet-title" tabindex="-1">{title}</h2>
                    <a class="quiet-button" href=back data-noscroll="" data-close="" aria-label="Close">{Icon::Close.view()}</a>
                </header>
                <div class="sheet-body">{children()}</div>
            </section>
        </div>
    }
}

//! Whether a page follows what happens, or since when it does not.

use leptos::prelude::*;

/// Whether changes arrive, in colour and words. Only the tab knows, and writes it: what the server said of a connection
/// that does not exist yet would be a guess.
#[component]
pub fn LinkMark() -> impl IntoView {
    view! {
        <p class="live-mark needs-script" role="status" data-link="connecting">
            <span class="live-dot"></span><span class="live-words">"Connecting…"</span>
        </p>
    }
}

/// When a remembered page was read.
#[cfg(feature = "ssr")]
#[component]
pub fn AsOf(
    /// The time, as the page's zone says it.
    at: String,
) -> impl IntoView {
    view! { <p class="as-of" data-testid="as-of">"As of "<time>{at}</time></p> }
}

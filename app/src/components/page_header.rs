//! The head of the usage page, what can be said of its figures, and whether a page is live.

use leptos::prelude::*;

pub use usage::UsageHeader;

mod usage;

/// Whether changes arrive, as a page that was just sent says it: the tab knows better as soon as it runs.
pub fn live_mark() -> impl IntoView {
    view! {
        <span class="live-mark needs-script" data-link="" role="status">
            <span class="live-dot"></span><span class="live-words">"Connecting…"</span>
        </span>
    }
}

//! The dialog in which something is found by its name: the command palette, and the account menu.

use leptos::prelude::*;

use crate::ui::Icon;

/// The dialog, closed; the browser opens it and asks the server for what can be chosen.
#[component]
pub fn Picker() -> impl IntoView {
    view! {
        <dialog id="picker" class="picker" aria-label="Search">
            <form class="picker-search" role="search" data-load="">
                {Icon::Search.view()}
                <input type="search" name="q" autocomplete="off" spellcheck="false" maxlength="100" aria-label="Search" aria-controls="picker-results"/>
                <kbd>"Esc"</kbd>
            </form>
            <div id="picker-results" class="picker-body"></div>
            <p class="picker-foot" aria-hidden="true"><kbd>"↑"</kbd><kbd>"↓"</kbd>" Move "<kbd>"↵"</kbd><span data-picker-enter="">" Open"</span></p>
        </dialog>
    }
}

//! Whether changes arrive, as the page says it: the server does not know, so the tab always writes it.

use leptos::prelude::*;

use crate::state::Link;

/// Where it stands.
const MARK: &str = ".live-mark[data-link]";

/// Says how the connection is, now.
pub fn say(link: RwSignal<Link>) {
    let Ok(Some(mark)) = document().query_selector(MARK) else {
        return;
    };
    let (class, words) = match link.get_untracked() {
        Link::Connecting => ("live-mark", "Connecting…"),
        Link::Live => ("live-mark is-live", "Live"),
        Link::Broken | Link::Full => ("live-mark is-broken", "Not live"),
    };
    let _ = mark.set_attribute("class", class);
    if let Ok(Some(said)) = mark.query_selector(".live-words") {
        said.set_text_content(Some(words));
    }
}

/// Says it again whenever it changes.
pub fn follow(link: RwSignal<Link>) {
    Effect::new(move |_| {
        link.track();
        say(link);
    });
}

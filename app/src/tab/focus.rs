//! Where the focus stands after a page has changed.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Attributes by which a control is found again in the page that follows, best first.
const NAMES: [&str; 4] = ["id", "name", "href", "aria-label"];

/// A control that was focused, as it can be found again.
#[derive(Debug, Clone)]
pub struct Focused {
    selector: String,
}

impl Focused {
    /// The control that is focused now, if any can be found again.
    pub fn now() -> Option<Self> {
        let active = document().active_element()?;
        let tag = active.tag_name();
        let name = NAMES.into_iter().find(|name| active.has_attribute(name))?;
        let value = active.get_attribute(name)?;
        Some(Self {
            selector: format!("{tag}[{name}=\"{}\"]", quoted(&value)),
        })
    }

    /// Focuses it in the page that is shown now; says whether it is there.
    pub fn again(&self) -> bool {
        find(&self.selector).is_some_and(|element| focus(&element))
    }
}

/// A text within quotes in a selector.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// Focuses an element without scrolling to it.
fn focus(element: &Element) -> bool {
    let Some(element) = element.dyn_ref::<HtmlElement>() else {
        return false;
    };
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    element.focus_with_options(&options).is_ok()
}

/// Whether a sheet is over the page, so that the focus belongs there.
pub fn is_covered() -> bool {
    let is_within = document()
        .active_element()
        .and_then(|active| active.closest("[data-sheet]").ok().flatten());
    is_within.is_none() && find("[data-sheet]").is_some()
}

/// Focuses the heading of the page, or of the sheet over it, which nobody reaches with the tabulator.
pub fn heading() {
    if let Some(heading) = find("[data-sheet] h2").or_else(|| find("main h1")) {
        let _ = heading.set_attribute("tabindex", "-1");
        focus(&heading);
    }
}

/// Focuses what a form came to, if the page says it.
pub fn outcome() -> bool {
    let Some(outcome) = find("main > .notice, main [aria-invalid=true]") else {
        return false;
    };
    if !outcome.has_attribute("aria-invalid") {
        let _ = outcome.set_attribute("tabindex", "-1");
    }
    focus(&outcome)
}

/// Tells those who listen to a page that another one is shown.
pub fn announce(words: &str) {
    if let Some(announcer) = document().get_element_by_id("announcer") {
        announcer.set_text_content(Some(words));
    }
}

//! Where the focus stands after a page has changed.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};

/// Attributes by which a control is found again in the page that follows, best first.
const NAMES: [&str; 4] = ["id", "name", "href", "aria-label"];

/// What a form came to: the first field to correct, what was done, or what belongs to no field.
const OUTCOMES: [&str; 4] = [
    "main [aria-invalid=true]",
    ".notice.done",
    "main .form-says, main .form-problem[role=alert]",
    "main > .notice",
];

/// A control that was focused, as it can be found again.
#[derive(Debug, Clone)]
pub struct Focused {
    selector: String,
    /// The choice of a filter bar that it is part of.
    choice: Option<String>,
    /// Whether the menu that it is in was open, and stays so: a field is not done with one change.
    stays_open: bool,
    /// What was typed by now, and where the caret is.
    typed: Option<Typed>,
    /// What the companies of the menu were searched for by.
    search: Option<String>,
}

#[derive(Debug, Clone)]
struct Typed {
    value: String,
    caret: Option<(u32, u32)>,
}

impl Focused {
    /// The control that is focused now, if any can be found again.
    pub fn now() -> Option<Self> {
        let active = document().active_element()?;
        let choice = closest(&active, "[data-choice]");
        let field = active.dyn_ref::<HtmlInputElement>();
        let menu = closest(&active, "details.menu");
        let search = menu
            .as_ref()
            .and_then(|menu| menu.query_selector("[data-find] input[type=search]").ok()?);
        Some(Self {
            selector: selector(&active)?,
            choice: choice.and_then(|choice| choice.get_attribute("data-choice")),
            stays_open: field.is_some() && menu.is_some(),
            typed: field.and_then(typed),
            search: search.and_then(|field| Some(field.dyn_ref::<HtmlInputElement>()?.value())),
        })
    }

    /// Focuses it in the page that is shown now; says whether it is there.
    pub fn again(&self) -> bool {
        let choice = self
            .choice
            .as_ref()
            .and_then(|choice| find(&["[data-choice=\"", choice, "\"]"].concat()));
        if !self.stays_open
            && let Some(button) = choice
                .as_ref()
                .and_then(|choice| choice.query_selector("summary").ok()?)
        {
            return focus(&button);
        }
        if self.stays_open
            && let Some(menu) = choice.and_then(|choice| choice.query_selector("details").ok()?)
        {
            let _ = menu.set_attribute("open", "");
            self.search_again(&menu);
        }
        let Some(element) = find(&self.selector) else {
            return false;
        };
        if let (Some(typed), Some(field)) = (&self.typed, element.dyn_ref::<HtmlInputElement>()) {
            typed.put(field);
        }
        focus(&element)
    }

    /// Shows what the companies were searched for by.
    fn search_again(&self, menu: &Element) {
        let Some(text) = self.search.as_ref().filter(|text| !text.is_empty()) else {
            return;
        };
        let field = menu
            .query_selector("[data-find] input[type=search]")
            .ok()
            .flatten();
        if let Some(field) = field.as_ref().and_then(|field| field.dyn_ref()) {
            HtmlInputElement::set_value(field, text);
            super::apply::find(field);
        }
    }
}

/// Fields of text, of which more may have been typed than was sent.
fn typed(field: &HtmlInputElement) -> Option<Typed> {
    let is_text = ["search", "text"].contains(&field.type_().as_str());
    let of = |edge: Result<Option<u32>, _>| edge.ok().flatten();
    is_text.then(|| Typed {
        value: field.value(),
        caret: of(field.selection_start()).zip(of(field.selection_end())),
    })
}

impl Typed {
    fn put(&self, field: &HtmlInputElement) {
        field.set_value(&self.value);
        if let Some((start, end)) = self.caret {
            let _ = field.set_selection_range(start, end);
        }
    }
}

fn closest(element: &Element, selector: &str) -> Option<Element> {
    element.closest(selector).ok().flatten()
}

/// How a control is found again: a box among others of its name by its value besides.
fn selector(active: &Element) -> Option<String> {
    let tag = active.tag_name();
    if tag == "SUMMARY" {
        let kept = closest(active, "[data-keep]")?.get_attribute("data-keep")?;
        return Some(["[data-keep=\"", &quoted(&kept), "\"] > summary"].concat());
    }
    let name = NAMES.into_iter().find(|name| active.has_attribute(name))?;
    let part = |name: &str| {
        let value = active.get_attribute(name)?;
        Some(["[", name, "=\"", &quoted(&value), "\"]"].concat())
    };
    let is_box = active
        .get_attribute("type")
        .is_some_and(|kind| kind == "checkbox" || kind == "radio");
    let value = is_box.then(|| part("value")).flatten();
    // Forms send fields of the same name along without showing them.
    let shown = ":not([type=hidden])".to_owned();
    Some([tag, shown, part(name)?, value.unwrap_or_default()].concat())
}

/// A text within quotes in a selector.
pub fn quoted(text: &str) -> String {
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

/// Focuses the heading of the page, or of the sheet over it, which nobody reaches with the tabulator.
pub fn heading() {
    if let Some(heading) = find("[data-sheet] h2").or_else(|| find("main h1")) {
        place(&heading);
    }
}

/// Focuses the control that says that it failed.
pub fn at_failed() {
    if let Some(control) = find("[data-failed]") {
        focus(&control);
    }
}

/// Focuses a place in the page that a link leads to.
pub fn place(place: &Element) {
    if !place.has_attribute("tabindex") {
        let _ = place.set_attribute("tabindex", "-1");
    }
    focus(place);
}

/// Focuses what a form came to, if the page says it.
pub fn outcome() -> bool {
    let Some(outcome) = OUTCOMES.into_iter().find_map(find) else {
        return false;
    };
    if outcome.has_attribute("aria-invalid") {
        // Wherever it stands in the page: it is brought into view.
        let field = outcome.dyn_ref::<HtmlElement>();
        return field.is_some_and(|field| field.focus().is_ok());
    }
    let _ = outcome.set_attribute("tabindex", "-1");
    focus(&outcome)
}

/// Tells those who listen to a page that another one is shown.
pub fn announce(words: &str) {
    if let Some(announcer) = document().get_element_by_id("announcer") {
        announcer.set_text_content(Some(words));
    }
}

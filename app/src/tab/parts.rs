//! Marked parts of the page, put in place as the server says them anew.
//!
//! Only what has changed is touched. What the reader is using – a field, an open list, a selected text – waits until
//! they have finished.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use domain::live::{Part, Parts};
use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

use super::focus;
use crate::pages::PAGE_ID;

/// The attribute of the page that says what its parts show.
pub const SHOWN: &str = "data-parts";
/// What is in use within a part keeps it as it is: what is open, what is typed in, what is being pressed.
///
/// What is open and keeps its name is opened again.
const IN_USE: &str =
    "details[open]:not([data-keep]), input:focus, select:focus, textarea:focus, :active";
/// Names what stays open within a part.
const KEPT: &str = "data-keep";
/// When it is looked again whether it still is.
const AGAIN_AFTER: Duration = Duration::from_millis(400);

thread_local! {
    /// Parts that changed while they were in use.
    static WAITING: RefCell<BTreeMap<String, Part>> = const { RefCell::new(BTreeMap::new()) };
    /// Whether they are looked at again soon.
    static IS_LOOKING: Cell<bool> = const { Cell::new(false) };
}

fn page() -> Option<Element> {
    document().get_element_by_id(PAGE_ID)
}

/// What the page's parts show, in the server's words; none when it has none.
pub fn shown() -> Option<String> {
    page()?.get_attribute(SHOWN)
}

/// Takes over what the page says that takes the place of the one before.
pub fn replace(next: &Element) {
    WAITING.with(|waiting| waiting.borrow_mut().clear());
    let Some(page) = page() else { return };
    let _ = match next.get_attribute(SHOWN) {
        Some(shown) => page.set_attribute(SHOWN, &shown),
        None => page.remove_attribute(SHOWN),
    };
}

/// Shows what has changed.
pub fn take(parts: Parts) {
    if let Some(page) = page() {
        let _ = page.set_attribute(SHOWN, &parts.shown);
    }
    WAITING.with(|waiting| {
        let named = parts.changed.into_iter();
        let mut waiting = waiting.borrow_mut();
        waiting.extend(named.map(|part| (part.name.clone(), part)));
    });
    put_waiting();
}

/// Shows what could not be shown before, as far as it is no longer in use.
fn put_waiting() {
    let is_done = WAITING.with(|waiting| {
        let mut waiting = waiting.borrow_mut();
        waiting.retain(|_, part| !put(part));
        waiting.is_empty()
    });
    if !is_done && !IS_LOOKING.replace(true) {
        let look = || {
            IS_LOOKING.set(false);
            put_waiting();
        };
        set_timeout(look, AGAIN_AFTER);
    }
}

/// Shows a part; says whether that is done.
fn put(part: &Part) -> bool {
    let quoted = focus::quoted(&part.name);
    let selector = ["#", PAGE_ID, " [data-live=\"", &quoted, "\"]"].concat();
    let Ok(Some(element)) = document().query_selector(&selector) else {
        return true;
    };
    if is_in_use(&element) {
        return false;
    }
    let focused = focus_within(&element);
    let names = element.get_attribute_names();
    for name in names.iter().filter_map(|name| name.as_string()) {
        if !part.attributes.iter().any(|(of, _)| *of == name) {
            let _ = element.remove_attribute(&name);
        }
    }
    for (name, value) in &part.attributes {
        write_attribute(&element, name, Some(value));
    }
    let opened = opened(&element);
    element.set_inner_html(&part.inner);
    for name in opened {
        let selector = ["details[", KEPT, "=\"", &focus::quoted(&name), "\"]"].concat();
        if let Ok(Some(details)) = element.query_selector(&selector) {
            let _ = details.set_attribute("open", "");
        }
    }
    if let Some(focused) = focused {
        focused.again();
    }
    true
}

/// Names of what the reader opened within a part.
fn opened(element: &Element) -> Vec<String> {
    let selector = ["details[open][", KEPT, "]"].concat();
    let Ok(found) = element.query_selector_all(&selector) else {
        return Vec::new();
    };
    let name = |at| {
        let details: Element = found.item(at)?.dyn_into().ok()?;
        details.get_attribute(KEPT)
    };
    (0..found.length()).filter_map(name).collect()
}

/// Writes an attribute, or takes it away, unless it is so already.
pub fn write_attribute(element: &Element, name: &str, value: Option<&str>) {
    if element.get_attribute(name).as_deref() != value {
        let _ = match value {
            Some(value) => element.set_attribute(name, value),
            None => element.remove_attribute(name),
        };
    }
}

fn focus_within(element: &Element) -> Option<focus::Focused> {
    let active = document().active_element()?;
    element.contains(Some(&active)).then(focus::Focused::now)?
}

/// Whether something of the page is open, typed in, or shown this once, so that the page had better stay as it is.
pub fn is_page_in_use() -> bool {
    let holds_secret = |page: &Element| matches!(page.query_selector("[data-once]"), Ok(Some(_)));
    page().is_some_and(|page| holds_secret(&page) || is_in_use(&page))
}

/// Whether the reader is using something of a part.
fn is_in_use(element: &Element) -> bool {
    element.query_selector(IN_USE).ok().flatten().is_some() || is_selected(element)
}

/// Whether a text of a part is selected.
fn is_selected(element: &Element) -> bool {
    let of = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok();
    let call = |object: &JsValue, name: &str, arguments: &Array| {
        let function: Function = of(object, name)?.dyn_into().ok()?;
        function.apply(object, arguments).ok()
    };
    let is_within = || {
        let selection = call(&window(), "getSelection", &Array::new())?;
        let is_empty = of(&selection, "isCollapsed")?.as_bool()?;
        let within = Array::of2(element, &JsValue::TRUE);
        let is_within = call(&selection, "containsNode", &within)?.as_bool()?;
        Some(!is_empty && is_within)
    };
    is_within().unwrap_or(false)
}

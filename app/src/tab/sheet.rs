//! Sheets over a page: put above it once they are shown, left by Escape, by a press beside them, or by their link; the
//! focus goes in, and back to where the sheet was opened.

use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement};

/// The sheet of a page.
const SHEET: &str = "dialog[data-sheet]";

fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

fn shown() -> Option<HtmlDialogElement> {
    find(SHEET)?.dyn_into().ok()
}

/// Whether a sheet lies over the page.
pub fn is_open() -> bool {
    shown().is_some()
}

/// Puts the sheet of the page above it, if it has one: nothing else can be reached meanwhile.
pub fn open() {
    let Some(sheet) = shown() else {
        return;
    };
    let _ = sheet.remove_attribute("open");
    let _ = sheet.show_modal();
    // What is to be corrected or filled in first; else the heading, so that nothing is skipped unheard.
    let first = sheet
        .query_selector("[autofocus], [aria-invalid=true]")
        .ok()
        .flatten();
    let first = first.or_else(|| sheet.query_selector("h2").ok().flatten());
    if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
        let _ = first.focus();
    }
}

/// Follows the sheet's way out; says whether there is one.
pub fn leave() -> bool {
    let close = shown().and_then(|sheet| sheet.query_selector("a[data-close]").ok().flatten());
    let close = close.and_then(|close| close.dyn_into::<HtmlElement>().ok());
    let is_there = close.is_some();
    // Afterwards: what listens to clicks may be what called this.
    set_timeout(
        move || close.iter().for_each(HtmlElement::click),
        Duration::ZERO,
    );
    is_there
}

/// Whether a press was beside the sheet, on what dims the page.
pub fn is_beside(target: &Element) -> bool {
    target.matches(SHEET).unwrap_or(false)
}

/// Focuses the link that leads to an address: where a sheet was opened that is closed now. Says whether it is there.
pub fn opener_again(address: &str) -> bool {
    let quoted = address.replace('\\', "\\\\").replace('"', "\\\"");
    let link = find(&format!("main a[href=\"{quoted}\"]"));
    let link = link.and_then(|link| link.dyn_into::<HtmlElement>().ok());
    link.is_some_and(|link| link.focus().is_ok())
}

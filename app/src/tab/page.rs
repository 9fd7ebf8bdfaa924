//! The page that is shown: taken down, put up, made live.

use std::cell::{Cell, RefCell};

use js_sys::Reflect;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement};

use super::{Tab, parts, path_shown, query_shown, sheet, usage};
use crate::{
    functions::Start,
    pages::{PAGE_ID, START_ID},
};

/// Where the frame of the pages stands.
const FRAME: &str = ".sidebar";

thread_local! {
    /// Path and query string of the page that is shown.
    static SHOWN: RefCell<(String, String)> = const { RefCell::new((String::new(), String::new())) };
    /// Counts the pages that were put up.
    static NUMBER: Cell<u32> = const { Cell::new(0) };
    /// What keeps the page that is shown live.
    static LIVE: RefCell<Option<Owner>> = const { RefCell::new(None) };
}

/// The element that holds the page.
fn holder() -> Option<HtmlElement> {
    let holder = document().get_element_by_id(PAGE_ID)?;
    holder.dyn_into().ok()
}

/// Path and query string of the page that is shown. After the back button the address bar is ahead of them.
pub fn shown() -> (String, String) {
    SHOWN.with(|shown| shown.borrow().clone())
}

/// The address of the page that is shown.
pub fn address() -> String {
    let (path, query) = shown();
    [path, query].join("?")
}

/// Which page is shown, of all that were.
pub fn number() -> u32 {
    NUMBER.get()
}

/// The page shows another view by itself.
pub fn now_shows(path: String, query: String) {
    SHOWN.with(|shown| *shown.borrow_mut() = (path, query));
}

/// Makes the page live that stands in the document.
pub fn mount(tab: Tab) {
    NUMBER.set(number().wrapping_add(1));
    now_shows(path_shown(), query_shown());
    tab.history.is_there();
    tab.address.follow(&query_shown());
    tab.connection.is_read();
    if let Some(start) = sent() {
        let live = usage::begin(tab, start);
        LIVE.with(|held| *held.borrow_mut() = Some(live));
    }
    sheet::open();
    tab.connection.watch_what_is_shown();
}

/// What the page begins with; nothing when it does not live on.
fn sent() -> Option<Start> {
    let text = document().get_element_by_id(START_ID)?.text_content()?;
    postcard::from_bytes(&crate::packed::from_text(&text)).ok()
}

/// Whether the page that is shown follows its address by itself.
pub fn is_live() -> bool {
    LIVE.with(|held| held.borrow().is_some())
}

/// Takes the page down that is shown, and puts that of another document in its place. Says whether it could.
pub fn swap(tab: Tab, from: &Document) -> bool {
    let (Some(holder), Some(next)) = (holder(), from.get_element_by_id(PAGE_ID)) else {
        return false;
    };
    let frame = frame_in(&holder);
    let scrolled = frame.as_ref().map_or(0, Element::scroll_top);
    // A page without a frame says something about the one it stands in: the frame stays.
    let kept = frame.filter(|_| frame_in(&next).is_none());
    let live = LIVE.with(|held| held.borrow_mut().take());
    if let Some(live) = live {
        live.cleanup();
    }
    holder.set_text_content(None);
    if let Some(frame) = kept {
        let _ = holder.append_child(&frame);
    }
    while let Some(child) = next.first_child() {
        let Ok(child) = document().adopt_node(&child) else {
            return false;
        };
        let _ = holder.append_child(&child);
    }
    parts::replace(&next);
    document().set_title(&from.title());
    take_brand(from);
    if let Some(frame) = frame_in(&holder) {
        frame.set_scroll_top(scrolled);
    }
    run_scripts(&holder);
    mount(tab);
    true
}

/// Runs the few lines that a page brings along: they came as text, which browsers do not run.
fn run_scripts(holder: &HtmlElement) {
    let nonce = document()
        .query_selector("head script[nonce]")
        .ok()
        .flatten()
        .and_then(|script| Reflect::get(&script, &"nonce".into()).ok())
        .and_then(|nonce| nonce.as_string());
    let Ok(Some(inert)) = holder.query_selector("script:not([type])") else {
        return;
    };
    let (Some(nonce), Ok(script)) = (nonce, document().create_element("script")) else {
        return;
    };
    let _ = script.set_attribute("nonce", &nonce);
    script.set_text_content(inert.text_content().as_deref());
    if let Some(parent) = inert.parent_node() {
        let _ = parent.replace_child(&script, &inert);
    }
}

fn frame_in(page: &Element) -> Option<Element> {
    page.query_selector(FRAME).ok().flatten()
}

/// Takes an agency's style sheet over, or away.
fn take_brand(from: &Document) {
    const BRAND: &str = "link[data-brand]";
    let of = |document: &Document| document.query_selector(BRAND).ok().flatten();
    let href = |link: &Element| link.get_attribute("href");
    let (shown, next) = (of(&document()), of(from));
    if shown.as_ref().and_then(href) == next.as_ref().and_then(href) {
        return;
    }
    if let Some(shown) = shown {
        shown.remove();
    }
    if let (Some(next), Some(head)) = (next, document().head())
        && let Ok(next) = document().adopt_node(&next)
    {
        let _ = head.append_child(&next);
    }
}

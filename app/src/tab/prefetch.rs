//! A page that a reader is about to go to, fetched while they point at its link.

use std::{cell::RefCell, time::Duration};

use js_sys::{Promise, futures::JsFuture};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlAnchorElement};

use super::{Tab, page, visit};

/// Links to pages that may be fetched without being looked at: reading them changes nothing.
const LINKS: &str = "a[data-prefetch]";
/// Who only passes over a link does not stay this long.
const POINTED_FOR: Duration = Duration::from_millis(80);
/// What was fetched longer ago is out of date, in milliseconds.
const FRESH_MS: f64 = 3_000.0;

/// A document that is on its way.
struct Fetched {
    href: String,
    /// When it was asked for, in the browser's milliseconds.
    at: f64,
    /// The writes of the tab up to then.
    writes: u32,
    answer: Promise,
}

thread_local! {
    static FETCHED: RefCell<Option<Fetched>> = const { RefCell::new(None) };
    /// The link that is pointed at.
    static POINTED: RefCell<Option<Element>> = const { RefCell::new(None) };
}

/// The reader points at something.
pub fn pointed(tab: Tab, target: Option<Element>) {
    let link = target.and_then(|target| target.closest(LINKS).ok().flatten());
    let is_same = POINTED.with(|pointed| pointed.replace(link.clone()) == link);
    let Some(link) = link.filter(|_| !is_same) else {
        return;
    };
    set_timeout(
        move || {
            if POINTED.with(|pointed| pointed.borrow().as_ref() == Some(&link)) {
                fetch(tab, &link);
            }
        },
        POINTED_FOR,
    );
}

fn fetch(tab: Tab, link: &Element) {
    let Some(link) = link.dyn_ref::<HtmlAnchorElement>() else {
        return;
    };
    let href = link.pathname() + &link.search();
    let (path, query) = page::shown();
    if link.pathname() == path && link.search().trim_start_matches('?') == query {
        return;
    }
    let Ok(answer) = visit::ask(&href, None) else {
        return;
    };
    // Whoever does not follow the link does not hear that it could not be fetched.
    let unheard = JsFuture::from(answer.clone());
    spawn_local(async move {
        let _ = unheard.await;
    });
    let fetched = Fetched {
        href,
        at: js_sys::Date::now(),
        writes: tab.writes.get_value(),
        answer,
    };
    FETCHED.with(|held| *held.borrow_mut() = Some(fetched));
}

/// The reader goes somewhere: what they pointed at on the way would be fetched for later, when it is out of date.
pub fn forget() {
    POINTED.set(None);
}

/// The answer that is on its way for an address, unless something was written since.
pub fn take(tab: Tab, href: &str) -> Option<Promise> {
    let fetched = FETCHED.with(|held| held.borrow_mut().take())?;
    let is_fresh = js_sys::Date::now() - fetched.at < FRESH_MS;
    let is_it = fetched.href == href && fetched.writes == tab.writes.get_value();
    (is_fresh && is_it).then_some(fetched.answer)
}

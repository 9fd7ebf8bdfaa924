//! A server that was updated under an open page.

use std::{cell::Cell, time::Duration};

use js_sys::Reflect;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::{Element, Location};

use super::{
    elements,
    failure::{self, Words},
};

/// The attribute of the document that names the build which made it.
pub const BUILD: &str = "data-build";
/// The attribute of the document that tells readers apart.
pub const READER: &str = "data-reader";
/// Tells the server who read the page that something is sent from.
pub const READER_HEADER: &str = "x-reader";
/// Where the tab keeps when it loaded itself again, so that two servers of different builds cannot make it do so for
/// ever.
const RELOADED_AT: &str = "reloaded-at";
/// How long a browser may take to let a page go.
const LEAVES_WITHIN: Duration = Duration::from_secs(10);
/// The least time between two such loads, in milliseconds.
const PAUSE_MS: f64 = 60_000.0;

/// The build of the page.
pub fn build() -> String {
    let root = document().document_element();
    root.and_then(|root| root.get_attribute(BUILD))
        .unwrap_or_default()
}

/// Who read the page, as a mark.
pub fn reader() -> String {
    let root = document().document_element();
    root.and_then(|root| root.get_attribute(READER))
        .unwrap_or_default()
}

/// Loads the page again at once: somebody else is signed in, who must not see it.
pub fn load_again() {
    if may_reload() {
        leave(Location::reload);
    }
}

/// The server is of another build: the page is loaded again, unless something typed would be lost by it.
pub fn outdated() {
    if is_typed() || !may_reload() {
        if IS_SAID.replace(true) {
            return;
        }
        let words = Words {
            title: "Creditscope was updated.",
            text: "Reload the page when you have finished what you are typing.",
            again: None,
        };
        failure::say(None, words);
        return;
    }
    leave(Location::reload);
}

thread_local! {
    /// Whether the reader was told: once is enough, however often the connection is made anew.
    static IS_SAID: Cell<bool> = const { Cell::new(false) };
    static IS_LEAVING: Cell<bool> = const { Cell::new(false) };
}

/// Whether the browser is loading another document.
pub fn is_leaving() -> bool {
    IS_LEAVING.get()
}

/// Lets the browser load another document by itself. A later reason to do so would only break the first one off.
pub fn leave(go: impl FnOnce(&Location) -> Result<(), JsValue>) {
    if !IS_LEAVING.get() {
        leave_for(go);
    }
}

/// Lets the browser load a document that the reader asked for, whatever it is about to load by itself.
pub fn leave_for(go: impl FnOnce(&Location) -> Result<(), JsValue>) {
    IS_LEAVING.set(true);
    if go(&window().location()).is_err() {
        IS_LEAVING.set(false);
    }
    // A page that was kept, for a file or by its reader, goes on.
    set_timeout(|| IS_LEAVING.set(false), LEAVES_WITHIN);
}

/// Notes that the page is loaded again now; says whether that was not done just before.
fn may_reload() -> bool {
    let Ok(Some(storage)) = window().session_storage() else {
        return false;
    };
    let now = js_sys::Date::now();
    let before = storage.get_item(RELOADED_AT).ok().flatten();
    // Of a text that is no number it is not a number either, and no comparison with that holds.
    let before = before.map_or(0.0, |at| js_sys::Date::parse(&at));
    if now - before < PAUSE_MS {
        return false;
    }
    let at = js_sys::Date::new(&JsValue::from_f64(now)).to_iso_string();
    storage.set_item(RELOADED_AT, &String::from(at)).is_ok()
}

/// Whether a field holds something that the server did not send.
pub fn is_typed() -> bool {
    let Ok(fields) = document().query_selector_all("main input:not([type=hidden]), main textarea")
    else {
        return false;
    };
    let differs = |index| {
        let field = fields.item(index)?;
        let of = |name: &str| Reflect::get(&field, &name.into()).ok();
        Some(of("value") != of("defaultValue") || of("checked") != of("defaultChecked"))
    };
    (0..fields.length()).any(|index| differs(index).unwrap_or(false)) || is_chosen_anew()
}

/// Whether a list of choices says something else than when it came.
fn is_chosen_anew() -> bool {
    let is_other = |list: Element| {
        let first = |selector: &str| list.query_selector(selector).ok().flatten();
        let sent = first("option[selected]").or_else(|| first("option"));
        let is_chosen = sent.map(|option| Reflect::get(&option, &"selected".into()));
        matches!(is_chosen, Some(Ok(chosen)) if chosen.is_falsy())
    };
    elements("main select:not([multiple])").any(is_other)
}

//! How the tab's connection is, written beside every page.

use wasm_bindgen::JsValue;
use web_sys::Element;

use super::elements;
use crate::state::Link;

/// Where it is written.
const MARK: &str = ".live-mark";
const WORDS: &str = ".live-words";

/// Writes how the connection is, and when something was last heard of what is shown, in the browser's milliseconds.
pub fn show(link: Link, heard_at: f64) {
    for mark in elements(MARK) {
        write(&mark, link, heard_at);
    }
}

fn write(mark: &Element, link: Link, heard_at: f64) {
    let name = name_of(link);
    let _ = mark.set_attribute("data-link", name);
    let _ = match link {
        Link::Full => mark.set_attribute(
            "title",
            "Close pages that you do not need. This one tries again every minute.",
        ),
        _ => mark.remove_attribute("title"),
    };
    let Ok(Some(words)) = mark.query_selector(WORDS) else {
        return;
    };
    // What is read out is written only when it is something else.
    let said = said(link, heard_at);
    if words.inner_html() != said {
        words.set_inner_html(&said);
    }
}

const fn name_of(link: Link) -> &'static str {
    match link {
        Link::Connecting => "connecting",
        Link::Live => "live",
        Link::Broken => "broken",
        Link::Full => "full",
    }
}

/// The words, as HTML: nothing in them comes from anybody.
fn said(link: Link, heard_at: f64) -> String {
    match link {
        Link::Connecting => "Connecting…".to_owned(),
        Link::Live => "Live".to_owned(),
        Link::Full => "Not live: too many pages are open".to_owned(),
        Link::Broken => {
            let date = js_sys::Date::new(&JsValue::from_f64(heard_at));
            let stamp = String::from(date.to_iso_string());
            let clock: String = String::from(date.to_time_string())
                .chars()
                .take(8)
                .collect();
            [
                "Not live, as of <time datetime=\"",
                &stamp,
                "\">",
                &clock,
                "</time>",
            ]
            .concat()
        }
    }
}

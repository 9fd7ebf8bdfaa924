//! Forms that ask for another view of a page as soon as something in them changes, and the search for companies.

use std::{cell::RefCell, time::Duration};

use js_sys::futures::JsFuture;
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlFormElement, HtmlInputElement, Response};

use super::{Tab, controls, visit};

/// Typing pauses this long before a form is sent.
const PAUSE: Duration = Duration::from_millis(250);
/// In a date, each figure makes a whole one.
const PAUSE_IN_DATES: Duration = Duration::from_millis(1_200);
/// Marks the forms, each with a name of its own in its page.
const APPLIED: &str = "data-apply";
/// Marks the search for companies, with where they are found.
const FIND: &str = "data-find";
/// Where they are shown.
const OPTIONS: &str = "#company-options";

thread_local! {
    /// What waits for a pause, and whether it is a form that will be sent; else companies are searched for.
    static WAITING: RefCell<Option<(TimeoutHandle, bool)>> = const { RefCell::new(None) };
    /// What companies are searched for by now: an earlier answer is none to it.
    static SEARCHED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Something was changed in a field.
pub fn changed(tab: Tab, field: &Element) {
    let within = |selector: &str| field.closest(selector).ok().flatten();
    if let (Some(_), Some(field)) = (
        within(&["[", FIND, "]"].concat()),
        field.dyn_ref::<HtmlInputElement>(),
    ) {
        let field = field.clone();
        after_pause(PAUSE, false, move || find(&field));
        return;
    }
    let Some(form) = within(&["form[", APPLIED, "]"].concat()) else {
        return;
    };
    let name = form.get_attribute(APPLIED).unwrap_or_default();
    let is_date = field.get_attribute("type").as_deref() == Some("date");
    let pause = if is_date { PAUSE_IN_DATES } else { PAUSE };
    after_pause(pause, true, move || send(tab, &name));
}

/// Nothing waits any more: whoever goes elsewhere does not come back by a form.
pub fn forget() {
    WAITING.with(|waiting| {
        if let Some((waiting, _)) = waiting.borrow_mut().take() {
            waiting.clear();
        }
    });
}

/// Whether a form waits to be sent.
pub fn is_waiting() -> bool {
    WAITING.with(|waiting| matches!(*waiting.borrow(), Some((_, true))))
}

fn after_pause(pause: Duration, is_form: bool, act: impl FnOnce() + 'static) {
    forget();
    let act = || {
        WAITING.take();
        act();
    };
    if let Ok(handle) = set_timeout_with_handle(act, pause) {
        WAITING.set(Some((handle, is_form)));
    }
}

/// Sends the form of a name: the page may have been put in place of another since it was changed.
fn send(tab: Tab, name: &str) {
    let selector = ["form[", APPLIED, "=\"", name, "\"]"].concat();
    let form = document().query_selector(&selector).ok().flatten();
    let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
        return;
    };
    check_order(&form);
    // A date that is typed in part, or one before the other: the field says it.
    if !form.check_validity() {
        if form
            .query_selector(":invalid[data-after]")
            .ok()
            .flatten()
            .is_some()
        {
            form.report_validity();
        }
        return;
    }
    controls::apply(tab, &form, name);
}

/// What comes after another field is not before it.
fn check_order(form: &HtmlFormElement) {
    let field = |selector: &str| {
        let found = form.query_selector(selector).ok().flatten()?;
        found.dyn_into::<HtmlInputElement>().ok()
    };
    let Some(last) = field("[data-after]") else {
        return;
    };
    let first = last.get_attribute("data-after").unwrap_or_default();
    let first = field(&["[name=\"", &first, "\"]"].concat());
    let is_before = first.is_some_and(|first| last.value() < first.value());
    last.set_custom_validity(if is_before {
        "Choose a day that is not before the first one."
    } else {
        ""
    });
}

/// Finds companies by what is in the field.
pub fn find(field: &HtmlInputElement) {
    let form = field.closest(&["[", FIND, "]"].concat()).ok().flatten();
    let on = form
        .as_ref()
        .and_then(|form| form.query_selector("[name=on]").ok()?)
        .and_then(|on| on.get_attribute("value"));
    let (Some(at), Some(on)) = (form.and_then(|form| form.get_attribute(FIND)), on) else {
        return;
    };
    let (field, text) = (field.clone(), field.value());
    let encoded = |text: &str| String::from(js_sys::encode_uri_component(text));
    let href = [&at, "&on=", &encoded(&on), "&find=", &encoded(&text)].concat();
    SEARCHED.with(|searched| searched.borrow_mut().clone_from(&text));
    spawn_local(async move {
        let found = found(&href).await;
        if SEARCHED.with(|searched| *searched.borrow() != text) || !field.is_connected() {
            return;
        }
        let Ok(Some(options)) = document().query_selector(OPTIONS) else {
            return;
        };
        match found {
            Ok(Some(found)) => options.set_inner_html(&found),
            _ => options.set_text_content(Some(
                "The companies could not be searched. Type again to try again.",
            )),
        }
    });
}

async fn found(href: &str) -> Result<Option<String>, JsValue> {
    let response: Response = JsFuture::from(visit::ask(href, None)?)
        .await?
        .unchecked_into();
    if !response.ok() {
        return Ok(None);
    }
    Ok(JsFuture::from(response.text()?).await?.as_string())
}

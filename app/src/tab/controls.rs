//! Links, forms, buttons and the back button, listened to once for all pages.

use std::cell::Cell;

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Element, FormData, HtmlAnchorElement, HtmlFormElement, SubmitEvent, UrlSearchParams,
};

use super::{
    Tab, Visit, apply, copy, failure, focus, page, path_shown, prefetch, query_shown, sheet, visit,
};
use crate::{state::view_of, ui::browser};

/// Links that the browser follows by itself: to another window, into a file, or marked as none of ours.
const LINKS: &str = "a[href]:not([target]):not([download]):not([rel~=external])";
/// Forms that the browser sends by itself.
const LEFT_ALONE: &str = "[data-load]";

thread_local! {
    /// Whether the pointer went down beside a sheet: a text that is selected in it may end there.
    static PRESSED_BESIDE: Cell<bool> = const { Cell::new(false) };
}

/// Listens as long as the tab lives.
pub fn listen(tab: Tab) {
    window_event_listener(ev::click, move |event| {
        if let Some(button) = acted(&event) {
            act(tab, &button);
        } else if is_beside_sheet(&event) && PRESSED_BESIDE.get() {
            sheet::leave();
        } else if let Some(link) = followed(&event) {
            event.prevent_default();
            follow(tab, &link);
        }
    });
    window_event_listener(ev::pointerdown, |event| {
        PRESSED_BESIDE.set(is_beside_sheet(&event));
    });
    window_event_listener(ev::submit, move |event| {
        if !event.default_prevented() && send(tab, &event).is_some() {
            event.prevent_default();
        }
    });
    window_event_listener(ev::keydown, move |event| {
        // By the link, so that the address follows; the browser would only hide the sheet.
        if event.key() == "Escape" && !event.default_prevented() && sheet::leave() {
            event.prevent_default();
        }
    });
    window_event_listener(ev::input, move |event| {
        if let Some(field) = target_within(&event, "input, select") {
            apply::changed(tab, &field);
        }
    });
    window_event_listener(ev::pointerover, move |event| {
        let target = event.target().and_then(|target| target.dyn_into().ok());
        prefetch::pointed(tab, target);
    });
    window_event_listener(ev::online, move |_| tab.connection.found());
    window_event_listener(ev::offline, move |_| tab.connection.lost());
    window_event_listener(ev::visibilitychange, move |_| tab.connection.look());
    window_event_listener(ev::popstate, move |_| went_back(tab));
    window_event_listener(ev::pagehide, move |_| tab.history.remember());
    browser::close_menus_when_left();
}

/// The element of a kind that an event is on or in.
fn target_within(event: &web_sys::Event, selector: &str) -> Option<Element> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest(selector).ok()?
}

/// The button that does something within the page.
fn acted(event: &web_sys::MouseEvent) -> Option<Element> {
    target_within(event, "button[data-act]").filter(|_| !event.default_prevented())
}

fn act(tab: Tab, button: &Element) {
    match button.get_attribute("data-act").as_deref() {
        Some("theme") => browser::toggle_theme(),
        Some("copy") => copy::copy(button.clone()),
        Some("again") => {
            if let Some(again) = failure::again() {
                focus::at_failed();
                visit(tab, again);
            }
        }
        Some("dismiss") => {
            focus::at_failed();
            failure::clear();
        }
        _ => {}
    }
}

fn is_beside_sheet(event: &web_sys::MouseEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into().ok());
    target.is_some_and(|target: Element| sheet::is_beside(&target))
}

/// The link to a page of ours that a plain click is on.
fn followed(event: &web_sys::MouseEvent) -> Option<HtmlAnchorElement> {
    let is_plain = event.button() == 0
        && !(event.default_prevented()
            || event.meta_key()
            || event.ctrl_key()
            || event.shift_key()
            || event.alt_key());
    if !is_plain {
        return None;
    }
    let link: HtmlAnchorElement = target_within(event, LINKS)?.dyn_into().ok()?;
    let is_ours = link.origin() == window().location().origin().ok()?;
    let is_place_in_page = !link.hash().is_empty()
        && link.pathname() == path_shown()
        && link.search().trim_start_matches('?') == query_shown();
    (is_ours && !is_place_in_page).then_some(link)
}

fn follow(tab: Tab, link: &HtmlAnchorElement) {
    let href = link.pathname() + &link.search() + &link.hash();
    visit(tab, Visit::link(href, link.clone().unchecked_into()));
}

/// Sends a form of ours; nothing when the browser has to.
fn send(tab: Tab, event: &SubmitEvent) -> Option<()> {
    let form: HtmlFormElement = event.target()?.dyn_into().ok()?;
    if form.matches(LEFT_ALONE).ok()? {
        return None;
    }
    let button = event.submitter();
    // `action` and `method` may be names of fields as well: the attributes are what was meant.
    let of = |name: &str| {
        let by_button = button
            .as_ref()
            .and_then(|button| button.get_attribute(&format!("form{name}")));
        by_button.or_else(|| form.get_attribute(name))
    };
    let action = of("action").unwrap_or_else(path_shown);
    if !action.starts_with('/') || action.starts_with("//") {
        return None;
    }
    let fields = FormData::new_with_form(&form).ok()?;
    if let Some((name, value)) = button.as_ref().and_then(|button| said_by(button)) {
        let _ = fields.append_with_str(&name, &value);
    }
    let control: Element = match &button {
        Some(button) => button.clone().unchecked_into(),
        None => form.clone().unchecked_into(),
    };
    let is_post = of("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
    if is_post {
        let has_files = of("enctype").is_some_and(|kind| kind.starts_with("multipart"));
        let body: JsValue = if has_files {
            fields.into()
        } else {
            encoded(&fields)?.into()
        };
        visit(tab, Visit::post(action, body, Some(control)));
    } else {
        let query: String = encoded(&fields)?.to_string().into();
        let path = action.split('?').next().unwrap_or_default();
        visit(tab, Visit::filter(format!("{path}?{query}"), Some(control)));
    }
    Some(())
}

/// Sends a form in which something changed.
pub fn apply(tab: Tab, form: &HtmlFormElement, name: &str) {
    let fields = FormData::new_with_form(form).ok();
    let Some(query) = fields.as_ref().and_then(encoded) else {
        return;
    };
    leave_out_empty(&query);
    let action = form.get_attribute("action").unwrap_or_else(path_shown);
    let href = [&action, "?", &String::from(query.to_string())].concat();
    let made = (name.to_owned(), tab.history.entry());
    let goes_on = tab.applied.get_value() == Some(made);
    let control = form.clone().unchecked_into();
    visit(tab, Visit::apply(href, control, name.to_owned(), goes_on));
}

/// Takes out what says nothing: a field that was emptied is a filter that was taken away.
fn leave_out_empty(query: &UrlSearchParams) {
    let said = String::from(query.to_string());
    let empty = said.split('&').filter_map(|pair| pair.strip_suffix('='));
    empty.for_each(|name| query.delete(name));
}

/// What the button says that sends a form, if it has a name.
fn said_by(button: &Element) -> Option<(String, String)> {
    let name = button.get_attribute("name")?;
    Some((name, button.get_attribute("value").unwrap_or_default()))
}

/// Fields as a query string or the body of a plain form.
fn encoded(fields: &FormData) -> Option<UrlSearchParams> {
    UrlSearchParams::new_with_str_sequence_sequence(fields).ok()
}

/// The browser went to another entry of the history.
fn went_back(tab: Tab) {
    super::CAME_BACK.set(true);
    let shown = page::shown();
    let y = tab.history.moved();
    let (path, query) = (path_shown(), query_shown());
    let scroll = move || {
        if let Some(y) = y {
            window().scroll_to_with_x_and_y(0.0, y);
        }
    };
    if shown == (path.clone(), query.clone()) {
        // A place within the page, by a hash link, or back to it before another one had come.
        visit::cancel(tab);
        scroll();
        return;
    }
    if page::is_live() && shown.0 == path && view_of(&shown.1) == view_of(&query) {
        visit::cancel(tab);
        tab.shows_now();
        scroll();
        return;
    }
    visit(
        tab,
        Visit::back(format!("{path}?{query}"), y.unwrap_or_default()),
    );
}

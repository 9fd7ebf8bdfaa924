//! Small things only a browser has.

use std::time::Duration;

use futures::channel::oneshot;
use leptos::{ev, leptos_dom::helpers::set_timeout, prelude::*};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, closure::Closure};

/// Waits.
pub async fn sleep(duration: Duration) {
    let (done, wait) = oneshot::channel();
    set_timeout(
        move || {
            let _ = done.send(());
        },
        duration,
    );
    let _ = wait.await;
}

/// Copies a text; says whether that worked.
pub async fn copy_text(text: &str) -> bool {
    let window = window();
    // Browsers have a clipboard only where nobody listens in.
    if !window.is_secure_context() {
        return false;
    }
    let copying = window.navigator().clipboard().write_text(text);
    js_sys::futures::JsFuture::from(copying).await.is_ok()
}

/// Sets a style property through the CSSOM, which a content security policy without inline styles allows.
pub fn set_style(element: &web_sys::Element, property: &str, value: &str) {
    if let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() {
        let _ = element.style().set_property(property, value);
    }
}

/// Turns to the other of light and dark, and remembers it.
pub fn toggle_theme() {
    let Some(root) = document().document_element() else {
        return;
    };
    let prefers_dark = || {
        window()
            .match_media("(prefers-color-scheme: dark)")
            .ok()
            .flatten()
            .is_some_and(|query| query.matches())
    };
    let is_dark = root
        .get_attribute("data-theme")
        .map_or_else(prefers_dark, |theme| theme == "dark");
    let theme = if is_dark { "light" } else { "dark" };
    let _ = root.set_attribute("data-theme", theme);
    if let Some(document) = document().dyn_ref::<web_sys::HtmlDocument>() {
        let _ = document.set_cookie(&format!(
            "theme={theme}; path=/; max-age=31536000; samesite=lax"
        ));
    }
}

/// Closes open menus once the reader turns to something else, by pointer or keyboard, or presses Escape; as long as
/// the tab lives.
pub fn close_menus_when_left() {
    let turn = |event: &web_sys::Event| {
        let node = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        close_menus(node.as_ref());
    };
    window_event_listener(ev::pointerdown, move |event| turn(&event));
    window_event_listener(ev::focusin, move |event| turn(&event));
    window_event_listener(ev::keydown, |event| {
        if event.key() == "Escape" {
            focus_open_menu();
            close_menus(None);
        }
    });
}

/// Puts the focus on the button of the open menu, so that it is not lost with the panel.
fn focus_open_menu() {
    let button = document()
        .query_selector("details.menu[open] > summary")
        .ok()
        .flatten();
    if let Some(button) = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = button.focus();
    }
}

/// Closes every open menu but the one that holds `inside`.
fn close_menus(inside: Option<&web_sys::Node>) {
    let Ok(open) = document().query_selector_all("details.menu[open]") else {
        return;
    };
    for index in 0..open.length() {
        let Some(menu) = open.item(index) else {
            continue;
        };
        if inside.is_some_and(|node| menu.contains(Some(node))) {
            continue;
        }
        if let Some(menu) = menu.dyn_ref::<web_sys::Element>() {
            let _ = menu.remove_attribute("open");
        }
    }
}

/// Listens to an element until what is being made is taken down.
pub fn listen(
    target: &web_sys::EventTarget,
    name: &'static str,
    act: impl FnMut(web_sys::Event) + 'static,
) {
    let act: Box<dyn FnMut(web_sys::Event)> = Box::new(act);
    let act = Closure::wrap(act);
    let called = act.as_ref().unchecked_ref();
    let _ = target.add_event_listener_with_callback(name, called);
    let held = SendWrapper::new((target.clone(), act));
    on_cleanup(move || {
        let (target, act) = &*held;
        let called = act.as_ref().unchecked_ref();
        let _ = target.remove_event_listener_with_callback(name, called);
    });
}

/// The element of a kind that an event is on or in.
pub fn within(event: &web_sys::Event, selector: &str) -> Option<web_sys::Element> {
    let target = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    target.closest(selector).ok()?
}

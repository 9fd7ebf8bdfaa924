//! Small things only a browser has.

use std::time::Duration;

use futures::channel::oneshot;
use leptos::{leptos_dom::helpers::set_timeout, prelude::*};
use wasm_bindgen::JsCast;

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

/// Sets a style property through the CSSOM, which a content security policy without inline styles allows.
pub fn set_style(element: &web_sys::Element, property: &str, value: &str) {
    if let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() {
        let _ = element.style().set_property(property, value);
    }
}

/// Closes every open menu but the one that holds `inside`.
pub fn close_menus(inside: Option<&web_sys::Node>) {
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

//! Buttons that copy what an element of the page says.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use crate::ui::browser;

/// How long a button says that it copied.
const SAID_FOR: Duration = Duration::from_secs(2);

/// Copies what the element says that a button names, and says so on the button.
pub fn copy(button: Element) {
    let of = button.get_attribute("data-copy").unwrap_or_default();
    let Some(source) = document().get_element_by_id(&of) else {
        return;
    };
    let field = source.dyn_ref::<HtmlInputElement>().cloned();
    let link = source.get_attribute("href");
    let text = match (&field, link) {
        (Some(field), _) => field.value(),
        (None, Some(href)) => window().location().origin().unwrap_or_default() + &href,
        (None, None) => source.text_content().unwrap_or_default(),
    };
    spawn_local(async move {
        let is_copied = browser::copy_text(&text).await;
        if !is_copied && let Some(field) = field {
            // Browsers have a clipboard only where nobody listens in: what is selected can be copied by hand.
            let _ = field.focus();
            field.select();
        }
        let words = if is_copied {
            "Copied"
        } else if source.has_attribute("href") {
            "Copy it from the link's menu"
        } else {
            "Selected: copy it with your keyboard"
        };
        say(&button, words);
        let _ = button.toggle_attribute_with_force("data-copied", is_copied);
        browser::sleep(SAID_FOR).await;
        let _ = button.remove_attribute("data-copied");
        say(&button, "");
    });
}

fn say(button: &Element, words: &str) {
    if let Ok(Some(status)) = button.query_selector("[role=status]") {
        status.set_text_content(Some(words));
    }
}

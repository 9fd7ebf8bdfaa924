//! What could not be done, said at the control that was used.

use leptos::prelude::*;
use web_sys::Element;

/// Class of the words.
const CLASS: &str = "visit-failed";

/// Takes the words of an earlier failure away.
pub fn clear() {
    let Ok(said) = document().query_selector_all(&format!(".{CLASS}")) else {
        return;
    };
    for index in 0..said.length() {
        if let Some(node) = said.item(index)
            && let Some(parent) = node.parent_node()
        {
            let _ = parent.remove_child(&node);
        }
    }
}

/// Says a sentence right after a control, or at the top of the page when there is none.
pub fn say(control: Option<&Element>, words: &str) {
    clear();
    let Ok(said) = document().create_element("p") else {
        return;
    };
    let _ = said.set_attribute("class", CLASS);
    let _ = said.set_attribute("role", "alert");
    said.set_text_content(Some(words));
    let control = control.filter(|control| control.is_connected());
    let placed = match control {
        Some(control) => control.insert_adjacent_element("afterend", &said),
        None => match document().query_selector("main") {
            Ok(Some(main)) => main.insert_adjacent_element("afterbegin", &said),
            _ => return,
        },
    };
    drop(placed);
}

//! What could not be done, said at the control that was used.

use std::cell::RefCell;

use leptos::prelude::*;
use web_sys::Element;

use super::Visit;

/// Class and id of the words.
const NAME: &str = "visit-failed";
/// Marks the control.
const FAILED: &str = "data-failed";
/// The parts of a page that keep their place while it scrolls: words about a control of theirs float beneath them.
const BAR: &str = ".filter-bar, .toolbar";

thread_local! {
    /// What could be tried again.
    static AGAIN: RefCell<Option<Visit>> = const { RefCell::new(None) };
}

/// What is said.
pub struct Words<'a> {
    /// What failed: `Acme Dental could not be loaded`.
    pub title: &'a str,
    /// Why, and what is still there.
    pub text: &'a str,
    /// What a press of "Try again" does; without it there is no such button.
    pub again: Option<Visit>,
}

/// Takes the words of an earlier failure away.
pub fn clear() {
    AGAIN.with(|again| again.borrow_mut().take());
    if let Ok(Some(control)) = document().query_selector(&["[", FAILED, "]"].concat()) {
        let _ = control.remove_attribute(FAILED);
        let _ = control.remove_attribute("aria-describedby");
    }
    if let Some(said) = document().get_element_by_id(NAME) {
        said.remove();
    }
}

/// Takes what could be tried again.
pub fn again() -> Option<Visit> {
    AGAIN.with(|again| again.borrow_mut().take())
}

/// Says what failed right after a control, or at the top of the page when there is none.
pub fn say(control: Option<&Element>, words: Words) {
    clear();
    let control = control.and_then(shown_control);
    let Some(said) = made(&words) else { return };
    AGAIN.with(|again| *again.borrow_mut() = words.again);
    let Some(control) = control else {
        if let Ok(Some(main)) = document().query_selector("main") {
            let _ = main.insert_adjacent_element("afterbegin", &said);
        }
        return;
    };
    let _ = control.set_attribute(FAILED, "");
    let _ = control.set_attribute("aria-describedby", NAME);
    let bar = control.closest(BAR).ok().flatten();
    let _ = match bar {
        Some(bar) => bar.insert_adjacent_element("beforeend", &said),
        None => control.insert_adjacent_element("afterend", &said),
    };
}

/// The control as it is seen: of a choice in a menu, the button of the menu, which closes.
fn shown_control(control: &Element) -> Option<Element> {
    if !control.is_connected() {
        return None;
    }
    let Ok(Some(choice)) = control.closest("[data-choice]") else {
        return Some(control.clone());
    };
    if let Ok(Some(menu)) = choice.query_selector("details") {
        let _ = menu.remove_attribute("open");
    }
    let button = choice.query_selector("summary").ok().flatten();
    Some(button.unwrap_or(choice))
}

fn made(words: &Words) -> Option<Element> {
    let make = |tag: &str, text: &str| {
        let element = document().create_element(tag).ok()?;
        element.set_text_content(Some(text));
        Some(element)
    };
    let said = make("div", "")?;
    let _ = said.set_attribute("class", NAME);
    let _ = said.set_attribute("id", NAME);
    let _ = said.set_attribute("role", "alert");
    let mut parts = vec![make("strong", words.title)?, make("span", words.text)?];
    if words.again.is_some() {
        let again = make("button", "Try again")?;
        let _ = again.set_attribute("class", "button");
        let _ = again.set_attribute("data-act", "again");
        parts.push(again);
    }
    let close = make("button", "×")?;
    let _ = close.set_attribute("class", "quiet-button");
    let _ = close.set_attribute("aria-label", "Close");
    let _ = close.set_attribute("data-act", "dismiss");
    parts.push(close);
    for part in parts {
        let _ = part.set_attribute("type", "button");
        let _ = said.insert_adjacent_element("beforeend", &part);
        let _ = said.insert_adjacent_text("beforeend", " ");
    }
    Some(said)
}

//! The picker: pages, companies, actions and accounts, found by typed letters. What can be chosen comes from the server,
//! as the very page that the same search shows without scripts.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use js_sys::futures::JsFuture;
use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    DomParser, Element, HtmlAnchorElement, HtmlDialogElement, HtmlElement, HtmlInputElement,
    KeyboardEvent, Response, SupportedType,
};

use super::{path_shown, visit};

/// Links that open the picker; what it shows comes from where they lead.
const OPENERS: &str = "a[data-picker]";
/// What can be chosen in it.
const CHOICES: &str = "#picker-results a.picker-item";
/// Where the keys of the accounts are kept that were looked at lately, and how many.
const RECENT: &str = "recent-accounts";
const MOST_RECENT: usize = 4;
/// Letters that are typed within this time are looked for at once.
const TYPED_FOR: Duration = Duration::from_millis(90);
/// How long after G the second letter counts, in milliseconds.
const CHORD_MS: f64 = 1_500.0;

thread_local! {
    /// Where what can be chosen comes from.
    static SOURCE: RefCell<String> = const { RefCell::new(String::new()) };
    /// Counts the questions: only the last answer is shown.
    static ASKED: Cell<u32> = const { Cell::new(0) };
    /// When G was pressed, in the browser's milliseconds.
    static CHORD: Cell<f64> = const { Cell::new(0.0) };
}

/// Listens as long as the tab lives. It comes before what follows links.
pub fn listen() {
    window_event_listener(ev::click, |event| {
        let is_plain = event.button() == 0
            && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
        let Some(target) = event.target().and_then(|it| it.dyn_into::<Element>().ok()) else {
            return;
        };
        if let Ok(Some(opener)) = target.closest(OPENERS)
            && is_plain
            && open(&opener)
        {
            event.prevent_default();
        } else if let Ok(Some(choice)) = target.closest(CHOICES)
            && is_plain
        {
            remember(&choice);
            close();
        } else if dialog().is_some_and(|dialog| target == *dialog.unchecked_ref::<Element>()) {
            // The veil around it.
            close();
        }
    });
    window_event_listener(ev::keydown, |event| pressed(&event));
    window_event_listener(ev::input, |event| {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        if target.is_some_and(|target| target.matches("#picker input").unwrap_or_default()) {
            let mine = next_question();
            set_timeout(
                move || {
                    if ASKED.get() == mine {
                        load(mine);
                    }
                },
                TYPED_FOR,
            );
        }
    });
    window_event_listener(ev::submit, |event| {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        if target.is_some_and(|target| target.matches("#picker form").unwrap_or_default()) {
            event.prevent_default();
            if let Some(first) = choices().first() {
                first.click();
            }
        }
    });
}

fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

fn dialog() -> Option<HtmlDialogElement> {
    find("dialog#picker")?.dyn_into().ok()
}

fn is_open() -> bool {
    dialog().is_some_and(|dialog| dialog.open())
}

fn input() -> Option<HtmlInputElement> {
    find("#picker input")?.dyn_into().ok()
}

fn results() -> Option<Element> {
    find("#picker-results")
}

fn choices() -> Vec<HtmlElement> {
    let Ok(found) = document().query_selector_all(CHOICES) else {
        return Vec::new();
    };
    let all = (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok());
    all.collect()
}

fn next_question() -> u32 {
    ASKED.set(ASKED.get().wrapping_add(1));
    ASKED.get()
}

/// Opens the picker that a link leads to; says whether it could.
fn open(opener: &Element) -> bool {
    let (Some(link), Some(dialog), Some(input)) =
        (opener.dyn_ref::<HtmlAnchorElement>(), dialog(), input())
    else {
        return false;
    };
    let source = link.pathname() + &link.search();
    let label = opener.get_attribute("data-picker").unwrap_or_default();
    for (name, value) in [("placeholder", &label), ("aria-label", &label)] {
        let _ = input.set_attribute(name, value);
    }
    let _ = dialog.set_attribute("aria-label", &label);
    input.set_value("");
    SOURCE.with(|held| *held.borrow_mut() = source);
    show("");
    if !dialog.open() && dialog.show_modal().is_err() {
        return false;
    }
    let _ = input.focus();
    load(next_question());
    true
}

fn close() {
    next_question();
    if let Some(dialog) = dialog().filter(HtmlDialogElement::open) {
        dialog.close();
    }
}

fn show(html: &str) {
    let Some(results) = results() else { return };
    let focused = focused_among(&choices());
    results.set_inner_html(html);
    // Whoever goes through what was found goes on from the same place.
    if let Some(choice) = focused.and_then(|at| choices().into_iter().nth(at)) {
        let _ = choice.focus();
    }
}

/// Which choice has the focus.
fn focused_among(choices: &[HtmlElement]) -> Option<usize> {
    let active = document().active_element();
    choices
        .iter()
        .position(|choice| active.as_ref() == Some(choice.unchecked_ref()))
}

/// Asks the server for what fits what is typed.
fn load(mine: u32) {
    let typed = input().map(|input| input.value()).unwrap_or_default();
    let source = SOURCE.with(|held| held.borrow().clone());
    let encoded = |text: &str| String::from(js_sys::encode_uri_component(text));
    let href = [
        source,
        "&on=".to_owned() + &encoded(&path_shown()),
        "&recent=".to_owned() + &encoded(&recent().join(",")),
        "&q=".to_owned() + &encoded(&typed),
    ]
    .concat();
    spawn_local(async move {
        let found = fetch(&href).await;
        if ASKED.get() != mine || !is_open() {
            return;
        }
        match found {
            Some(found) => {
                let is_few = found.has_attribute("data-few");
                if let Some(dialog) = dialog() {
                    let _ = dialog.toggle_attribute_with_force("data-few", is_few);
                }
                show(&found.outer_html());
                if is_few && let Some(first) = choices().first() {
                    let _ = first.focus();
                }
            }
            None => show(
                "<p class=\"picker-count\" role=\"alert\">The server cannot be reached. Type again to try again.</p>",
            ),
        }
    });
}

async fn fetch(href: &str) -> Option<Element> {
    let response = JsFuture::from(visit::ask(href, None).ok()?).await.ok()?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return None;
    }
    let text: JsValue = JsFuture::from(response.text().ok()?).await.ok()?;
    let parsed = DomParser::new().ok()?;
    let page = parsed
        .parse_from_string(&text.as_string()?, SupportedType::TextHtml)
        .ok()?;
    page.query_selector("[data-results]").ok().flatten()
}

fn pressed(event: &KeyboardEvent) {
    let key = event.key();
    let is_command =
        (event.ctrl_key() || event.meta_key()) && !event.alt_key() && !event.shift_key();
    if is_command && key.eq_ignore_ascii_case("k") {
        event.prevent_default();
        if is_open() {
            close();
        } else if let Some(opener) = find("a[data-picker][data-command]") {
            open(&opener);
        }
    } else if is_open() {
        match key.as_str() {
            "ArrowDown" => step(event, 1),
            "ArrowUp" => step(event, -1),
            // In a field of this kind the key would empty it first.
            "Escape" => {
                event.prevent_default();
                close();
            }
            _ => {}
        }
    } else if !(is_command || event.alt_key() || is_typing()) {
        chord(&key);
    }
}

/// Moves the focus among what can be chosen; above the first is what is typed.
fn step(event: &KeyboardEvent, by: isize) {
    event.prevent_default();
    let choices = choices();
    let at = focused_among(&choices);
    let next = match at {
        None if by > 0 => {
            // The first is chosen while the focus is in the text: the key leads to the second.
            Some(1.min(choices.len().saturating_sub(1)))
        }
        None => choices.len().checked_sub(1),
        Some(at) => at
            .checked_add_signed(by)
            .filter(|next| *next < choices.len()),
    };
    let focused = match next.and_then(|next| choices.get(next)) {
        Some(choice) => choice.focus(),
        None => input().map_or(Ok(()), |input| input.focus()),
    };
    drop(focused);
}

/// Whether the keys that are pressed are letters of a text.
fn is_typing() -> bool {
    let active = document().active_element();
    active.is_some_and(|active| {
        active
            .matches("input, textarea, select, [contenteditable], [role=treegrid] *")
            .unwrap_or_default()
    })
}

/// G and then the letter of a page leads there, if the navigation has it.
fn chord(key: &str) {
    let now = js_sys::Date::now();
    if key.eq_ignore_ascii_case("g") {
        CHORD.set(now);
        return;
    }
    let is_second = now - CHORD.replace(0.0) < CHORD_MS;
    let path = match key.to_ascii_lowercase().as_str() {
        "u" => "/billing/usage",
        "t" => "/billing/trends",
        "w" => "/billing/review",
        "v" => "/billing/value",
        "a" => "/billing/alerts",
        "c" => "/companies",
        "p" => "/billing/plans",
        "m" => "/settings/members",
        "k" => "/settings/keys",
        _ => return,
    };
    let selector = format!(".nav a.nav-item[href^=\"{path}?\"]");
    if is_second
        && let Some(link) = find(&selector)
        && let Some(link) = link.dyn_ref::<HtmlElement>()
    {
        link.click();
    }
}

/// The accounts that were looked at lately.
fn recent() -> Vec<String> {
    let stored = window().local_storage().ok().flatten();
    let stored = stored.and_then(|stored| stored.get_item(RECENT).ok().flatten());
    let stored = stored.unwrap_or_default();
    let keys = stored.split(',').filter(|key| !key.is_empty());
    keys.map(str::to_owned).collect()
}

/// Remembers that an account was chosen, and the one that was looked at until now.
fn remember(choice: &Element) {
    let Some(key) = choice.get_attribute("data-key") else {
        return;
    };
    let shown = find(".sidebar[data-account]");
    let shown = shown.and_then(|sidebar| sidebar.get_attribute("data-account"));
    let mut keys = recent();
    for key in shown.into_iter().chain([key]) {
        keys.retain(|known| *known != key);
        keys.insert(0, key);
    }
    keys.truncate(MOST_RECENT);
    if let Ok(Some(stored)) = window().local_storage() {
        let _ = stored.set_item(RECENT, &keys.join(","));
    }
}

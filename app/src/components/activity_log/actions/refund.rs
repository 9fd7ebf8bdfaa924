//! The form that requests a refund. What is typed into it belongs to its event: it outlives the receipt's closing, its
//! being written again, and a visit to another page, until it is sent or cancelled.

use std::cell::RefCell;

use js_sys::{Reflect, futures::JsFuture};
use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, FormData, HtmlElement, HtmlFormElement, Response, UrlSearchParams};

use super::LogActions;
use crate::{
    error::AppError,
    tab::{ask, tab},
    ui::{escape, length},
};

/// Id of the words that say why a request was not taken.
const ERROR_ID: &str = "refund-error";
/// Header that names the field of the form that was refused.
const FIELD_HEADER: &str = "x-field";

/// What was typed for an event.
struct Draft {
    source: String,
    event: String,
    credits: String,
    reason: String,
    /// Names the request, so that one that is sent again, because its answer was lost, is the same request.
    request: String,
}

thread_local! {
    static DRAFTS: RefCell<Vec<Draft>> = const { RefCell::new(Vec::new()) };
}

fn of(element: &JsValue, name: &str) -> String {
    let value = Reflect::get(element, &name.into());
    value
        .ok()
        .and_then(|value| value.as_string())
        .unwrap_or_default()
}

fn find(within: &Element, selector: &str) -> Option<Element> {
    within.query_selector(selector).ok().flatten()
}

fn field(form: &Element, name: &str) -> Option<Element> {
    find(form, &["[name=", name, "]"].concat())
}

fn value(form: &Element, name: &str) -> String {
    field(form, name)
        .map(|field| of(&field, "value"))
        .unwrap_or_default()
}

/// The event that a form is about: sources are told apart within an account only.
fn named(form: &Element) -> (String, String) {
    let source = [value(form, "account"), value(form, "source")].join(" ");
    (source, value(form, "event"))
}

/// Whether a form holds anything that the server did not write.
fn is_typed(form: &Element) -> bool {
    ["credits", "reason"].into_iter().any(|name| {
        field(form, name).is_some_and(|field| of(&field, "value") != of(&field, "defaultValue"))
    })
}

fn new_request() -> String {
    // Names of requests are told apart by person and event as well.
    [js_sys::Date::now(), js_sys::Math::random() * 1e9]
        .map(length)
        .join("-")
}

/// Keeps what stands in a form, or forgets it when nothing is left of it. Returns the name of its request.
fn keep(form: &Element) -> String {
    let (source, event) = named(form);
    DRAFTS.with(|drafts| {
        let mut drafts = drafts.borrow_mut();
        let at = drafts
            .iter()
            .position(|draft| draft.source == source && draft.event == event);
        let before = at.map(|at| drafts.remove(at));
        let request = before.map_or_else(new_request, |draft| draft.request);
        if is_typed(form) {
            drafts.push(Draft {
                credits: value(form, "credits"),
                reason: value(form, "reason"),
                request: request.clone(),
                source,
                event,
            });
        }
        request
    })
}

fn forget(source: &str, event: &str) {
    DRAFTS.with(|drafts| {
        let mut drafts = drafts.borrow_mut();
        drafts.retain(|draft| draft.source != source || draft.event != event);
    });
}

/// Writes what was typed before into a form that was just put there.
fn restore(receipt: &Element) {
    let Some(form) = find(receipt, "form") else {
        return;
    };
    let (source, event) = named(&form);
    let is_restored = DRAFTS.with(|drafts| {
        let drafts = drafts.borrow();
        let draft = drafts
            .iter()
            .find(|draft| draft.source == source && draft.event == event);
        for (name, text) in draft
            .iter()
            .flat_map(|draft| [("credits", &draft.credits), ("reason", &draft.reason)])
        {
            if let Some(field) = field(&form, name) {
                let _ = Reflect::set(&field, &"value".into(), &text.into());
            }
        }
        draft.is_some()
    });
    if let Some(details) = form
        .closest("details")
        .ok()
        .flatten()
        .filter(|_| is_restored)
    {
        let _ = details.set_attribute("open", "");
        count(&form);
    }
}

/// Says how long the reason is.
fn count(form: &Element) {
    if let Some(counter) = find(form, "[data-count]") {
        let most = counter.get_attribute("data-count").unwrap_or_default();
        let length = value(form, "reason").chars().count().to_string();
        counter.set_text_content(Some(&[&length, " of ", &most].concat()));
    }
}

/// Takes away what was said of the last attempt.
fn clear_error(form: &Element) {
    if let Some(said) = find(form, ".field-error") {
        said.remove();
    }
    for name in ["credits", "reason"] {
        if let Some(field) = field(form, name) {
            let _ = field.remove_attribute("aria-invalid");
            let _ = field.remove_attribute("aria-describedby");
        }
    }
}

/// Says why a request was not taken: at its field, or at the button.
fn say(form: &Element, at: Option<&Element>, words: &str) {
    clear_error(form);
    let said = [
        "<p class=\"field-error\" role=\"alert\" id=\"",
        ERROR_ID,
        "\">",
        &escape(words),
        "</p>",
    ]
    .concat();
    let place = match at {
        Some(field) => {
            let _ = field.set_attribute("aria-invalid", "true");
            let _ = field.set_attribute("aria-describedby", ERROR_ID);
            focus(field);
            field
                .closest("label")
                .ok()
                .flatten()
                .map(|label| (label, "afterend"))
        }
        None => find(form, ".receipt-send").map(|buttons| (buttons, "beforebegin")),
    };
    if let Some((place, side)) = place {
        let _ = place.insert_adjacent_html(side, &said);
    }
}

fn focus(element: &Element) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
}

/// What the server answered to a request.
enum Answer {
    Taken(String),
    Refused {
        field: Option<String>,
        words: String,
    },
    Failed(&'static str),
}

async fn send(body: &JsValue) -> Result<Answer, JsValue> {
    let response: Response = JsFuture::from(ask("/billing/disputes", Some(body))?)
        .await?
        .unchecked_into();
    let headers = response.headers();
    let is_words = headers
        .get("content-type")?
        .is_some_and(|kind| kind.starts_with("text/plain"));
    if response.redirected() || response.status() == 401 {
        return Ok(Answer::Failed(
            "Your session has ended: sign in again in another tab.",
        ));
    }
    if response.status() >= 500 || !is_words {
        return Ok(Answer::Failed("The server could not answer."));
    }
    let words = JsFuture::from(response.text()?).await?;
    let words = words.as_string().unwrap_or_default();
    Ok(if response.ok() {
        Answer::Taken(words)
    } else {
        let field = headers.get(FIELD_HEADER)?;
        Answer::Refused { field, words }
    })
}

impl LogActions {
    /// Something was typed into the form.
    #[expect(clippy::unused_self, reason = "called as the others are")]
    pub fn typed(self, event: &ev::Event) {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let form = target.and_then(|target| target.closest(".receipt form").ok().flatten());
        if let Some(form) = form {
            keep(&form);
            count(&form);
        }
    }

    /// Gives the request up.
    pub fn cancel_request(button: &Element) {
        let Ok(Some(details)) = button.closest("details") else {
            return;
        };
        if let Some(form) = find(&details, "form")
            && let Some(form) = form.dyn_ref::<HtmlFormElement>()
        {
            form.reset();
            keep(form);
            count(form);
            clear_error(form);
        }
        let _ = details.remove_attribute("open");
        if let Some(summary) = find(&details, "summary") {
            focus(&summary);
        }
    }

    /// The form is sent. The page stays as it is: only the receipt changes.
    pub fn sent(self, event: &ev::Event) {
        if self.jumped(event) {
            return;
        }
        let form = event
            .target()
            .and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = form.filter(|form| form.closest(".receipt").ok().flatten().is_some())
        else {
            return;
        };
        event.prevent_default();
        if form.has_attribute("data-sending") {
            return;
        }
        let request = keep(&form);
        let fields = FormData::new_with_form(&form);
        let body =
            fields.and_then(|fields| UrlSearchParams::new_with_str_sequence_sequence(&fields));
        let Ok(body) = body else {
            return;
        };
        body.set("request", &request);
        body.set("place", "receipt");
        clear_error(&form);
        let _ = form.set_attribute("data-sending", "");
        if let Some(tab) = tab() {
            tab.changed();
        }
        self.lifetime.spawn(async move {
            let answer = send(&body).await;
            let _ = form.remove_attribute("data-sending");
            self.answered(
                &form,
                answer.unwrap_or(Answer::Failed("The server cannot be reached.")),
            );
        });
    }

    fn answered(self, form: &Element, answer: Answer) {
        if let Some(tab) = tab() {
            tab.changed();
        }
        match answer {
            Answer::Taken(words) => {
                let (source, event) = named(form);
                forget(&source, &event);
                self.show_taken(form, &words);
            }
            Answer::Refused { field: name, words } => {
                let at = name.and_then(|name| field(form, &name));
                say(form, at.as_ref(), &words);
            }
            Answer::Failed(why) => {
                say(
                    form,
                    None,
                    &[why, " What you entered is still here: try again."].concat(),
                );
            }
        }
    }

    /// Says that the request arrived, and shows what the receipt says of it.
    fn show_taken(self, form: &Element, words: &str) {
        let Ok(Some(panel)) = form.closest("details") else {
            return;
        };
        let said = [
            "<p class=\"receipt-said\" role=\"status\" tabindex=\"-1\">",
            &crate::ui::Icon::Check.html(),
            &escape(words),
            "</p>",
        ]
        .concat();
        panel.set_inner_html(&said);
        panel.set_class_name("receipt-dispute is-sent");
        if let Some(said) = panel.first_element_child() {
            // Only what is open within it is shown.
            let _ = panel.set_attribute("open", "");
            focus(&said);
        }
        self.read_open_receipt();
    }

    /// Writes the receipt that the server sent. A form that something was typed into stays as it is.
    pub fn fill(self, html: &str) {
        self.with_receipt(|receipt| {
            let Some(cell) = receipt.first_element_child() else {
                return;
            };
            let panel = find(&cell, ".receipt-dispute");
            let is_kept = panel.is_some_and(|panel| {
                panel.class_list().contains("is-sent")
                    || find(&panel, "form")
                        .is_some_and(|form| is_typed(&form) || form.has_attribute("data-sending"))
                    || super::super::pool::has_focus(&panel)
            });
            if let Some(known) = find(&cell, ".receipt-known").filter(|_| is_kept) {
                if let Ok(fresh) = document().create_element("div") {
                    fresh.set_inner_html(html);
                    let fresh = find(&fresh, ".receipt-known");
                    known
                        .set_inner_html(&fresh.map(|fresh| fresh.inner_html()).unwrap_or_default());
                }
                return;
            }
            cell.set_inner_html(html);
            restore(receipt);
        });
    }

    /// Writes back what was typed before into the form of a receipt that the server wrote into the page.
    pub fn restore_draft(self) {
        self.with_receipt(restore);
    }

    /// Says why the receipt could not be read, unless it is there already.
    pub fn fill_failed(self, error: &AppError) {
        self.with_receipt(|receipt| {
            let Some(cell) = receipt.first_element_child() else {
                return;
            };
            if find(&cell, ".receipt-known").is_none() {
                let words = escape(&[&error.to_string(), " ", &error.advice()].concat());
                cell.set_inner_html(&["<p class=\"receipt-loading\" role=\"alert\">", &words, " <button class=\"button\" type=\"button\" data-log=\"again\">Try again</button></p>"].concat());
            }
        });
    }
}

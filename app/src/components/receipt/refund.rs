//! Requesting a refund of an event.

use domain::{activity::LogRow, number};
use leptos::prelude::*;

use crate::{
    forms::{Draft, FormState},
    ui::escape,
};

/// Where a request is sent.
const REQUEST: &str = "/billing/disputes";
/// Longest reason, in characters.
const REASON_MAX: u32 = 500;

/// What was requested so far, and what became of it.
#[component]
pub fn Requests(
    /// One line each, oldest first.
    asked: Vec<String>,
) -> impl IntoView {
    (!asked.is_empty()).then(|| {
        let lines = asked.into_iter().map(|line| view! { <li>{line}</li> });
        view! { <div class="receipt-asked"><p>"Refund requests"</p><ul>{lines.collect_view()}</ul></div> }
    })
}

/// The form that requests a refund: all that is left of the event's cost, unless less is written.
/// Without scripts it leads on to `here`; `draft` is one that was sent so, and refused.
pub fn refund_form(
    row: LogRow,
    account: String,
    here: String,
    draft: Option<&Draft>,
) -> impl IntoView + use<> {
    let left = number::credits(row.net());
    let all = row.net().to_string();
    let names = [("source", row.source.as_str()), ("event", row.id.as_str())];
    let form = FormState::new("refund", draft, REQUEST, &names);
    let (of_credits, of_reason) = (form.marks("credits", false), form.marks("reason", false));
    // As a child, nothing at all would be written as a space.
    let (asked, reason) = (form.value("credits", all), form.value("reason", ""));
    let wrong_credits = form.under("credits", "Credits to refund");
    let wrong_reason = form.under("reason", "Reason");
    let refused = form.foot();
    let is_refused = form.is_draft();
    view! {
        <details class="receipt-dispute" open=is_refused>
            <summary>"Request a refund"</summary>
            <form method="post" action=REQUEST>
                <input type="hidden" name="account" value=account/>
                <input type="hidden" name="source" value=row.source/>
                <input type="hidden" name="event" value=row.id/>
                <input type="hidden" name="next" value=here + "#receipt"/>
                <label>"Credits to refund"
                    <span class="receipt-of"><input name="credits" inputmode="decimal" autocomplete="off" value=asked aria-invalid=of_credits.invalid aria-describedby=of_credits.described autofocus=of_credits.focus/><span>"of "{left}</span></span>
                    {wrong_credits}
                </label>
                <label>"Reason"<textarea name="reason" required maxlength=REASON_MAX.to_string() rows="3" aria-invalid=of_reason.invalid aria-describedby=of_reason.described autofocus=of_reason.focus inner_html=escape(&reason)></textarea>{wrong_reason}</label>
                <p class="receipt-decides"><span>"The platform decides."</span><span class="needs-script" data-count=REASON_MAX.to_string()>{format!("0 of {REASON_MAX}")}</span></p>
                {refused}
                <p class="receipt-send">
                    <button class="button primary" type="submit">"Send request"</button>
                    <button class="quiet-button needs-script" type="button" data-log="cancel">"Cancel"</button>
                </p>
            </form>
        </details>
    }
}

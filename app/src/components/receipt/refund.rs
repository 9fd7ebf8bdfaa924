//! Requesting a refund of an event.

use domain::{activity::LogRow, number};
use leptos::prelude::*;

use super::RefundOutcome;

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
#[component]
pub fn RefundForm(
    /// The event.
    row: LogRow,
    /// Key of its account.
    account: String,
    /// Where to go on to without scripts.
    here: String,
    /// Why the last request was not taken.
    refused: Option<RefundOutcome>,
) -> impl IntoView {
    let left = number::credits(row.net());
    let all = row.net().to_string();
    let is_refused = refused.is_some();
    let refused =
        refused.map(|refused| view! { <p class="field-error" role="alert">{refused.text()}</p> });
    view! {
        <details class="receipt-dispute" open=is_refused>
            <summary>"Request a refund"</summary>
            <form method="post" action="/billing/disputes">
                <input type="hidden" name="account" value=account/>
                <input type="hidden" name="source" value=row.source/>
                <input type="hidden" name="event" value=row.id/>
                <input type="hidden" name="next" value=here + "#receipt"/>
                <label>"Credits to refund"
                    <span class="receipt-of"><input name="credits" inputmode="decimal" autocomplete="off" value=all/><span>"of "{left}</span></span>
                </label>
                <label>"Reason"<textarea name="reason" required maxlength=REASON_MAX.to_string() rows="3"></textarea></label>
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

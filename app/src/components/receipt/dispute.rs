//! Requesting a refund of an event.

use domain::activity::DisputeView;
use leptos::prelude::*;

/// What was asked so far, and a form to ask.
#[component]
pub fn Dispute(
    /// What is known of it.
    dispute: DisputeView,
    /// The event's source.
    source: String,
    /// The event's id.
    event: String,
    /// Where to go on to.
    next: String,
) -> impl IntoView {
    let asked = dispute.asked;
    let has_asked = !asked.is_empty();
    let lines = asked.into_iter().map(|line| view! { <li>{line}</li> });
    view! {
        {has_asked.then(|| view! { <div class="receipt-asked"><p>"Refund requests"</p><ul>{lines.collect_view()}</ul></div> })}
        {dispute.account.map(|account| view! {
            <details class="receipt-dispute">
                <summary>"Request a refund"</summary>
                <form method="post" action="/billing/disputes">
                    <input type="hidden" name="account" value=account/>
                    <input type="hidden" name="source" value=source/>
                    <input type="hidden" name="event" value=event/>
                    <input type="hidden" name="next" value=next/>
                    <label>"Reason"<input name="reason" required maxlength="500" autocomplete="off"/></label>
                    <label>"Credits (all if left empty)"<input name="credits" inputmode="decimal" autocomplete="off"/></label>
                    <button class="button" type="submit">"Send request"</button>
                </form>
            </details>
        })}
    }
}

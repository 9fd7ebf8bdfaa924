//! The receipt under a row: why it cost what it cost, what it was charged to, and the form that asks for a refund.
//!
//! The server alone writes it; the browser puts what it was sent below the event's row.

mod paid;
mod refund;

use domain::{activity::Receipt, filter::ViewQuery, number};
use leptos::prelude::*;

use crate::{
    forms::{Draft, copy_button},
    state::{event_href, permalink},
    ui::Icon,
};
use paid::{PaidBy, Reversals, readable};
use refund::{Requests, refund_form};

/// Id of the link to an event.
const LINK_ID: &str = "receipt-link";

/// The receipt of one event as HTML, for a view of its account; with a form that was sent without scripts and refused.
pub fn receipt_html(
    receipt: &Receipt,
    account: &str,
    view: &ViewQuery,
    draft: Option<&Draft>,
) -> String {
    let row = &receipt.row;
    let whole_account = ViewQuery {
        account: Some(account.to_owned()),
        tz: view.tz.clone(),
        ..ViewQuery::default()
    };
    let place = Place {
        link: permalink(row, &whole_account),
        here: event_href(&view.to_query(), &row.source, &row.id),
    };
    let receipt = receipt.clone();
    // Its parts hold nothing that changes, but they are components, and these are made within an owner.
    Owner::new().with(|| body(receipt, place, draft).to_html())
}

/// Addresses of an event.
struct Place {
    /// The event on its day, in the view of the whole account.
    link: String,
    /// The event in the view that is shown.
    here: String,
}

fn body(receipt: Receipt, place: Place, draft: Option<&Draft>) -> impl IntoView + use<> {
    let Receipt { row, dispute, .. } = receipt.clone();
    let asked = dispute.asked;
    let form = dispute
        .account
        .map(|account| refund_form(row.clone(), account, place.here, draft));
    let link = place.link;
    view! {
        <div class="receipt-body">
            <div class="receipt-known">
                <dl class="receipt-facts">
                    {facts(cost(&receipt))}
                    <PaidBy parts=receipt.paid_by.clone()/>
                    {facts(origin(&receipt))}
                </dl>
                <Reversals reversals=receipt.reversals/>
                <Requests asked/>
                <p class="receipt-link">
                    <a class="quiet-button" id=LINK_ID href=link.clone()>{Icon::Link.view()}"Link to this event"</a>
                    {copy_button("quiet-button", LINK_ID, "Copy link")}
                    <button class="quiet-button needs-script" type="button" data-log="close">"Close"</button>
                </p>
            </div>
            {form}
        </div>
    }
}

fn cost(receipt: &Receipt) -> [(&'static str, Option<String>); 5] {
    let row = &receipt.row;
    let was_refunded = !row.reversed.is_zero();
    [
        ("Credits", Some(number::credits(row.credits))),
        (
            "After refunds",
            was_refunded.then(|| number::credits(row.net())),
        ),
        ("Balance after", receipt.balance_after.map(number::credits)),
        ("Quantity", receipt.quantity.clone()),
        ("Rate", receipt.rate.clone()),
    ]
}

fn origin(receipt: &Receipt) -> [(&'static str, Option<String>); 7] {
    let row = receipt.row.clone();
    [
        ("Company", Some(row.company_name)),
        ("Reference", row.reference),
        ("Source", Some(row.source)),
        ("Event id", Some(row.id)),
        ("Event time", Some(readable(&row.at))),
        ("Ingested at", Some(readable(&receipt.recorded_at))),
        ("Metadata", receipt.metadata.clone()),
    ]
}

fn facts<const N: usize>(facts: [(&'static str, Option<String>); N]) -> impl IntoView {
    let known = facts
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)));
    let fact = |(name, value): (&'static str, String)| view! { <div><dt>{name}</dt><dd title=value.clone()>{value.clone()}</dd></div> };
    known.map(fact).collect_view()
}

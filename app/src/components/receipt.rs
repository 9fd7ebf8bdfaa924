//! The receipt under a row: why it cost what it cost, and what it was charged to.

mod dispute;
mod paid;

use domain::{activity::Receipt, filter::ViewQuery, number};
use leptos::prelude::*;

use crate::{error::AppError, state::permalink, ui::CopyLink};
use dispute::Dispute;
use paid::{PaidBy, Reversals, readable};

/// The receipt of one event, or why it cannot be shown.
#[component]
pub fn ReceiptPanel(
    /// What is known of it; nothing while it is being read.
    receipt: Signal<Option<Result<Receipt, AppError>>>,
    /// What its links keep of the view.
    view: Signal<ViewQuery>,
) -> impl IntoView {
    // Its own links and buttons use the keys that the log around it listens for.
    let keep = |event: leptos::ev::KeyboardEvent| {
        if event.key() != "Escape" {
            event.stop_propagation();
        }
    };
    view! {
        // A row of the grid like the one above it; on a phone it scrolls, so the keyboard must reach it.
        <div class="receipt" role="row" tabindex="0" aria-label="Receipt" data-testid="receipt" on:keydown=keep>
            <div role="gridcell">{move || match receipt.get() {
                None => view! { <p class="receipt-loading">"Loading…"</p> }.into_any(),
                Some(Err(error)) => view! { <p class="receipt-loading">{error.to_string()}" "{error.advice()}</p> }.into_any(),
                Some(Ok(receipt)) => view! { <Facts receipt view=view.get_untracked()/> }.into_any(),
            }}</div>
        </div>
    }
}

/// What is known of the event: what it cost and who paid first, then how it came about.
#[component]
fn Facts(receipt: Receipt, view: ViewQuery) -> impl IntoView {
    let link = permalink(&receipt.row, &view);
    let row = receipt.row;
    let (source, event, next) = (row.source.clone(), row.id.clone(), link.clone());
    let was_refunded = !row.reversed.is_zero();
    let credits = [
        ("Credits", Some(number::credits(row.credits))),
        (
            "After refunds",
            was_refunded.then(|| number::credits(row.net())),
        ),
        ("Balance after", receipt.balance_after.map(number::credits)),
        ("Quantity", receipt.quantity),
        ("Rate", receipt.rate),
    ];
    let origin = [
        ("Company", Some(row.company_name)),
        ("Reference", row.reference),
        ("Source", Some(row.source)),
        ("Event id", Some(row.id)),
        ("Event time", Some(readable(&row.at))),
        ("Ingested at", Some(readable(&receipt.recorded_at))),
        ("Metadata", receipt.metadata),
    ];
    view! {
        <dl class="receipt-facts">
            {facts(credits)}
            <PaidBy parts=receipt.paid_by/>
            {facts(origin)}
        </dl>
        <Reversals reversals=receipt.reversals/>
        <Dispute dispute=receipt.dispute source event next/>
        <p class="receipt-link"><CopyLink label="Link to this event" href=link/></p>
    }
}

fn facts<const N: usize>(facts: [(&'static str, Option<String>); N]) -> impl IntoView {
    let known = facts
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)));
    let fact = |(name, value): (&'static str, String)| view! { <div><dt>{name}</dt><dd title=value.clone()>{value.clone()}</dd></div> };
    known.map(fact).collect_view()
}

//! The receipt under a row: why it cost what it cost.

use domain::{activity::Receipt, number};
use leptos::prelude::*;

use crate::error::AppError;

/// The receipt of one event, or why it cannot be shown.
#[component]
pub fn ReceiptPanel(
    /// What is known of it; nothing while it is being read.
    receipt: Signal<Option<Result<Receipt, AppError>>>,
) -> impl IntoView {
    view! {
        // A row of the grid like the one above it; on a phone it scrolls, so the keyboard must reach it.
        <div class="receipt" role="row" tabindex="0" aria-label="Receipt" data-testid="receipt">
            <div role="gridcell">{move || match receipt.get() {
                None => view! { <p class="receipt-loading">"Reading the receipt…"</p> }.into_any(),
                Some(Err(error)) => view! { <p class="receipt-loading">{error.to_string()}" "{error.advice()}</p> }.into_any(),
                Some(Ok(receipt)) => facts(receipt).into_any(),
            }}</div>
        </div>
    }
}

fn facts(receipt: Receipt) -> impl IntoView {
    let row = receipt.row;
    let known = [
        ("Credits", Some(number::credits(row.credits))),
        ("Quantity", receipt.quantity),
        ("Rate", receipt.rate),
        ("Company", Some(row.company_name)),
        ("Reference", row.reference),
        ("Source", Some(row.source)),
        ("Event id", Some(row.id)),
        ("Happened", Some(row.at)),
        ("Recorded", Some(receipt.recorded_at)),
        ("Metadata", receipt.metadata),
    ];
    let fact = |(name, value): (&'static str, String)| view! { <div><dt>{name}</dt><dd title=value.clone()>{value.clone()}</dd></div> };
    let facts = known
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)));
    view! { <dl class="receipt-facts">{facts.map(fact).collect_view()}</dl> }
}

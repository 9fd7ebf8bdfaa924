//! Grants, and every other movement of credits.

use domain::{Credits, number};
use leptos::prelude::*;

use crate::functions::{GrantLine, GrantStatus, LedgerLine, PlansPage};

/// Every grant with what is left of it.
#[component]
pub fn GrantTable(
    /// The page.
    page: RwSignal<PlansPage>,
) -> impl IntoView {
    let grants = Memo::new(move |_| page.with(|page| page.grants.clone()));
    let row = |line: GrantLine| {
        let has_ended = line.status != GrantStatus::Active;
        view! {
            <tr class:ended=has_ended>
                <th scope="row">{line.name}<small>{line.id}{line.reference.map(|text| format!(" · {text}"))}</small></th>
                <td class="number">{number::credits(line.amount)}</td>
                <td class="number">{number::credits(line.remaining)}</td>
                <td>{line.valid}</td>
                <td>{line.status.label()}</td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="grants">
            <header class="section-header"><h2 id="grants">"Credits"</h2><p>"Where they come from. Grants that can still be used come first."</p></header>
            <div class="card table-card" tabindex="0" role="group" aria-label="Table of grants">
                <table data-testid="grants">
                    <thead><tr><th scope="col">"Grant"</th><th scope="col" class="number">"Granted"</th><th scope="col" class="number">"Remaining"</th><th scope="col">"Valid from – to"</th><th scope="col">"Status"</th></tr></thead>
                    <tbody>{move || grants.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}

/// A signed amount: what comes in says so.
fn signed(credits: Credits) -> String {
    let sign = if credits > Credits::ZERO { "+" } else { "" };
    format!("{sign}{}", number::credits(credits))
}

/// A page of the ledger, newest first.
#[component]
pub fn LedgerTable(
    /// The page.
    page: RwSignal<PlansPage>,
) -> impl IntoView {
    let ledger = Memo::new(move |_| page.with(|page| page.ledger.clone()));
    let older = move || {
        page.with(|page| {
            let before = page.older?;
            Some(format!(
                "{}?account={}&before={before}#ledger",
                crate::PLANS_PATH,
                page.account
            ))
        })
    };
    let row = |line: LedgerLine| {
        view! {
            <tr>
                <th scope="row">{line.date}<small>{line.cycle}</small></th>
                <td>{line.kind}<small>{line.grant}</small></td>
                <td class="number">{signed(line.credits)}</td>
                <td class="number">{number::credits(line.balance_after)}</td>
                <td class="why">{line.reason}</td>
                <td class="actor">{line.actor}</td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="ledger">
            <header class="section-header"><h2 id="ledger">"Ledger"</h2><p>"Every movement of credits besides usage, with the billing cycle it belongs to. The receipt of an event names the grant it was charged to."</p></header>
            <div class="card table-card" tabindex="0" role="group" aria-label="Table of entries">
                <table data-testid="ledger">
                    <thead><tr><th scope="col">"Date"<small>"Billing cycle"</small></th><th scope="col">"Type"</th><th scope="col" class="number">"Amount"</th><th scope="col" class="number">"Balance"</th><th scope="col">"Reason"</th><th scope="col">"Actor"</th></tr></thead>
                    <tbody>{move || ledger.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
            {move || older().map(|href| view! { <p class="older"><a class="button" href=href rel="external">"Older entries"</a></p> })}
        </section>
    }
}

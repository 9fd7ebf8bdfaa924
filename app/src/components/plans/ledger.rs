//! Grants, and every other movement of credits.

use domain::{Credits, number};
use leptos::prelude::*;

use crate::functions::{GrantLine, LedgerLine, PlansPage};

/// Every grant with what is left of it.
#[component]
pub fn GrantTable(
    /// The page.
    page: RwSignal<PlansPage>,
) -> impl IntoView {
    let grants = Memo::new(move |_| page.with(|page| page.grants.clone()));
    let row = |line: GrantLine| {
        let has_ended = line.state != "active";
        view! {
            <tr class:ended=has_ended>
                <th scope="row">{line.name}<small>{line.id}{line.reference.map(|text| format!(" · {text}"))}</small></th>
                <td class="number">{number::credits(line.amount)}</td>
                <td class="number">{number::credits(line.remaining)}</td>
                <td>{line.valid}</td>
                <td>{line.state}</td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="grants">
            <header class="section-header"><h2 id="grants">"Credits"</h2><p>"Where they come from; what can still pay comes first."</p></header>
            <div class="card table-card" tabindex="0" role="group" aria-label="Table of grants">
                <table data-testid="grants">
                    <thead><tr><th scope="col">"Grant"</th><th scope="col" class="number">"Given"</th><th scope="col" class="number">"Left"</th><th scope="col">"Valid"</th><th scope="col">"State"</th></tr></thead>
                    <tbody>{move || grants.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}

/// A signed amount: what comes in says so.
fn signed(credits: Credits) -> String {
    if credits > Credits::ZERO {
        format!("+{}", number::credits(credits))
    } else {
        number::credits(credits).replace('-', "−")
    }
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
        let comes_in = line.credits > Credits::ZERO;
        view! {
            <tr>
                <th scope="row">{line.at}</th>
                <td>{line.what}<small>{line.grant}</small></td>
                <td class="number" class:comes-in=comes_in>{signed(line.credits)}</td>
                <td class="number">{signed(line.balance_after).trim_start_matches('+').to_owned()}</td>
                <td class="why">{line.why}</td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="ledger">
            <header class="section-header"><h2 id="ledger">"Ledger"</h2><p>"Every movement besides usage; each event's receipt names who paid it."</p></header>
            <div class="card table-card" tabindex="0" role="group" aria-label="Table of entries">
                <table data-testid="ledger">
                    <thead><tr><th scope="col">"Time"</th><th scope="col">"What"</th><th scope="col" class="number">"Credits"</th><th scope="col" class="number">"Balance after"</th><th scope="col">"Why, by whom"</th></tr></thead>
                    <tbody>{move || ledger.get().into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
            {move || older().map(|href| view! { <p class="older"><a class="button" href=href rel="external">"Older entries"</a></p> })}
        </section>
    }
}

//! Grants, and every other movement of credits.

use domain::{Credits, number};
use leptos::prelude::*;

use super::{GrantLine, GrantStatus, LedgerLine, PlansPage};
use crate::PLANS_PATH;

impl PlansPage {
    /// Every grant with what remains of it.
    pub(super) fn grant_table(&self) -> impl IntoView + use<> {
        let rows: Vec<_> = self.grants.iter().cloned().map(grant_row).collect();
        view! {
            <section aria-labelledby="grants">
                <header class="section-header"><h2 id="grants">"Credits"</h2><p>"Where they come from. Grants that can still be used come first."</p></header>
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of grants">
                    <table data-testid="grants">
                        <thead><tr><th scope="col">"Grant"</th><th scope="col" class="number">"Granted"</th><th scope="col" class="number">"Remaining"</th><th scope="col">"Valid from – to"</th><th scope="col">"Status"</th></tr></thead>
                        <tbody data-live="plan-grants">{rows}</tbody>
                    </table>
                </div>
            </section>
        }
    }

    /// A page of the ledger, newest first.
    pub(super) fn ledger_table(&self) -> impl IntoView + use<> {
        let rows: Vec<_> = self.ledger.iter().cloned().map(ledger_row).collect();
        let older = self.older.map(|before| {
            let href = format!(
                "{PLANS_PATH}?account={}&before={before}#ledger",
                self.frame.account
            );
            view! { <p class="older"><a class="button" href=href>"Older entries"</a></p> }
        });
        view! {
            <section aria-labelledby="ledger">
                <header class="section-header"><h2 id="ledger">"Ledger"</h2><p>"Every movement of credits besides usage, with the billing cycle it belongs to. The receipt of an event names the grant it was charged to."</p></header>
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of entries">
                    <table data-testid="ledger">
                        <thead><tr><th scope="col">"Date"<small>"Billing cycle"</small></th><th scope="col">"Type"</th><th scope="col" class="number">"Amount"</th><th scope="col" class="number">"Balance"</th><th scope="col">"Reason"</th><th scope="col">"Actor"</th></tr></thead>
                        <tbody data-live="plan-ledger">{rows}</tbody>
                    </table>
                </div>
                <div data-live="plan-older">{older}</div>
            </section>
        }
    }
}

fn grant_row(line: GrantLine) -> impl IntoView {
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
}

fn ledger_row(line: LedgerLine) -> impl IntoView {
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
}

/// A signed amount: what comes in says so.
fn signed(credits: Credits) -> String {
    let sign = if credits > Credits::ZERO { "+" } else { "" };
    format!("{sign}{}", number::credits(credits))
}

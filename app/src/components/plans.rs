//! The parts of Plans & add-ons.

mod ledger;
mod offers;
mod requests;

pub use ledger::{GrantTable, LedgerTable};
pub use offers::Offers;
pub use requests::{Disputes, Orders};

use domain::{
    Credits,
    filter::ViewQuery,
    ledger::{Balance, CreditFacts},
    number,
};
use leptos::prelude::*;

use super::{Amount, gauge::StateBadge};
use crate::{
    functions::PlansPage,
    ui::{Notice, Tone},
};

/// What a form on the page came to, as the address tells it.
#[component]
pub fn BillingNotices(
    /// The address's query string.
    query: Memo<String>,
) -> impl IntoView {
    let value = move |name: &str| {
        query.with(|query| {
            let (_, others) = ViewQuery::parse(query).ok()?;
            others
                .into_iter()
                .find(|(named, _)| named == name)
                .map(|(_, value)| value)
        })
    };
    let done = move || {
        let text = match value("done")?.as_str() {
            "disputed" => "The platform decides. The receipt shows the decision.",
            "refunded" => "The credits are refunded: log, cards and balance show it.",
            "supported" => "The platform sees what you said. It decides the request.",
            "ordered" => {
                "The credits are added as soon as the order is paid. This page shows it at once."
            }
            _ => return None,
        };
        Some(view! { <Notice tone=Tone::Calm title="Done.".to_owned() text=text.to_owned()/> })
    };
    let failed = move || {
        let text = value("failed")?;
        Some(
            view! { <Notice tone=Tone::Warning title="Nothing was changed.".to_owned() text=text/> },
        )
    };
    view! {
        {done}
        {failed}
    }
}

/// What the account has and how much of it is left.
#[component]
pub fn PlanSummary(
    /// The page.
    page: RwSignal<PlansPage>,
) -> impl IntoView {
    let balance =
        Memo::new(move |_| page.with(|page| page.books.balance.unwrap_or(Balance::EMPTY)));
    let remaining = Signal::derive(move || balance.get().remaining);
    let of = move || {
        format!(
            "remaining of {} credits",
            number::whole_credits(balance.get().allocation)
        )
    };
    // The parts of a sum are rounded together, so that they add up to the rounded sum.
    let parts = Memo::new(move |_| {
        let balance = balance.get();
        number::whole_parts(&[balance.of_plan(), balance.added])
    });
    let part = move |index: usize| Signal::derive(move || parts.with(|parts| parts[index].clone()));
    let credits = move |of: fn(&Balance) -> Credits| Signal::derive(move || of(&balance.get()));
    let plan = move || page.with(|page| page.plan.clone());
    let resets = move || page.with(|page| page.cycle.resets_in.clone());
    let resets_on = move || page.with(|page| page.cycle.resets_on.clone());
    let facts = Memo::new(move |_| {
        let is_suspended = page.with(|page| page.books.is_suspended);
        CreditFacts::of_account(balance.get(), is_suspended)
    });
    let class = move || format!("card plan-summary level-{}", facts.get().state().id());
    view! {
        <section class=class aria-label="Current plan">
            <div>
                <div class="gauge-title">
                    <h2>{plan}" plan"</h2>
                    {move || view! { <StateBadge facts=facts.get()/> }}
                </div>
                <p class="gauge-figure" data-testid="plan-remaining"><Amount credits=remaining/><span class="gauge-of">{of}</span></p>
            </div>
            <dl class="plan-facts">
                <div><dt>"Used"</dt><dd><Amount credits=credits(|balance| balance.used)/></dd></div>
                <div><dt>"Plan + add-ons"</dt><dd><Amount credits=credits(|balance| balance.of_plan()) shown=part(0)/>{move || (!balance.get().added.is_zero()).then(|| view! { " + "<Amount credits=credits(|balance| balance.added) shown=part(1)/> })}</dd></div>
                <div><dt>"Reserved by active calls"</dt><dd><Amount credits=credits(|balance| balance.held)/></dd></div>
                <div><dt>"Resets"</dt><dd>{resets}<small>{resets_on}</small></dd></div>
            </dl>
        </section>
    }
}

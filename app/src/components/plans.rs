//! The parts of Plans & add-ons.

mod ledger;
mod offers;
mod requests;

pub use ledger::{GrantTable, LedgerTable};
pub use offers::Offers;
pub use requests::{Disputes, Orders};

use domain::{filter::ViewQuery, ledger::Balance, number};
use leptos::prelude::*;

use super::{Amount, gauge::LevelBadge};
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
            "disputed" => "A billing admin decides; the receipt says what became of it.",
            "ordered" => "It is added as soon as it is paid; this page shows it at once.",
            "decided" => "Log, cards and balance follow at once.",
            _ => return None,
        };
        Some(view! { <Notice tone=Tone::Calm title="Done.".to_owned() text=text.to_owned()/> })
    };
    let failed = move || {
        let text = value("failed")?;
        Some(view! { <Notice tone=Tone::Warning title="That did not work.".to_owned() text=text/> })
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
            "left of {} credits",
            number::credits(balance.get().allocation)
        )
    };
    let plan = move || page.with(|page| page.plan.clone());
    let resets = move || page.with(|page| page.cycle.resets_in.clone());
    let resets_on = move || page.with(|page| page.cycle.resets_on.clone());
    let class = move || format!("card plan-summary level-{}", balance.get().level().id());
    view! {
        <section class=class aria-label="Current plan">
            <div>
                <div class="gauge-title">
                    <h2>{plan}" plan"</h2>
                    {move || view! { <LevelBadge level=balance.get().level()/> }}
                </div>
                <p class="gauge-figure" data-testid="plan-remaining"><Amount credits=remaining/><span class="gauge-of">{of}</span></p>
            </div>
            <dl class="plan-facts">
                <div><dt>"Used"</dt><dd>{move || number::credits(balance.get().used)}</dd></div>
                <div><dt>"Plan + added"</dt><dd>{move || number::credits(balance.get().of_plan())}" + "{move || number::credits(balance.get().added)}</dd></div>
                <div><dt>"Held by calls"</dt><dd>{move || number::credits(balance.get().held)}</dd></div>
                <div><dt>"Resets"</dt><dd>{resets}<small>{resets_on}</small></dd></div>
            </dl>
        </section>
    }
}

//! The figures under the bar.

use domain::{Credits, ledger::Balance, number, usage::Dashboard};
use leptos::prelude::*;

/// Remaining, plan and packs, reset and the average day.
#[component]
pub fn GaugeFacts(dashboard: RwSignal<Dashboard>) -> impl IntoView {
    let balance = Memo::new(move |_| dashboard.with(Dashboard::balance));
    let plan = Memo::new(move |_| dashboard.with(|dashboard| dashboard.account.plan.clone()));
    let resets = move || dashboard.with(|dashboard| dashboard.cycle.resets_in.clone());
    let resets_on = move || dashboard.with(|dashboard| dashboard.cycle.resets_on.clone());
    view! {
        <dl class="facts">
            {move || balance.get().map(|balance| view! {
                <div><dt>"Remaining"</dt><dd data-testid="remaining">{number::credits(balance.remaining)}</dd><dd class="fact-note">{of_it(balance)}</dd></div>
                <Allocation balance plan=plan.get()/>
            })}
            <div><dt>"Resets"</dt><dd>{resets}</dd><dd class="fact-note">{resets_on}</dd></div>
            <div><dt>"Average day"</dt><dd>"≈ "{move || dashboard.with(average)}</dd><dd class="fact-note">"this cycle"</dd></div>
        </dl>
    }
}

fn average(dashboard: &Dashboard) -> String {
    let days = i64::from(dashboard.cycle.day.max(1));
    number::whole_credits(Credits::from_micro(dashboard.cycle_used.micro() / days))
}

/// What of the remaining credits may still be promised.
fn of_it(balance: Balance) -> String {
    if balance.held.is_zero() {
        return "none held".to_owned();
    }
    format!("{} held by calls", number::credits(balance.held))
}

/// What the allocation is made of. The plan comes first, what was added or taken off is a term of its own.
#[component]
fn Allocation(balance: Balance, plan: String) -> impl IntoView {
    let added = balance.added;
    let (name, sign) = match added {
        added if added.is_zero() => ("Plan", ""),
        added if added.is_negative() => ("Plan − corrections", "− "),
        _ => ("Plan + packs", "+ "),
    };
    let size = if added.is_negative() {
        Credits::ZERO.saturating_sub(added)
    } else {
        added
    };
    let term = (!added.is_zero())
        .then(|| view! { " "<span class="term">{sign}{number::credits(size)}</span> });
    view! {
        <div>
            <dt>{name}</dt>
            <dd data-testid="allocation"><span class="term">{number::credits(balance.of_plan())}</span>{term}</dd>
            <dd class="fact-note">{plan}</dd>
        </div>
    }
}

//! The figures under the bar.

use domain::{
    Credits,
    ledger::{Balance, ShownBalance},
    number,
    time::DAY_US,
    usage::{Dashboard, Whose},
};
use leptos::prelude::*;

use crate::components::Amount;

/// What use is measured against, exactly and in whole credits; nothing where nothing limits.
type Measure = Memo<Option<(Balance, ShownBalance)>>;

/// Remaining, granted, reset and the daily average; of a cycle that is over, what became of it.
#[component]
pub fn GaugeFacts(
    /// What is shown.
    dashboard: RwSignal<Dashboard>,
) -> impl IntoView {
    let measure: Measure = Memo::new(move |_| {
        let balance = dashboard.with(Dashboard::measure)?;
        Some((balance, balance.shown()))
    });
    let is_limited = Memo::new(move |_| measure.with(Option::is_some));
    let is_over = Memo::new(move |_| dashboard.with(|dashboard| dashboard.cycle.is_over));
    let average = Signal::derive(move || dashboard.with(daily_average));
    let of_cycle = move || {
        if is_over.get() {
            "last cycle"
        } else {
            "this cycle"
        }
    };
    view! {
        <dl class="facts">
            {move || match (is_limited.get(), is_over.get()) {
                (true, true) => view! { <Ended dashboard measure/> }.into_any(),
                (true, false) => view! { <Running dashboard measure/> }.into_any(),
                (false, true) => ().into_any(),
                (false, false) => view! { <Reserved dashboard/> }.into_any(),
            }}
            <CycleEnd dashboard is_over/>
            <div><dt>"Daily average"</dt><dd data-testid="daily-average"><Amount credits=average/></dd><dd class="fact-note">{of_cycle}</dd></div>
        </dl>
    }
}

/// Credits a day over the time that has passed of the cycle, at least a day of it.
fn daily_average(dashboard: &Dashboard) -> Credits {
    let cycle = dashboard.cycle.range;
    let passed_us = dashboard.now.min(cycle.end).micros_since(cycle.start);
    let used = i128::from(dashboard.used().micro()) * i128::from(DAY_US);
    Credits::from_wide(used / i128::from(passed_us.max(DAY_US))).unwrap_or_default()
}

#[component]
fn CycleEnd(dashboard: RwSignal<Dashboard>, is_over: Memo<bool>) -> impl IntoView {
    let cycle = move || dashboard.with(|dashboard| dashboard.cycle.clone());
    view! {
        <div>
            <dt>{move || if is_over.get() { "Ended" } else { "Resets" }}</dt>
            <dd>{move || if is_over.get() { cycle().ended_on } else { cycle().resets_in }}</dd>
            <dd class="fact-note">{move || if is_over.get() { "final figures".to_owned() } else { cycle().resets_on }}</dd>
        </div>
    }
}

/// One figure of what use is measured against.
#[component]
fn Figure(
    measure: Measure,
    credits: fn(&Balance) -> Credits,
    shown: fn(&ShownBalance) -> &String,
) -> impl IntoView {
    let exact = Signal::derive(move || {
        measure.with(|measure| measure.as_ref().map(|(balance, _)| credits(balance)))
    });
    let text = Signal::derive(move || {
        measure.with(|measure| measure.as_ref().map(|(_, text)| shown(text).clone()))
    });
    let credits = Signal::derive(move || exact.get().unwrap_or_default());
    let shown = Signal::derive(move || text.get().unwrap_or_default());
    view! { <Amount credits shown/> }
}

#[component]
fn Running(dashboard: RwSignal<Dashboard>, measure: Measure) -> impl IntoView {
    let is_account = dashboard.with_untracked(|dashboard| dashboard.whose == Whose::Account);
    let note = move || reserved_note(dashboard.with(|dashboard| dashboard.books.reserved));
    view! {
        <div>
            <dt>"Remaining"</dt>
            <dd data-testid="remaining"><Figure measure credits=|balance| balance.remaining shown=|shown| &shown.remaining/></dd>
            <dd class="fact-note">{note}</dd>
        </div>
        {is_account.then(|| view! { <Granted dashboard measure/> })}
    }
}

/// What a cycle came to: what was granted, and what became of what was not used.
#[component]
fn Ended(dashboard: RwSignal<Dashboard>, measure: Measure) -> impl IntoView {
    type Part = (
        &'static str,
        &'static str,
        fn(&Balance) -> Credits,
        fn(&ShownBalance) -> &String,
    );
    const AT_END: &str = "at the cycle’s end";
    const PARTS: [Part; 4] = [
        (
            "Expired",
            AT_END,
            |balance| balance.expired,
            |shown| &shown.expired,
        ),
        (
            "Rollover",
            AT_END,
            |balance| balance.remaining,
            |shown| &shown.remaining,
        ),
        (
            "Overage",
            AT_END,
            |balance| balance.overage,
            |shown| &shown.overage,
        ),
        (
            "Refunded later",
            "after the cycle’s end",
            |balance| balance.refunded,
            |shown| &shown.refunded,
        ),
    ];
    let parts = PARTS.map(|(name, note, credits, shown)| {
        let is_any = Memo::new(move |_| {
            measure.with(|measure| {
                let balance = measure.as_ref().map(|(balance, _)| credits(balance));
                balance.is_some_and(|credits| !credits.is_zero())
            })
        });
        move || {
            is_any.get().then(|| view! {
                <div><dt>{name}</dt><dd><Figure measure credits shown/></dd><dd class="fact-note">{note}</dd></div>
            })
        }
    });
    view! { <Granted dashboard measure/>{parts.into_iter().collect_view()} }
}

/// What active calls reserve, where nothing limits the use.
#[component]
fn Reserved(dashboard: RwSignal<Dashboard>) -> impl IntoView {
    let reserved = Signal::derive(move || dashboard.with(|dashboard| dashboard.books.reserved));
    view! { <div><dt>"Reserved"</dt><dd data-testid="reserved"><Amount credits=reserved/></dd><dd class="fact-note">"by active calls"</dd></div> }
}

/// What of the remaining credits is reserved: `86 reserved`.
fn reserved_note(reserved: Credits) -> String {
    if reserved.is_zero() {
        return "none reserved".to_owned();
    }
    format!("{} reserved", number::whole_credits(reserved))
}

/// What was granted. The plan comes first, what was added or taken off is a term of its own.
#[component]
fn Granted(dashboard: RwSignal<Dashboard>, measure: Measure) -> impl IntoView {
    let added = Memo::new(move |_| {
        measure.with(|measure| {
            let balance = measure.as_ref().map(|(balance, _)| balance.added);
            balance.unwrap_or_default()
        })
    });
    let note = move || {
        let plan = dashboard.with(|dashboard| dashboard.account.plan.clone());
        match added.get() {
            added if added.is_zero() => format!("{plan} plan"),
            added if added.is_negative() => format!("{plan} plan \u{2212} adjustments"),
            _ => format!("{plan} plan + add-ons"),
        }
    };
    let term = move || {
        let sign = if added.get().is_negative() {
            "\u{2212} "
        } else {
            "+ "
        };
        let shown = measure.with(|measure| {
            let shown = measure.as_ref().map(|(_, shown)| shown.added.clone());
            shown.unwrap_or_default()
        });
        let size = shown.trim_start_matches('\u{2212}').to_owned();
        (!added.get().is_zero()).then(|| view! { " "<span class="term">{sign}{size}</span> })
    };
    view! {
        <div>
            <dt>"Granted"</dt>
            <dd data-testid="allocation"><span class="term"><Figure measure credits=|balance| balance.of_plan() shown=|shown| &shown.of_plan/></span>{term}</dd>
            <dd class="fact-note">{note}</dd>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::fixture;

    #[test]
    fn the_daily_average_is_over_the_time_that_has_passed() {
        let average = |hours: i64, used: i64| {
            let mut dashboard = fixture::dashboard();
            let start = dashboard.cycle.range.start;
            dashboard.now = start.plus_micros(hours * 3_600_000_000);
            dashboard.books.balance = None;
            dashboard.cycle_used = fixture::whole(used);
            daily_average(&dashboard)
        };
        assert_eq!(average(60, 500), fixture::whole(200));
        // Less than a day tells nothing of a day yet.
        assert_eq!(average(2, 50), fixture::whole(50));
    }
}

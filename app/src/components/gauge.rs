//! How much is left: the first question of the page.

use domain::{
    Credits,
    ledger::{Balance, Level},
    number,
    usage::Dashboard,
};
use leptos::prelude::*;

use super::Amount;
use crate::{
    functions::Charts,
    ui::{Icon, length},
};

/// Width of the bar's drawing; it is stretched to the card.
const BAR_WIDTH: f64 = 1_000.0;

/// Allocation, use and what remains of the running cycle.
#[component]
pub fn Gauge(
    /// What is shown.
    dashboard: RwSignal<Dashboard>,
    /// Its charts.
    charts: RwSignal<Charts>,
) -> impl IntoView {
    let balance = Memo::new(move |_| dashboard.with(Dashboard::balance));
    let level = move || balance.get().map_or(Level::Fine, Balance::level);
    let used = Signal::derive(move || dashboard.with(|dashboard| dashboard.cycle_used));
    let title = move || {
        dashboard.with(|dashboard| match dashboard.companies.as_slice() {
            [] => "Used this billing cycle".to_owned(),
            [only] => format!("Used this billing cycle by {}", only.name),
            several => format!("Used this billing cycle by {} companies", several.len()),
        })
    };
    let of = move || {
        balance.get().map_or_else(
            || "credits".to_owned(),
            |balance| format!("of {} credits", number::credits(balance.allocation)),
        )
    };
    view! {
        <section class=move || format!("card gauge level-{}", level().id()) aria-label="Billing cycle">
            <div class="gauge-main">
                <div class="gauge-title">
                    <h2>{title}</h2>
                    {move || balance.get().map(|balance| view! { <LevelBadge level=balance.level()/> })}
                </div>
                <p class="gauge-figure" data-testid="cycle-used">
                    <Amount credits=used/>
                    <span class="gauge-of">{of}</span>
                </p>
                {move || balance.get().is_some().then(|| view! { <GaugeBar dashboard/> })}
                <GaugeFacts dashboard/>
            </div>
            <figure class="gauge-chart">
                <figcaption>"Cumulative use"</figcaption>
                <div class="chart-frame" role="img" aria-label=move || dashboard.with(describe_cycle)
                    inner_html=move || charts.with(|charts| charts.cumulative.clone())></div>
            </figure>
        </section>
    }
}

fn describe_cycle(dashboard: &Dashboard) -> String {
    let used = number::credits(dashboard.cycle_used);
    format!(
        "Cumulative use by day: {used} credits used by day {} of {}",
        dashboard.cycle.day, dashboard.cycle.days
    )
}

/// The level, in colour, icon and words.
#[component]
pub fn LevelBadge(
    /// Which level.
    level: Level,
) -> impl IntoView {
    let icon = match level {
        Level::Fine | Level::Half => Icon::Fine,
        Level::Watch | Level::NearlyOut | Level::Past => Icon::Warning,
        Level::Stopped => Icon::Stop,
    };
    view! { <span class="level" data-testid="level">{icon.view()}{level.label()}</span> }
}

/// The parts of the bar, as shares of its width.
struct Parts {
    selected: f64,
    others: f64,
    held: f64,
    overage: f64,
}

fn parts(dashboard: &Dashboard) -> Option<Parts> {
    let balance = dashboard.balance()?;
    let whole = balance.allocation.saturating_add(balance.overage);
    let within = balance.used.saturating_sub(balance.overage);
    let selected = dashboard.cycle_used.max(Credits::ZERO).min(within);
    Some(Parts {
        selected: selected.share_of(whole) * BAR_WIDTH,
        others: within.saturating_sub(selected).share_of(whole) * BAR_WIDTH,
        held: balance.held.min(balance.remaining).share_of(whole) * BAR_WIDTH,
        overage: balance.overage.share_of(whole) * BAR_WIDTH,
    })
}

/// Used by the selected companies, used by the others, past the allocation.
#[component]
fn GaugeBar(dashboard: RwSignal<Dashboard>) -> impl IntoView {
    let part = move |of: fn(&Parts) -> f64| {
        dashboard.with(|dashboard| parts(dashboard).as_ref().map_or(0.0, of))
    };
    let label = move || {
        dashboard.with(|dashboard| {
            let balance = dashboard.balance().unwrap_or(Balance::EMPTY);
            format!(
                "{} of {} credits used, {} held by running calls",
                number::credits(balance.used),
                number::credits(balance.allocation),
                number::credits(balance.held)
            )
        })
    };
    let is_narrowed = move || dashboard.with(|dashboard| !dashboard.companies.is_empty());
    let others = Signal::derive(move || {
        dashboard.with(|dashboard| {
            dashboard.balance().map_or(Credits::ZERO, |balance| {
                balance.used.saturating_sub(dashboard.cycle_used)
            })
        })
    });
    let held = move || {
        dashboard.with(|dashboard| {
            let held = dashboard.balance()?.held;
            let calls = match dashboard.books.holds.len() {
                1 => "Held by 1 call".to_owned(),
                calls => format!("Held by {calls} calls"),
            };
            (held > Credits::ZERO).then_some((held, calls))
        })
    };
    let overage = move || {
        dashboard.with(|dashboard| {
            dashboard
                .balance()
                .map(|balance| balance.overage)
                .filter(|over| !over.is_zero())
        })
    };
    view! {
        <svg class="gauge-bar" viewBox="0 0 1000 12" preserveAspectRatio="none" role="img" aria-label=label>
            <rect class="track" width="1000" height="12"></rect>
            <rect class="used" width=move || length(part(|parts| parts.selected)) height="12"></rect>
            <rect class="others" x=move || length(part(|parts| parts.selected)) width=move || length(part(|parts| parts.others)) height="12"></rect>
            <rect class="held" x=move || length(part(|parts| parts.selected + parts.others)) width=move || length(part(|parts| parts.held)) height="12"></rect>
            <rect class="overage" x=move || length(part(|parts| parts.selected + parts.others)) width=move || length(part(|parts| parts.overage)) height="12"></rect>
        </svg>
        <ul class="legend">
            <li><span class="key used"></span>"Used "<b>{move || dashboard.with(|dashboard| number::credits(dashboard.cycle_used))}</b></li>
            {move || is_narrowed().then(|| view! {
                <li><span class="key others"></span>"Other companies "<b>{move || number::credits(others.get())}</b></li>
            })}
            {move || held().map(|(held, calls)| view! {
                <li data-testid="held"><span class="key held"></span>{calls}" "<b>{number::credits(held)}</b></li>
            })}
            {move || overage().map(|over| view! {
                <li><span class="key overage"></span>"Past the allocation "<b>{number::credits(over)}</b></li>
            })}
        </ul>
    }
}

/// What an allocation is made of: `Growth plan`, or `75,000 Growth plan + 5,000 added`.
fn allocation_parts(plan: &str, balance: Balance) -> String {
    let (of_plan, added) = (number::credits(balance.of_plan()), balance.added);
    match added {
        added if added.is_zero() => format!("{plan} plan"),
        added if added.is_negative() => {
            let taken = Credits::ZERO.saturating_sub(added);
            format!(
                "{of_plan} {plan} plan − {} corrected",
                number::credits(taken)
            )
        }
        added => format!("{of_plan} {plan} plan + {} added", number::credits(added)),
    }
}

/// Remaining, plan, reset and the average day.
#[component]
fn GaugeFacts(dashboard: RwSignal<Dashboard>) -> impl IntoView {
    let balance = move || dashboard.with(Dashboard::balance);
    let plan = move || dashboard.with(|dashboard| dashboard.account.plan.clone());
    let resets = move || dashboard.with(|dashboard| dashboard.cycle.resets_in.clone());
    let resets_on = move || dashboard.with(|dashboard| dashboard.cycle.resets_on.clone());
    let average = move || {
        dashboard.with(|dashboard| {
            let days = i64::from(dashboard.cycle.day.max(1));
            number::whole_credits(Credits::from_micro(dashboard.cycle_used.micro() / days))
        })
    };
    view! {
        <dl class="facts">
            {move || balance().map(|balance| view! {
                <div><dt>"Remaining"</dt><dd data-testid="remaining">{number::credits(balance.remaining)}</dd></div>
                <div><dt>"Allocation"</dt><dd data-testid="allocation">{number::credits(balance.allocation)}<small>{allocation_parts(&plan(), balance)}</small></dd></div>
            })}
            <div><dt>"Resets"</dt><dd>{resets}<small>{resets_on}</small></dd></div>
            <div><dt>"Average day"</dt><dd>"≈ "{average}<small>"this cycle"</small></dd></div>
        </dl>
    }
}

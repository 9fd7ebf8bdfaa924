//! How much is left: the first question of the page.

mod bar;
mod facts;
mod outlook;

use domain::{
    ledger::{Balance, Level},
    number,
    usage::{Dashboard, ForecastView},
};
use leptos::prelude::*;

use bar::GaugeBar;
use facts::GaugeFacts;
use outlook::GaugeOutlook;

use super::Amount;
use crate::{functions::Charts, ui::Icon};

/// Allocation, use and what remains of the running cycle.
#[component]
pub fn Gauge(
    /// What is shown.
    dashboard: RwSignal<Dashboard>,
    /// Its charts.
    charts: RwSignal<Charts>,
    /// What will probably be of the cycle.
    forecast: RwSignal<Option<ForecastView>>,
) -> impl IntoView {
    let balance = Memo::new(move |_| dashboard.with(Dashboard::balance));
    let level = move || balance.get().map_or(Level::Fine, Balance::level);
    let used = Signal::derive(move || dashboard.with(|dashboard| dashboard.cycle_used));
    let of = move || {
        balance.get().map_or_else(
            || "credits".to_owned(),
            |balance| format!("of {} credits", number::credits(balance.allocation)),
        )
    };
    let is_projected = Memo::new(move |_| {
        let is_whole = dashboard.with(|dashboard| dashboard.companies.is_empty());
        is_whole
            && forecast
                .with(|forecast| forecast.as_ref()?.cycle_use)
                .is_some()
    });
    view! {
        <section class=move || format!("card gauge level-{}", level().id()) aria-label="Billing cycle">
            <div class="gauge-main">
                <div class="gauge-title">
                    <h2>{move || dashboard.with(title)}</h2>
                    {move || balance.get().map(|balance| view! { <LevelBadge level=balance.level()/> })}
                </div>
                <p class="gauge-figure" data-testid="cycle-used">
                    <Amount credits=used/>
                    <span class="gauge-of">{of}</span>
                </p>
                {move || balance.get().is_some().then(|| view! { <GaugeBar dashboard forecast/> })}
                <GaugeOutlook forecast/>
                <GaugeFacts dashboard/>
            </div>
            <figure class="gauge-chart">
                <figcaption>{move || if is_projected.get() { "Cumulative use and projection" } else { "Cumulative use" }}</figcaption>
                <div class="chart-frame" role="img" aria-label=move || dashboard.with(describe_cycle)
                    inner_html=move || charts.with(|charts| charts.cumulative.clone())></div>
            </figure>
        </section>
    }
}

fn title(dashboard: &Dashboard) -> String {
    match dashboard.companies.as_slice() {
        [] => "Used this billing cycle".to_owned(),
        [only] => format!("Used this billing cycle by {}", only.name),
        several => format!("Used this billing cycle by {} companies", several.len()),
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
        Level::Fine => Icon::Fine,
        Level::Half => Icon::Half,
        Level::Watch => Icon::Most,
        Level::NearlyOut | Level::Past => Icon::Warning,
        Level::Stopped => Icon::Stop,
    };
    view! { <span class="level" data-testid="level">{icon.view()}{level.label()}</span> }
}

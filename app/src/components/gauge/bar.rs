//! The gauge's bar and what its parts mean.

use domain::{
    Credits,
    ledger::Balance,
    number,
    usage::{Dashboard, ForecastView},
};
use leptos::prelude::*;

use crate::{
    state::{Bar, Piece, calls},
    ui::length,
};

/// Used, held by running calls, projected to the cycle's end, past the allocation; what is left is the empty part.
#[component]
pub fn GaugeBar(
    /// What is shown.
    dashboard: RwSignal<Dashboard>,
    /// What will probably be of the cycle.
    forecast: RwSignal<Option<ForecastView>>,
) -> impl IntoView {
    let bar = Memo::new(move |_| {
        dashboard.with(|dashboard| forecast.with(|forecast| Bar::of(dashboard, forecast.as_ref())))
    });
    let piece = move |class: &'static str, of: fn(&Bar) -> Piece| {
        let piece = move || bar.with(of);
        view! { <rect class=class height="100%" x=move || percent(piece().start) width=move || percent(piece().width)></rect> }
    };
    // Without a view box the pattern keeps its shape at every width.
    view! {
        <svg class="gauge-bar" role="img" aria-label=move || dashboard.with(describe)>
            <defs>
                <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                    <rect class="hatch-ground" width="6" height="6"></rect>
                    <rect class="hatch-line" width="3" height="6"></rect>
                </pattern>
            </defs>
            <rect class="track" width="100%" height="100%"></rect>
            {piece("others", |bar| bar.others)}
            {piece("used", |bar| bar.used)}
            {piece("possible", |bar| bar.possible)}
            {piece("projected", |bar| bar.projected)}
            {piece("overage", |bar| bar.overage)}
            {piece("expired", |bar| bar.expired)}
            <rect class="held" fill="url(#hatch)" height="100%" x=move || percent(bar.with(|bar| bar.held.start)) width=move || percent(bar.with(|bar| bar.held.width))></rect>
        </svg>
        <Legend dashboard forecast/>
    }
}

fn percent(share: f64) -> String {
    format!("{}%", length(share))
}

fn balance_of(dashboard: &Dashboard) -> Balance {
    dashboard.balance().unwrap_or(Balance::EMPTY)
}

/// The bar for those who do not see it.
fn describe(dashboard: &Dashboard) -> String {
    let balance = balance_of(dashboard);
    let mut text = format!(
        "{} of {} credits used, {} held by running calls",
        number::credits(balance.used),
        number::credits(balance.allocation),
        number::credits(balance.held)
    );
    if !balance.overage.is_zero() {
        text.push_str(", ");
        text.push_str(&number::credits(balance.overage));
        text.push_str(" past the allocation");
    }
    text
}

/// Who holds what is held. A view of some companies knows only of their calls.
fn held_by(dashboard: &Dashboard) -> String {
    match dashboard.books.holds.len() {
        0 => "Held".to_owned(),
        _ if !dashboard.companies.is_empty() => "Held by calls".to_owned(),
        running => format!("Held by {}", calls(running)),
    }
}

/// What the cycle will have used, from little to much: `≈ 640 (610–680)`.
fn projected(forecast: &ForecastView) -> Option<String> {
    let [little, middle, much] = forecast.cycle_use?.map(number::whole_credits);
    Some(format!("≈ {middle} ({little} – {much})"))
}

#[component]
fn Legend(
    dashboard: RwSignal<Dashboard>,
    forecast: RwSignal<Option<ForecastView>>,
) -> impl IntoView {
    let is_narrowed = move || dashboard.with(|dashboard| !dashboard.companies.is_empty());
    let others = |dashboard: &Dashboard| {
        balance_of(dashboard)
            .used
            .saturating_sub(dashboard.cycle_used)
    };
    let part = move |of: fn(&Dashboard) -> Credits| move || number::credits(dashboard.with(of));
    let over = Memo::new(move |_| dashboard.with(|dashboard| balance_of(dashboard).overage));
    let expired = Memo::new(move |_| dashboard.with(|dashboard| balance_of(dashboard).expired));
    let some = |credits: Memo<Credits>| Some(credits.get()).filter(|credits| !credits.is_zero());
    view! {
        <ul class="legend">
            <li><span class="key used"></span>"Used "<b>{part(|dashboard| dashboard.cycle_used)}</b></li>
            {move || is_narrowed().then(|| view! {
                <li><span class="key others"></span>"Other companies "<b>{part(others)}</b></li>
            })}
            // Always there, so that a call that begins or ends moves nothing.
            <li data-testid="held"><span class="key held"></span>{move || dashboard.with(held_by)}" "<b>{part(|dashboard| balance_of(dashboard).held)}</b></li>
            {move || forecast.with(|forecast| forecast.as_ref().and_then(projected)).map(|words| view! {
                <li data-testid="projected"><span class="key projected"></span>"By the cycle’s end "<b>{words}</b></li>
            })}
            {move || some(over).map(|over| view! {
                <li data-testid="overage"><span class="key overage"></span>"Past the allocation "<b>{number::credits(over)}</b></li>
            })}
            {move || some(expired).map(|expired| view! {
                <li><span class="key expired"></span>"Ended unused "<b>{number::credits(expired)}</b></li>
            })}
        </ul>
    }
}

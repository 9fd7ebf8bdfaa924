//! The gauge's bar and what its parts mean.

use domain::{
    Credits,
    ledger::{Balance, ShownBalance},
    number,
    usage::{Dashboard, ForecastView},
};
use leptos::prelude::*;

use crate::{
    components::Amount,
    state::{Bar, Piece, calls},
    ui::length,
};

/// Used, reserved by active calls, projected to the cycle's end, overage; what is left is the empty part.
#[component]
pub fn GaugeBar(
    /// What is shown.
    dashboard: RwSignal<Dashboard>,
    /// What will probably be of the cycle; none when there is nothing to look ahead to.
    ahead: Memo<Option<ForecastView>>,
) -> impl IntoView {
    let bar = Memo::new(move |_| {
        dashboard.with(|dashboard| ahead.with(|ahead| Bar::of(dashboard, ahead.as_ref())))
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
            {piece("used", |bar| bar.used)}
            {piece("possible", |bar| bar.possible)}
            {piece("projected", |bar| bar.projected)}
            {piece("overage", |bar| bar.overage)}
            {piece("expired", |bar| bar.expired)}
            <rect class="held" fill="url(#hatch)" height="100%" x=move || percent(bar.with(|bar| bar.held.start)) width=move || percent(bar.with(|bar| bar.held.width))></rect>
        </svg>
        <Legend dashboard ahead/>
    }
}

fn percent(share: f64) -> String {
    format!("{}%", length(share))
}

fn balance_of(dashboard: &Dashboard) -> Balance {
    dashboard.measure().unwrap_or(Balance::EMPTY)
}

/// The bar for those who do not see it.
fn describe(dashboard: &Dashboard) -> String {
    let balance = balance_of(dashboard);
    let shown = balance.shown();
    let mut text = format!(
        "{} of {} used, {} reserved by active calls",
        shown.used,
        number::with_unit(&shown.granted),
        number::whole_credits(dashboard.books.reserved)
    );
    if !balance.overage.is_zero() {
        text.push_str(", ");
        text.push_str(&shown.overage);
        text.push_str(" overage");
    }
    text
}

/// Who holds what is reserved.
fn reserved_by(dashboard: &Dashboard) -> String {
    match dashboard.books.holds.len() {
        0 => "Reserved".to_owned(),
        active => format!("Reserved by {}", calls(active)),
    }
}

/// What the cycle will have used, from little to much: `≈ 640 (610 – 680)`.
fn projected(forecast: &ForecastView) -> Option<String> {
    let [little, middle, much] = forecast.cycle_use?.map(number::whole_credits);
    Some(format!("≈ {middle} ({little} – {much})"))
}

#[component]
fn Legend(dashboard: RwSignal<Dashboard>, ahead: Memo<Option<ForecastView>>) -> impl IntoView {
    let shown = Memo::new(move |_| dashboard.with(|dashboard| balance_of(dashboard).shown()));
    let part = move |of: fn(&Dashboard) -> Credits| Signal::derive(move || dashboard.with(of));
    let words = move |of: fn(&ShownBalance) -> &String| {
        Signal::derive(move || shown.with(|shown| of(shown).clone()))
    };
    let is_any =
        move |of: fn(&Dashboard) -> Credits| Memo::new(move |_| !dashboard.with(of).is_zero());
    let is_over = is_any(|dashboard| balance_of(dashboard).overage);
    let is_expired = is_any(|dashboard| balance_of(dashboard).expired);
    let has_ended = Memo::new(move |_| dashboard.with(|dashboard| dashboard.cycle.is_over));
    view! {
        <ul class="legend">
            <li><span class="key used"></span>"Used "<b><Amount credits=part(Dashboard::used) shown=words(|shown| &shown.used)/></b></li>
            // Always there while calls may be active, so that one that begins or ends moves nothing.
            {move || (!has_ended.get()).then(|| view! {
                <li data-testid="held"><span class="key held"></span>{move || dashboard.with(reserved_by)}" "<b><Amount credits=part(|dashboard| dashboard.books.reserved)/></b></li>
            })}
            {move || ahead.with(|ahead| ahead.as_ref().and_then(projected)).map(|words| view! {
                <li data-testid="projected"><span class="key projected"></span>"Projected "<b>{words}</b></li>
            })}
            {move || is_over.get().then(|| view! {
                <li data-testid="overage"><span class="key overage"></span>"Overage "<b><Amount credits=part(|dashboard| balance_of(dashboard).overage) shown=words(|shown| &shown.overage)/></b></li>
            })}
            {move || is_expired.get().then(|| view! {
                <li data-testid="expired"><span class="key expired"></span>"Expired "<b><Amount credits=part(|dashboard| balance_of(dashboard).expired) shown=words(|shown| &shown.expired)/></b></li>
            })}
        </ul>
    }
}

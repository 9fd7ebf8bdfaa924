//! How much is left: the first question of the page.

mod bar;
mod facts;
mod outlook;

use domain::{
    ledger::{CreditFacts, CreditState, ShownBalance},
    number,
    usage::{Dashboard, ForecastView, Whose},
};
use leptos::prelude::*;

use bar::GaugeBar;
use facts::GaugeFacts;
use outlook::GaugeOutlook;

use super::Amount;
use crate::{
    functions::Charts,
    state::{AccountLine, Url},
    ui::Icon,
};

/// The name of the cycle's chart among the marked parts of its page: the server draws it again.
pub const CYCLE_MARK: &str = "chart cycle";

/// What was granted, used and remains of one cycle, of the account or of the companies looked at.
#[component]
pub fn Gauge(
    /// What is shown.
    dashboard: RwSignal<Dashboard>,
    /// Its charts.
    charts: RwSignal<Charts>,
    /// What will probably be of the cycle.
    forecast: RwSignal<Option<ForecastView>>,
    /// The view.
    url: Memo<Url>,
    /// What stands across its foot.
    children: Children,
) -> impl IntoView {
    let facts = Memo::new(move |_| dashboard.with(Dashboard::facts));
    let shown = Memo::new(move |_| {
        dashboard.with(|dashboard| dashboard.measure().map(|balance| balance.shown()))
    });
    let looks_ahead = Memo::new(move |_| dashboard.with(Dashboard::looks_ahead));
    let ahead = Memo::new(move |_| forecast.get().filter(|_| looks_ahead.get()));
    let used = Signal::derive(move || facts.get().used);
    let used_shown = Signal::derive(move || used_text(facts.get(), shown.get()));
    let is_projected =
        move || ahead.with(|ahead| ahead.as_ref().is_some_and(ForecastView::projects));
    let state = move || facts.get().state();
    view! {
        <section class=move || format!("card gauge level-{}", state().id()) aria-label="Billing cycle">
            <div class="gauge-main">
                <div class="gauge-title">
                    <h2 data-testid="gauge-title">{move || dashboard.with(title)}</h2>
                    {move || view! { <StateBadge facts=facts.get()/> }}
                </div>
                <p class="gauge-figure" data-testid="cycle-used">
                    <Amount credits=used shown=used_shown/>
                    <span class="gauge-of">{move || dashboard.with(|dashboard| of(dashboard, shown.get()))}</span>
                </p>
                {move || url.with(|url| url.0.selects_events()).then(|| view! {
                    <p class="gauge-note" data-testid="gauge-note">"All agents and activities"</p>
                })}
                {move || shown.with(Option::is_some).then(|| view! { <GaugeBar dashboard ahead/> })}
                <GaugeOutlook ahead/>
                <GaugeFacts dashboard/>
                <AccountFooter dashboard/>
            </div>
            <figure class="gauge-chart">
                <figcaption>{move || if is_projected() { "Cumulative use and projection" } else { "Cumulative use" }}</figcaption>
                <div class="chart-frame" role="img" aria-label=move || dashboard.with(describe_cycle)>
                    <div data-live=CYCLE_MARK inner_html=move || charts.with(|charts| charts.cumulative.clone())></div>
                </div>
            </figure>
            {children()}
        </section>
    }
}

/// The same figure as wherever else this sum is shown.
fn used_text(facts: CreditFacts, shown: Option<ShownBalance>) -> String {
    shown.map_or_else(|| number::short_credits(facts.used), |shown| shown.used)
}

/// `Used this cycle by Acme Dental`.
fn title(dashboard: &Dashboard) -> String {
    let when = if dashboard.cycle.is_over {
        "last cycle"
    } else {
        "this cycle"
    };
    match &dashboard.whose {
        Whose::Account => format!("Used {when}"),
        Whose::Company(company) => format!("Used {when} by {}", company.name),
        Whose::Companies(1) => format!("Used {when} by 1 company"),
        Whose::Companies(several) => format!("Used {when} by {several} companies"),
    }
}

/// `of 75,000 credits`.
fn of(dashboard: &Dashboard, shown: Option<ShownBalance>) -> String {
    match (shown, &dashboard.whose) {
        (None, _) => "credits".to_owned(),
        (Some(shown), Whose::Account) => format!("of {}", number::with_unit(&shown.granted)),
        (Some(shown), _) => format!("of its budget of {}", number::with_unit(&shown.granted)),
    }
}

fn describe_cycle(dashboard: &Dashboard) -> String {
    let used = number::with_unit(&number::whole_credits(dashboard.used()));
    format!(
        "Cumulative use by day: {used} used by day {} of {}",
        dashboard.cycle.day, dashboard.cycle.days
    )
}

/// What stays the account's while companies are looked at.
#[component]
fn AccountFooter(dashboard: RwSignal<Dashboard>) -> impl IntoView {
    let line = Memo::new(move |_| dashboard.with(AccountLine::of));
    move || {
        line.get().map(|line| {
            view! {
                <p class="gauge-account" data-testid="account-line">"Account: "<Amount credits=Signal::stored(line.remaining) shown=Signal::stored(line.shown)/>{line.rest}</p>
            }
        })
    }
}

/// The icon of a state.
pub fn icon_of(state: CreditState) -> Icon {
    match state {
        CreditState::NoUsage | CreditState::Unlimited => Icon::Half,
        CreditState::Used => Icon::Fine,
        CreditState::RunningLow => Icon::Most,
        CreditState::AlmostOut | CreditState::Overage => Icon::Warning,
        CreditState::OutOfCredits
        | CreditState::NoCredits
        | CreditState::BudgetUsed
        | CreditState::Suspended => Icon::Stop,
    }
}

/// How credits stand, in colour, icon and words.
#[component]
pub fn StateBadge(
    /// What it follows from.
    facts: CreditFacts,
) -> impl IntoView {
    let icon = icon_of(facts.state());
    facts
        .label()
        .map(|label| view! { <span class="level" data-testid="level">{icon.view()}{label}</span> })
}

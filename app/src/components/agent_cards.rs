//! Who spends the credits: one card an agent, each of them also a filter.

mod chart;
mod table;

use chart::AgentChart;
#[cfg(feature = "ssr")]
pub use chart::chart_mark;
use domain::{
    Agent,
    number::{self, Change},
    usage::{AgentUsage, Dashboard},
};
use leptos::prelude::*;
use table::UsageTable;

use super::Amount;
use crate::{
    functions::Charts,
    state::{CardFigures, CardSum, Url},
    ui::Icon,
};

/// The six cards.
#[component]
pub fn AgentCards(
    /// What is shown.
    dashboard: RwSignal<Dashboard>,
    /// Their charts.
    charts: RwSignal<Charts>,
    /// The view.
    url: Memo<Url>,
) -> impl IntoView {
    let figures = Memo::new(move |_| dashboard.with(CardFigures::of));
    let sum = Memo::new(move |_| dashboard.with(CardSum::of));
    let total = Signal::derive(move || sum.get().current.credits);
    let shown = Signal::derive(move || sum.get().shown);
    view! {
        <section class="agents" aria-labelledby="agents-title">
            <header class="section-header">
                <h2 id="agents-title">"Usage by agent"</h2>
                <p data-testid="agents-total">{move || sum.get().label}": "<Amount credits=total shown/>{move || sum.get().rest}</p>
            </header>
            <div class="agent-grid">
                {Agent::ALL.map(|agent| view! { <AgentCard agent dashboard figures charts url/> }).into_iter().collect_view()}
            </div>
            <UsageTable dashboard/>
        </section>
    }
}

fn usage_of(dashboard: &Dashboard, agent: Agent) -> Option<&AgentUsage> {
    dashboard.agents.iter().find(|usage| usage.agent == agent)
}

#[component]
fn AgentCard(
    agent: Agent,
    dashboard: RwSignal<Dashboard>,
    figures: Memo<Vec<CardFigures>>,
    charts: RwSignal<Charts>,
    url: Memo<Url>,
) -> impl IntoView {
    let figures = Memo::new(move |_| {
        figures.with(|all| {
            let own = all.iter().find(|figures| figures.agent == agent);
            own.cloned().unwrap_or_else(|| CardFigures::none(agent))
        })
    });
    let credits = Signal::derive(move || figures.get().current.credits);
    let shown = Signal::derive(move || figures.get().shown);
    let selected = Signal::derive(move || url.with(|url| url.0.agents.contains(&agent)));
    let is_dimmed =
        move || url.with(|url| !url.0.agents.is_empty() && !url.0.agents.contains(&agent));
    let href = move || url.get().toggle_agent(agent).href();
    let action = move || {
        if selected.get() {
            "Show all agents"
        } else {
            "Show only its events"
        }
    };
    view! {
        <article class=format!("card agent-card agent-{}", agent.id()) class:selected=selected class:dimmed=is_dimmed data-testid=format!("card-{}", agent.id())>
            <header>
                <h3><a class="card-link" href=href data-noscroll="" title=action aria-current=move || selected.get().then_some("true")>
                    <span class="dot square"></span>{agent.name()}
                </a></h3>
                <span class="share" title="Share of the period's credits">{move || figures.get().share}</span>
            </header>
            <p class="agent-figure">
                <Amount credits shown/>
                <ChangeMark figures dashboard/>
                <span class="agent-events">{move || number::events(figures.get().current.events)}</span>
            </p>
            <AgentChart agent dashboard charts url/>
        </article>
    }
}

/// The change against the period before: arrow and figure. More use is neither good nor bad, so it has no colour.
#[component]
fn ChangeMark(figures: Memo<CardFigures>, dashboard: RwSignal<Dashboard>) -> impl IntoView {
    let compared = Memo::new(move |_| dashboard.with(|dashboard| dashboard.period.compared));
    let change = Memo::new(move |_| figures.with(|figures| figures.change.clone()));
    let title = move || {
        figures.with(|figures| {
            let before = number::whole_credits(figures.previous.credits);
            let then = compared.get().words().unwrap_or_default();
            format!("vs {before} in {then}")
        })
    };
    move || {
        let (icon, text) = match change.get()? {
            Change::Up(percent) => (Some(Icon::ArrowUp), percent),
            Change::Down(percent) => (Some(Icon::ArrowDown), percent),
            Change::Steady => (Some(Icon::ArrowRight), "0%".to_owned()),
            Change::New => (None, "new".to_owned()),
            Change::None => return None,
        };
        Some(
            view! { <span class="change" title=title>{icon.map(Icon::view)}{text}<span class="visually-hidden">{move || format!(" {}", title())}</span></span> },
        )
    }
}

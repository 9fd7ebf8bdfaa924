//! Who spends the credits: one card an agent, each of them also a filter.

mod chart;
mod table;

use chart::AgentChart;
use domain::{
    Agent, Credits,
    number::{self, Change},
    usage::{AgentUsage, Dashboard, Totals},
};
use leptos::prelude::*;
use table::UsageTable;

use super::Amount;
use crate::{functions::Charts, state::Url, ui::Icon};

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
    let subtitle = move || {
        dashboard.with(|dashboard| {
            let period = &dashboard.period;
            let total = number::credits(dashboard.all_agents().credits);
            format!(
                "{}: {total} credits, compared with {}",
                period.label, period.compared_with
            )
        })
    };
    view! {
        <section class="agents" aria-labelledby="agents-title">
            <header class="section-header">
                <h2 id="agents-title">"Usage by agent"</h2>
                <p>{subtitle}</p>
            </header>
            <div class="agent-grid">
                {Agent::ALL.map(|agent| view! { <AgentCard agent dashboard charts url/> }).into_iter().collect_view()}
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
    charts: RwSignal<Charts>,
    url: Memo<Url>,
) -> impl IntoView {
    let totals = Memo::new(move |_| {
        dashboard.with(|dashboard| {
            usage_of(dashboard, agent)
                .map(|usage| (usage.current, usage.previous))
                .unwrap_or_default()
        })
    });
    let share = move || {
        dashboard.with(|dashboard| {
            number::percent(totals.get().0.credits, dashboard.all_agents().credits)
        })
    };
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
                <span class="share" title="Share of the period's credits">{share}</span>
            </header>
            <p class="agent-figure">
                <Amount credits=Signal::derive(move || totals.get().0.credits)/>
                <ChangeMark totals/>
                <span class="agent-events">{move || number::events(totals.get().0.events)}</span>
            </p>
            <AgentChart agent dashboard charts url/>
        </article>
    }
}

/// The change against the period before: arrow, colour and figure.
#[component]
fn ChangeMark(totals: Memo<(Totals, Totals)>) -> impl IntoView {
    let before = move || number::credits(totals.get().1.credits);
    move || {
        let (now, previous): (Credits, Credits) = (totals.get().0.credits, totals.get().1.credits);
        let (class, icon, text) = match number::change(now, previous) {
            Change::Up(percent) => ("change up", Some(Icon::ArrowUp), percent),
            Change::Down(percent) => ("change down", Some(Icon::ArrowDown), percent),
            Change::Steady => ("change", Some(Icon::ArrowRight), "0 %".to_owned()),
            Change::New => ("change", None, "new".to_owned()),
            Change::None => return None,
        };
        Some(
            view! { <span class=class title=format!("before: {} credits", before())>{icon.map(Icon::view)}{text}</span> },
        )
    }
}

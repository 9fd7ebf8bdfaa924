//! Who spends the credits: one card an agent, each of them also a filter.

use domain::{
    Agent, Credits, number,
    usage::{Bar, Dashboard},
};
use leptos::prelude::*;

use super::Said;
use crate::{
    functions::Charts,
    state::{CardSum, Url},
};

/// The name of an agent's chart among the marked parts of its page: the server draws it again.
pub fn chart_mark(agent: Agent) -> String {
    ["chart ", agent.id()].concat()
}

/// The six cards.
pub struct AgentCards<'a> {
    /// What is shown.
    pub dashboard: &'a Dashboard,
    /// What their figures say.
    pub said: &'a Said,
    /// Their charts.
    pub charts: &'a Charts,
    /// The view.
    pub url: &'a Url,
    /// Whether the charts are shown as a table as well.
    pub has_table: bool,
}

impl AgentCards<'_> {
    /// The cards, and their charts as a table.
    pub fn view(&self) -> AnyView {
        let said = self.said;
        let label = CardSum::of(self.dashboard).label;
        view! {
            <section class="agents" aria-labelledby="agents-title">
                <header class="section-header">
                    <h2 id="agents-title">"Usage by agent"</h2>
                    <p data-testid="agents-total">{label}": "{said.amount("sum")}{said.text("sum rest")}</p>
                </header>
                <div class="agent-grid">
                    {Agent::ALL.map(|agent| self.card(agent)).into_iter().collect_view()}
                </div>
                {self.table()}
            </section>
        }
        .into_any()
    }

    fn card(&self, agent: Agent) -> AnyView {
        let (said, id) = (self.said, agent.id());
        let name = |of: &str| [id, " ", of].concat();
        let chosen = &self.url.0.agents;
        let is_chosen = chosen.contains(&agent);
        let is_dimmed = !chosen.is_empty() && !is_chosen;
        let action = if is_chosen {
            "Show all agents"
        } else {
            "Show only its events"
        };
        let href = self.url.toggle_agent(agent).href();
        view! {
            <article class=format!("card agent-card agent-{id}") class:selected=is_chosen class:dimmed=is_dimmed data-testid=format!("card-{id}")>
                <header>
                    <h3><a class="card-link" id=format!("card-{id}-link") href=href data-noscroll="" title=action aria-current=is_chosen.then_some("true")>
                        <span class="dot square"></span>{agent.name()}
                    </a></h3>
                    {said.element("span", "class=\"share\" title=\"Share of the period's credits\"", &name("share"))}
                </header>
                <p class="agent-figure">
                    {said.amount(&name("credits"))}
                    {said.element("span", "class=\"change\"", &name("change"))}
                    {said.element("span", "class=\"agent-events\"", &name("events"))}
                </p>
                {self.chart(agent)}
            </article>
        }
        .into_any()
    }

    /// Bars over the period. What is read from the drawing in the browser is only which bar is meant.
    fn chart(&self, agent: Agent) -> AnyView {
        let period = &self.dashboard.period;
        let label = format!(
            "{} by day. Arrow keys read the bars, Enter shows their events.",
            agent.name()
        );
        view! {
            <div class="agent-chart" tabindex="0" role="group" data-agent=agent.id() data-rows=self.url.rows_of(agent) data-back=self.url.href() aria-label=label>
                {agent_drawing(self.charts, agent)}
                <p class="chart-reading" role="status"></p>
            </div>
            <p class="chart-ends" aria-hidden="true"><span>{period.first_label.clone()}</span><span>{period.last_label.clone()}</span></p>
        }
        .into_any()
    }

    /// The charts' text alternative: the same figures as a table, for everyone.
    fn table(&self) -> AnyView {
        let words = if self.has_table {
            "Hide the table"
        } else {
            "Show these charts as a table"
        };
        let table = self.has_table.then(|| view! {
            <div class="table-scroll" tabindex="0" role="region" aria-label="Credits by day and agent">
                <table>
                    <thead><tr>
                        <th scope="col">"Period"</th>
                        {Agent::ALL.map(|agent| view! { <th scope="col">{agent.name()}</th> }).into_iter().collect_view()}
                        <th scope="col">"All"</th>
                    </tr></thead>
                    {table_rows(self.dashboard)}
                </table>
            </div>
        });
        view! {
            <div class="usage-table">
                <a class="quiet-button" id="charts-table" href=self.url.with_table(!self.has_table) data-noscroll="">{words}</a>
                {table}
            </div>
        }
        .into_any()
    }
}

/// An agent's chart, which the server draws again.
pub fn agent_drawing(charts: &Charts, agent: Agent) -> AnyView {
    let drawn = charts.agents.iter().find(|(drawn, _)| *drawn == agent);
    let drawn = drawn.map(|(_, svg)| svg.clone()).unwrap_or_default();
    view! { <div class="chart-frame" aria-hidden="true" data-live=chart_mark(agent) inner_html=drawn></div> }
        .into_any()
}

/// The rows of the table and their sums, each a part of its own: what happens now changes one or two of them.
pub fn table_rows(dashboard: &Dashboard) -> AnyView {
    let row = |(index, bar): (usize, &Bar)| {
        let amounts: Vec<_> = dashboard
            .agents
            .iter()
            .map(|usage| usage.bars.get(index).copied().unwrap_or_default().credits)
            .collect();
        let all = amounts
            .iter()
            .fold(Credits::ZERO, |sum, credits| sum.saturating_add(*credits));
        let mark = format!("table {index}");
        view! { <tr data-live=mark><th scope="row">{bar.label.clone()}</th>{cells(amounts.into_iter().chain([all]))}</tr> }
    };
    let sums = dashboard
        .agents
        .iter()
        .map(|usage| usage.current.credits)
        .chain([dashboard.all_agents().credits]);
    view! {
        <tbody>{dashboard.bars.iter().enumerate().map(row).collect_view()}</tbody>
        <tfoot><tr data-live="table sums"><th scope="row">"Sum"</th>{cells(sums)}</tr></tfoot>
    }
    .into_any()
}

fn cells(amounts: impl Iterator<Item = Credits>) -> AnyView {
    amounts
        .map(|credits| view! { <td>{number::credits(credits)}</td> })
        .collect_view()
        .into_any()
}

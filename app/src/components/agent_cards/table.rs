//! The charts' text alternative: the same figures as a table, for everyone.

use domain::{Agent, number, usage::Dashboard};
use leptos::prelude::*;

/// Credits by window and agent, with sums.
#[component]
pub fn UsageTable(dashboard: RwSignal<Dashboard>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    view! {
        <details class="usage-table" on:toggle=move |_| is_open.update(|open| *open = !*open)>
            <summary>"Show these charts as a table"</summary>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Credits by day and agent">
                <table>
                    <thead><tr>
                        <th scope="col">"Period"</th>
                        {Agent::ALL.map(|agent| view! { <th scope="col">{agent.name()}</th> }).into_iter().collect_view()}
                        <th scope="col">"All"</th>
                    </tr></thead>
                    // Two hundred cells are only made when someone wants to read them.
                    <tbody>{move || is_open.get().then(|| dashboard.with(rows))}</tbody>
                    <tfoot>{move || dashboard.with(sums)}</tfoot>
                </table>
            </div>
        </details>
    }
}

fn rows(dashboard: &Dashboard) -> impl IntoView + use<> {
    let cells = |bar: usize| {
        let amounts: Vec<_> = dashboard
            .agents
            .iter()
            .map(|usage| usage.bars.get(bar).copied().unwrap_or_default().credits)
            .collect();
        let all = amounts.iter().fold(domain::Credits::ZERO, |sum, credits| {
            sum.saturating_add(*credits)
        });
        amounts
            .into_iter()
            .chain([all])
            .map(|credits| view! { <td>{number::credits(credits)}</td> })
            .collect_view()
    };
    let row = |(index, bar): (usize, &domain::usage::Bar)| view! { <tr><th scope="row">{bar.label.clone()}</th>{cells(index)}</tr> };
    dashboard.bars.iter().enumerate().map(row).collect_view()
}

fn sums(dashboard: &Dashboard) -> impl IntoView + use<> {
    let amounts = dashboard
        .agents
        .iter()
        .map(|usage| usage.current.credits)
        .chain([dashboard.all_agents().credits]);
    let cells = amounts
        .map(|credits| view! { <td>{number::credits(credits)}</td> })
        .collect_view();
    view! { <tr><th scope="row">"Sum"</th>{cells}</tr> }
}

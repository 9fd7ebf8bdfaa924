//! A card's bars, with the exact figures of the bar under the pointer or the keyboard.

use domain::{Agent, number, usage::Dashboard};
use leptos::prelude::*;

use super::usage_of;
use crate::{
    functions::Charts,
    state::{Address, Url},
};

/// Bars over the period. The drawing is the server's; what is read from it here is only which bar is meant.
#[component]
pub fn AgentChart(
    agent: Agent,
    dashboard: RwSignal<Dashboard>,
    charts: RwSignal<Charts>,
    url: Memo<Url>,
) -> impl IntoView {
    let address = use_context::<Address>();
    let pointed = RwSignal::new(None::<usize>);
    let drawing = move || {
        charts.with(|charts| {
            charts
                .agents
                .iter()
                .find(|(drawn, _)| *drawn == agent)
                .map(|(_, svg)| svg.clone())
                .unwrap_or_default()
        })
    };
    let open = move |bar: usize| {
        let between = dashboard.with_untracked(|dashboard| {
            dashboard
                .bars
                .get(bar)
                .map(|bar| (bar.from.clone(), bar.to.clone()))
        });
        if let (Some((from, to)), Some(address)) = (between, address) {
            address.go(&url.get_untracked().rows(agent, &from, &to), false);
        }
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        let bars = dashboard.with_untracked(|dashboard| dashboard.bars.len());
        let at = pointed.get_untracked();
        match event.key().as_str() {
            "Enter" => at.into_iter().for_each(open),
            "Escape" => pointed.set(None),
            key => match step(key, at, bars) {
                Some(bar) => pointed.set(Some(bar)),
                None => return,
            },
        }
        event.prevent_default();
    };
    let ends = move || {
        dashboard.with(|dashboard| {
            (
                dashboard.period.first_label.clone(),
                dashboard.period.last_label.clone(),
            )
        })
    };
    view! {
        <div class="agent-chart" tabindex="0" role="group"
            aria-label=format!("{} by day. Arrow keys read the bars, Enter shows their events.", agent.name())
            on:pointermove=move |event| pointed.set(bar_under(&event))
            on:pointerleave=move |_| pointed.set(None)
            on:blur=move |_| pointed.set(None)
            on:click=move |_| pointed.get_untracked().into_iter().for_each(open)
            on:keydown=on_key
        >
            <div class="chart-frame" aria-hidden="true" data-live=chart_mark(agent) inner_html=drawing></div>
            <p class="chart-reading" role="status">{move || pointed.get().and_then(|bar| dashboard.with(|dashboard| reading(dashboard, agent, bar)))}</p>
        </div>
        <p class="chart-ends" aria-hidden="true"><span>{move || ends().0}</span><span>{move || ends().1}</span></p>
    }
}

/// The name of an agent's chart among the marked parts of its page: the server draws it again.
pub fn chart_mark(agent: Agent) -> String {
    ["chart ", agent.id()].concat()
}

/// Which bar an arrow key leads to.
fn step(key: &str, at: Option<usize>, bars: usize) -> Option<usize> {
    let last = bars.checked_sub(1)?;
    match key {
        "ArrowRight" => Some(at.map_or(0, |bar| last.min(bar + 1))),
        "ArrowLeft" => Some(at.map_or(last, |bar| bar.saturating_sub(1))),
        _ => None,
    }
}

fn reading(dashboard: &Dashboard, agent: Agent, bar: usize) -> Option<String> {
    let label = &dashboard.bars.get(bar)?.label;
    let totals = usage_of(dashboard, agent)?.bars.get(bar)?;
    Some(format!(
        "{label}: {} · {}",
        number::with_unit(&number::credits(totals.credits)),
        number::events(totals.events)
    ))
}

#[cfg(not(feature = "hydrate"))]
fn bar_under(_: &leptos::ev::PointerEvent) -> Option<usize> {
    None
}

#[cfg(feature = "hydrate")]
fn bar_under(event: &leptos::ev::PointerEvent) -> Option<usize> {
    use wasm_bindgen::JsCast;
    let target = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    target.get_attribute("data-i")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrow_keys_walk_the_bars_and_stop_at_the_ends() {
        assert_eq!(step("ArrowRight", None, 3), Some(0));
        assert_eq!(step("ArrowRight", Some(2), 3), Some(2));
        assert_eq!(step("ArrowLeft", None, 3), Some(2));
        assert_eq!(step("ArrowLeft", Some(0), 3), Some(0));
        assert_eq!(step("ArrowRight", None, 0), None);
        assert_eq!(step("x", Some(1), 3), None);
    }
}

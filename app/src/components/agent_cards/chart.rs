//! A card's bars, with the exact figures of the bar under the pointer or the keyboard.

use domain::{Agent, number, usage::Dashboard};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{events_label, usage_of};
use crate::{functions::Charts, state::Url};

/// Bars over the period. The drawing is the server's; what is read from it here is only which bar is meant.
#[component]
pub fn AgentChart(
    agent: Agent,
    dashboard: RwSignal<Dashboard>,
    charts: RwSignal<Charts>,
    url: Memo<Url>,
) -> impl IntoView {
    let navigate = use_navigate();
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
        if let Some((from, to)) = between {
            let address = url
                .get_untracked()
                .only_agent(agent)
                .between(&from, &to)
                .href();
            navigate(
                &address,
                NavigateOptions {
                    scroll: false,
                    ..NavigateOptions::default()
                },
            );
        }
    };
    let open_key = open.clone();
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        let bars = dashboard.with_untracked(|dashboard| dashboard.bars.len());
        let at = pointed.get_untracked();
        match event.key().as_str() {
            "ArrowRight" => pointed.set(Some(
                at.map_or(0, |bar| (bar + 1).min(bars.saturating_sub(1))),
            )),
            "ArrowLeft" => pointed.set(Some(
                at.map_or(bars.saturating_sub(1), |bar| bar.saturating_sub(1)),
            )),
            "Escape" => pointed.set(None),
            "Enter" => at.into_iter().for_each(&open_key),
            _ => return,
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
            on:click=move |_| pointed.get_untracked().into_iter().for_each(&open)
            on:keydown=on_key
        >
            <div class="chart-frame" aria-hidden="true" inner_html=drawing></div>
            <p class="chart-reading" role="status">{move || pointed.get().and_then(|bar| dashboard.with(|dashboard| reading(dashboard, agent, bar)))}</p>
        </div>
        <p class="chart-ends" aria-hidden="true"><span>{move || ends().0}</span><span>{move || ends().1}</span></p>
    }
}

fn reading(dashboard: &Dashboard, agent: Agent, bar: usize) -> Option<String> {
    let label = &dashboard.bars.get(bar)?.label;
    let totals = usage_of(dashboard, agent)?.bars.get(bar)?;
    Some(format!(
        "{label}: {} credits · {}",
        number::credits(totals.credits),
        events_label(totals.events)
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

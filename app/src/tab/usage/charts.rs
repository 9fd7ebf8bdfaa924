//! The exact figures of the bar under the pointer or the keyboard, and the way from a bar to its rows.

use domain::{Agent, number, usage::Dashboard};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, KeyboardEvent};

use crate::{
    state::{LOG_ANCHOR, PageState},
    tab::{Visit, tab, visit},
    ui::browser::{listen as on, within},
};

/// The charts that are read, and where their rows are.
const CHART: &str = ".agent-chart";
const ROWS: &str = "data-rows";
/// The view that is shown, to which the rows lead back.
const BACK: &str = "data-back";

/// A bar of a chart.
type Pointed = RwSignal<Option<(Agent, usize)>>;

/// Listens to all charts of the page.
pub fn listen(state: PageState) {
    let Ok(Some(cards)) = document().query_selector(".agents") else {
        return;
    };
    let pointed: Pointed = RwSignal::new(None);
    on(&cards, "pointermove", move |event| {
        point(pointed, bar_under(&event));
    });
    on(&cards, "pointerleave", move |_| point(pointed, None));
    on(&cards, "focusout", move |_| point(pointed, None));
    on(&cards, "click", move |event| {
        if within(&event, CHART).is_some() {
            open(state, bar_under(&event).or(pointed.get_untracked()));
        }
    });
    on(&cards, "keydown", move |event| {
        if let Some(chart) = within(&event, CHART) {
            key(state, pointed, &chart, event.unchecked_ref());
        }
    });
    Effect::new(move |before: Option<Option<Agent>>| {
        let at = pointed.get();
        let agent = at.map(|(agent, _)| agent);
        if let Some(left) = before.flatten().filter(|before| Some(*before) != agent) {
            write(left, "");
        }
        if let Some((agent, bar)) = at {
            let said = state
                .dashboard
                .with(|dashboard| reading(dashboard, agent, bar));
            write(agent, &said.unwrap_or_default());
        }
        agent
    });
}

fn point(pointed: Pointed, at: Option<(Agent, usize)>) {
    if pointed.get_untracked() != at {
        pointed.set(at);
    }
}

fn chart_of(agent: Agent) -> Option<Element> {
    let selector = [CHART, "[data-agent=\"", agent.id(), "\"]"].concat();
    document().query_selector(&selector).ok()?
}

fn write(agent: Agent, said: &str) {
    let place = chart_of(agent).and_then(|chart| chart.query_selector(".chart-reading").ok()?);
    if let Some(place) = place {
        place.set_text_content(Some(said));
    }
}

fn agent_of(chart: &Element) -> Option<Agent> {
    let id = chart.get_attribute("data-agent")?;
    Agent::ALL.into_iter().find(|agent| agent.id() == id)
}

fn bar_under(event: &Event) -> Option<(Agent, usize)> {
    let bar = within(event, "[data-i]")?;
    let chart = bar.closest(CHART).ok()??;
    Some((
        agent_of(&chart)?,
        bar.get_attribute("data-i")?.parse().ok()?,
    ))
}

/// Goes to the rows of a bar.
fn open(state: PageState, bar: Option<(Agent, usize)>) {
    let href = bar.and_then(|(agent, bar)| {
        let chart = chart_of(agent)?;
        let (rows, back) = (chart.get_attribute(ROWS)?, chart.get_attribute(BACK)?);
        state.dashboard.with_untracked(|dashboard| {
            let bar = dashboard.bars.get(bar)?;
            let encoded = |text: &str| String::from(js_sys::encode_uri_component(text));
            let [from, to, back] = [&bar.from, &bar.to, &back].map(|text| encoded(text));
            Some(
                [
                    &rows, "&from=", &from, "&to=", &to, "&back=", &back, "#", LOG_ANCHOR,
                ]
                .concat(),
            )
        })
    });
    if let (Some(href), Some(tab)) = (href, tab()) {
        visit(tab, Visit::to(href));
    }
}

fn key(state: PageState, pointed: Pointed, chart: &Element, event: &KeyboardEvent) {
    let Some(agent) = agent_of(chart) else {
        return;
    };
    let bars = state
        .dashboard
        .with_untracked(|dashboard| dashboard.bars.len());
    // With another key they are the browser's.
    if event.alt_key() || event.ctrl_key() || event.meta_key() {
        return;
    }
    let at = pointed.get_untracked().filter(|(of, _)| *of == agent);
    match event.key().as_str() {
        "Enter" => open(state, at),
        "Escape" => point(pointed, None),
        key => match step(key, at.map(|(_, bar)| bar), bars) {
            Some(bar) => point(pointed, Some((agent, bar))),
            None => return,
        },
    }
    event.prevent_default();
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
    let usage = dashboard.agents.iter().find(|usage| usage.agent == agent)?;
    let totals = usage.bars.get(bar)?;
    let credits = number::with_unit(&number::credits(totals.credits));
    Some([label, ": ", &credits, " · ", &number::events(totals.events)].concat())
}

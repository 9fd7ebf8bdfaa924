//! The charts of the usage page on one sheet, as a file: how the cycle stands, and what each agent used.

use domain::{
    Agent,
    activity::activity_label,
    calendar::Zone,
    number,
    usage::{Dashboard, Whose},
};

use super::paper::{MARGIN, Paper};
use crate::{functions::Charts, state::CardFigures};

const WIDTH: u32 = 960;
/// Where the gauge's chart stands, and how large it is.
const CYCLE: [u32; 4] = [420, 72, 524, 218];
/// Where the cards begin, three side by side, and how large each is with the room around it.
const CARDS_TOP: u32 = 356;
const CARD_WIDTH: u32 = (WIDTH - 2 * MARGIN) / 3;
const CARD_HEIGHT: u32 = 140;
const BARS_HEIGHT: u32 = 56;
const GAP: u32 = 24;

/// A dashboard's charts with their figures, exact since a file shows nothing on hover; `activities` are those it is narrowed to, none when it is not.
pub fn sheet(dashboard: &Dashboard, charts: &Charts, activities: &[String]) -> String {
    let title = format!("{}: AI credits used", subject(dashboard));
    let height = CARDS_TOP + 2 * CARD_HEIGHT + MARGIN;
    let mut paper = Paper::new(&title, [WIDTH, height]);
    paper.text("heading", [MARGIN, 34], &title);
    paper.text("name", [MARGIN, 54], &as_of(dashboard));
    paper.text("name", [MARGIN, 112], cycle_title(dashboard));
    let used = number::credits(dashboard.used());
    paper.text("figure", [MARGIN, 150], &used);
    for (line, words) in (0..).zip(standing(dashboard)) {
        paper.text("name", [MARGIN, 176 + line * 20], &words);
    }
    paper.place("chart", &charts.cumulative, CYCLE);
    let period = format!(
        "By agent, {}{}: {}",
        dashboard.period.label,
        narrowed(activities),
        number::with_unit(&number::credits(dashboard.all_agents().credits))
    );
    paper.text("heading", [MARGIN, CARDS_TOP - 28], &period);
    let ends = format!(
        "{} to {}",
        dashboard.period.first_label, dashboard.period.last_label
    );
    let figures = CardFigures::of(dashboard);
    for (number, usage) in (0..).zip(&figures) {
        let x = MARGIN + number % 3 * CARD_WIDTH;
        let y = CARDS_TOP + number / 3 * CARD_HEIGHT;
        let class = format!("agent-{}", usage.agent.id());
        paper.key(&class, [x, y + 3], usage.agent.name());
        paper.text("amount", [x, y + 36], &figure(usage));
        let bars = [x, y + 46, CARD_WIDTH - GAP, BARS_HEIGHT];
        paper.place(&class, drawing(charts, usage.agent), bars);
        paper.text("axis", [x, y + 120], &ends);
    }
    paper.finish()
}

/// Whose use it is.
fn subject(dashboard: &Dashboard) -> String {
    match &dashboard.whose {
        Whose::Account => dashboard.account.name.clone(),
        Whose::Company(company) => company.name.clone(),
        Whose::Companies(1) => format!("1 company of {}", dashboard.account.name),
        Whose::Companies(several) => format!("{several} companies of {}", dashboard.account.name),
    }
}

/// Which activities are counted, when it is not all of them.
fn narrowed(activities: &[String]) -> String {
    let labels: Vec<_> = activities.iter().map(|id| activity_label(id)).collect();
    if labels.is_empty() {
        String::new()
    } else {
        format!(", only {}", labels.join(", "))
    }
}

/// When that was.
fn as_of(dashboard: &Dashboard) -> String {
    let zone = Zone::named(&dashboard.account.shown_zone).unwrap_or_else(|_| Zone::utc());
    let at = zone.at(dashboard.now).strftime("%-d %B %Y, %H:%M");
    format!("As of {at}, {}", zone.name())
}

fn cycle_title(dashboard: &Dashboard) -> &'static str {
    if dashboard.cycle.is_over {
        "Used last cycle"
    } else {
        "Used this cycle"
    }
}

/// How the cycle stands, in lines.
fn standing(dashboard: &Dashboard) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(balance) = dashboard.measure() {
        let granted = number::with_unit(&number::credits(balance.allocation));
        lines.push(match &dashboard.whose {
            Whose::Account => format!("of {granted} of {}", dashboard.account.name),
            Whose::Company(company) => format!("of {granted}, the budget of {}", company.name),
            Whose::Companies(_) => granted,
        });
    }
    lines.extend(dashboard.facts().label());
    let cycle = &dashboard.cycle;
    lines.push(cycle.label.clone());
    lines.push(if cycle.is_over {
        format!("Ended on {}", cycle.ended_on)
    } else {
        format!(
            "Day {} of {}, resets on {}",
            cycle.day, cycle.days, cycle.resets_on
        )
    });
    lines
}

fn figure(usage: &CardFigures) -> String {
    format!(
        "{} · {}",
        number::with_unit(&number::credits(usage.current.credits)),
        number::events(usage.current.events)
    )
}

fn drawing(charts: &Charts, agent: Agent) -> &str {
    let drawn = charts.agents.iter().find(|(drawn, _)| *drawn == agent);
    drawn.map_or("", |(_, svg)| svg)
}

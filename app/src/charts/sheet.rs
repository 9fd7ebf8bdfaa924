//! The charts of the usage page on one sheet, as a file: how the cycle stands, and what each agent used.

use domain::{
    Agent,
    activity::activity_label,
    calendar::Zone,
    number,
    usage::{AgentUsage, Dashboard},
};

use super::paper::{MARGIN, Paper};
use crate::functions::Charts;

const WIDTH: u32 = 960;
/// Where the gauge's chart stands, and how large it is.
const CYCLE: [u32; 4] = [420, 72, 524, 218];
/// Where the cards begin, three side by side, and how large each is with the room around it.
const CARDS_TOP: u32 = 356;
const CARD_WIDTH: u32 = (WIDTH - 2 * MARGIN) / 3;
const CARD_HEIGHT: u32 = 140;
const BARS_HEIGHT: u32 = 56;
const GAP: u32 = 24;

/// A dashboard's charts with their figures; `activities` are those it is narrowed to, none when it is not.
pub fn sheet(dashboard: &Dashboard, charts: &Charts, activities: &[String]) -> String {
    let title = format!("{}: AI credits used", subject(dashboard));
    let height = CARDS_TOP + 2 * CARD_HEIGHT + MARGIN;
    let mut paper = Paper::new(&title, [WIDTH, height]);
    paper.text("heading", [MARGIN, 34], &title);
    paper.text("name", [MARGIN, 54], &as_of(dashboard));
    paper.text("name", [MARGIN, 112], "Used this billing cycle");
    let used = number::credits(dashboard.cycle_used);
    paper.text("figure", [MARGIN, 150], &used);
    for (line, words) in (0..).zip(standing(dashboard)) {
        paper.text("name", [MARGIN, 176 + line * 20], &words);
    }
    paper.place("chart", &charts.cumulative, CYCLE);
    let period = format!(
        "By agent, {}{}: {} credits",
        dashboard.period.label,
        narrowed(activities),
        number::credits(dashboard.all_agents().credits)
    );
    paper.text("heading", [MARGIN, CARDS_TOP - 28], &period);
    let ends = format!(
        "{} to {}",
        dashboard.period.first_label, dashboard.period.last_label
    );
    for (number, usage) in (0..).zip(&dashboard.agents) {
        let x = MARGIN + number % 3 * CARD_WIDTH;
        let y = CARDS_TOP + number / 3 * CARD_HEIGHT;
        let class = format!("agent-{}", usage.agent.id());
        paper.key(&class, [x, y + 3], usage.agent.name());
        paper.text("amount", [x, y + 36], &figures(usage));
        let bars = [x, y + 46, CARD_WIDTH - GAP, BARS_HEIGHT];
        paper.place(&class, drawing(charts, usage.agent), bars);
        paper.text("axis", [x, y + 120], &ends);
    }
    paper.finish()
}

/// Whose use it is.
fn subject(dashboard: &Dashboard) -> String {
    match dashboard.companies.as_slice() {
        [] => dashboard.account.name.clone(),
        [only] => only.name.clone(),
        several => format!("{} companies of {}", several.len(), dashboard.account.name),
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

/// How the cycle stands, in lines.
fn standing(dashboard: &Dashboard) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(balance) = dashboard.balance() {
        lines.push(format!(
            "of {} credits of {}",
            number::credits(balance.allocation),
            dashboard.account.name
        ));
        lines.push(balance.level().label().to_owned());
    }
    lines.push(dashboard.cycle.label.clone());
    lines.push(format!(
        "Day {} of {}, resets on {}",
        dashboard.cycle.day, dashboard.cycle.days, dashboard.cycle.resets_on
    ));
    lines
}

fn figures(usage: &AgentUsage) -> String {
    format!(
        "{} credits · {}",
        number::credits(usage.current.credits),
        number::events(usage.current.events)
    )
}

fn drawing(charts: &Charts, agent: Agent) -> &str {
    let drawn = charts.agents.iter().find(|(drawn, _)| *drawn == agent);
    drawn.map_or("", |(_, svg)| svg)
}

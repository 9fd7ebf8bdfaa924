//! The charts of the usage page on one sheet, as a file: how the cycle stands, and what each agent used.

use std::fmt::Write as _;

use domain::{
    Agent,
    activity::activity_label,
    calendar::Zone,
    number,
    usage::{AgentUsage, Dashboard},
};

use super::file::{MARGIN, STYLE, escaped, place};
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
    let height = CARDS_TOP + 2 * CARD_HEIGHT + MARGIN;
    let title = format!("{}: AI credits used", subject(dashboard));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\">\
        <title>{0}</title><style>{STYLE}</style><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
        escaped(&title)
    );
    let text = |svg: &mut String, class: &str, x: u32, y: u32, words: &str| {
        // Writing into a text cannot fail.
        let _ = write!(
            svg,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>",
            escaped(words)
        );
    };
    text(&mut svg, "heading", MARGIN, 34, &title);
    text(&mut svg, "name", MARGIN, 54, &as_of(dashboard));
    let used = number::credits(dashboard.cycle_used);
    text(&mut svg, "name", MARGIN, 112, "Used this billing cycle");
    text(&mut svg, "figure", MARGIN, 150, &used);
    for (line, words) in (0..).zip(standing(dashboard)) {
        text(&mut svg, "name", MARGIN, 176 + line * 20, &words);
    }
    svg += &place(&charts.cumulative, CYCLE);
    let period = format!(
        "By agent, {}{}: {} credits",
        dashboard.period.label,
        narrowed(activities),
        number::credits(dashboard.all_agents().credits)
    );
    text(&mut svg, "heading", MARGIN, CARDS_TOP - 28, &period);
    for (number, usage) in (0..).zip(&dashboard.agents) {
        let x = MARGIN + number % 3 * CARD_WIDTH;
        let y = CARDS_TOP + number / 3 * CARD_HEIGHT;
        let _ = write!(svg, "<g class=\"agent-{}\">", usage.agent.id());
        let _ = write!(
            svg,
            "<rect class=\"bar today\" x=\"{x}\" y=\"{}\" width=\"10\" height=\"10\" rx=\"2\"/>",
            y + 3
        );
        text(&mut svg, "name", x + 16, y + 12, usage.agent.name());
        text(&mut svg, "amount", x, y + 36, &figures(usage));
        let bars = [x, y + 46, CARD_WIDTH - GAP, BARS_HEIGHT];
        svg += &place(drawing(charts, usage.agent), bars);
        let ends = format!(
            "{} to {}",
            dashboard.period.first_label, dashboard.period.last_label
        );
        text(&mut svg, "axis", x, y + 120, &ends);
        svg += "</g>";
    }
    svg + "</svg>"
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

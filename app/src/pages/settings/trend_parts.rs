//! What the pages about usage over time are made of.

mod ask;
mod words;

use domain::{
    Credits, TimeRange,
    number::{self, Change},
    usage::Totals,
};
use leptos::prelude::*;
use service::trends::{Mover, TrendGroup, Trends};

pub(crate) use self::ask::AGAINST;
use self::words::{compared as compared_words, labels, so_far};
pub(super) use self::{
    ask::{
        PERIODS, address, asked_view, compare_to, compared, interval, known, period, rows_in,
        window,
    },
    words::{label, running, told_label, uncompared},
};
use crate::{
    charts,
    components::Amount,
    ui::{Icon, Menu, MenuFile},
};

/// Movers that are listed each way.
const MOST_MOVERS: usize = 5;
/// Past so many windows, Tab passes them over: the table below has them all.
pub(super) const MOST_STOPS: usize = 62;
/// Shades of the heat map.
const SHADES: i128 = 6;
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Where a name leads.
pub(super) type Link<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Trends, and where their names lead.
pub(super) struct TrendParts<'a> {
    pub trends: &'a Trends,
    pub by: &'static str,
    /// The rows behind a group.
    pub group: Link<'a>,
    /// The rows behind a mover.
    pub mover: Link<'a>,
    /// The rows of a window.
    pub window: &'a dyn Fn(TimeRange) -> Option<String>,
    /// What there is to say of windows.
    pub notes: &'a [Note],
}

/// Something to say of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    /// Which window.
    pub window: usize,
    /// What.
    pub text: String,
    /// Where it is explained.
    pub href: String,
}

impl TrendParts<'_> {
    pub(super) fn chart(&self) -> impl IntoView + use<> {
        let trends = self.trends;
        let drawn = drawing(trends, self.notes);
        let labels = labels(trends);
        let total = number::whole_credits(trends.total.credits);
        let described = format!(
            "Credits by {} and {}: {total} in all{}; the table below has every figure",
            self.by,
            trends.window.id(),
            so_far(trends)
        );
        let shares = number::percent_parts(&self.credits(), trends.total.credits);
        let figures = self.wholes().into_iter().zip(shares);
        let groups = trends.groups.iter().zip(figures);
        let legend: Vec<_> = groups
            .map(|(group, (whole, share))| self.legend(group, whole, share))
            .collect();
        view! {
            <section class="card trend-card" aria-label="Usage over time">
                <p class="trend-total" data-live="total"><b>{whole(trends.total.credits)}</b>" credits "{change(trends, trends.total, trends.previous)}
                    <span class="dim">{compared_words(trends)}{number::events(trends.total.events)}</span></p>
                <div class="trend-chart" tabindex="0" role="group" aria-label="Chart of usage over time"><div class="trend-plot" data-live="chart"><div class="chart-frame" role="img" aria-label=described inner_html=drawn></div>{self.marks(&labels)}</div></div>
                <ul class="trend-legend" data-testid="legend" data-live="legend">{legend}</ul>
                <div data-live="notes">{self.noted()}</div>
                <details class="trend-table"><summary class="quiet-button">"Show this chart as a table"</summary>{self.table(&labels)}</details>
            </section>
        }
    }

    fn credits(&self) -> Vec<Credits> {
        let groups = self.trends.groups.iter();
        groups.map(|group| group.total.credits).collect()
    }

    /// The groups' whole credits, which add up to the total above them.
    fn wholes(&self) -> Vec<String> {
        number::whole_parts(&self.credits())
    }

    /// A mover's whole credits; one that stands in the legend as well reads the same in both places.
    fn mover_whole(&self, mover: &Mover, wholes: &[String]) -> String {
        let groups = self.trends.groups.iter().zip(wholes);
        groups
            .filter(|(group, _)| group.key.as_ref() == Some(&mover.key) && group.total == mover.now)
            .map(|(_, whole)| whole.clone())
            .next()
            .unwrap_or_else(|| number::whole_credits(mover.now.credits))
    }

    fn noted(&self) -> impl IntoView + use<> {
        let notes: Vec<_> = self
            .notes
            .iter()
            .map(|note| {
                view! { <li><span class="dot note-dot"></span><a href=note.href.clone()>{note.text.clone()}</a></li> }
            })
            .collect();
        (!notes.is_empty()).then(|| {
            view! { <ul class="trend-notes" aria-label="Spikes" data-testid="notes">{notes}</ul> }
        })
    }

    /// Over each window, what was used in it: shown on hover and focus, and the way to its rows.
    fn marks(&self, labels: &[String]) -> impl IntoView + use<> {
        let windows = &self.trends.windows;
        let stop = (windows.len() > MOST_STOPS).then_some("-1");
        let marks: Vec<_> = windows
            .iter()
            .zip(labels)
            .enumerate()
            .map(|(at, (window, label))| {
                let mut used = Totals::default();
                for group in &self.trends.groups {
                    used.add(group.points.get(at).copied().unwrap_or_default());
                }
                let class = if at * 2 < windows.len() { "tip" } else { "tip late" };
                let tip = view! { <span class=class><b>{format!("{} credits", number::credits(used.credits))}</b>{format!("{label} · {}", number::events(used.events))}</span> };
                match (self.window)(*window) {
                    Some(href) => view! { <a class="trend-mark" href=href tabindex=stop>{tip}</a> }.into_any(),
                    None => view! { <span class="trend-mark">{tip}</span> }.into_any(),
                }
            })
            .collect();
        view! { <div class="trend-marks" data-testid="marks">{marks}</div> }
    }

    fn legend(&self, group: &TrendGroup, shown: String, share: String) -> AnyView {
        let class = format!("dot square layer-{}", group.layer);
        let link = group.key.as_deref().and_then(self.group);
        let name = linked(&group.name, link);
        view! {
            <li><span class=class></span><span class="trend-name">{name}</span>
                <b>{part(group.total.credits, shown)}</b>
                <span class="dim">{share}</span>
                {change(self.trends, group.total, group.previous)}</li>
        }
        .into_any()
    }

    fn table(&self, labels: &[String]) -> impl IntoView + use<> {
        let heads: Vec<_> = self
            .trends
            .groups
            .iter()
            .map(|group| view! { <th scope="col" class="number">{group.name.clone()}</th> })
            .collect();
        let rows: Vec<_> = labels
            .iter()
            .enumerate()
            .map(|(at, label)| {
                let cells: Vec<_> = self
                    .trends
                    .groups
                    .iter()
                    .map(|group| {
                        let point = group.points.get(at).copied().unwrap_or_default();
                        view! { <td class="number">{number::credits(point.credits)}</td> }
                    })
                    .collect();
                view! { <tr><th scope="row">{label.clone()}</th>{cells}</tr> }
            })
            .collect();
        view! {
            <div class="table-card" tabindex="0" role="group" aria-label="Table of usage over time">
                <table data-testid="trend-table" data-live="table"><thead><tr><th scope="col">"From"</th>{heads}</tr></thead><tbody>{rows}</tbody></table>
            </div>
        }
    }

    pub(super) fn movers(
        &self,
        title: &'static str,
        lead: &'static str,
        nothing: &'static str,
        which: fn(&Mover) -> bool,
    ) -> impl IntoView + use<> {
        let is_compared = self.trends.coverage.is_complete();
        let all = if is_compared {
            self.trends.movers.as_slice()
        } else {
            &[]
        };
        let movers: Vec<_> = all
            .iter()
            .filter(|mover| which(mover))
            .take(MOST_MOVERS)
            .collect();
        let wholes = self.wholes();
        let rows: Vec<_> = movers
            .iter()
            .map(|mover| {
                let now = part(mover.now.credits, self.mover_whole(mover, &wholes));
                view! {
                    <li><span class="trend-name">{linked(&mover.name, (self.mover)(&mover.key))}</span>
                        <b>{now}</b>
                        <span class="dim">"vs "{whole(mover.before.credits)}</span>
                        {change(self.trends, mover.now, mover.before)}</li>
                }
            })
            .collect();
        let nothing = rows.is_empty().then(|| {
            let why = uncompared(self.trends).filter(|_| !is_compared);
            view! { <p class="dim">{why.unwrap_or_else(|| nothing.to_owned())}</p> }
        });
        view! {
            <section class="card trend-movers"><h2>{title}<small>{lead}</small></h2><div data-live=title><ul class="trend-legend">{rows}</ul>{nothing}</div></section>
        }
    }

    pub(super) fn heat(&self) -> impl IntoView + use<> {
        let heat = &self.trends.heat;
        let most = heat
            .iter()
            .flatten()
            .map(|slot| slot.credits.micro())
            .max()
            .unwrap_or(0);
        let heads: Vec<_> = (0..24)
            .map(|hour| view! { <th scope="col">{format!("{hour:02}")}</th> })
            .collect();
        let rows: Vec<_> = WEEKDAYS
            .iter()
            .zip(heat)
            .map(|(day, hours)| {
                let cells: Vec<_> = hours
                    .iter()
                    .enumerate()
                    .map(|(hour, slot)| cell(day, hour, *slot, most))
                    .collect();
                view! { <tr><th scope="row">{*day}</th>{cells}</tr> }
            })
            .collect();
        view! {
            <section aria-labelledby="heat">
                <header class="section-header"><h2 id="heat">"Usage by hour and weekday"</h2><p>{format!("Credits by hour and weekday, {}", self.trends.zone.name())}</p></header>
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of credits by hour and weekday">
                    <table class="heat" data-testid="heat" data-live="heat"><thead><tr><th scope="col"><span class="visually-hidden">"Day"</span></th>{heads}</tr></thead><tbody>{rows}</tbody></table>
                </div>
            </section>
        }
    }
}

/// Whole credits; the exact figure shows on hover and focus.
pub(super) fn whole(credits: Credits) -> impl IntoView + use<> {
    view! { <Amount credits=credits/> }
}

/// A part of a total, rounded so that the parts add up to it.
pub(super) fn part(credits: Credits, shown: String) -> impl IntoView + use<> {
    view! { <Amount credits=credits shown=shown/> }
}

/// Figures and chart of a page as files; `figures` and `chart` say where they are in a form.
pub(super) fn files(
    figures: &dyn Fn(&str) -> String,
    chart: &dyn Fn(&str) -> String,
) -> impl IntoView + use<> {
    let [csv, ndjson] = ["csv", "ndjson"].map(figures);
    let [png, svg] = ["png", "svg"].map(chart);
    view! {
        <Menu label="Export".to_owned() name="Files of this view" align_end=true>
            <MenuFile label="CSV" hint="Figures for spreadsheets" href=csv/>
            <MenuFile label="JSON Lines" hint="Figures for programs" href=ndjson/>
            <MenuFile label="PNG image" hint="The chart for slides and emails" href=png/>
            <MenuFile label="SVG image" hint="The chart for print" href=svg/>
        </Menu>
    }
}

/// The chart as a file.
pub(super) fn file(trends: &Trends, by: &str, notes: &[Note]) -> String {
    let groups: Vec<_> = trends
        .groups
        .iter()
        .map(|group| {
            let used = number::credits(group.total.credits);
            (group.layer, format!("{} {used}", group.name))
        })
        .collect();
    let title = format!(
        "Credits by {by} and {}: {}{}",
        trends.window.id(),
        number::credits(trends.total.credits),
        so_far(trends)
    );
    charts::file(&title, &drawing(trends, notes), &groups)
}

fn drawing(trends: &Trends, notes: &[Note]) -> String {
    let layers: Vec<_> = trends.groups.iter().map(layer).collect();
    let notes: Vec<_> = notes.iter().map(|note| note.window).collect();
    let windows = trends.windows.iter();
    let labels: Vec<_> = windows
        .map(|window| label(window.start, trends.window, &trends.zone))
        .collect();
    let marked = charts::Marked {
        notes: &notes,
        running: running(&trends.windows, trends.now),
    };
    charts::stacked(&layers, &labels, marked)
}

fn layer(group: &TrendGroup) -> charts::Layer {
    let heights = group.points.iter().map(|point| point.credits.micro());
    charts::Layer {
        colour: group.layer,
        heights_micro: heights.collect(),
    }
}

/// One hour of one weekday, in a shade and in words.
fn cell(day: &str, hour: usize, slot: Totals, most: i64) -> AnyView {
    let micro = i128::from(slot.credits.micro().max(0));
    let shade = if most <= 0 || micro == 0 {
        0
    } else {
        (micro * SHADES + i128::from(most) - 1) / i128::from(most)
    };
    let exact = number::credits(slot.credits);
    let title = format!(
        "{day} {hour:02}:00: {exact} credits in {}",
        number::events(slot.events)
    );
    view! { <td class=format!("shade-{shade}") title=title><span class="visually-hidden">{exact}</span></td> }.into_any()
}

/// How use changed, where it is known what to compare with.
pub(super) fn change(trends: &Trends, now: Totals, before: Totals) -> Option<AnyView> {
    if !trends.coverage.is_complete() {
        return None;
    }
    moved(now.credits, before.credits)
}

/// Which way a figure moved. More is neither good nor bad.
pub(super) fn moved(now: Credits, before: Credits) -> Option<AnyView> {
    let (icon, text) = match number::change(now, before) {
        Change::Up(percent) => (Some(Icon::ArrowUp), percent),
        Change::Down(percent) => (Some(Icon::ArrowDown), percent),
        Change::Steady if now > before => (Some(Icon::ArrowUp), "< 1%".to_owned()),
        Change::Steady if now < before => (Some(Icon::ArrowDown), "< 1%".to_owned()),
        Change::Steady => (Some(Icon::ArrowRight), "0%".to_owned()),
        Change::New => (None, "new".to_owned()),
        Change::None => return None,
    };
    Some(view! { <span class="change">{icon.map(Icon::view)}{text}</span> }.into_any())
}

/// A name, and where it leads.
pub(super) fn linked(name: &str, link: Option<String>) -> AnyView {
    let name = name.to_owned();
    match link {
        Some(href) => view! { <a href=href>{name}</a> }.into_any(),
        None => name.into_any(),
    }
}

//! What came in over time.

use domain::{Credits, lead::LeadKind, number};
use leptos::prelude::*;

use super::{
    ValuePage,
    table::{head, row, wholes},
    words::{came_in, per_lead},
};
use crate::{
    charts,
    pages::settings::trend_parts::{MOST_STOPS, label, rows_in, running, told_label},
};

/// Colours of leads, bookings and sales.
const COLOURS: [usize; 3] = [6, 3, 1];

impl ValuePage {
    pub(in crate::pages) fn file(&self) -> String {
        let layers: Vec<_> = LeadKind::ALL.iter().map(|kind| self.layer(*kind)).collect();
        let groups: Vec<_> = LeadKind::ALL
            .iter()
            .zip(COLOURS)
            .map(|(kind, colour)| {
                let count = number::count(self.value.total.of(*kind));
                (colour, format!("{} {count}", kind.plural()))
            })
            .collect();
        let title = format!("Leads, bookings and sales by {}", self.value.window.id());
        charts::file(&title, &self.drawing(&layers), &groups)
    }

    pub(super) fn chart(&self) -> impl IntoView + use<> {
        let labels = self.labels();
        let layers: Vec<_> = LeadKind::ALL.iter().map(|kind| self.layer(*kind)).collect();
        let drawn = self.drawing(&layers);
        let all = number::count(self.value.total.all_leads());
        let described = format!(
            "Leads, bookings and sales by {}: {all} in all; the table below has every figure",
            self.value.window.id()
        );
        let legend: Vec<_> = LeadKind::ALL
            .iter()
            .zip(COLOURS)
            .map(|(kind, colour)| {
                let class = format!("dot square layer-{colour}");
                let count = self.value.total.of(*kind);
                view! { <li><span class=class></span><span class="trend-name">{kind.plural()}</span><b>{number::count(count)}</b></li> }
            })
            .collect();
        view! {
            <section class="card trend-card" aria-labelledby="over-time">
                <h2 id="over-time">"Over time"<small>{format!("Times are in {}.", self.value.zone.name())}</small></h2>
                <div class="trend-chart" tabindex="0" role="group" aria-label="Chart of leads over time"><div class="trend-plot"><div class="chart-frame" role="img" aria-label=described inner_html=drawn></div>{self.marks(&labels)}</div></div>
                <ul class="trend-legend value-legend" data-testid="legend">{legend}</ul>
                <details class="trend-table"><summary class="quiet-button">"Show this chart as a table"</summary>
                    <div class="table-card" tabindex="0" role="group" aria-label="Table of leads over time">
                        <table data-testid="value-table">{head("From")}<tbody>{self.windows(&labels)}</tbody></table>
                    </div>
                </details>
            </section>
        }
    }

    /// What the windows are called in words; the one that is running says so.
    fn labels(&self) -> Vec<String> {
        let value = &self.value;
        let windows = value.windows.iter();
        windows
            .map(|(range, _)| told_label(*range, value.window, &value.zone, value.now))
            .collect()
    }

    fn drawing(&self, layers: &[charts::Layer]) -> String {
        let value = &self.value;
        let windows: Vec<_> = value.windows.iter().map(|(range, _)| *range).collect();
        let names = windows.iter();
        let labels: Vec<_> = names
            .map(|range| label(range.start, value.window, &value.zone))
            .collect();
        let marked = charts::Marked {
            notes: &[],
            running: running(&windows, value.now),
        };
        charts::stacked(layers, &labels, marked)
    }

    fn layer(&self, kind: LeadKind) -> charts::Layer {
        let heights = self.value.windows.iter().map(|(_, gain)| {
            let count = i64::try_from(gain.of(kind)).unwrap_or(i64::MAX);
            Credits::from_whole(count).unwrap_or(Credits::MAX).micro()
        });
        charts::Layer {
            colour: COLOURS[usize::from(kind.index())],
            heights_micro: heights.collect(),
        }
    }

    /// Over each window, what came in: shown on hover and focus, and the way to the rows that it cost.
    fn marks(&self, labels: &[String]) -> impl IntoView + use<> {
        let count = labels.len();
        let stop = (count > MOST_STOPS).then_some("-1");
        let marks: Vec<_> = self
            .value
            .windows
            .iter()
            .zip(labels)
            .enumerate()
            .map(|(at, ((window, gain), label))| {
                let class = if at * 2 < count { "tip" } else { "tip late" };
                let leads = came_in(gain);
                let cost = per_lead(gain).map_or_else(String::new, |each| {
                    format!(" · {} per lead", number::quotient(each))
                });
                let rest = format!("{label} · {} credits{cost}", number::credits(gain.used.credits));
                view! { <a class="trend-mark" href=rows_in(&self.frame.filters, *window, self.value.range, &self.value.zone) tabindex=stop><span class=class><b>{leads}</b>{rest}</span></a> }
            })
            .collect();
        view! { <div class="trend-marks" data-testid="marks">{marks}</div> }
    }

    fn windows(&self, labels: &[String]) -> Vec<AnyView> {
        let windows = self.value.windows.iter().zip(labels);
        let shown = wholes(self.value.windows.iter().map(|(_, gain)| gain));
        windows
            .zip(shown)
            .map(|(((_, gain), label), shown)| row(label.clone().into_any(), gain, shown))
            .collect()
    }
}

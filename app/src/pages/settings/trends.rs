//! Trends: usage over time by agent, activity or company, against the period before.

use domain::{filter::ViewQuery, number, spike::Spike};
use leptos::prelude::*;
use service::{
    ports::GroupBy,
    trends::{Trends, TrendsQuery},
};

use super::{
    frame::{Ask, Frame},
    review::{hours_of, week_address},
    trend_parts::{
        self, AGAINST, Note, PERIODS, TrendParts, WINDOWS, address, asked_view, choice, kept,
        known, rows_in,
    },
};
use crate::{TRENDS_PATH, USAGE_PATH, error::AppError};

/// What usage is kept apart by: value and words.
const BY: [(&str, &str); 3] = [
    ("agent", "Agent"),
    ("activity", "Activity"),
    ("company", "Company"),
];
/// The page Trends.
#[derive(Debug, Clone)]
pub struct TrendsPage {
    frame: Frame,
    trends: Trends,
    query: ViewQuery,
    by: &'static str,
    period: &'static str,
    notes: Vec<Note>,
}

impl TrendsPage {
    pub(in crate::pages) async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(TRENDS_PATH).await?;
        let (query, period) = asked_view(ask, &frame)?;
        let by = known(&BY, ask.value("by").as_deref());
        let group_by = match by {
            "activity" => GroupBy::Activity,
            "company" => GroupBy::Company,
            _ => GroupBy::Agent,
        };
        let asked = TrendsQuery {
            view: query.clone(),
            window: trend_parts::window(ask),
            group_by,
            compared: trend_parts::compared(ask),
        };
        let trends = ask.services.trends(scope.clone(), &asked).await?;
        let spikes = ask.services.unusual(scope, &query).await?;
        Ok(Self {
            notes: notes(&spikes, &trends, &frame),
            frame,
            trends,
            query,
            by,
            period,
        })
    }

    pub(super) fn view(self) -> AnyView {
        let rows_of = |key: &str| Some(self.rows_of(key));
        let shown = TrendParts {
            trends: &self.trends,
            by: self.by,
            group: &rows_of,
            mover: &rows_of,
            window: &|window| {
                let trends = &self.trends;
                Some(rows_in(&self.query, window, trends.range, &trends.zone))
            },
            notes: &self.notes,
        };
        let parts = view! {
            {self.controls()}
            {shown.chart()}
            <div class="trend-pair">
                {shown.movers("Top increases", "credits now and before", "No increases in this period", |mover| mover.change_micro() > 0)}
                {shown.movers("Top decreases", "credits now and before", "No decreases in this period", |mover| mover.change_micro() < 0)}
            </div>
            {shown.heat()}
        };
        self.frame.clone().view(
            "Trends",
            "How usage changes: by agent, activity or company, compared with an earlier period.",
            parts.into_any(),
        )
    }

    pub(in crate::pages) fn file(&self) -> String {
        trend_parts::file(&self.trends, self.by, &self.notes)
    }

    fn controls(&self) -> impl IntoView + use<> {
        let window = self.trends.window.id();
        let against = self.trends.compared.id();
        let figures = |format: &str| {
            let series = [
                ("window", window),
                ("group_by", self.by),
                ("format", format),
            ];
            address("/api/v1/usage/series", &self.query, &series)
        };
        let chart = |format: &str| {
            let shown = [("window", window), ("by", self.by), ("against", against)];
            address(
                &format!("{TRENDS_PATH}/chart.{format}"),
                &self.query,
                &shown,
            )
        };
        view! {
            <form class="card search-form trend-form" method="get" action=TRENDS_PATH>
                {kept(&self.query)}
                {choice("Group by", "by", &BY, self.by)}
                {choice("Period", "period", &PERIODS, self.period)}
                {choice("Interval", "window", &WINDOWS, window)}
                {choice("Compare to", "against", &AGAINST, self.trends.compared.id())}
                <button class="button" type="submit">"Show"</button>
                {trend_parts::files(&figures, &chart)}
            </form>
        }
    }

    /// The rows behind a group.
    fn rows_of(&self, key: &str) -> String {
        address(USAGE_PATH, &self.query, &[(self.by, key)])
    }
}

/// Spikes, each at the window it begins in, with the week that shows why.
fn notes(spikes: &[Spike], trends: &Trends, frame: &Frame) -> Vec<Note> {
    let zone = &trends.zone;
    let note = |spike: &Spike| {
        let start = spike.range.start;
        let window = trends
            .windows
            .iter()
            .position(|window| window.contains(start))?;
        Some(Note {
            window,
            text: format!(
                "{}: {} vs {} expected",
                hours_of(spike.range, zone),
                number::whole_credits(spike.used),
                number::whole_credits(spike.expected)
            ),
            href: week_address(&frame.account, start, zone),
        })
    };
    spikes.iter().filter_map(note).collect()
}

//! Trends: usage over time by agent, activity or company, against the period before.

use domain::{filter::ViewQuery, number, spike::Spike};
use leptos::prelude::*;
use service::{
    ports::GroupBy,
    trends::{Trends, TrendsQuery},
};

use super::{
    FramedPage,
    frame::{Ask, Frame},
    review::{date, hours_of},
    trend_parts::{
        self, Note, PERIODS, TrendParts, address, asked_view, compare_to, interval, known, rows_in,
    },
};
use crate::{
    REVIEW_PATH, TRENDS_PATH,
    components::filter_bar::{Choice, CompanyChoice, FIND, company_choice, filter_bar, segments},
    error::AppError,
    pages::company_options::read_companies,
};

/// What usage is kept apart by: value and words.
const BY: [Choice; 3] = [
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
    companies: CompanyChoice,
    by: &'static str,
    notes: Vec<Note>,
}

impl FramedPage for TrendsPage {
    const PATH: &'static str = TRENDS_PATH;
    const TITLE: &'static str = "Trends";

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(TRENDS_PATH).await?;
        let query = asked_view(ask, &frame)?;
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
        };
        let trends = ask.services.trends(scope.clone(), &asked).await?;
        let companies =
            read_companies(ask.services, &scope, &query.companies, ask.value(FIND)).await?;
        let spikes = ask.services.unusual(scope, &query).await?;
        Ok(Self {
            notes: notes(&spikes, &trends, &frame),
            frame,
            trends,
            query,
            companies,
            by,
        })
    }

    fn view(self) -> AnyView {
        let rows_of = |key: &str| Some(self.rows_of(key));
        let shown = TrendParts {
            trends: &self.trends,
            by: self.by,
            group: &rows_of,
            mover: &rows_of,
            window: &|window| {
                let trends = &self.trends;
                Some(rows_in(
                    &self.frame.filters,
                    window,
                    trends.range,
                    &trends.zone,
                ))
            },
            notes: &self.notes,
        };
        let parts = view! {
            {self.bar()}
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
}

impl TrendsPage {
    pub(in crate::pages) fn file(&self) -> String {
        trend_parts::file(&self.trends, self.by, &self.notes)
    }

    fn bar(&self) -> AnyView {
        let window = self.trends.window.id();
        let figures = |format: &str| {
            let series = [
                ("window", window),
                ("group_by", self.by),
                ("format", format),
            ];
            address("/api/v1/usage/series", &self.query, &series)
        };
        let chart = |format: &str| {
            let shown = [("window", window), ("by", self.by)];
            address(
                &format!("{TRENDS_PATH}/chart.{format}"),
                &self.query,
                &shown,
            )
        };
        let filters = &self.frame.filters;
        let choices = vec![
            company_choice(filters, &self.companies),
            trend_parts::period(filters, &PERIODS, self.trends.range, &self.trends.zone),
            compare_to(filters, self.trends.compared),
            segments(filters, "Group by", "by", &BY, self.by),
            interval(filters, self.trends.window),
        ];
        let files = trend_parts::files(&figures, &chart);
        filter_bar(filters, choices, files.into_any())
    }

    /// The rows behind a group.
    fn rows_of(&self, key: &str) -> String {
        self.frame.filters.rows(&[(self.by, key)])
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
            href: format!(
                "{}&week={}",
                frame.filters.to(REVIEW_PATH),
                date(start, zone)
            ),
        })
    };
    spikes.iter().filter_map(note).collect()
}

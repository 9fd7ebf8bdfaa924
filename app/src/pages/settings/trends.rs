//! Trends: usage over time by agent, activity or company, against the period before.

use domain::{TimeRange, filter::ViewQuery};
use leptos::prelude::*;
use service::{
    ports::GroupBy,
    trends::{Trends, TrendsQuery},
};

use super::{
    frame::{Ask, Frame, hidden},
    trend_parts::{self, AGAINST, TrendParts, WINDOWS, choice, known},
};
use crate::{TRENDS_PATH, USAGE_PATH, error::AppError, state::Url, ui::Icon};

/// What usage is kept apart by: value and words.
const BY: [(&str, &str); 3] = [
    ("agent", "Agent"),
    ("activity", "Activity"),
    ("company", "Company"),
];
pub(super) const PERIODS: [(&str, &str); 5] = [
    ("30d", "Last 30 days"),
    ("7d", "Last 7 days"),
    ("90d", "Last 90 days"),
    ("this_cycle", "This cycle"),
    ("last_cycle", "Last cycle"),
];

/// The page Trends.
#[derive(Debug, Clone)]
pub struct TrendsPage {
    frame: Frame,
    trends: Trends,
    query: ViewQuery,
    by: &'static str,
    period: &'static str,
}

impl TrendsPage {
    pub(super) async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(TRENDS_PATH).await?;
        let (mut query, _) = ViewQuery::parse(ask.query).map_err(service::ServiceError::from)?;
        query.account = Some(frame.account.clone());
        let period = known(&PERIODS, query.period.as_deref());
        if query.from.is_none() {
            query.period = Some(period.to_owned());
        }
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
        let trends = ask.services.trends(scope, &asked).await?;
        Ok(Self {
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
            window: &|window| Some(self.rows_in(window)),
        };
        let parts = view! {
            {self.controls()}
            {shown.chart()}
            <div class="trend-pair">
                {shown.movers("Up most", "what grew", |mover| mover.change_micro() > 0)}
                {shown.movers("Down most", "what shrank", |mover| mover.change_micro() < 0)}
            </div>
            {shown.heat()}
        };
        self.frame.clone().view(
            "Trends",
            "How usage moves: by agent, activity or company, against the time before.",
            parts.into_any(),
        )
    }

    pub(super) fn file(&self) -> String {
        let nothing = |_: &str| None;
        let shown = TrendParts {
            trends: &self.trends,
            by: self.by,
            group: &nothing,
            mover: &nothing,
            window: &|_| None,
        };
        shown.file()
    }

    fn controls(&self) -> impl IntoView + use<> {
        let window = self.trends.window.id();
        let kept: Vec<_> = self
            .query
            .pairs()
            .into_iter()
            .filter(|(name, _)| !matches!(*name, "account" | "period" | "from" | "to"))
            .map(|(name, value)| hidden(name, value))
            .collect();
        let csv = self.usage_address(
            "/api/v1/usage/series",
            &[("window", window), ("group_by", self.by), ("format", "csv")],
        );
        let against = self.trends.compared.id();
        let svg = self.usage_address(
            &format!("{TRENDS_PATH}/chart.svg"),
            &[("window", window), ("by", self.by), ("against", against)],
        );
        view! {
            <form class="card search-form trend-form" method="get" action=TRENDS_PATH>
                {hidden("account", self.frame.account.clone())}
                {kept}
                {choice("By", "by", &BY, self.by)}
                {choice("Period", "period", &PERIODS, self.period)}
                {choice("Windows", "window", &WINDOWS, window)}
                {choice("Against", "against", &AGAINST, self.trends.compared.id())}
                <button class="button" type="submit">"Show"</button>
                <a class="button trend-csv" href=csv download="" rel="external">{Icon::Download.view()}"CSV"</a>
                <a class="button" href=svg download="" rel="external">{Icon::Download.view()}"SVG"</a>
            </form>
        }
    }

    /// An address with this view's filters.
    fn usage_address(&self, path: &str, more: &[(&str, &str)]) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.query.pairs())
            .extend_pairs(more)
            .finish();
        format!("{path}?{query}")
    }

    /// The rows of a window: of as much of it as lies in the period, as its mark says.
    fn rows_in(&self, window: TimeRange) -> String {
        let zone = &self.trends.zone;
        let shown = window.within(self.trends.range);
        let (from, to) = (zone.rfc3339(shown.start), zone.rfc3339(shown.end));
        Url(self.query.clone()).between(&from, &to).href()
    }

    /// The rows behind a group.
    fn rows_of(&self, key: &str) -> String {
        self.usage_address(USAGE_PATH, &[(self.by, key)])
    }
}

//! Totals of a view.

use axum::{Json, extract::State};
use domain::{
    Agent, Credits, TimeRange,
    calendar::{Coverage, Zone},
    usage::Totals,
};
use serde::Serialize;
use service::{Permission, Services};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    problem::Answer,
    query::{Params, ViewParams},
    times,
};

/// Credits and events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Totals)]
pub struct TotalsBody {
    /// Sum of credits.
    #[schema(value_type = String, example = "6124.5")]
    pub credits: Credits,
    /// Number of events.
    pub events: u64,
}

/// What a period is compared with.
#[derive(Debug, Serialize, ToSchema)]
pub struct Previous<T> {
    /// Start of that time.
    pub from: String,
    /// Its end, excluded: the same point of it while the period runs, at the same time of day in the zone.
    pub to: String,
    /// Whether all of it is known: false when the account's data begin later, or when nothing of the period has passed.
    /// Figures that are not complete say nothing of a change.
    pub complete: bool,
    /// When data begin, when that is too late; else null.
    #[schema(required)]
    pub data_from: Option<String>,
    /// Its figures.
    #[serde(flatten)]
    pub figures: T,
}

impl<T> Previous<T> {
    /// Says how much is known of a time, with its figures.
    pub fn new(range: TimeRange, coverage: Coverage, zone: &Zone, figures: T) -> Self {
        Self {
            from: times::rfc3339(range.start, zone),
            to: times::rfc3339(range.end, zone),
            complete: coverage.is_complete(),
            data_from: coverage.since().map(|time| times::rfc3339(time, zone)),
            figures,
        }
    }
}

/// An agent's part of a summary.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentTotals {
    /// Which agent.
    #[schema(value_type = String, example = "chat")]
    pub agent: Agent,
    /// In the period.
    #[serde(flatten)]
    pub totals: TotalsBody,
    /// Part of the summary's credits, from 0 to 1, rounded to four decimals.
    #[schema(minimum = 0, maximum = 1, example = 0.4217)]
    pub share: f64,
    /// In the period before.
    pub previous: TotalsBody,
}

/// Totals of a view.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Summary)]
pub struct SummaryBody {
    /// Start of the period.
    pub from: String,
    /// Its end, excluded.
    pub to: String,
    /// In the period.
    #[serde(flatten)]
    pub totals: TotalsBody,
    /// In the time it is compared with: as much of the period before as has passed of this one.
    pub previous: Previous<TotalsBody>,
    /// All six agents.
    pub agents: Vec<AgentTotals>,
}

impl From<Totals> for TotalsBody {
    fn from(totals: Totals) -> Self {
        Self {
            credits: totals.credits,
            events: totals.events,
        }
    }
}

/// Adds up usage by agent
///
/// `share` is an agent's part of all credits of the answer. While the period runs, `previous` ends at the same point of the
/// period before: at the same time of day. A single day is compared with the same day of the week before.
#[utoipa::path(
    get, path = "/api/v1/usage/summary", tag = "Usage", operation_id = "get_usage_summary", params(ViewParams),
    responses(
        (status = 200, description = "The totals.", body = SummaryBody),
        (status = 403, description = "The key has no scope read."),
        (status = 404, description = "No such account."),
        (status = 422, description = "A filter is wrong."),
    ),
)]
pub async fn get_summary(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<SummaryBody>> {
    let (view, rest) = params.view();
    rest.finish()?;
    let scope = services
        .scope(&caller, view.account.as_deref(), Permission::Read)
        .await?;
    let zone = times::view_zone(scope.account(), &view)?;
    let summary = services.summary(scope, &view).await?;
    let all = summary.current.credits;
    let agents = summary
        .agents
        .into_iter()
        .map(|(agent, now, before)| AgentTotals {
            agent,
            share: (now.credits.share_of(all) * 10_000.0).round() / 10_000.0,
            totals: now.into(),
            previous: before.into(),
        });
    Ok(Json(SummaryBody {
        from: times::rfc3339(summary.range.start, &zone),
        to: times::rfc3339(summary.range.end, &zone),
        totals: summary.current.into(),
        previous: Previous::new(
            summary.previous_range,
            summary.coverage,
            &zone,
            summary.previous.into(),
        ),
        agents: agents.collect(),
    }))
}

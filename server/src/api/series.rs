//! Totals by calendar window and group.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use domain::{
    Credits,
    calendar::{Window, Zone},
    usage::Totals,
};
use serde::Serialize;
use service::{Permission, Services, ports::GroupBy, usage::Series};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    format::Format,
    problem::Answer,
    query::{Params, ViewParams},
    table::{Cell, Table},
    times,
};

/// Totals by calendar window and group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Series)]
pub struct SeriesBody {
    /// Width of the windows.
    #[schema(value_type = String, example = "day")]
    pub window: Window,
    /// The zone whose calendar they follow.
    #[schema(example = "Europe/Berlin")]
    pub tz: String,
    /// Groups that have events in the period.
    pub groups: Vec<Group>,
}

/// One group's totals, window by window.
#[derive(Debug, Serialize, ToSchema)]
pub struct Group {
    /// The agent, company key or activity.
    #[schema(example = "chat")]
    pub key: String,
    /// Every window of the period, also the empty ones.
    pub points: Vec<Point>,
}

/// One window's totals.
#[derive(Debug, Serialize, ToSchema)]
pub struct Point {
    /// Start of the window.
    pub start: String,
    /// Sum of credits.
    #[schema(value_type = String, example = "12.5")]
    pub credits: Credits,
    /// Number of events.
    pub events: u64,
}

/// What points are kept apart by; a wrapper, so that its name can be read from a query string.
struct Grouping(GroupBy);

impl std::str::FromStr for Grouping {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "agent" => Ok(Self(GroupBy::Agent)),
            "company" => Ok(Self(GroupBy::Company)),
            "activity" => Ok(Self(GroupBy::Activity)),
            _ => Err("must be one of agent, company, activity"),
        }
    }
}

/// Adds up usage by calendar window
///
/// Windows follow the calendar of `tz`: a day may have 23 or 25 hours. `Accept: text/csv` or `format=csv` answers a table,
/// `application/x-ndjson` or `format=ndjson` the same rows, a JSON document a line.
#[utoipa::path(
    get, path = "/api/v1/usage/series", tag = "Usage", operation_id = "get_usage_series",
    params(
        ("window" = Option<String>, Query, description = "`hour`, `day` (default), `week` or `month`."),
        ("group_by" = Option<String>, Query, description = "`agent` (default), `company` or `activity`."),
        ("format" = Option<String>, Query, description = "`csv` or `ndjson` for links, which cannot set `Accept`."),
        ViewParams,
    ),
    responses(
        (status = 200, description = "The series.", content((SeriesBody = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = 403, description = "The key has no scope read."),
        (status = 404, description = "No such account."),
        (status = 422, description = "A filter is wrong, or there are too many windows."),
    ),
)]
pub async fn get_series(
    State(services): State<Services>,
    Authed(caller): Authed,
    headers: HeaderMap,
    params: Params,
) -> Answer<Response> {
    let (view, mut rest) = params.view();
    let format = rest.format(&headers);
    let window = rest.parse("window").unwrap_or(Window::Day);
    let group_by = rest
        .parse("group_by")
        .map_or(GroupBy::Agent, |grouping: Grouping| grouping.0);
    rest.finish()?;
    let scope = services
        .scope(&caller, view.account.as_deref(), Permission::Read)
        .await?;
    let zone = times::view_zone(scope.account(), &view)?;
    let name = format!("{}-usage-by-{}", scope.account().key, window.id());
    let series = services.series(scope, &view, window, group_by).await?;
    Ok(match format {
        Format::Json => Json(body(series, window, &zone)).into_response(),
        rows => table(&series, &zone).answer(&name, rows),
    })
}

fn body(series: Series, window: Window, zone: &Zone) -> SeriesBody {
    let starts: Vec<_> = series
        .windows
        .iter()
        .map(|window| times::rfc3339(window.start, zone))
        .collect();
    let groups = series.groups.into_iter().map(|(key, totals)| Group {
        key,
        points: points(&starts, totals),
    });
    SeriesBody {
        window,
        tz: series.zone,
        groups: groups.collect(),
    }
}

/// A group's totals by the starts of their windows.
pub fn points(starts: &[String], totals: Vec<Totals>) -> Vec<Point> {
    let points = starts.iter().cloned().zip(totals);
    points
        .map(|(start, totals)| Point {
            start,
            credits: totals.credits,
            events: totals.events,
        })
        .collect()
}

fn table<'a>(series: &'a Series, zone: &Zone) -> Table<'a> {
    let starts: Vec<_> = series
        .windows
        .iter()
        .map(|window| times::rfc3339(window.start, zone))
        .collect();
    let mut rows = Vec::new();
    for (key, totals) in &series.groups {
        for (start, totals) in starts.iter().zip(totals) {
            rows.push(vec![
                Cell::text(key),
                Cell::text(start.clone()),
                Cell::text(totals.credits.to_string()),
                Cell::Count(totals.events),
            ]);
        }
    }
    Table {
        head: &["key", "start", "credits", "events"],
        rows,
    }
}

//! Usage across all accounts.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use domain::{Agent, Credits, calendar::Window, filter::ViewQuery};
use serde::Serialize;
use service::{
    Services,
    platform::{PlatformQuery, PlatformTrends},
    trends::{Mover, Trends},
};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    format::Format,
    problem::Answer,
    query::{Params, Rest},
    series::{self, Point},
    table::{Cell, Table},
    times,
    usage::{Previous, TotalsBody},
};

/// Usage across all accounts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlatformTrends)]
pub struct PlatformBody {
    /// Start of the period.
    pub from: String,
    /// End of the period, exclusive.
    pub to: String,
    /// Width of the windows; they are those of UTC.
    #[schema(value_type = String, example = "day")]
    pub window: Window,
    /// In the period.
    #[serde(flatten)]
    pub totals: TotalsBody,
    /// The time it is compared with, up to the last full hour of UTC while the period runs.
    pub previous: Previous<TotalsBody>,
    /// All accounts there are now.
    pub accounts: u64,
    /// Accounts that used something.
    pub active_accounts: u64,
    /// Accounts that used something in the period it is compared with.
    pub previous_active_accounts: u64,
    /// Accounts that ran out of credits.
    pub run_outs: RunOutsBody,
    /// How many accounts used each agent.
    pub adoption: Vec<AdoptionBody>,
    /// What the largest accounts used together.
    pub concentration: Vec<ConcentrationBody>,
    /// Who used most, the largest first; the last group may be all others, without a key.
    pub groups: Vec<PlatformGroup>,
    /// The accounts that used most.
    pub largest: Vec<AccountChange>,
    /// The accounts whose use changed most.
    pub movers: Vec<AccountChange>,
}

/// Accounts that ran out of credits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunOuts)]
pub struct RunOutsBody {
    /// In the period.
    accounts: u64,
    /// In the period it is compared with.
    previous: u64,
    /// By week of their billing cycles; the last are the days after the 28th.
    by_week: Vec<u64>,
}

/// How many accounts used an agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Adoption)]
pub struct AdoptionBody {
    /// Which agent.
    #[schema(value_type = String, example = "chat")]
    agent: Agent,
    /// Accounts that used it.
    accounts: u64,
}

/// What the largest accounts used together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Concentration)]
pub struct ConcentrationBody {
    /// How many accounts.
    accounts: u64,
    /// What they used.
    #[schema(value_type = String, example = "12.5")]
    credits: Credits,
}

/// One group's totals, window by window.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformGroup {
    /// The agent, activity, plan's key or account's key; null for all others.
    #[schema(required)]
    key: Option<String>,
    /// Its name.
    name: String,
    /// Every window of the period, also the empty ones.
    points: Vec<Point>,
    /// In the period it is compared with.
    previous: TotalsBody,
}

/// An account, and what it used in both periods.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountChange {
    /// Key of the account.
    account: String,
    /// Its name.
    name: String,
    /// In the period.
    now: TotalsBody,
    /// In the period it is compared with.
    previous: TotalsBody,
}

/// Adds up usage across all accounts
///
/// For those who run the platform. Days, weeks and months are those of UTC; a plan is the one an account had when its
/// usage was recorded. `Accept: text/csv` or `format=csv` answers the groups as a table,
/// `application/x-ndjson` or `format=ndjson` the same rows, a JSON document a line.
#[utoipa::path(
    get, path = "/api/v1/platform/trends", tag = "Usage", operation_id = "get_platform_trends",
    params(
        ("period" = Option<String>, Query, description = "`7d`, `28d`, `30d` (default) or `90d`."),
        ("from" = Option<String>, Query, description = "First day of a custom period."),
        ("to" = Option<String>, Query, description = "Day after its last one."),
        ("plan" = Option<Vec<String>>, Query, description = "Keys of plans; repeatable. All when left out."),
        ("account" = Option<Vec<String>>, Query, description = "Keys of accounts, at most 20; repeatable, and without `plan`. All when left out."),
        ("window" = Option<String>, Query, description = "`hour`, `day` (default), `week` or `month`."),
        ("by" = Option<String>, Query, description = "`agent` (default), `activity`, `plan` or `account`."),
        ("against" = Option<String>, Query, description = "`before` (default): the days before; `week`, `year`: the same days a week or a year before; `none`: nothing."),
        ("format" = Option<String>, Query, description = "`csv` or `ndjson` for links, which cannot set `Accept`."),
    ),
    responses(
        (status = 200, description = "The platform's usage.", content((PlatformBody = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = 403, description = "The key is none of the platform's."),
        (status = 422, description = "A filter is wrong, or there are too many windows."),
    ),
)]
pub async fn get_platform_trends(
    State(services): State<Services>,
    Authed(caller): Authed,
    headers: HeaderMap,
    params: Params,
) -> Answer<Response> {
    let mut rest = params.plain();
    let format = rest.format(&headers);
    let query = query(&mut rest);
    rest.finish()?;
    let found = services.platform_trends(&caller, &query).await?;
    let name = format!("platform-usage-by-{}", query.by.id());
    Ok(match format {
        Format::Json => Json(body(found)).into_response(),
        rows => table(&found.trends).answer(&name, rows),
    })
}

fn query(rest: &mut Rest) -> PlatformQuery {
    PlatformQuery {
        period: ViewQuery {
            period: rest.take("period"),
            from: rest.take("from"),
            to: rest.take("to"),
            ..ViewQuery::default()
        },
        plans: rest.take_all("plan"),
        accounts: rest.take_all("account"),
        window: rest.parse("window").unwrap_or(Window::Day),
        by: rest.parse("by").unwrap_or_default(),
        compared: rest.parse("against").unwrap_or_default(),
    }
}

fn body(found: PlatformTrends) -> PlatformBody {
    let trends = found.trends;
    let starts = starts(&trends);
    let groups = trends.groups.into_iter().map(|group| PlatformGroup {
        key: group.key,
        name: group.name,
        points: series::points(&starts, group.points),
        previous: group.previous.into(),
    });
    PlatformBody {
        from: times::rfc3339_utc(trends.range.start),
        to: times::rfc3339_utc(trends.range.end),
        window: trends.window,
        totals: trends.total.into(),
        previous: Previous::new(
            trends.previous_range,
            trends.coverage,
            &trends.zone,
            trends.previous.into(),
        ),
        accounts: found.accounts,
        active_accounts: found.active.0,
        previous_active_accounts: found.active.1,
        run_outs: RunOutsBody {
            accounts: found.run_outs.accounts,
            previous: found.run_outs.before,
            by_week: found.run_outs.weeks.to_vec(),
        },
        adoption: found
            .adoption
            .into_iter()
            .map(|adoption| AdoptionBody {
                agent: adoption.agent,
                accounts: adoption.accounts,
            })
            .collect(),
        concentration: found
            .concentration
            .into_iter()
            .map(|part| ConcentrationBody {
                accounts: part.accounts,
                credits: part.credits,
            })
            .collect(),
        groups: groups.collect(),
        largest: found.largest.into_iter().map(change).collect(),
        movers: trends.movers.into_iter().map(change).collect(),
    }
}

fn starts(trends: &Trends) -> Vec<String> {
    let windows = trends.windows.iter();
    windows
        .map(|window| times::rfc3339_utc(window.start))
        .collect()
}

fn change(mover: Mover) -> AccountChange {
    AccountChange {
        account: mover.key,
        name: mover.name,
        now: mover.now.into(),
        previous: mover.before.into(),
    }
}

fn table(trends: &Trends) -> Table<'_> {
    let starts = starts(trends);
    let mut rows = Vec::new();
    for group in &trends.groups {
        for (start, totals) in starts.iter().zip(&group.points) {
            rows.push(vec![
                group.key.as_deref().map_or(Cell::None, Cell::text),
                Cell::text(&group.name),
                Cell::text(start.clone()),
                Cell::text(totals.credits.to_string()),
                Cell::Count(totals.events),
            ]);
        }
    }
    Table {
        head: &["key", "name", "start", "credits", "events"],
        rows,
    }
}

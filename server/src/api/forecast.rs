//! When credits will be used up.

use axum::{Json, extract::State};
use domain::{
    Credits, Time,
    calendar::Zone,
    forecast::{Band, RunsOut},
};
use serde::Serialize;
use service::{Permission, Services, forecast::BudgetEnd};
use utoipa::ToSchema;

use super::{auth::Authed, balance::CycleBody, problem::Answer, query::Params};

/// When credits will be used up. In one case of ten before `p10`, in half of them before `p50`, in nine of ten before
/// `p90`; null where they last to the end of the cycle.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunsOutAt)]
pub struct RunsOutBody {
    /// At the earliest, in one case of ten before.
    #[schema(required)]
    pub p10: Option<String>,
    /// In the middle.
    #[schema(required)]
    pub p50: Option<String>,
    /// At the latest, in one case of ten after.
    #[schema(required)]
    pub p90: Option<String>,
}

impl RunsOutBody {
    /// As the API tells it; none when credits last in nine cases of ten.
    pub fn new(out: RunsOut, zone: &Zone) -> Option<Self> {
        out.p10?;
        let at = |time: Option<Time>| time.map(|time| second(time, zone));
        Some(Self {
            p10: at(out.p10),
            p50: at(out.p50),
            p90: at(out.p90),
        })
    }
}

/// A forecast is not known to the microsecond.
fn second(time: Time, zone: &Zone) -> String {
    zone.rfc3339(time)
}

/// Credits that will have been used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProjectedUse)]
pub struct ProjectedUseBody {
    /// Less than this in one case of ten.
    #[schema(value_type = String, example = "61200")]
    pub p10: Credits,
    /// In the middle.
    #[schema(value_type = String, example = "64100")]
    pub p50: Credits,
    /// More than this in one case of ten.
    #[schema(value_type = String, example = "67400")]
    pub p90: Credits,
}

impl From<Band<Credits>> for ProjectedUseBody {
    fn from(band: Band<Credits>) -> Self {
        Self {
            p10: band.p10,
            p50: band.p50,
            p90: band.p90,
        }
    }
}

/// A company whose budget will be used up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetEnd)]
pub struct BudgetEndBody {
    /// Its key.
    #[schema(example = "acme")]
    pub company: String,
    /// Its name.
    #[schema(example = "Acme Dental")]
    pub name: String,
    /// When, in the middle of what may be.
    #[schema(example = "2026-11-27T15:00:00+01:00")]
    pub at: String,
}

impl BudgetEndBody {
    fn new(end: BudgetEnd, zone: &Zone) -> Self {
        Self {
            at: second(end.at, zone),
            company: end.company.key,
            name: end.company.name,
        }
    }
}

/// What will probably be of the running billing cycle.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Forecast)]
pub struct ForecastBody {
    /// The running billing cycle.
    pub cycle: CycleBody,
    /// `not_enough_data`, `used_up`, `runs_out` (more likely than not), `may_run_out` (less likely) or `lasts`.
    #[schema(value_type = String, example = "runs_out")]
    pub outlook: &'static str,
    /// How many whole days were learnt from, at most 56; null while they are less than seven.
    #[schema(required)]
    pub days: Option<u32>,
    /// What the cycle will have used at its end; null while not enough is known.
    #[schema(required)]
    pub cycle_use: Option<ProjectedUseBody>,
    /// When credits will be used up; null when they last, and while not enough is known.
    #[schema(required)]
    pub runs_out_at: Option<RunsOutBody>,
    /// The company whose budget will be used up next, those aside that are used up already; null when all last.
    #[schema(required)]
    pub first_company: Option<BudgetEndBody>,
}

/// Forecasts when the credits of the running billing cycle will be used up
///
/// Learnt from the hours and weekdays of the last eight weeks. Only for callers who see the whole account.
#[utoipa::path(
    get, path = "/api/v1/forecast", tag = "Usage", operation_id = "get_forecast",
    params(("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out.")),
    responses(
        (status = 200, description = "The forecast.", body = ForecastBody),
        (status = 403, description = "The key has no scope read."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn get_forecast(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<ForecastBody>> {
    let scope = params.scope(&services, &caller, Permission::Read).await?;
    let found = services.forecast(&scope).await?;
    let first = services.first_budget_end(&scope).await?;
    let (zone, outlook) = (&found.zone, found.outlook().id());
    let forecast = found.forecast.as_ref();
    Ok(Json(ForecastBody {
        cycle: CycleBody::new(found.cycle, zone),
        outlook,
        days: forecast.map(|forecast| forecast.days),
        cycle_use: forecast.map(|forecast| forecast.cycle_use.into()),
        runs_out_at: forecast.and_then(|forecast| RunsOutBody::new(forecast.runs_out_at, zone)),
        first_company: first.map(|end| BudgetEndBody::new(end, zone)),
    }))
}

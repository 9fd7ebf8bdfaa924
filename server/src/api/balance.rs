//! What is left of an account's credits.

use axum::{Json, extract::State};
use domain::{
    Credits, Time,
    calendar::{Cycle, Cycles, Zone},
    tenancy::Account,
};
use serde::Serialize;
use service::{Permission, Services};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    problem::{Answer, ProblemBody},
    query::Params,
    times,
};

/// A billing cycle.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cycle)]
pub struct CycleBody {
    /// Its first instant.
    #[schema(example = "2026-11-01T00:00:00+01:00")]
    pub start: String,
    /// The first instant after it: when the allocation is new again.
    pub end: String,
}

/// Credits that were given.
#[derive(Debug, Serialize, ToSchema)]
pub struct Grant {
    /// Its id, as receipts name it.
    #[schema(example = "plan-2026-11-01")]
    pub id: String,
    /// `plan`: the allocation of a billing cycle.
    #[schema(example = "plan")]
    pub kind: &'static str,
    /// Credits given.
    #[schema(value_type = String, example = "75000")]
    pub amount: Credits,
    /// What is left of them.
    #[schema(value_type = String, example = "20512.25")]
    pub remaining: Credits,
    /// From when on they pay.
    pub effective_at: String,
    /// When the rest is lost.
    pub expires_at: String,
}

/// What is left of an account's credits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Balance)]
pub struct BalanceBody {
    /// The running billing cycle.
    pub cycle: CycleBody,
    /// Credits of the cycle.
    #[schema(value_type = String, example = "75000")]
    pub allocation: Credits,
    /// Spent in the cycle, also past the allocation.
    #[schema(value_type = String, example = "54487.75")]
    pub used: Credits,
    /// Reserved by running calls.
    #[schema(value_type = String, example = "0")]
    pub held: Credits,
    /// Left; never below zero.
    #[schema(value_type = String, example = "20512.25")]
    pub remaining: Credits,
    /// Spent past the allocation.
    #[schema(value_type = String, example = "0")]
    pub overage: Credits,
    /// Where the credits come from.
    pub grants: Vec<Grant>,
    /// When they will probably be used up; null while there is no forecast.
    #[schema(required, value_type = Option<Object>)]
    pub runs_out_at: Option<()>,
}

/// Id of the plan's grant for a cycle.
fn grant_id(cycle: Cycle, zone: &Zone) -> String {
    format!("plan-{}", zone.at(cycle.range.start).strftime("%Y-%m-%d"))
}

/// Id of the plan's grant that pays for what happens at `time`.
pub fn plan_grant(account: &Account, time: Time) -> Answer<String> {
    let zone = times::zone(account, None)?;
    let cycle = Cycles::new(account.cycle_anchor, zone.clone()).at(time);
    Ok(grant_id(cycle, &zone))
}

/// Reads the balance of the running billing cycle
///
/// Only for callers who see the whole account.
#[utoipa::path(
    get, path = "/api/v1/balance", tag = "Usage", operation_id = "get_balance",
    params(("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out.")),
    responses(
        (status = 200, description = "The balance.", body = BalanceBody),
        (status = 401, description = "No or a wrong key.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key has no scope read.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such account.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub async fn get_balance(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<BalanceBody>> {
    let mut rest = params.plain();
    let account = rest.take("account");
    rest.finish()?;
    let scope = services
        .scope(&caller, account.as_deref(), Permission::Read)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    let found = services.balance(&scope).await?;
    let (start, end) = (found.cycle.range.start, found.cycle.range.end);
    let (start, end) = (times::rfc3339(start, &zone), times::rfc3339(end, &zone));
    let grant = Grant {
        id: grant_id(found.cycle, &zone),
        kind: "plan",
        amount: found.balance.allocation,
        remaining: found.balance.remaining(),
        effective_at: start.clone(),
        expires_at: end.clone(),
    };
    Ok(Json(BalanceBody {
        cycle: CycleBody { start, end },
        allocation: found.balance.allocation,
        used: found.balance.used,
        held: Credits::ZERO,
        remaining: found.balance.remaining(),
        overage: found.balance.overage(),
        grants: vec![grant],
        runs_out_at: None,
    }))
}

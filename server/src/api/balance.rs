//! What remains of an account's credits.

use axum::{Json, extract::State};
use domain::{
    Credits, TimeRange,
    calendar::Zone,
    ledger::{Grant, GrantKind},
};
use serde::Serialize;
use service::{Permission, Services};
use utoipa::ToSchema;

use super::{auth::Authed, forecast::RunsOutBody, problem::Answer, query::Params, times};

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

impl CycleBody {
    /// A cycle as the API tells it.
    pub fn new(cycle: TimeRange, zone: &Zone) -> Self {
        Self {
            start: times::rfc3339(cycle.start, zone),
            end: times::rfc3339(cycle.end, zone),
        }
    }
}

/// Credits that were granted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Grant)]
pub struct GrantBody {
    /// Its id, as receipts name it.
    #[schema(example = "plan-3")]
    pub id: String,
    /// `plan`, `rollover`, `promotion`, `pack`, `adjustment` or `refund`.
    #[schema(value_type = String, example = "plan")]
    pub kind: GrantKind,
    /// What people call it.
    #[schema(example = "Growth plan")]
    pub name: String,
    /// Credits granted.
    #[schema(value_type = String, example = "75000")]
    pub amount: Credits,
    /// What remains of them.
    #[schema(value_type = String, example = "20512.25")]
    pub remaining: Credits,
    /// From when on they pay.
    pub effective_at: String,
    /// When the rest is lost.
    pub expires_at: String,
    /// The payment or the reason, as the giver put it.
    #[schema(required)]
    pub reference: Option<String>,
}

impl GrantBody {
    /// A grant as the API tells it.
    pub fn new(grant: Grant, zone: &Zone) -> Self {
        Self {
            id: grant.id(),
            kind: grant.kind,
            remaining: grant.remaining(),
            amount: grant.amount,
            effective_at: times::rfc3339(grant.active.start, zone),
            expires_at: times::rfc3339(grant.active.end, zone),
            name: grant.name,
            reference: grant.reference,
        }
    }
}

/// What remains of an account's credits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Balance)]
pub struct BalanceBody {
    /// The running billing cycle.
    pub cycle: CycleBody,
    /// Credits of the cycle: the plan's and what was added. `allocation + overage = used + remaining + expired`.
    #[schema(value_type = String, example = "75000")]
    pub allocation: Credits,
    /// Used in the cycle, overage included.
    #[schema(value_type = String, example = "54487.75")]
    pub used: Credits,
    /// Reserved by running calls.
    #[schema(value_type = String, example = "0")]
    pub held: Credits,
    /// What remains, the reserved part included; never below zero.
    #[schema(value_type = String, example = "20512.25")]
    pub remaining: Credits,
    /// Used past all grants and not settled since.
    #[schema(value_type = String, example = "0")]
    pub overage: Credits,
    /// What remained of grants that expired in the cycle.
    #[schema(value_type = String, example = "0")]
    pub expired: Credits,
    /// Where the credits come from, in the order they are spent.
    pub grants: Vec<GrantBody>,
    /// When they will probably be used up; null when they last the cycle, and while not enough is known to say.
    #[schema(required)]
    pub runs_out_at: Option<RunsOutBody>,
}

/// Reads the balance of the running billing cycle
///
/// Only for callers who see the whole account.
#[utoipa::path(
    get, path = "/api/v1/balance", tag = "Usage", operation_id = "get_balance",
    params(("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out.")),
    responses(
        (status = 200, description = "The balance.", body = BalanceBody),
        (status = 403, description = "The key has no scope read."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn get_balance(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<BalanceBody>> {
    let scope = params.scope(&services, &caller, Permission::Read).await?;
    let zone = times::zone(scope.account(), None)?;
    let found = services.balance(&scope).await?;
    let forecast = services.forecast(&scope).await?.forecast;
    let balance = found.balance;
    Ok(Json(BalanceBody {
        cycle: CycleBody::new(found.cycle, &zone),
        allocation: balance.allocation,
        used: balance.used,
        held: balance.held,
        remaining: balance.remaining,
        overage: balance.overage,
        expired: balance.expired,
        grants: found
            .grants
            .into_iter()
            .map(|grant| GrantBody::new(grant, &zone))
            .collect(),
        runs_out_at: forecast.and_then(|forecast| RunsOutBody::new(forecast.runs_out_at, &zone)),
    }))
}

//! Plans: what accounts pay for.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use domain::{Credits, tenancy::Plan};
use serde::{Deserialize, Serialize};
use service::Services;
use utoipa::ToSchema;

use super::{
    auth::Authed,
    body::JsonBody,
    list::{ListParams, Page, Paging},
    problem::Answer,
    query::Params,
    times,
    version::{Precondition, read_answer, versioned_put},
};

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plan)]
pub struct PlanBody {
    /// Its key; unique.
    #[schema(example = "growth")]
    pub key: String,
    /// Display name.
    #[schema(example = "Growth")]
    pub name: String,
    /// Credits of one billing cycle.
    #[schema(value_type = String, example = "75000")]
    pub monthly_credits: Credits,
    /// Price of a cycle.
    #[schema(required, value_type = Option<String>, example = "499")]
    pub price: Option<Credits>,
    /// ISO 4217 code of the price.
    #[schema(required, example = "EUR")]
    pub currency: Option<String>,
    /// Most unused credits of a cycle that are carried into the next; null for none.
    #[schema(required, value_type = Option<String>, example = "5000")]
    pub rollover: Option<Credits>,
}

/// A plan with the terms that are in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanInForce {
    /// The plan.
    #[serde(flatten)]
    pub plan: PlanBody,
    /// Since when the terms are in force. A billing cycle has those in force at its start, or at the account's move to the
    /// plan when that was later.
    #[schema(example = "2026-11-01T00:00:00Z")]
    pub effective_at: String,
}

/// A plan to create or replace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PutPlan)]
pub struct PutPlanBody {
    /// Display name, 1 to 120 characters.
    #[schema(example = "Growth")]
    name: String,
    /// Credits of one billing cycle: a number or a decimal string. From 0 to 1000000000.
    #[schema(value_type = String, example = "75000")]
    monthly_credits: Credits,
    /// Price of a cycle, a number or a decimal string; goes with `currency`. From 0 to 1000000000.
    #[schema(value_type = Option<String>, example = "499")]
    price: Option<Credits>,
    /// ISO 4217 code of the price.
    #[schema(example = "EUR")]
    currency: Option<String>,
    /// Most unused credits of a cycle that are carried into the next; none when left out. From 0 to 1000000000.
    #[schema(value_type = Option<String>, example = "5000")]
    rollover: Option<Credits>,
}

impl From<Plan> for PlanBody {
    fn from(plan: Plan) -> Self {
        Self {
            key: plan.key,
            name: plan.name,
            monthly_credits: plan.monthly_credits,
            price: plan.price.and_then(|price| price.parse().ok()),
            currency: plan.currency,
            rollover: plan.rollover,
        }
    }
}

impl PutPlanBody {
    fn read(self, key: String) -> Plan {
        Plan {
            key,
            name: self.name,
            monthly_credits: self.monthly_credits,
            price: self.price.map(|price| price.to_string()),
            currency: self.currency,
            rollover: self.rollover,
        }
    }
}

/// Lists plans by key
#[utoipa::path(
    get, path = "/api/v1/plans", tag = "Plans", operation_id = "list_plans", params(ListParams),
    responses(
        (status = 200, description = "The plans.", body = Page<PlanBody>),
    ),
)]
pub async fn list_plans(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<Page<PlanBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<String>("plans".to_owned())?;
    let plans = services
        .plans(&caller, page.after.as_deref(), page.to_read())
        .await?;
    Ok(Json(page.page(
        plans,
        |plan| plan.key.clone(),
        PlanBody::from,
    )))
}

/// Reads a plan
#[utoipa::path(
    get, path = "/api/v1/plans/{key}", tag = "Plans", operation_id = "get_plan",
    params(("key" = String, Path, description = "The plan's key.")),
    responses(
        (status = 200, description = "The plan.", body = PlanInForce, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 404, description = "No such plan."),
    ),
)]
pub async fn get_plan(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(key): Path<String>,
    params: Params,
) -> Answer<Response> {
    params.none()?;
    let (plan, since) = services.plan_in_force(&caller, &key).await?;
    Ok(read_answer(plan, |plan| PlanInForce {
        plan: plan.into(),
        effective_at: times::rfc3339_utc(since),
    }))
}

/// Creates or replaces a plan
///
/// Other terms than before are in force from now on: billing cycles that have begun keep theirs, the next ones have the new
/// ones, for every account of the plan. An account that moves to the plan has them at once.
#[utoipa::path(
    put, path = "/api/v1/plans/{key}", tag = "Plans", operation_id = "put_plan",
    params(
        ("key" = String, Path, description = "The plan's key: 1 to 64 of a-z A-Z 0-9 _ - ."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
        ("If-Match" = Option<String>, Header, description = "Replaces only the version with this `ETag`; `*` replaces any and creates nothing."),
        ("If-None-Match" = Option<String>, Header, description = "`*` creates and replaces nothing."),
    ),
    request_body = PutPlanBody,
    responses(
        (status = 201, description = "Created.", body = PlanBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 200, description = "Replaced.", body = PlanBody, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 403, description = "The key has no scope platform."),
    ),
)]
pub async fn put_plan(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(key): Path<String>,
    Precondition(expected): Precondition,
    params: Params,
    JsonBody(plan): JsonBody<PutPlanBody>,
) -> Answer<Response> {
    params.none()?;
    let put = services.put_plan_if(&caller, plan.read(key), &expected);
    Ok(versioned_put(put.await?, PlanBody::from))
}

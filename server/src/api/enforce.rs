//! Permission to spend: checks, and holds for running calls.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use domain::{
    Agent, Credits,
    calendar::Zone,
    ledger::{Decision, HoldState, Limit, LimitKind, Reason, Remedy, Renewal},
};
use serde::{Deserialize, Serialize};
use service::{
    Permission, Scope, Services,
    enforce::{BeginHold, EndHold, HeldBy},
};
use utoipa::ToSchema;

use super::{auth::Authed, body::JsonBody, problem::Answer, query::Params, times};

/// A question: may this agent spend?
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostCheck {
    /// Key of the company.
    #[schema(example = "acme-dental")]
    company: String,
    /// Which agent.
    #[schema(value_type = String, example = "voice_inbound")]
    agent: Agent,
    /// How much; any amount when left out. From 0 to 1000000000.
    #[schema(value_type = Option<String>, example = "3.75")]
    credits: Option<Credits>,
}

/// The answer to a check.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    /// Whether the agent may spend.
    pub allowed: bool,
    /// `ok`, `out_of_credits`, `company_budget_reached`, `agent_cap_reached` or `account_suspended`.
    #[schema(value_type = String, example = "ok")]
    pub reason: Reason,
    /// What the tightest limit still lets through; null when any amount may be spent.
    #[schema(required, value_type = Option<String>, example = "812.5")]
    pub remaining: Option<Credits>,
    /// Whether any amount may be spent: the account may go past its credits without end, and no budget or cap holds.
    #[schema(example = false)]
    pub unlimited: bool,
    /// The limit that denied it; null when it is allowed.
    #[schema(required)]
    pub limit: Option<LimitBody>,
    /// When the billing cycle ends.
    pub resets_at: String,
    /// What would help: `buy_pack`, `raise_budget` or `wait`; null when it is allowed.
    #[schema(required, value_type = Option<String>)]
    pub remedy: Option<Remedy>,
}

/// A limit.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Limit)]
pub struct LimitBody {
    /// `account`, `company_budget` or `agent_cap`.
    #[schema(value_type = String, example = "account")]
    pub kind: LimitKind,
    /// How much it allows in the billing cycle.
    #[schema(value_type = String, example = "75000")]
    pub amount: Credits,
    /// How much of it is used and reserved.
    #[schema(value_type = String, example = "75000")]
    pub used: Credits,
    /// What it still lets through; null when that has no end.
    #[schema(required, value_type = Option<String>, example = "0")]
    pub remaining: Option<Credits>,
}

impl From<Limit> for LimitBody {
    fn from(limit: Limit) -> Self {
        Self {
            kind: limit.kind,
            amount: limit.amount,
            used: limit.used,
            remaining: limit.remaining,
        }
    }
}

impl Check {
    fn new(decision: &Decision, resets_at: String) -> Self {
        Self {
            allowed: decision.is_allowed(),
            reason: decision.reason,
            remaining: decision.remaining,
            unlimited: decision.is_unlimited(),
            limit: decision.limit.map(LimitBody::from),
            resets_at,
            remedy: decision.remedy,
        }
    }
}

/// A hold to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostHold {
    /// Unique in the account for ever; made up when left out. With it a retried request begins one hold.
    #[schema(example = "call_81f")]
    id: Option<String>,
    /// Key of the company.
    #[schema(example = "acme-dental")]
    company: String,
    /// Which agent.
    #[schema(value_type = String, example = "voice_inbound")]
    agent: Agent,
    /// On what.
    #[schema(example = "voice_call")]
    activity: String,
    /// What to reserve. More than 0, at most 1000000000.
    #[schema(value_type = String, example = "10")]
    credits: Credits,
    /// Ends by itself so many seconds from now unless renewed; at most a day.
    #[schema(example = 120)]
    expires_in_s: u32,
}

/// A change to a running hold; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchHold {
    /// What was used so far; never less than before. From 0 to 1000000000.
    #[schema(value_type = Option<String>, example = "3.5")]
    used: Option<Credits>,
    /// What to reserve from now on. From 0 to 1000000000.
    #[schema(value_type = Option<String>, example = "15")]
    credits: Option<Credits>,
    /// Ends by itself so many seconds from now.
    #[schema(example = 120)]
    expires_in_s: Option<u32>,
}

/// The end of a hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostSettle {
    /// What it cost. From 0 to 1000000000.
    #[schema(value_type = String, example = "3.75")]
    credits: Credits,
    /// Your own reference.
    #[schema(example = "call_81f")]
    reference: Option<String>,
    /// Whatever else the receipt should show.
    #[schema(value_type = Option<Object>)]
    metadata: Option<domain::Json>,
}

/// Credits that a running call reserves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hold)]
pub struct HoldBody {
    /// Its id.
    #[schema(example = "call_81f")]
    pub id: String,
    /// `active`, `settled`, `released` or `expired`.
    #[schema(value_type = String, example = "active")]
    pub state: HoldState,
    /// Key of the company.
    #[schema(example = "acme-dental")]
    pub company: String,
    /// Which agent.
    #[schema(value_type = String, example = "voice_inbound")]
    pub agent: Agent,
    /// On what.
    pub activity: String,
    /// What it reserves.
    #[schema(value_type = String, example = "10")]
    pub credits: Credits,
    /// What was used so far.
    #[schema(value_type = String, example = "3.5")]
    pub used: Credits,
    /// When it began.
    pub created_at: String,
    /// When it ends by itself.
    pub expires_at: String,
    /// The event it became; null while it runs, and when it cost nothing.
    #[schema(required)]
    pub event: Option<HoldEvent>,
}

/// The event that a hold became.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldEvent {
    /// Its source.
    #[schema(example = "creditscope:holds")]
    pub source: &'static str,
    /// Its id: the hold's.
    pub id: String,
    /// What it cost.
    #[schema(value_type = String, example = "3.75")]
    pub credits: Credits,
}

impl HoldBody {
    fn new(held: HeldBy, zone: &Zone) -> Self {
        let HeldBy { hold, company } = held;
        let cost = hold.settled.filter(|cost| *cost > Credits::ZERO);
        Self {
            event: cost.map(|credits| HoldEvent {
                source: service::desk::HOLDS_SOURCE,
                id: hold.id.clone(),
                credits,
            }),
            id: hold.id,
            state: hold.state,
            company: company.key,
            agent: hold.agent,
            activity: hold.activity,
            credits: hold.credits,
            used: hold.used,
            created_at: times::rfc3339(hold.created_at, zone),
            expires_at: times::rfc3339(hold.expires_at, zone),
        }
    }
}

async fn scope_of(
    services: &Services,
    caller: &service::Caller,
    params: Params,
) -> Answer<(Scope, Zone)> {
    let scope = params.scope(services, caller, Permission::Check).await?;
    let zone = times::zone(scope.account(), None)?;
    Ok((scope, zone))
}

/// Asks whether an agent may spend
///
/// The tightest of the account's balance, the company's budget and the agent's cap decides. A denial names it, and what
/// would help.
#[utoipa::path(
    post, path = "/api/v1/check", tag = "Enforcement", operation_id = "post_check",
    params(("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out.")),
    request_body = PostCheck,
    responses(
        (status = 200, description = "The answer, also when it is no.", body = Check),
        (status = 403, description = "The key has no scope check."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn post_check(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
    JsonBody(body): JsonBody<PostCheck>,
) -> Answer<Json<Check>> {
    let (scope, zone) = scope_of(&services, &caller, params).await?;
    let checked = services
        .check(&scope, &body.company, body.agent, body.credits)
        .await?;
    let resets_at = times::rfc3339(checked.resets_at, &zone);
    Ok(Json(Check::new(&checked.decision, resets_at)))
}

/// Reserves credits for a running call
///
/// Checks and reserves in one step: calls that begin at once never reserve more than there is.
#[utoipa::path(
    post, path = "/api/v1/holds", tag = "Enforcement", operation_id = "post_hold",
    params(("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out.")),
    request_body = PostHold,
    responses(
        (status = 201, description = "Reserved.", body = HoldBody),
        (status = 402, description = "A limit does not allow it; says which, as a check does."),
        (status = 403, description = "The key has no scope check."),
        (status = 409, description = "Another request began a hold of this id."),
    ),
)]
pub async fn post_hold(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
    JsonBody(body): JsonBody<PostHold>,
) -> Answer<Response> {
    let (scope, zone) = scope_of(&services, &caller, params).await?;
    let begin = BeginHold {
        id: body.id,
        company: body.company,
        agent: body.agent,
        activity: body.activity,
        credits: body.credits,
        expires_in_s: body.expires_in_s,
    };
    let held = services.begin_hold(&scope, begin).await?;
    Ok((StatusCode::CREATED, Json(HoldBody::new(held, &zone))).into_response())
}

/// Reads a hold
#[utoipa::path(
    get, path = "/api/v1/holds/{id}", tag = "Enforcement", operation_id = "get_hold",
    params(
        ("id" = String, Path, description = "The hold's id; percent-encoded."),
        ("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out."),
    ),
    responses(
        (status = 200, description = "The hold.", body = HoldBody),
        (status = 404, description = "No such hold, or someone else's."),
    ),
)]
pub async fn get_hold(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(id): Path<String>,
    params: Params,
) -> Answer<Json<HoldBody>> {
    let (scope, zone) = scope_of(&services, &caller, params).await?;
    let held = services.hold(&scope, &id).await?;
    Ok(Json(HoldBody::new(held, &zone)))
}

/// Renews a hold
///
/// Reports what was used so far, changes what is reserved, and puts off its end. When it is not renewed in time, what was
/// reported last is booked.
#[utoipa::path(
    patch, path = "/api/v1/holds/{id}", tag = "Enforcement", operation_id = "patch_hold",
    params(
        ("id" = String, Path, description = "The hold's id; percent-encoded."),
        ("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out."),
    ),
    request_body = PatchHold,
    responses(
        (status = 200, description = "The hold.", body = HoldBody),
        (status = 402, description = "A limit does not allow more; nothing was changed."),
        (status = 403, description = "The key has no scope check."),
        (status = 404, description = "No such hold, or someone else's."),
        (status = 409, description = "It has ended."),
    ),
)]
pub async fn patch_hold(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(id): Path<String>,
    params: Params,
    JsonBody(body): JsonBody<PatchHold>,
) -> Answer<Json<HoldBody>> {
    let (scope, zone) = scope_of(&services, &caller, params).await?;
    let renewal = Renewal {
        used: body.used,
        credits: body.credits,
        expires_in_s: body.expires_in_s,
    };
    let held = services.renew_hold(&scope, &id, renewal).await?;
    Ok(Json(HoldBody::new(held, &zone)))
}

/// Settles a hold
///
/// Ends it at its real cost, which becomes an event with the hold's id, also when it is more than was reserved. The same
/// again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/holds/{id}/settle", tag = "Enforcement", operation_id = "settle_hold",
    params(
        ("id" = String, Path, description = "The hold's id; percent-encoded."),
        ("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out."),
    ),
    request_body = PostSettle,
    responses(
        (status = 200, description = "The hold, with its event.", body = HoldBody),
        (status = 403, description = "The key has no scope check."),
        (status = 404, description = "No such hold, or someone else's."),
        (status = 409, description = "It has ended otherwise."),
    ),
)]
pub async fn settle_hold(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(id): Path<String>,
    params: Params,
    JsonBody(body): JsonBody<PostSettle>,
) -> Answer<Json<HoldBody>> {
    let (scope, zone) = scope_of(&services, &caller, params).await?;
    let end = EndHold {
        credits: body.credits,
        reference: body.reference,
        metadata: body.metadata,
    };
    let held = services.settle_hold(&scope, &id, end).await?;
    Ok(Json(HoldBody::new(held, &zone)))
}

/// Releases a hold
///
/// Gives it up. What it had reported as used is booked; with nothing reported it costs nothing.
#[utoipa::path(
    delete, path = "/api/v1/holds/{id}", tag = "Enforcement", operation_id = "delete_hold",
    params(
        ("id" = String, Path, description = "The hold's id; percent-encoded."),
        ("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out."),
    ),
    responses(
        (status = 200, description = "The hold as it ended.", body = HoldBody),
        (status = 403, description = "The key has no scope check."),
        (status = 404, description = "No such hold, or someone else's."),
        (status = 409, description = "It has ended."),
    ),
)]
pub async fn delete_hold(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(id): Path<String>,
    params: Params,
) -> Answer<Json<HoldBody>> {
    let (scope, zone) = scope_of(&services, &caller, params).await?;
    let held = services.release_hold(&scope, &id).await?;
    Ok(Json(HoldBody::new(held, &zone)))
}

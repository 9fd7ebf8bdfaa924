//! Requests to refund what events cost, and the platform's decisions.

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{
    Credits,
    calendar::Zone,
    ledger::{Dispute, DisputeState, Support, Verdict},
};
use serde::{Deserialize, Serialize};
use service::{Permission, Scope, Services};
use utoipa::ToSchema;

use super::{auth::Authed, body::JsonBody, problem::Answer, query::Params, times};

/// A request to refund what an event cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dispute)]
pub struct DisputeBody {
    /// Its id.
    pub id: String,
    /// The event's source.
    pub source: String,
    /// The event's id.
    pub event: String,
    /// How much is asked for; null for all.
    #[schema(required, value_type = Option<String>)]
    pub credits: Option<Credits>,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub asked_by: String,
    /// When it was asked.
    pub asked_at: String,
    /// What the agency says of its client's request; null for callers who see some companies only.
    #[schema(required)]
    pub support: Option<SupportBody>,
    /// `open`, `accepted` (approved) or `refused` (declined).
    #[schema(value_type = String, example = "open")]
    pub state: DisputeState,
    /// How much was refunded.
    #[schema(required, value_type = Option<String>, example = json!(null))]
    pub refunded_credits: Option<Credits>,
    /// Why it was decided so.
    #[schema(required, example = json!(null))]
    pub decision_reason: Option<String>,
    /// Who decided; `system` when the account's policy let it be approved at once.
    #[schema(required)]
    pub decided_by: Option<String>,
    /// When it was decided.
    #[schema(required)]
    pub decided_at: Option<String>,
}

/// What an agency says of its client's request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DisputeSupport)]
pub struct SupportBody {
    /// Whether it supports the request.
    pub supports: bool,
    /// What else it says.
    #[schema(required)]
    pub note: Option<String>,
    /// Who says so.
    pub by: String,
    /// When.
    pub at: String,
}

/// A decision on a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostDecision {
    /// `approve` or `decline`.
    #[schema(example = "approve")]
    decision: String,
    /// Goes with `approve`: how much to refund; what is asked for, as far as it is left of the event's cost, when left out.
    /// More than 0, at most what is left of the cost.
    #[schema(value_type = Option<String>, example = "1.25")]
    credits: Option<Credits>,
    /// Why, in 1 to 500 characters; who asked can read it. May be left out with `approve`.
    #[schema(example = "the recording has only the mailbox")]
    reason: Option<String>,
}

impl DisputeBody {
    /// A request as a caller may see it.
    pub fn new(dispute: Dispute, scope: &Scope, zone: &Zone) -> Self {
        let support = dispute.support.filter(|_| scope.sees_all());
        Self {
            id: dispute.id,
            source: dispute.source,
            event: dispute.event,
            credits: dispute.credits,
            reason: dispute.reason,
            asked_by: dispute.actor,
            asked_at: times::rfc3339(dispute.created_at, zone),
            support: support.map(|support| SupportBody::new(support, zone)),
            state: dispute.state,
            refunded_credits: dispute.refunded,
            decision_reason: dispute.decision_reason,
            decided_by: dispute.decided_by,
            decided_at: dispute.decided_at.map(|time| times::rfc3339(time, zone)),
        }
    }
}

impl SupportBody {
    fn new(support: Support, zone: &Zone) -> Self {
        Self {
            supports: support.supports,
            note: support.note,
            by: support.actor,
            at: times::rfc3339(support.at, zone),
        }
    }
}

/// A decision by its name and amount, as requests give it.
///
/// # Errors
/// What is wrong, and with which field.
pub fn verdict(decision: &str, credits: Option<Credits>) -> Result<Verdict, domain::Invalid> {
    match decision {
        "approve" => Ok(Verdict::Approve { credits }),
        "decline" if credits.is_some() => Err(domain::Invalid::one(
            "credits",
            "invalid",
            "goes with approve: nothing is refunded when a request is declined".to_owned(),
        )),
        "decline" => Ok(Verdict::Decline),
        _ => Err(domain::Invalid::one(
            "decision",
            "invalid",
            "must be approve or decline".to_owned(),
        )),
    }
}

/// Decides a request for a refund
///
/// Approving refunds in the same transaction, never more than is asked for and left of the event's cost. The same decision
/// said again changes nothing; another one is refused. Nobody decides a request of their own.
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/disputes/{id}/decision", tag = "Ledger", operation_id = "post_dispute_decision",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("id" = String, Path, description = "The request's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    request_body = PostDecision,
    responses(
        (status = 200, description = "The request as it is now.", body = DisputeBody),
        (status = 403, description = "The key has no scope platform, or it requested the refund itself."),
        (status = 404, description = "No such account or request."),
        (status = 409, description = "It was decided otherwise before, or nothing of the event's cost is left."),
    ),
)]
pub async fn post_dispute_decision(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, dispute)): Path<(String, String)>,
    params: Params,
    JsonBody(body): JsonBody<PostDecision>,
) -> Answer<Json<DisputeBody>> {
    params.none()?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Provision)
        .await?;
    let verdict = verdict(&body.decision, body.credits).map_err(service::ServiceError::from)?;
    let reason = body.reason.as_deref();
    let decided = services
        .decide_dispute(&caller, &account, &dispute, verdict, reason)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    Ok(Json(DisputeBody::new(decided, &scope, &zone)))
}

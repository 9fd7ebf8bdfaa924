//! Corrections, reversals, and the ledger they are written to.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use domain::{
    Credits,
    calendar::Zone,
    ledger::{EntryKind, Grant, Payer},
};
use serde::{Deserialize, Serialize};
use service::{
    Permission, Services,
    ledger::Adjusted,
    ports::{NumberedEntry, ReturnedTo},
};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    balance::GrantBody,
    body::JsonBody,
    list::{ListParams, Page, Paging, Sorted},
    problem::Answer,
    query::Params,
    times,
};

/// An adjustment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostAdjustment {
    /// Credits to grant, or to deduct when negative. Not 0, from -1000000000 to 1000000000.
    #[schema(value_type = String, example = "-12.5")]
    credits: Credits,
    /// Why, in 1 to 500 characters.
    #[schema(example = "usage of 3 October, reported late")]
    reason: String,
}

/// An adjustment that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Adjustment {
    /// The credits, as asked.
    #[schema(value_type = String, example = "-12.5")]
    pub credits: Credits,
    /// Why.
    pub reason: String,
    /// The grant it became, when credits were granted.
    #[schema(required)]
    pub grant: Option<GrantBody>,
}

/// What is to be refunded of an event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostReversal {
    /// Why, in 1 to 500 characters.
    #[schema(example = "call was cut")]
    reason: String,
    /// How much; all that remains of the event's cost when left out. More than 0, at most what is left of the cost.
    #[schema(value_type = Option<String>, example = "1.25")]
    credits: Option<Credits>,
}

/// What was refunded of an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReversalBody {
    /// Its id.
    pub id: String,
    /// How much now.
    #[schema(value_type = String, example = "1.25")]
    pub credits: Credits,
    /// How much of the event in all.
    #[schema(value_type = String, example = "1.25")]
    pub reversed_credits: Credits,
    /// Why.
    pub reason: String,
    /// Where it went; together as much as was refunded now.
    pub returned_to: Vec<ReturnedToBody>,
}

/// Where a part of a refund went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReturnedTo)]
pub struct ReturnedToBody {
    /// Number of the grant that has it; null when it lowered the overage.
    #[schema(required)]
    pub grant_number: Option<i64>,
    /// The grant's id, as receipts name it: `refund-9` when the grant that had paid has ended, `rollover-9` when it is carried
    /// over; `overage` when it lowered the overage.
    #[schema(example = "refund-9")]
    pub id: String,
    /// How much.
    #[schema(value_type = String, example = "1.25")]
    pub credits: Credits,
    /// Until when it can be spent; null when it lowered the overage.
    #[schema(required, example = "2026-12-01T00:00:00+01:00")]
    pub expires_at: Option<String>,
}

impl ReturnedToBody {
    /// Where it went, as the API tells it.
    pub fn new(to: &ReturnedTo, zone: &Zone) -> Self {
        Self {
            grant_number: match to.payer {
                Payer::Grant(number) => Some(number.0),
                Payer::Overage => None,
            },
            id: to.id(),
            credits: to.credits,
            expires_at: to.expires_at.map(|until| times::rfc3339(until, zone)),
        }
    }
}

/// A line of the ledger besides usage itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerEntry)]
pub struct EntryBody {
    /// Its number in the account, from 1.
    pub number: i64,
    /// When it was written.
    pub at: String,
    /// `granted`, `covered`, `corrected`, `returned` or `carried_over`.
    #[schema(value_type = String, example = "granted")]
    pub kind: EntryKind,
    /// Number of the grant whose credits moved; null for overage.
    #[schema(required)]
    pub grant_number: Option<i64>,
    /// Credits into the grant when positive, out of it when negative.
    #[schema(value_type = String, example = "5000")]
    pub credits: Credits,
    /// The balance afterwards; below zero with overage.
    #[schema(value_type = String, example = "18760")]
    pub balance_after: Credits,
    /// Why.
    #[schema(required)]
    pub reason: Option<String>,
    /// Who.
    pub actor: String,
}

impl EntryBody {
    fn new(line: NumberedEntry, zone: &Zone) -> Self {
        Self {
            number: line.number,
            at: times::rfc3339(line.at, zone),
            kind: line.entry.kind,
            grant_number: match line.entry.payer {
                Payer::Grant(number) => Some(number.0),
                Payer::Overage => None,
            },
            credits: line.entry.credits,
            balance_after: line.entry.balance_after,
            reason: line.entry.reason,
            actor: line.entry.actor,
        }
    }
}

/// Adjusts an account's credits
///
/// For usage that came too late to be an event, and for goodwill.
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/adjustments", tag = "Ledger", operation_id = "post_adjustment",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request. Without it a retried request adjusts twice."),
    ),
    request_body = PostAdjustment,
    responses(
        (status = 201, description = "Adjusted.", body = Adjustment),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn post_adjustment(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
    JsonBody(body): JsonBody<PostAdjustment>,
) -> Answer<Response> {
    params.none()?;
    let adjusted = services
        .adjust(&caller, &account, body.credits, &body.reason)
        .await?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Read)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    let adjustment = Adjustment {
        credits: body.credits,
        reason: body.reason,
        grant: match adjusted {
            Adjusted::Given(grant) => Some(GrantBody::new(grant, &zone)),
            Adjusted::Taken(_) => None,
        },
    };
    Ok((StatusCode::CREATED, Json(adjustment)).into_response())
}

/// Refunds what an event cost, or a part of it
///
/// The credits return to the grants that paid, in reverse order; log, cards, series and balance follow at once. What a grant
/// paid that has ended since comes back as a grant of its own that lasts as long as the running billing cycle, or is carried
/// over when its cycle ended less than 72 hours ago and its plan carries credits over; `returned_to` says where each credit
/// went. Never more than the event cost.
#[utoipa::path(
    post, path = "/api/v1/events/{source}/{id}/reversal", tag = "Events", operation_id = "post_reversal",
    params(
        ("source" = String, Path, description = "Who reported the event; percent-encoded."),
        ("id" = String, Path, description = "Its id in that source; percent-encoded."),
        ("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request. Without it a retried partial reversal refunds twice."),
    ),
    request_body = PostReversal,
    responses(
        (status = 201, description = "Refunded.", body = ReversalBody),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such event, or someone else's."),
        (status = 409, description = "Nothing of the event's cost is left."),
    ),
)]
pub async fn post_reversal(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((source, id)): Path<(String, String)>,
    params: Params,
    JsonBody(body): JsonBody<PostReversal>,
) -> Answer<Response> {
    // Whoever pays for an account must not give its credits back to it.
    let scope = params
        .scope(&services, &caller, Permission::Provision)
        .await?;
    let reversed = services
        .reverse(&scope, &source, &id, body.credits, &body.reason)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    let answer = ReversalBody {
        id: reversed.id,
        credits: reversed.credits,
        reversed_credits: reversed.total,
        reason: body.reason,
        returned_to: reversed
            .returned_to
            .iter()
            .map(|to| ReturnedToBody::new(to, &zone))
            .collect(),
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Lists an account's grants, newest first
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/grants", tag = "Ledger", operation_id = "list_grants",
    params(("key" = String, Path, description = "The account's key."), ListParams),
    responses(
        (status = 200, description = "The grants.", body = Page<GrantBody>),
        (status = 404, description = "No such account, or someone else's."),
    ),
)]
pub async fn list_grants(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
) -> Answer<Json<Page<GrantBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<i64>(format!("grants:{account}"))?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Read)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    let grants = services.grants(&scope).await?;
    let place = |grant: &Grant| grant.number.0;
    Ok(Json(page.page_of_all(
        grants,
        Sorted::Down,
        place,
        |grant| GrantBody::new(grant, &zone),
    )))
}

/// Lists the ledger besides usage, newest first
///
/// Every movement of credits that is no event: grants, overage settled, adjustments, reversals and rollovers.
/// Events say by themselves who paid them.
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/ledger", tag = "Ledger", operation_id = "list_ledger",
    params(("key" = String, Path, description = "The account's key."), ListParams),
    responses(
        (status = 200, description = "The entries.", body = Page<EntryBody>),
        (status = 404, description = "No such account, or someone else's."),
    ),
)]
pub async fn list_ledger(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
) -> Answer<Json<Page<EntryBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<i64>(format!("ledger:{account}"))?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Read)
        .await?;
    let zone = times::zone(scope.account(), None)?;
    let lines = services
        .ledger_entries(&scope, page.after, page.to_read())
        .await?;
    let place = |line: &NumberedEntry| line.number;
    Ok(Json(
        page.page(lines, place, |line| EntryBody::new(line, &zone)),
    ))
}

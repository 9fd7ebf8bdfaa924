//! Rate cards: what metered quantities cost.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use domain::{
    calendar::Zone,
    rate::{RateCard, RateRule},
};
use serde::{Deserialize, Serialize};
use service::{Services, ports::Versioned};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    body::JsonBody,
    list::{ListParams, Page, Paging, Sorted},
    openapi::RateRuleSchema,
    problem::Answer,
    query::Params,
    times,
    version::{Precondition, latest_of, versioned_put},
};

/// A version of the rate card of an event type.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RateCard)]
pub struct RateCardBody {
    /// The event type it prices.
    #[serde(rename = "type")]
    #[schema(example = "creditscope.usage")]
    pub kind: String,
    /// 1, 2, 3 … in the order they were stored.
    pub version: u32,
    /// It prices events from this time on, until a later version does.
    #[schema(example = "2026-01-01T00:00:00Z")]
    pub effective_at: String,
    /// The first rule that matches an event prices it.
    #[schema(value_type = Vec<RateRuleSchema>)]
    pub rules: Vec<RateRule>,
}

/// Versions of the rate card of an event type.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RateCardVersions)]
pub struct VersionsBody {
    /// The event type it prices.
    #[serde(rename = "type")]
    #[schema(example = "creditscope.usage")]
    pub kind: String,
    /// Newest first.
    pub versions: Vec<RateCardBody>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A further version of a rate card.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PutRateCard)]
pub struct PutRateCardBody {
    /// An RFC 3339 time, or a date in UTC.
    #[schema(example = "2026-01-01T00:00:00Z")]
    effective_at: String,
    /// The first rule that matches an event prices it.
    #[schema(value_type = Vec<RateRuleSchema>)]
    rules: Vec<RateRule>,
}

impl From<RateCard> for RateCardBody {
    fn from(card: RateCard) -> Self {
        let effective_at = times::rfc3339_utc(card.effective_at);
        Self {
            kind: card.event_type,
            version: card.version,
            effective_at,
            rules: card.rules,
        }
    }
}

/// Lists rate cards by event type, each with its latest version
#[utoipa::path(
    get, path = "/api/v1/rate-cards", tag = "Rate cards", operation_id = "list_rate_cards", params(ListParams),
    responses(
        (status = 200, description = "The rate cards.", body = Page<RateCardBody>),
        (status = 403, description = "The key has no scope platform."),
    ),
)]
pub async fn list_rate_cards(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<Page<RateCardBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<String>("rate-cards".to_owned())?;
    let mut cards = Vec::new();
    for kind in services
        .rate_card_types(&caller, page.after.as_deref(), page.to_read())
        .await?
    {
        cards.extend(services.rate_card(&caller, &kind).await?.into_iter().next());
    }
    Ok(Json(page.page(
        cards,
        |card| card.event_type.clone(),
        RateCardBody::from,
    )))
}

/// Lists the versions of a rate card
#[utoipa::path(
    get, path = "/api/v1/rate-cards/{type}", tag = "Rate cards", operation_id = "get_rate_card",
    params(("type" = String, Path, description = "The event type."), ListParams),
    responses(
        (status = 200, description = "Its versions, newest first.", body = VersionsBody, headers(("ETag" = String, description = "The latest version, for `If-Match`."))),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such rate card."),
    ),
)]
pub async fn get_rate_card(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(kind): Path<String>,
    params: Params,
) -> Answer<Response> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<u32>(format!("rate-card:{kind}"))?;
    let versions = services.rate_card(&caller, &kind).await?;
    let latest = versions.first().map(Versioned::version);
    let place = |card: &RateCard| card.version;
    let page = page.page_of_all(versions, Sorted::Down, place, RateCardBody::from);
    let body = Json(VersionsBody {
        kind,
        versions: page.items,
        next_cursor: page.next_cursor,
    });
    Ok(latest_of(body.into_response(), latest))
}

/// Stores a further version of a rate card
///
/// Versions are never changed: events keep the price they had. The same rules from the same time as the latest version
/// change nothing and answer 200.
#[utoipa::path(
    put, path = "/api/v1/rate-cards/{type}", tag = "Rate cards", operation_id = "put_rate_card",
    params(
        ("type" = String, Path, description = "The event type."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
        ("If-Match" = Option<String>, Header, description = "Adds to the version with this `ETag` only; `*` adds to any and stores no first one."),
        ("If-None-Match" = Option<String>, Header, description = "`*` stores a first version only."),
    ),
    request_body = PutRateCardBody,
    responses(
        (status = 201, description = "Stored as a further version.", body = RateCardBody, headers(("ETag" = String, description = "Its version."))),
        (status = 200, description = "The latest version already says so.", body = RateCardBody, headers(("ETag" = String, description = "Its version."))),
        (status = 403, description = "The key has no scope platform."),
        (status = 412, description = "Another version than expected is the latest."),
    ),
)]
pub async fn put_rate_card(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(kind): Path<String>,
    Precondition(expected): Precondition,
    params: Params,
    JsonBody(card): JsonBody<PutRateCardBody>,
) -> Answer<Response> {
    params.none()?;
    let effective_at = times::parse("effective_at", &card.effective_at, &Zone::utc())?;
    let put = services
        .put_rate_card_if(&caller, &kind, effective_at, &card.rules, &expected)
        .await?;
    Ok(versioned_put(put, RateCardBody::from))
}

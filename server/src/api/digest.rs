//! The weekly email digest.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use service::{Permission, Services};
use utoipa::ToSchema;

use super::{auth::Authed, body::JsonBody, problem::Answer, query::Params};

/// Whether the weekly email digest is on
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WeeklyDigest)]
pub struct DigestBody {
    /// Whether owners and billing admins get an email every Monday: usage in the week before, spikes, and how long credits
    /// are projected to last.
    weekly: bool,
}

/// Shows whether the weekly email digest is on
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/digest", tag = "Alerts", operation_id = "get_digest",
    params(
        ("key" = String, Path, description = "The account's key."),
    ),
    responses(
        (status = 200, description = "Whether it is.", body = DigestBody),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn get_digest(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
) -> Answer<Json<DigestBody>> {
    params.none()?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Read)
        .await?;
    let weekly = services.weekly_digest(&scope).await?;
    Ok(Json(DigestBody { weekly }))
}

/// Turns the weekly email digest on or off
///
/// The current week is the first that is sent, on the Monday after it at six o'clock in the account's zone.
#[utoipa::path(
    put, path = "/api/v1/accounts/{key}/digest", tag = "Alerts", operation_id = "put_digest",
    params(
        ("key" = String, Path, description = "The account's key."),
    ),
    request_body = DigestBody,
    responses(
        (status = 200, description = "It holds from now on.", body = DigestBody),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn put_digest(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
    JsonBody(body): JsonBody<DigestBody>,
) -> Answer<Json<DigestBody>> {
    params.none()?;
    let scope = services
        .scope(&caller, Some(&account), Permission::Bill)
        .await?;
    services.set_weekly_digest(&scope, body.weekly).await?;
    Ok(Json(body))
}

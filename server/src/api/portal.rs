//! One-time links by which a platform signs its own users in.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use domain::tenancy::Role;
use serde::{Deserialize, Serialize};
use service::{Services, members::Place, portal::PortalAsk};
use utoipa::ToSchema;

use super::{auth::Authed, body::JsonBody, problem::Answer, query::Params, times};
use crate::state::Origin;

/// Whom to sign in, and as what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PostPortalSession)]
pub struct PostPortalSessionBody {
    /// The platform's own name of the user, 1 to 120 characters; shown on the page and in the audit log.
    #[schema(example = "ada@northwind.example")]
    user: String,
    /// What they may do: `owner`, `billing_admin`, `analyst` or `client`.
    #[schema(value_type = String, example = "client")]
    role: Role,
    /// Keys of the companies they may see; all when left out. A client needs at least one.
    #[serde(default)]
    #[schema(example = json!(["acme-dental"]))]
    companies: Vec<String>,
    /// How long they stay signed in, 1 to 86,400 seconds.
    #[schema(example = 3_600)]
    expires_in_s: u32,
}

/// A link that signs the user in, once.
#[derive(Debug, Serialize, ToSchema)]
pub struct PortalSession {
    /// Where to send the user, at once: it works once, for five minutes at most.
    #[schema(example = "https://credits.example.com/portal/4f0c…")]
    pub url: String,
    /// Until when the link works.
    pub url_expires_at: String,
    /// When the user is signed out.
    pub expires_at: String,
}

/// Signs a user of the platform in
///
/// The answer is a one-time address. It also works in a frame of the origins that the server's setting `embed_origins` lists.
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/portal-sessions", tag = "Portal", operation_id = "post_portal_session",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    request_body = PostPortalSessionBody,
    responses(
        (status = 201, description = "Created.", body = PortalSession),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn post_portal_session(
    State(services): State<Services>,
    State(origin): State<Origin>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
    JsonBody(body): JsonBody<PostPortalSessionBody>,
) -> Answer<Response> {
    params.none()?;
    let ask = PortalAsk {
        user: body.user,
        place: Place {
            role: body.role,
            companies: body.companies,
        },
        expires_in_s: body.expires_in_s,
    };
    let made = services.make_portal_link(&caller, &account, ask).await?;
    let answer = PortalSession {
        url: format!("{}{}", origin.address(), made.path),
        url_expires_at: times::rfc3339_utc(made.link_expires_at),
        expires_at: times::rfc3339_utc(made.expires_at),
    };
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, no_store, Json(answer)).into_response())
}

/// Ends what a user of the platform is signed in to
///
/// Links of this user that were not used yet do nothing any more, and sessions end at once, also on open pages. It is no
/// error when there are none.
#[utoipa::path(
    delete, path = "/api/v1/accounts/{key}/portal-sessions/{user}", tag = "Portal", operation_id = "delete_portal_sessions",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("user" = String, Path, description = "The platform's own name of the user, as its links were made."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    responses(
        (status = 204, description = "Ended."),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn delete_portal_sessions(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, user)): Path<(String, String)>,
    params: Params,
) -> Answer<StatusCode> {
    params.none()?;
    services.end_portal_user(&caller, &account, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

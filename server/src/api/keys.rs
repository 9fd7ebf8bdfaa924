//! API keys of an account.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use domain::Time;
use serde::{Deserialize, Serialize};
use service::{
    Services,
    keys::{KeyAsk, MadeKey},
    ports::{ApiKey, KeyScope},
};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    body::JsonBody,
    list::{ListParams, Page, Paging},
    problem::Answer,
    query::Params,
    times,
};

/// An API key; never its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct KeyBody {
    /// The public part, which names the key.
    #[schema(example = "5f0c2a9be1d4")]
    pub prefix: String,
    /// Its name.
    #[schema(example = "voice gateway")]
    pub name: String,
    /// Its scopes: `ingest`, `check`, `read`.
    #[schema(value_type = Vec<String>, example = json!(["ingest"]))]
    pub scopes: Vec<KeyScope>,
    /// When it was created.
    pub created_at: String,
    /// When it was revoked; null when it was not.
    #[schema(required)]
    pub revoked_at: Option<String>,
    /// When it expires; null when it does not.
    #[schema(required)]
    pub expires_at: Option<String>,
    /// When it was last used, to some minutes; null when it never was.
    #[schema(required)]
    pub used_at: Option<String>,
}

/// An API key that was just created.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewKey {
    /// The whole key. It is shown this once and cannot be read again.
    #[schema(example = "cs_5f0c2a9be1d4_…")]
    pub key: String,
    /// What is stored of it.
    #[serde(flatten)]
    pub stored: KeyBody,
}

/// An API key to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PostKey)]
pub struct PostKeyBody {
    /// Its name, at most 120 characters.
    #[serde(default)]
    #[schema(example = "voice gateway")]
    name: String,
    /// Its scopes: `ingest`, `check`, `read`.
    #[schema(value_type = Vec<String>, example = json!(["ingest"]))]
    scopes: Vec<KeyScope>,
    /// Seconds until it expires; never when left out.
    #[serde(default)]
    #[schema(example = 7_776_000)]
    expires_in_s: Option<u32>,
}

/// How an API key is rotated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Rotation)]
pub struct RotationBody {
    /// For how many seconds the key before goes on, at most 2,592,000 (30 days); a day when left out.
    #[serde(default = "a_day")]
    #[schema(example = 86_400, default = 86_400)]
    overlap_s: u32,
}

const fn a_day() -> u32 {
    86_400
}

impl From<ApiKey> for KeyBody {
    fn from(key: ApiKey) -> Self {
        let utc = |time: Time| times::rfc3339_utc(time);
        Self {
            created_at: utc(key.created_at),
            revoked_at: key.revoked_at.map(utc),
            expires_at: key.expires_at.map(utc),
            used_at: key.used_at.map(utc),
            prefix: key.prefix,
            name: key.name,
            scopes: key.scopes,
        }
    }
}

/// Lists an account's API keys
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/api-keys", tag = "API keys", operation_id = "list_api_keys",
    params(("key" = String, Path, description = "The account's key."), ListParams),
    responses(
        (status = 200, description = "The keys, without their secrets.", body = Page<KeyBody>),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn list_keys(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
) -> Answer<Json<Page<KeyBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<String>(format!("api-keys:{account}"))?;
    let keys = services
        .keys(
            &caller,
            Some(&account),
            page.after.as_deref(),
            page.to_read(),
        )
        .await?;
    Ok(Json(page.page(
        keys,
        |key| key.prefix.clone(),
        KeyBody::from,
    )))
}

/// Creates an API key
///
/// The answer is the only time the whole key is shown.
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/api-keys", tag = "API keys", operation_id = "post_api_key",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    request_body = PostKeyBody,
    responses(
        (status = 201, description = "Created.", body = NewKey),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn post_key(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
    JsonBody(body): JsonBody<PostKeyBody>,
) -> Answer<Response> {
    params.none()?;
    let ask = KeyAsk {
        scopes: body.scopes,
        name: body.name,
        expires_in_s: body.expires_in_s,
    };
    let made = services.make_key(&caller, Some(&account), ask).await?;
    Ok(made_key(made))
}

/// The answer with a key that was just made; nothing on the way may keep it.
fn made_key(made: MadeKey) -> Response {
    let body = NewKey {
        key: made.token,
        stored: made.key.into(),
    };
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    (StatusCode::CREATED, no_store, Json(body)).into_response()
}

/// Rotates an API key
///
/// The answer has the new key, this once. The one before goes on for `overlap_s` seconds, so that programs can change over.
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/api-keys/{prefix}/rotation", tag = "API keys", operation_id = "rotate_api_key",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("prefix" = String, Path, description = "The public part of the API key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    request_body = RotationBody,
    responses(
        (status = 201, description = "Created.", body = NewKey),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such key."),
        (status = 409, description = "The key does not work any more, or was rotated before into one that works."),
    ),
)]
pub async fn rotate_key(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, prefix)): Path<(String, String)>,
    params: Params,
    JsonBody(body): JsonBody<RotationBody>,
) -> Answer<Response> {
    params.none()?;
    let made = services
        .rotate_key(&caller, Some(&account), &prefix, body.overlap_s)
        .await?;
    Ok(made_key(made))
}

/// Revokes an API key
#[utoipa::path(
    delete, path = "/api/v1/accounts/{key}/api-keys/{prefix}", tag = "API keys", operation_id = "delete_api_key",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("prefix" = String, Path, description = "The public part of the API key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    responses(
        (status = 204, description = "Revoked: it is refused from now on."),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such key."),
    ),
)]
pub async fn delete_key(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, prefix)): Path<(String, String)>,
    params: Params,
) -> Answer<StatusCode> {
    params.none()?;
    services
        .revoke_key(&caller, Some(&account), &prefix)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

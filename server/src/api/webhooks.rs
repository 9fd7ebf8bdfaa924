//! Webhooks of an account: where it wants to be called, and the messages on their way there.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use domain::cursor::TimedId;
use serde::{Deserialize, Serialize};
use service::{
    Permission, Services,
    ports::{Delivery, Webhook},
};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    body::JsonBody,
    list::{ListParams, Page, Paging, Sorted},
    problem::Answer,
    query::Params,
    times,
};

/// A webhook; never its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookBody {
    /// Its id.
    id: String,
    /// Its endpoint URL.
    #[schema(example = "https://example.com/creditscope")]
    url: String,
    /// When it was created.
    created_at: String,
    /// Since when it is disabled; null while it is not.
    #[schema(required)]
    disabled_at: Option<String>,
}

/// A webhook that was just created.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewWebhook {
    /// What its messages are signed with. It is answered this once.
    #[schema(example = "whsec_…")]
    secret: String,
    /// What is stored.
    #[serde(flatten)]
    stored: WebhookBody,
}

/// A webhook to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PostWebhook)]
pub struct PostWebhookBody {
    /// Its endpoint URL: `https://`, on the public internet.
    #[schema(example = "https://example.com/creditscope")]
    url: String,
}

/// A delivery to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryBody {
    /// The message's id, as in `webhook-id`.
    message: String,
    /// Its `type`.
    #[schema(example = "creditscope.alert.fired")]
    kind: String,
    /// When it was created.
    created_at: String,
    /// How often it was tried since it was made, or sent once more.
    attempts: u32,
    /// When it is tried next; null when nothing is to be done any more.
    #[schema(required)]
    due_at: Option<String>,
    /// When it was delivered.
    #[schema(required)]
    delivered_at: Option<String>,
    /// When it failed, without a further retry.
    #[schema(required)]
    failed_at: Option<String>,
    /// What came back last: a status, or why there was none.
    answer: String,
}

/// A message that was created.
#[derive(Debug, Serialize, ToSchema)]
pub struct SentMessage {
    /// Its id.
    message: String,
}

impl From<Webhook> for WebhookBody {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            created_at: times::rfc3339_utc(webhook.created_at),
            disabled_at: webhook.disabled_at.map(times::rfc3339_utc),
        }
    }
}

impl From<Delivery> for DeliveryBody {
    fn from(delivery: Delivery) -> Self {
        Self {
            message: delivery.message,
            kind: delivery.kind,
            created_at: times::rfc3339_utc(delivery.created_at),
            attempts: delivery.attempts,
            due_at: delivery.due_at.map(times::rfc3339_utc),
            delivered_at: delivery.delivered_at.map(times::rfc3339_utc),
            failed_at: delivery.failed_at.map(times::rfc3339_utc),
            answer: delivery.answer,
        }
    }
}

async fn managed(
    services: &Services,
    caller: &service::Caller,
    account: &str,
) -> Answer<service::Scope> {
    let scope = services.scope(caller, Some(account), Permission::Manage);
    Ok(scope.await?)
}

/// Lists an account's webhooks
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/webhooks", tag = "Alerts", operation_id = "list_webhooks",
    params(
        ("key" = String, Path, description = "The account's key."),
        ListParams,
    ),
    responses(
        (status = 200, description = "The webhooks, at most 10, without their secrets.", body = Page<WebhookBody>),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn list_webhooks(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
) -> Answer<Json<Page<WebhookBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<TimedId>(format!("webhooks:{account}"))?;
    let scope = managed(&services, &caller, &account).await?;
    let webhooks = services.webhooks(&scope).await?;
    let place = |webhook: &Webhook| TimedId {
        time: webhook.created_at,
        id: webhook.id.clone(),
    };
    Ok(Json(page.page_of_all(
        webhooks,
        Sorted::Up,
        place,
        WebhookBody::from,
    )))
}

/// Creates a webhook
///
/// Alerts of the account are sent there, signed as Standard Webhooks describes. The answer is the only time the secret is
/// shown.
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/webhooks", tag = "Alerts", operation_id = "post_webhook",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    request_body = PostWebhookBody,
    responses(
        (status = 201, description = "Created.", body = NewWebhook),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such account."),
        (status = 409, description = "There are 10 webhooks already."),
    ),
)]
pub async fn post_webhook(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path(account): Path<String>,
    params: Params,
    JsonBody(body): JsonBody<PostWebhookBody>,
) -> Answer<Response> {
    params.none()?;
    let scope = managed(&services, &caller, &account).await?;
    let webhook = services.make_webhook(&scope, &body.url).await?;
    let body = NewWebhook {
        secret: webhook.secret.clone(),
        stored: webhook.into(),
    };
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, no_store, Json(body)).into_response())
}

/// Deletes a webhook, and its pending deliveries
#[utoipa::path(
    delete, path = "/api/v1/accounts/{key}/webhooks/{id}", tag = "Alerts", operation_id = "delete_webhook",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("id" = String, Path, description = "The webhook's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    responses(
        (status = 204, description = "Removed."),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such webhook."),
    ),
)]
pub async fn delete_webhook(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, id)): Path<(String, String)>,
    params: Params,
) -> Answer<StatusCode> {
    params.none()?;
    let scope = managed(&services, &caller, &account).await?;
    services.delete_webhook(&scope, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Re-enables a webhook that was disabled
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/webhooks/{id}/enable", tag = "Alerts", operation_id = "enable_webhook",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("id" = String, Path, description = "The webhook's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    responses(
        (status = 200, description = "It is enabled.", body = WebhookBody),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such webhook."),
    ),
)]
pub async fn enable_webhook(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, id)): Path<(String, String)>,
    params: Params,
) -> Answer<Json<WebhookBody>> {
    params.none()?;
    let scope = managed(&services, &caller, &account).await?;
    Ok(Json(services.enable_webhook(&scope, &id).await?.into()))
}

/// Sends a test event to a webhook
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/webhooks/{id}/test", tag = "Alerts", operation_id = "test_webhook",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("id" = String, Path, description = "The webhook's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    responses(
        (status = 202, description = "It is pending.", body = SentMessage),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such webhook."),
        (status = 409, description = "20 test events to it are pending already."),
    ),
)]
pub async fn test_webhook(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, id)): Path<(String, String)>,
    params: Params,
) -> Answer<Response> {
    params.none()?;
    let scope = managed(&services, &caller, &account).await?;
    let message = services.test_webhook(&scope, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(SentMessage { message })).into_response())
}

/// Lists the deliveries to a webhook, newest first
#[utoipa::path(
    get, path = "/api/v1/accounts/{key}/webhooks/{id}/deliveries", tag = "Alerts", operation_id = "list_deliveries",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("id" = String, Path, description = "The webhook's id."),
        ListParams,
    ),
    responses(
        (status = 200, description = "The messages.", body = Page<DeliveryBody>),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such webhook."),
    ),
)]
pub async fn list_deliveries(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, id)): Path<(String, String)>,
    params: Params,
) -> Answer<Json<Page<DeliveryBody>>> {
    let mut rest = params.plain();
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let page = page.of::<String>(format!("deliveries:{account}:{id}"))?;
    let scope = managed(&services, &caller, &account).await?;
    let deliveries = services
        .deliveries(&scope, &id, page.after.as_deref(), page.to_read())
        .await?;
    let place = |delivery: &Delivery| delivery.message.clone();
    Ok(Json(page.page(deliveries, place, DeliveryBody::from)))
}

/// Resends a message
///
/// With the same `webhook-id`, so that a receiver that has it can tell.
#[utoipa::path(
    post, path = "/api/v1/accounts/{key}/webhooks/{id}/deliveries/{message}/replay", tag = "Alerts", operation_id = "replay_delivery",
    params(
        ("key" = String, Path, description = "The account's key."),
        ("id" = String, Path, description = "The webhook's id."),
        ("message" = String, Path, description = "The message's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request."),
    ),
    responses(
        (status = 202, description = "It is pending.", body = SentMessage),
        (status = 403, description = "The key has no scope platform."),
        (status = 404, description = "No such message."),
    ),
)]
pub async fn replay(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((account, id, message)): Path<(String, String, String)>,
    params: Params,
) -> Answer<Response> {
    params.none()?;
    let scope = managed(&services, &caller, &account).await?;
    services.replay(&scope, &id, &message).await?;
    Ok((StatusCode::ACCEPTED, Json(SentMessage { message })).into_response())
}

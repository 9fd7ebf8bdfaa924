//! Forms about webhooks.

use app::{
    ALERTS_PATH,
    context::Current,
    forms::{Done, SecretKind},
};
use axum::{Extension, Form, extract::State, response::Response};
use serde::Deserialize;
use service::Services;

use super::{
    billing::scope,
    outcome::{finish, go_on},
    settings::back,
};
use crate::AppState;

/// Creates a webhook.
#[derive(Debug, Deserialize)]
pub struct MakeForm {
    account: String,
    url: String,
    next: Option<String>,
}

/// Does something to a webhook, or to a message to it.
#[derive(Debug, Deserialize)]
pub struct WebhookForm {
    account: String,
    webhook: String,
    #[serde(default)]
    message: String,
    next: Option<String>,
}

/// `POST /settings/webhooks/make`
pub async fn make(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(form): Form<MakeForm>,
) -> Response {
    let made = async {
        let scope = scope(&state.services, &current, &form.account).await?;
        state.services.make_webhook(&scope, &form.url).await
    };
    let made = made.await.map(|made| {
        let said = format!("{} receives each alert from now on.", made.url);
        Done::said(said).with_secret(SecretKind::SigningSecret, made.secret)
    });
    let page = back(ALERTS_PATH, &form.account);
    finish(made, Some(form.next.as_deref().unwrap_or(&page)))
}

/// `POST /settings/webhooks/remove`
pub async fn remove(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<WebhookForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.delete_webhook(&scope, &form.webhook).await
    };
    go_on(
        done.await,
        form.next.as_deref(),
        "The endpoint is deleted: it receives no more alerts.",
    )
}

/// `POST /settings/webhooks/enable`
pub async fn enable(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<WebhookForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.enable_webhook(&scope, &form.webhook).await
    };
    go_on(
        done.await,
        form.next.as_deref(),
        "The endpoint is active again.",
    )
}

/// `POST /settings/webhooks/test`
pub async fn test(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<WebhookForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.test_webhook(&scope, &form.webhook).await
    };
    go_on(
        done.await,
        form.next.as_deref(),
        "The event is pending: the delivery shows the response in a moment.",
    )
}

/// `POST /settings/webhooks/replay`
pub async fn replay(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<WebhookForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.replay(&scope, &form.webhook, &form.message).await
    };
    go_on(
        done.await,
        form.next.as_deref(),
        "The event is pending: the delivery shows the response in a moment.",
    )
}

//! Forms about webhooks.

use app::{ALERTS_PATH, context::Current};
use axum::{Extension, Form, extract::State, response::Response};
use serde::Deserialize;
use service::Services;

use super::{
    billing::{go_on, scope},
    settings::{back, with_secret},
};
use crate::AppState;

/// Creates a webhook.
#[derive(Debug, Deserialize)]
pub struct MakeForm {
    account: String,
    url: String,
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
    match made.await {
        Ok(made) => with_secret(&state, current, ALERTS_PATH, &form.account, &made.secret).await,
        Err(error) => go_on::<()>(Err(error), Some(&back(ALERTS_PATH, &form.account)), ""),
    }
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
    go_on(done.await, form.next.as_deref(), "webhook-removed")
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
    go_on(done.await, form.next.as_deref(), "changed")
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
    go_on(done.await, form.next.as_deref(), "sent")
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
    go_on(done.await, form.next.as_deref(), "sent")
}

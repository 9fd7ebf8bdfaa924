//! The form of the page Weekly review.

use app::context::Current;
use axum::{Extension, Form, extract::State, response::Response};
use serde::Deserialize;
use service::Services;

use super::billing::{go_on, scope};

/// Says that a week was looked through.
#[derive(Debug, Deserialize)]
pub struct MarkForm {
    account: String,
    week: String,
    next: Option<String>,
}

/// `POST /billing/review/mark`
pub async fn mark(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<MarkForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.mark_reviewed(&scope, &form.week).await
    };
    go_on(done.await, form.next.as_deref(), "reviewed")
}

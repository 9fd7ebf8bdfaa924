//! The form of the page Weekly review.

use app::{context::Current, forms::Done};
use axum::{Extension, Form, extract::State, response::Response};
use serde::Deserialize;
use service::Services;

use super::{billing::scope, outcome::finish};

/// Says that a week was looked through.
#[derive(Debug, Deserialize)]
pub struct MarkForm {
    account: String,
    week: String,
    /// Whether it is taken back.
    undo: Option<String>,
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
        if form.undo.is_some() {
            services.unmark_reviewed(&scope, &form.week).await?;
            return Ok(Done::said("The week is not marked as reviewed any more."));
        }
        if !services.mark_reviewed(&scope, &form.week).await? {
            let said = "The week was marked as reviewed before: the page says by whom.";
            return Ok(Done::said(said));
        }
        let undo = [
            ("account", form.account.clone()),
            ("week", form.week.clone()),
            ("undo", "1".to_owned()),
            ("next", form.next.clone().unwrap_or_default()),
        ];
        let said = "The week is marked as reviewed: everybody sees it.";
        Ok(Done::said(said).undone_by("/billing/review/mark", undo))
    };
    finish(done.await, form.next.as_deref())
}

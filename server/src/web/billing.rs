//! What people do on the billing pages, as plain forms that work without scripts.

use app::context::Current;
use axum::{
    Extension, Form,
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{
    Credits,
    ledger::{Dispute, DisputeState},
};
use serde::Deserialize;
use service::{Permission, Scope, ServiceError, ServiceResult, Services};

use super::sign_in::local;
use crate::{api::problem::Problem, web::guard::sign_in_path};

/// Asks for an event to be refunded.
#[derive(Debug, Deserialize)]
pub struct DisputeForm {
    account: String,
    source: String,
    event: String,
    reason: String,
    #[serde(default)]
    credits: String,
    next: Option<String>,
}

/// Says whether an agency supports its client's request.
#[derive(Debug, Deserialize)]
pub struct SupportForm {
    account: String,
    dispute: String,
    supports: String,
    #[serde(default)]
    note: String,
    next: Option<String>,
}

/// `POST /billing/disputes`
pub async fn dispute(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<DisputeForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        let credits = credits(&form.credits)?;
        services
            .open_dispute(
                &scope,
                &form.source,
                &form.event,
                credits,
                form.reason.trim(),
            )
            .await
    };
    let done = done.await;
    let is_open = |dispute: &Dispute| dispute.state == DisputeState::Open;
    let what = if done.as_ref().is_ok_and(|dispute| !is_open(dispute)) {
        "refunded"
    } else {
        "disputed"
    };
    go_on(done, form.next.as_deref(), what)
}

/// `POST /billing/disputes/support`
pub async fn support(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<SupportForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        let supports = match form.supports.as_str() {
            "yes" => true,
            "no" => false,
            _ => return Err(ServiceError::invalid("supports", "must be yes or no")),
        };
        let note = Some(form.note.trim()).filter(|note| !note.is_empty());
        services
            .support_dispute(&scope, &form.dispute, supports, note)
            .await
    };
    go_on(done.await, form.next.as_deref(), "supported")
}

/// An amount of a form; none when it is left out.
pub(super) fn credits(text: &str) -> ServiceResult<Option<Credits>> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(credits) => Ok(Some(credits)),
            Err(error) => Err(ServiceError::invalid("credits", error)),
        },
    }
}

pub(super) async fn scope(
    services: &Services,
    current: &Current,
    account: &str,
) -> ServiceResult<Scope> {
    let caller = current.caller().ok_or(ServiceError::Unauthenticated)?;
    services
        .scope(caller, Some(account), Permission::Read)
        .await
}

/// Back to where the form was, which says what happened.
pub(super) fn go_on<T>(done: ServiceResult<T>, next: Option<&str>, what: &str) -> Response {
    let next = local(next);
    let said = match done {
        Ok(_) => format!("done={what}"),
        Err(ServiceError::Unauthenticated) => {
            return Redirect::to(&sign_in_path(&next, false)).into_response();
        }
        Err(ServiceError::Invalid(domain::Invalid(errors))) => {
            let text: Vec<_> = errors
                .iter()
                .map(|error| format!("{} {}", error.field, error.message))
                .collect();
            failed(&text.join("; "))
        }
        Err(error @ (ServiceError::Conflict(_) | ServiceError::Forbidden(_))) => {
            failed(&error.to_string())
        }
        Err(error) => return Problem::from(error).into_response(),
    };
    let joint = if next.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{next}{joint}{said}")).into_response()
}

fn failed(text: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("failed", text)
        .finish()
}

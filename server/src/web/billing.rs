//! What people do on the billing pages, as plain forms that work without scripts.

use app::{context::Current, forms::Done};
use axum::{
    Extension, Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use domain::{
    Credits,
    ledger::{Dispute, DisputeState},
};
use serde::Deserialize;
use service::{Permission, Scope, ServiceError, ServiceResult, Services};

use super::{
    fields,
    outcome::{finish, go_on},
};
use crate::api::problem::Problem;

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
    /// Made up by a script, so that a request that it sends again is the same request.
    #[serde(default)]
    request: String,
    /// `receipt` when a script sends it, which shows the answer in its place.
    #[serde(default)]
    place: String,
}

/// Names a field of the form that was refused, for the script.
const FIELD_HEADER: &str = "x-field";
/// Longest name of a request, in bytes.
const MAX_REQUEST_BYTES: usize = 100;

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
    let done = request_refund(&services, &current, &form).await;
    if form.place == "receipt" {
        return in_place(done);
    }
    let said = done.map(|dispute| Done::said(outcome(&dispute)));
    finish(said, form.next.as_deref())
}

async fn request_refund(
    services: &Services,
    current: &Current,
    form: &DisputeForm,
) -> ServiceResult<Dispute> {
    let scope = scope(services, current, &form.account).await?;
    let credits = credits(&form.credits)?;
    let request = form.request.trim();
    if request.len() > MAX_REQUEST_BYTES {
        return Err(ServiceError::invalid("request", "is too long"));
    }
    let request = Some(request).filter(|request| !request.is_empty());
    let reason = form.reason.trim();
    services
        .open_dispute(&scope, &form.source, &form.event, credits, reason, request)
        .await
}

/// What became of a request, in words.
fn outcome(dispute: &Dispute) -> &'static str {
    if dispute.state == DisputeState::Open {
        "Refund requested. The platform decides."
    } else {
        "Refunded automatically."
    }
}

/// Answers a script: in words, and at which field of the form they belong.
fn in_place(done: ServiceResult<Dispute>) -> Response {
    let error = match done {
        Ok(dispute) => return outcome(&dispute).into_response(),
        Err(error) => error,
    };
    let Some((field, words)) = refusal(&error) else {
        return Problem::from(error).into_response();
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match field {
        Some(field) => (status, [(FIELD_HEADER, field)], words).into_response(),
        None => (status, words).into_response(),
    }
}

/// Why a request was not taken, in words, and the field of the form that it is about.
fn refusal(error: &ServiceError) -> Option<(Option<&'static str>, String)> {
    match error {
        ServiceError::Invalid(domain::Invalid(errors)) => {
            let first = errors.first()?;
            let (field, label) = match first.field.as_str() {
                "reason" => (Some("reason"), "Reason".to_owned()),
                "credits" => (Some("credits"), "Credits to refund".to_owned()),
                other => (None, other.to_owned()),
            };
            Some((field, format!("{label} {}.", first.message)))
        }
        ServiceError::Conflict(words) => Some((None, app::forms::sentence("", words))),
        ServiceError::Forbidden(_) => Some((None, app::forms::sentence("", &error.to_string()))),
        _ => None,
    }
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
    go_on(
        done.await,
        form.next.as_deref(),
        "The platform reads your answer before it decides.",
    )
}

/// An amount of a form; none when it is left out.
pub(super) fn credits(text: &str) -> ServiceResult<Option<Credits>> {
    match text.trim() {
        "" => Ok(None),
        typed => fields::amount("credits", typed).map(Some),
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

//! The form of the page Refund requests.

use app::{context::Current, forms::Done};
use axum::{Extension, Form, extract::State, response::Response};
use domain::ledger::DisputeState;
use serde::Deserialize;
use service::{ServiceError, Services};

use super::{billing::credits, outcome::finish};
use crate::api::disputes::verdict;

/// Decides a request for a refund.
#[derive(Debug, Deserialize)]
pub struct DecisionForm {
    account: String,
    dispute: String,
    decision: String,
    #[serde(default)]
    credits: String,
    #[serde(default)]
    reason: String,
    next: Option<String>,
}

/// `POST /platform/refunds/decide`
pub async fn decide(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<DecisionForm>,
) -> Response {
    let done = async {
        let caller = current.caller().ok_or(ServiceError::Unauthenticated)?;
        let verdict = verdict(&form.decision, credits(&form.credits)?)?;
        let reason = Some(form.reason.trim()).filter(|reason| !reason.is_empty());
        services
            .decide_dispute(caller, &form.account, &form.dispute, verdict, reason)
            .await
    };
    let done = done.await.map(|dispute| match dispute.state {
        DisputeState::Refused => {
            "The request is declined: who asked can read your reason on the receipt.".into()
        }
        _ => {
            Done::said("The credits are refunded: the account's log, balance and receipt show it.")
        }
    });
    finish(done, form.next.as_deref())
}

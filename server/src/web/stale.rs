//! Forms that are out of date: somebody changed the same thing after the form was read. Both values are shown, and who
//! sent it decides.

use app::{
    context::Current,
    forms::Done,
    pages::{
        Found,
        settings::{StaleField, StalePage},
    },
};
use axum::response::Response;
use service::{ServiceError, ServiceResult, ports::Version};

use super::{outcome, show, sign_in::local};
use crate::AppState;

/// A form that is out of date, and what is stored now.
pub(super) struct Outdated {
    /// What was to be changed: its name.
    pub what: String,
    /// Where the form is sent.
    pub action: &'static str,
    /// Whether it is sent in parts.
    pub has_files: bool,
    /// Its fields, those that are the same as well.
    pub fields: Vec<StaleField>,
    /// Everything that it sends, besides its version and where it leads.
    pub sent: Vec<(String, String)>,
    /// The version that is stored now.
    pub version: Version,
}

/// A field of a form.
pub(super) fn field(label: impl Into<String>, yours: String, now: String) -> StaleField {
    StaleField {
        label: label.into(),
        yours,
        now,
    }
}

/// The version that a form was filled in from; none when it does not say.
pub(super) fn version(text: Option<&str>) -> ServiceResult<Option<Version>> {
    let text = text.filter(|text| !text.is_empty());
    let version = text.map(str::parse).transpose();
    version.map_err(|rule| ServiceError::invalid("version", rule))
}

/// Back to where the form was; or both values, when it is out of date. Who sent what is stored already has nothing to
/// decide.
pub(super) async fn go_on(
    state: &AppState,
    current: Current,
    done: ServiceResult<Result<Done, Outdated>>,
    next: Option<&str>,
) -> Response {
    let outdated = match done {
        Ok(Err(outdated)) => outdated,
        Ok(Ok(done)) => return outcome::finish(Ok(done), next),
        Err(error) => return outcome::finish(Err(error), next),
    };
    let fields: Vec<_> = outdated
        .fields
        .into_iter()
        .filter(|field| field.yours != field.now)
        .collect();
    if fields.is_empty() {
        let said = format!("{} is stored as you sent it.", outdated.what);
        return outcome::finish(Ok(said.into()), next);
    }
    let mut sent = outdated.sent;
    sent.push(("version".to_owned(), outdated.version.to_string()));
    sent.extend(next.map(|next| ("next".to_owned(), next.to_owned())));
    let page = StalePage {
        what: outdated.what,
        fields,
        action: outdated.action,
        has_files: outdated.has_files,
        sent,
        back: local(next),
    };
    show(state, current, Found::Stale(Box::new(page))).await
}

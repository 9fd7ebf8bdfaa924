//! What the forms of all settings pages have in common.

use app::context::Current;
use service::{Caller, ServiceError, ServiceResult};

pub(super) fn caller(current: &Current) -> ServiceResult<&Caller> {
    current.caller().ok_or(ServiceError::Unauthenticated)
}

/// Why something did not work, in words for the page; none for what is no one's fault there.
pub(super) fn reason(error: &ServiceError) -> Option<String> {
    match error {
        ServiceError::Invalid(domain::Invalid(errors)) => {
            let texts: Vec<_> = errors
                .iter()
                .map(super::fields::form_field)
                .map(|wrong| {
                    let label = app::forms::label_of(&wrong.field);
                    app::forms::sentence(&label, &wrong.message)
                })
                .collect();
            Some(texts.join(" "))
        }
        ServiceError::Conflict(text) | ServiceError::Forbidden(text) => {
            Some(app::forms::sentence("", text))
        }
        _ => None,
    }
}

/// The address of a page about an account.
pub(super) fn back(path: &str, account: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("account", account);
    format!("{path}?{}", query.finish())
}

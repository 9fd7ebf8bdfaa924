//! Forms of the page Your account that end sessions.

use app::context::Current;
use axum::{Extension, Form, extract::State, response::Response};
use serde::Deserialize;
use service::Services;

use super::{outcome::go_on, settings::caller};

/// Ends one of the reader's own sessions.
#[derive(Debug, Deserialize)]
pub struct SessionForm {
    session: String,
    next: Option<String>,
}

/// Ends all others.
#[derive(Debug, Deserialize)]
pub struct NextForm {
    next: Option<String>,
}

/// `POST /settings/you/end`
pub async fn end_session(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<SessionForm>,
) -> Response {
    let done = async {
        services
            .end_own_session(caller(&current)?, &form.session)
            .await
    };
    let said = "That session is signed out.";
    go_on(done.await, form.next.as_deref(), said)
}

/// `POST /settings/you/end-others`
pub async fn end_other_sessions(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<NextForm>,
) -> Response {
    let done = async { services.end_other_sessions(caller(&current)?).await };
    let done = done.await.map(|ended| match ended {
        1 => "1 other session is signed out.".to_owned(),
        ended => format!("{ended} other sessions are signed out."),
    });
    super::outcome::finish(done.map(Into::into), form.next.as_deref())
}

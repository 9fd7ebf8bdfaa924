//! The one-time link by which a platform signs its own users in.
//!
//! Whoever only looks at it – a browser that reads ahead, a scanner, a preview – uses nothing up: the link answers a
//! page that sends itself on, and only that signs in.

use app::{
    context::Current,
    pages::{Found, settings::EnterPage},
};
use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Redirect, Response},
};
use service::{ServiceError, ServiceResult, ports::PortalGrant};

use super::{refused_to, show as show_found};
use crate::{AppState, middleware::address::ClientAddress, sessions};

/// What the address of the page tells others: its own server alone, which has to be told that the form is its own.
const OWN_SERVER: HeaderValue = HeaderValue::from_static("same-origin");
/// What an answer that needs the secret no more tells others of its address.
const NOBODY: HeaderValue = HeaderValue::from_static("no-referrer");

/// `GET /portal/{secret}`
pub async fn show(
    State(state): State<AppState>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Response {
    match standing(&state, &headers, &secret).await {
        Ok(Standing::SignedIn) => private(go_on(), NOBODY),
        Ok(Standing::Open) => {
            let page = EnterPage {
                path: format!("/portal/{secret}"),
            };
            let found = Found::Enter(Box::new(page));
            let shown = show_found(&state, framed(&state), found).await;
            private(shown, OWN_SERVER)
        }
        Err(error) => refused(&state, error).await,
    }
}

/// `POST /portal/{secret}`
pub async fn sign_in(
    State(state): State<AppState>,
    Extension(address): Extension<ClientAddress>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (services, text) = (&state.services, address.text());
    match standing(&state, &headers, &secret).await {
        Ok(Standing::SignedIn) => return private(go_on(), NOBODY),
        Ok(Standing::Open) => {}
        Err(error) => return refused(&state, error).await,
    }
    match services.use_portal_link(&secret, text.as_deref()).await {
        Ok((session, grant)) => signed_in(&state, &session, &grant),
        Err(error) => refused(&state, error).await,
    }
}

/// What a link is worth to whoever follows it.
enum Standing {
    /// It signs in.
    Open,
    /// It signed this very browser in.
    SignedIn,
}

async fn standing(state: &AppState, headers: &HeaderMap, secret: &str) -> ServiceResult<Standing> {
    if sessions::is_of_portal_link(&state.services, headers, secret).await? {
        return Ok(Standing::SignedIn);
    }
    state.services.portal_link(secret).await?;
    Ok(Standing::Open)
}

fn go_on() -> Response {
    Redirect::to(app::USAGE_PATH).into_response()
}

fn signed_in(state: &AppState, session: &str, grant: &PortalGrant) -> Response {
    let mut response = go_on();
    if let Some(cookie) = sessions::begin_portal(session, state.services.now(), grant.ends_at) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    private(response, NOBODY)
}

/// An answer that no cache keeps, and that tells its address to whom it may.
pub(super) fn private(mut response: Response, tells: HeaderValue) -> Response {
    let headers = response.headers_mut();
    let no_store = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, no_store);
    headers.insert(header::REFERRER_POLICY, tells);
    response
}

/// Somebody who is nobody yet, in a frame of those who may show one.
fn framed(state: &AppState) -> Current {
    Current {
        frame_ancestors: sessions::embedders(state),
        ..Current::default()
    }
}

/// Says why a link does not work where it was followed: that may be in a frame.
async fn refused(state: &AppState, error: ServiceError) -> Response {
    let error = match error {
        ServiceError::NotFound => ServiceError::Forbidden(
            "This link was used before, or is too old: go back to where you came from and follow it again."
                .to_owned(),
        ),
        other => other,
    };
    private(refused_to(state, framed(state), error).await, NOBODY)
}

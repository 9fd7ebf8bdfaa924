//! The one-time link by which a platform signs its own users in.

use app::context::Current;
use axum::{
    Extension,
    extract::{Path, State},
    http::header,
    response::{IntoResponse as _, Redirect, Response},
};
use service::ServiceError;

use super::refused_to;
use crate::{AppState, middleware::address::ClientAddress, sessions};

/// `GET /portal/{secret}`
pub async fn sign_in(
    State(state): State<AppState>,
    Extension(address): Extension<ClientAddress>,
    Path(secret): Path<String>,
) -> Response {
    let (services, text) = (&state.services, address.text());
    let used = services.use_portal_link(&secret, text.as_deref()).await;
    let (session, grant) = match used {
        Ok(used) => used,
        Err(ServiceError::NotFound) => {
            let text = "This link was used before, or is too old: go back to where you came from and follow it again.";
            return refused(&state, ServiceError::Forbidden(text.to_owned())).await;
        }
        Err(error) => return refused(&state, error).await,
    };
    let mut response = Redirect::to(app::USAGE_PATH).into_response();
    let headers = response.headers_mut();
    if let Some(cookie) = sessions::begin_portal(&session, services.now(), grant.ends_at) {
        headers.append(header::SET_COOKIE, cookie);
    }
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    // The secret in this address is of no use any more, and still nobody's business.
    headers.insert(
        header::REFERRER_POLICY,
        header::HeaderValue::from_static("no-referrer"),
    );
    response
}

/// Says why a link does not work where it was followed: that may be in a frame.
async fn refused(state: &AppState, error: ServiceError) -> Response {
    let current = Current {
        frame_ancestors: sessions::embedders(state),
        ..Current::default()
    };
    refused_to(state, current, error).await
}

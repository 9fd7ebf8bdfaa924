//! Keeps other sites from acting with a visitor's cookie.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{api::problem::Problem, state::Origin};

/// Refuses writes and `WebSocket`s that another site's page started. Requests with an API key carry no cookie's power.
pub async fn refuse(State(origin): State<Origin>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let acts = !request.method().is_safe() || headers.contains_key(header::UPGRADE);
    if acts && !headers.contains_key(header::AUTHORIZATION) && is_foreign(headers, &origin) {
        return Problem::forbidden("this request was started by another site").into_response();
    }
    next.run(request).await
}

/// Whether a browser says that another site's page started the request. What is no browser says nothing.
fn is_foreign(headers: &HeaderMap, origin: &Origin) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &axum::http::HeaderValue| value.to_str().ok())
    };
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin" | "none") => return false,
        Some(_) => return true,
        None => {}
    }
    let Some(from) = text(header::ORIGIN) else {
        return false;
    };
    let is_public = origin.url.as_deref().is_some_and(|url| url == from);
    let host = from.split_once("://").map(|(_, host)| host);
    !(is_public || host.is_some() && host == text(header::HOST))
}

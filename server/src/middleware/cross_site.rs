//! Keeps other sites from acting with a visitor's cookie.
//!
//! What decides is how a request's sender is told apart, never which headers came along: the API takes no cookie for
//! writing, so that a key decides there and nothing has to be kept out; everywhere else a cookie decides, and no header
//! makes up for coming from another site.

use std::convert::Infallible;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::csrf::CsrfLayer;

use crate::{api::problem::Problem, state::Origin};

/// Where only keys decide who writes.
const KEYS_ONLY: &str = "/api/v1/";

/// Whether keys alone say who acts with a request for a path: a cookie reads there at most, and only without a key.
pub fn is_for_keys(path: &str) -> bool {
    path.starts_with(KEYS_ONLY)
}

/// Refuses what another site's page started: writes, and sockets. Browsers open a socket by GET, with the visitor's
/// cookie, and let every site read and write it: the rule is the one for writing.
pub async fn refuse(State(origin): State<Origin>, request: Request, next: Next) -> Response {
    let writes = !request.method().is_safe() && !is_for_keys(request.uri().path());
    let is_socket = request.headers().contains_key(header::UPGRADE);
    if (writes || is_socket) && is_foreign(&origin, write_like(&request)).await {
        return Problem::forbidden("this request was started by another site").into_response();
    }
    next.run(request).await
}

/// A write with the headers of a request. It is without the address, which may be a secret: the rule logs it.
fn write_like(request: &Request) -> Request {
    let mut write = Request::new(Body::empty());
    *write.method_mut() = Method::POST;
    *write.uri_mut() = host_of(request.uri());
    *write.headers_mut() = request.headers().clone();
    write
}

/// Whether a write comes from another site.
async fn is_foreign(origin: &Origin, write: Request) -> bool {
    let accept = service_fn(|_| async { Ok::<_, Infallible>(StatusCode::OK.into_response()) });
    let Ok(answer) = rule(origin).layer(accept).oneshot(write).await;
    answer.status() != StatusCode::OK
}

/// An address with nothing but its host, if it has one: over HTTP/2 it does.
fn host_of(uri: &Uri) -> Uri {
    let host = uri.authority().map(|host| format!("http://{host}/"));
    host.and_then(|host| host.parse().ok()).unwrap_or_default()
}

fn rule(origin: &Origin) -> CsrfLayer {
    let Some(url) = &origin.url else {
        return CsrfLayer::new();
    };
    CsrfLayer::new()
        .add_trusted_origin(url)
        .unwrap_or_else(|error| {
            tracing::warn!(%error, "public_url is no origin that a browser names");
            CsrfLayer::new()
        })
}

//! Gives every request an id, a span, a line in the log and a place in the metrics.

use std::time::Duration;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::Response,
};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::telemetry::{REQUEST_SECONDS, REQUESTS};

/// The header that carries a request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id taken over from a proxy.
const MAX_ID_BYTES: usize = 64;

/// Gives every request an id, a span, a line in the log and a place in the metrics.
pub async fn observe(request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let span =
        tracing::info_span!("request", id = id.to_str().unwrap_or_default(), %method, %route);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| record(&method, route, response.status(), started.elapsed()));
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The id a proxy gave, when it is harmless; a new one otherwise.
#[expect(
    clippy::disallowed_methods,
    reason = "the id of a request is part of no rule"
)]
fn request_id(request: &Request) -> HeaderValue {
    let is_harmless = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        !bytes.is_empty() && bytes.len() <= MAX_ID_BYTES && bytes.iter().all(allowed)
    };
    if let Some(given) = request.headers().get(&REQUEST_ID).filter(is_harmless) {
        return given.clone();
    }
    let id = uuid::Uuid::now_v7().to_string();
    HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown"))
}

/// A method as it is counted. Anybody may invent one, and what is counted once stays in memory.
fn counted(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn record(method: &Method, route: String, status: StatusCode, took: Duration) {
    let labels = [
        ("method", counted(method).to_owned()),
        ("route", route),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!(REQUESTS, &labels).increment(1);
    let [method, route, _] = labels;
    metrics::histogram!(REQUEST_SECONDS, &[method, route]).record(took.as_secs_f64());
    let took_ms = took.as_secs_f64() * 1_000.0;
    if status.is_server_error() {
        tracing::warn!(status = status.as_u16(), took_ms, "answered");
    } else {
        tracing::debug!(status = status.as_u16(), took_ms, "answered");
    }
}

//! Headers that tell browsers what an answer may do.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

use crate::state::Origin;

/// What is no page needs nothing; pages bring a policy of their own.
const STRICTEST: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// One year: browsers then refuse to come without TLS.
const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What addresses with a secret in them begin with: in their path, or what a provider of single sign-on sends back.
const SECRETS: [&str; 7] = [
    "/invitations/",
    "/new-email/",
    "/portal/",
    "/reset-password/",
    "/undo-email/",
    "/unsubscribe/",
    "/sign-in/sso/callback",
];

/// Adds the headers that an answer has not set itself.
pub async fn secure(State(origin): State<Origin>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let mut set = |name: HeaderName, value: HeaderValue| {
        response.headers_mut().entry(name).or_insert(value);
    };
    set(header::CONTENT_SECURITY_POLICY, STRICTEST);
    set(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    set(
        header::REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    );
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    set(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    );
    if origin.is_https() {
        set(header::STRICT_TRANSPORT_SECURITY, TRANSPORT);
    }
    response
}

/// For addresses with a secret in them: no cache keeps what is answered, and no other site is told the address. A page with
/// a form tells it to its own server, which would take the form for another site's otherwise.
pub async fn secret_address(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_secret = SECRETS.iter().any(|secret| path.starts_with(secret));
    let mut response = next.run(request).await;
    if !is_secret {
        return response;
    }
    let is_page = response.status() == StatusCode::OK;
    let tells = if is_page {
        "same-origin"
    } else {
        "no-referrer"
    };
    let headers = response.headers_mut();
    let no_store = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, no_store);
    headers
        .entry(header::REFERRER_POLICY)
        .or_insert(HeaderValue::from_static(tells));
    response
}

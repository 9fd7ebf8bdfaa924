//! Forms that a page's script sends: it follows redirects within the site, and is told of those that lead elsewhere.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

/// Marks a form that a page's script sends.
const VISIT: HeaderName = HeaderName::from_static("x-visit");
/// Where to go, by a load.
pub(super) const ELSEWHERE: HeaderName = HeaderName::from_static("x-elsewhere");

/// Answers a redirect to another site by its address: a script's request may not follow it, and the page's policy
/// forbids to try.
pub async fn tell_elsewhere(request: Request, next: Next) -> Response {
    let is_visit = request.headers().contains_key(VISIT);
    let response = next.run(request).await;
    if !is_visit || !response.status().is_redirection() || !leads_elsewhere(response.headers()) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let mut told = StatusCode::OK.into_response();
    if let Some(place) = parts.headers.remove(header::LOCATION) {
        told.headers_mut().insert(ELSEWHERE, place);
    }
    for cookie in parts.headers.get_all(header::SET_COOKIE) {
        told.headers_mut()
            .append(header::SET_COOKIE, cookie.clone());
    }
    told
}

fn leads_elsewhere(headers: &HeaderMap) -> bool {
    let place = headers.get(header::LOCATION).map(HeaderValue::as_bytes);
    place.is_some_and(|place| !place.starts_with(b"/") || place.starts_with(b"//"))
}

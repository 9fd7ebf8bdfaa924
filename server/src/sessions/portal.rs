//! Sessions of a platform's own users: begun by a one-time link, and good inside a frame.

use app::context::{Known, Person};
use axum::http::{HeaderMap, HeaderValue};
use domain::Time;
use service::{ServiceResult, Services};

use super::cookie;

/// Its cookie. In a frame of another site a browser keeps it only when it says that it is meant for that site alone.
pub(super) const COOKIE: &str = "__Host-creditscope_portal";

/// The header that begins a session, which ends at a time.
pub fn begin(secret: &str, now: Time, ends_at: Time) -> Option<HeaderValue> {
    let seconds = ends_at.micros_since(now) / 1_000_000;
    set(secret, seconds)
}

/// Ends the session of a request, if it has one; the header that makes the browser forget it.
pub async fn end(services: &Services, headers: &HeaderMap) -> ServiceResult<Option<HeaderValue>> {
    let Some(secret) = cookie(headers, COOKIE) else {
        return Ok(None);
    };
    services.end_portal_session(secret).await?;
    Ok(set("", 0))
}

/// Whether the session of a request is the one that a link began.
pub async fn is_of_link(
    services: &Services,
    headers: &HeaderMap,
    link: &str,
) -> ServiceResult<bool> {
    match cookie(headers, COOKIE) {
        Some(session) => services.is_session_of_link(session, link).await,
        None => Ok(false),
    }
}

fn set(secret: &str, seconds: i64) -> Option<HeaderValue> {
    let text = format!(
        "{COOKIE}={secret}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=None; Partitioned"
    );
    HeaderValue::from_str(&text).ok()
}

/// Who a session belongs to.
pub(super) async fn known(services: &Services, secret: &str) -> ServiceResult<Option<Known>> {
    let Some((grant, caller)) = services.portal_session(secret).await? else {
        return Ok(None);
    };
    Ok(Some(Known {
        caller,
        person: Person {
            name: grant.user,
            email: String::new(),
            is_staff: false,
            is_portal: true,
        },
        user: None,
        is_confirmed: true,
        elsewhere: None,
        owes_second_factor: false,
    }))
}

//! Sign-ins that have begun: the browser that began one keeps it, signed, for minutes; here nothing is kept, so that
//! nobody fills anything by beginning.

use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    Time,
    time::{MINUTE_US, SECOND_US},
};
use serde::{Deserialize, Serialize};
use service::{ServiceResult, Services, ports::StoreError};

use crate::{sessions::cookie, state::Origin};

/// How long somebody may take at the provider.
const LIFE_US: i64 = 10 * MINUTE_US;
/// Where browsers come without TLS.
const COOKIE: &str = "creditscope_sign_on";
/// The same over TLS: no other host, and no part of this one, can set it.
const HOST_COOKIE: &str = "__Host-creditscope_sign_on";
/// Longest address to go on to, in bytes: browsers drop a cookie that is too large.
const MAX_NEXT_BYTES: usize = 1_500;

/// A sign-in that has begun.
#[derive(Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) next: String,
    ends_at: i64,
}

impl Begun {
    pub(super) fn new([state, nonce, verifier]: [&String; 3], next: String, now: Time) -> Self {
        let is_short = next.len() <= MAX_NEXT_BYTES;
        Self {
            state: state.clone(),
            nonce: nonce.clone(),
            verifier: verifier.clone(),
            next: if is_short { next } else { "/".to_owned() },
            ends_at: now.plus_micros(LIFE_US).micros(),
        }
    }

    /// The header that gives it to the browser.
    pub(super) async fn keep(
        &self,
        services: &Services,
        origin: &Origin,
    ) -> ServiceResult<HeaderValue> {
        let json = serde_json::to_vec(self).map_err(StoreError::new)?;
        let payload = URL_SAFE_NO_PAD.encode(json);
        let mac = services.sign_on_mac(&payload).await?;
        let header = set(origin, &format!("{payload}.{mac}"), LIFE_US / SECOND_US);
        Ok(HeaderValue::from_str(&header).map_err(StoreError::new)?)
    }

    /// The one that a browser brings back; none when there is none, it is too old, or it is not as we gave it.
    pub(super) async fn of(
        services: &Services,
        origin: &Origin,
        headers: &HeaderMap,
    ) -> ServiceResult<Option<Self>> {
        let Some((payload, mac)) =
            cookie(headers, name(origin)).and_then(|kept| kept.split_once('.'))
        else {
            return Ok(None);
        };
        if !super::is_same(&services.sign_on_mac(payload).await?, mac) {
            return Ok(None);
        }
        let json = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
        let begun: Option<Self> = serde_json::from_slice(&json).ok();
        let now = services.now().micros();
        Ok(begun.filter(|begun| begun.ends_at > now))
    }
}

/// Whether a browser brings one back, right or not.
pub(super) fn is_there(origin: &Origin, headers: &HeaderMap) -> bool {
    cookie(headers, name(origin)).is_some()
}

/// The header that makes a browser forget the sign-in that it began.
pub(super) fn forget(origin: &Origin) -> Option<HeaderValue> {
    HeaderValue::from_str(&set(origin, "", 0)).ok()
}

fn name(origin: &Origin) -> &'static str {
    if origin.is_https() {
        HOST_COOKIE
    } else {
        COOKIE
    }
}

fn set(origin: &Origin, value: &str, seconds: i64) -> String {
    let name = name(origin);
    let secure = if origin.is_https() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

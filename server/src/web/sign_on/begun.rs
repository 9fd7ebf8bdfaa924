//! Sign-ins that have begun: the browser that began one keeps it, signed, for minutes.

use axum::http::{HeaderMap, HeaderValue};
use domain::{Time, time::MINUTE_US};
use serde::{Deserialize, Serialize};
use service::{ServiceResult, Services, sessions::UnderWay};

use crate::{
    state::Origin,
    web::kept::{SignedCookie, short},
};

/// Kept for as long as somebody may take at the provider.
pub(super) const COOKIE: SignedCookie = SignedCookie {
    waits: UnderWay::SignOn,
    plain: "creditscope_sign_on",
    host: "__Host-creditscope_sign_on",
    life_us: 10 * MINUTE_US,
};

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
        Self {
            state: state.clone(),
            nonce: nonce.clone(),
            verifier: verifier.clone(),
            next: short(next),
            ends_at: now.plus_micros(COOKIE.life_us).micros(),
        }
    }

    /// The header that gives it to the browser.
    pub(super) async fn keep(
        &self,
        services: &Services,
        origin: &Origin,
    ) -> ServiceResult<HeaderValue> {
        COOKIE.keep(services, origin, self).await
    }

    /// The one that a browser brings back; none when there is none, it is too old, or it is not as we gave it.
    pub(super) async fn of(
        services: &Services,
        origin: &Origin,
        headers: &HeaderMap,
    ) -> ServiceResult<Option<Self>> {
        let begun: Option<Self> = COOKIE.of(services, origin, headers).await?;
        let now = services.now().micros();
        Ok(begun.filter(|begun| begun.ends_at > now))
    }
}

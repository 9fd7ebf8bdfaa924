//! Sign-ins that have begun: the browser that began one keeps it, sealed, for minutes.

use axum::http::{HeaderMap, HeaderValue};
use domain::{Time, time::MINUTE_US};
use serde::{Deserialize, Serialize};
use service::{ServiceResult, Services, sessions::UnderWay};

use crate::{
    state::Origin,
    web::kept::{SealedCookie, short},
};

/// Kept for as long as somebody may take at the provider.
pub(super) const COOKIE: SealedCookie = SealedCookie {
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
    /// When the provider was asked to ask again, in microseconds; none when somebody just signs in.
    again_at: Option<i64>,
}

impl Begun {
    pub(super) fn new(
        [state, nonce, verifier]: [&String; 3],
        next: String,
        again_at: Option<Time>,
    ) -> Self {
        Self {
            state: state.clone(),
            nonce: nonce.clone(),
            verifier: verifier.clone(),
            next: short(next),
            again_at: again_at.map(Time::micros),
        }
    }

    /// When the provider was asked to ask again.
    pub(super) fn again_at(&self) -> Option<Time> {
        self.again_at.map(Time::from_micros)
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
        COOKIE.of(services, origin, headers).await
    }
}

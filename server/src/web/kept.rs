//! What a browser keeps, sealed, of something that is under way for minutes: here nothing is kept of it, so that nobody
//! fills anything by beginning.

use axum::http::{HeaderMap, HeaderValue};
use domain::time::SECOND_US;
use serde::{Serialize, de::DeserializeOwned};
use service::{ServiceResult, Services, ports::StoreError, sessions::UnderWay};

use crate::{sessions::cookie, state::Origin};

/// Longest address to go on to, in bytes: browsers drop a cookie that is too large.
const MAX_NEXT_BYTES: usize = 1_500;

/// A cookie of our own that nobody else reads or makes, and that is worth nothing when its time is over.
pub(super) struct SealedCookie {
    /// What it is kept for.
    pub(super) waits: UnderWay,
    /// Its name where browsers come without TLS.
    pub(super) plain: &'static str,
    /// The same over TLS: no other host, and no part of this one, can set it.
    pub(super) host: &'static str,
    /// How long it is kept, in microseconds.
    pub(super) life_us: i64,
}

impl SealedCookie {
    /// The header that gives something to the browser.
    pub(super) async fn keep(
        &self,
        services: &Services,
        origin: &Origin,
        what: &(impl Serialize + Sync),
    ) -> ServiceResult<HeaderValue> {
        let json = serde_json::to_vec(what).map_err(StoreError::new)?;
        let ends_at = services.now().plus_micros(self.life_us);
        let sealed = services.seal(self.waits, &json, ends_at).await?;
        let header = self.set(origin, &sealed, self.life_us / SECOND_US);
        Ok(HeaderValue::from_str(&header).map_err(StoreError::new)?)
    }

    /// What a browser brings back; none when there is nothing, it is too old, or it is not as we gave it.
    pub(super) async fn of<T: DeserializeOwned>(
        &self,
        services: &Services,
        origin: &Origin,
        headers: &HeaderMap,
    ) -> ServiceResult<Option<T>> {
        let Some(kept) = cookie(headers, self.name(origin)) else {
            return Ok(None);
        };
        let json = services.unseal(self.waits, kept).await?;
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// Whether a browser brings one back, right or not.
    pub(super) fn is_there(&self, origin: &Origin, headers: &HeaderMap) -> bool {
        cookie(headers, self.name(origin)).is_some()
    }

    /// The header that makes a browser forget it.
    pub(super) fn forget(&self, origin: &Origin) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.set(origin, "", 0)).ok()
    }

    fn name(&self, origin: &Origin) -> &'static str {
        if origin.is_https() {
            self.host
        } else {
            self.plain
        }
    }

    fn set(&self, origin: &Origin, value: &str, seconds: i64) -> String {
        let name = self.name(origin);
        let secure = if origin.is_https() { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }
}

/// Where to go on to afterwards; to the first page when a cookie could not keep that.
pub(super) fn short(next: String) -> String {
    if next.len() <= MAX_NEXT_BYTES {
        next
    } else {
        "/".to_owned()
    }
}

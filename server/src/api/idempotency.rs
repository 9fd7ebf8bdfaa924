//! `Idempotency-Key`: a write that is sent again happens once and is answered as the first time.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use service::{Caller, Services, ports::Remembered};
use sha2::{Digest, Sha256};

use super::{
    auth::{bearer, key_caller},
    body,
    problem::{Answer, Problem},
};
use crate::middleware::limits::MAX_BODY_BYTES;

/// Headers of an answer that belong to what it says.
const KEPT: [&str; 3] = ["content-type", "events-accepted", "events-duplicate"];
/// Tells a repeated answer from a first one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Writes that are running, by caller and key: a second one must not overtake the first.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<(String, String)>>>);

/// A place in [`InFlight`], given back when the write is over, also by an error or a lost connection.
struct Running {
    all: InFlight,
    name: (String, String),
}

impl InFlight {
    fn begin(&self, caller: &Caller, key: &str) -> Option<Running> {
        let name = (caller.name().to_owned(), key.to_owned());
        let is_new = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.clone());
        is_new.then(|| Running {
            all: self.clone(),
            name,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.all
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.name);
    }
}

/// Answers a repeated write as the first time; passes everything else on.
pub async fn once(
    State(services): State<Services>,
    State(in_flight): State<InFlight>,
    request: Request,
    next: Next,
) -> Response {
    let key = request
        .headers()
        .get("idempotency-key")
        .map(|key| key.as_bytes().to_vec());
    let (Some(key), false) = (key, request.method().is_safe()) else {
        return next.run(request).await;
    };
    let Ok(caller) = key_caller(&services, request.headers()).await else {
        // The handler refuses it, in its own words.
        return next.run(request).await;
    };
    let key = String::from_utf8_lossy(&key).into_owned();
    run(&services, &in_flight, &caller, &key, request, next)
        .await
        .unwrap_or_else(Problem::into_response)
}

async fn run(
    services: &Services,
    in_flight: &InFlight,
    caller: &Caller,
    key: &str,
    request: Request,
    next: Next,
) -> Answer<Response> {
    let running = in_flight.begin(caller, key);
    let _running = running.ok_or_else(|| {
        Problem::conflict(
            "a request with this Idempotency-Key is still running: wait for its answer",
        )
    })?;
    let (parts, content) = request.into_parts();
    let content = body::read(Request::from_parts(parts.clone(), content)).await?;
    let request_hash = hash(&parts, &content);
    let seal = Seal::new(&parts.headers, key);
    if let Some(first) = services.remembered(caller, key, &request_hash).await? {
        return Ok(replay(&first, &seal));
    }
    let answer = next
        .run(Request::from_parts(parts, Body::from(content)))
        .await;
    if !answer.status().is_success() {
        // Nothing was done, so trying again is safe and may go better.
        return Ok(answer);
    }
    let (head, content) = answer.into_parts();
    let content = axum::body::to_bytes(content, MAX_BODY_BYTES)
        .await
        .map_err(|_| Problem::internal())?;
    let sealed = seal.apply(&pack(&head.headers, &content));
    let first = Remembered {
        request_hash,
        status: head.status.as_u16(),
        body: sealed,
    };
    services.remember(caller, key, &first).await?;
    Ok(Response::from_parts(head, Body::from(content)))
}

fn hash(parts: &Parts, content: &Bytes) -> Vec<u8> {
    let mut digest = Sha256::new();
    digest.update(parts.method.as_str());
    digest.update([0]);
    digest.update(parts.uri.path_and_query().map_or("", |path| path.as_str()));
    digest.update([0]);
    digest.update(content);
    digest.finalize().to_vec()
}

/// The kept headers as a line of JSON, then the body.
fn pack(headers: &HeaderMap, content: &Bytes) -> Vec<u8> {
    let kept = KEPT
        .iter()
        .filter_map(|name| Some((*name, headers.get(*name)?.to_str().ok()?)));
    let kept: BTreeMap<_, _> = kept.collect();
    let mut packed = serde_json::to_vec(&kept).unwrap_or_else(|_| b"{}".to_vec());
    packed.push(b'\n');
    packed.extend_from_slice(content);
    packed
}

fn replay(first: &Remembered, seal: &Seal) -> Response {
    let packed = seal.apply(&first.body);
    let mut parts = packed.splitn(2, |byte| *byte == b'\n');
    let kept: BTreeMap<String, String> =
        serde_json::from_slice(parts.next().unwrap_or_default()).unwrap_or_default();
    let content = parts.next().unwrap_or_default().to_vec();
    let status = StatusCode::from_u16(first.status).unwrap_or(StatusCode::OK);
    let mut response = (status, content).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in kept {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert(REPLAYED, header::HeaderValue::from_static("true"));
    response
}

/// Answers may hold a new API key, which the database must not know. They are stored under a keystream that only the
/// caller's own token makes again: SHA-256 in counter mode, used once for each token and `Idempotency-Key`.
struct Seal(Sha256);

impl Seal {
    fn new(headers: &HeaderMap, key: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"creditscope idempotency seal");
        for part in [bearer(headers).unwrap_or_default(), key] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(digest)
    }

    fn apply(&self, text: &[u8]) -> Vec<u8> {
        let mut out = text.to_vec();
        for (block, counter) in out.chunks_mut(32).zip(0_u64..) {
            let mut digest = self.0.clone();
            digest.update(counter.to_be_bytes());
            block
                .iter_mut()
                .zip(digest.finalize())
                .for_each(|(byte, stream)| *byte ^= stream);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_answer_opens_only_with_the_same_token_and_key() {
        let headers = |token: &str| {
            HeaderMap::from_iter([(
                header::AUTHORIZATION,
                format!("Bearer {token}").parse().unwrap(),
            )])
        };
        let text = b"{\"key\":\"cs_ab_secret\"} and more than one block of it".to_vec();
        let sealed = Seal::new(&headers("one"), "k").apply(&text);
        assert_ne!(sealed, text);
        assert_eq!(Seal::new(&headers("one"), "k").apply(&sealed), text);
        assert_ne!(Seal::new(&headers("two"), "k").apply(&sealed), text);
        assert_ne!(Seal::new(&headers("one"), "l").apply(&sealed), text);
    }
}

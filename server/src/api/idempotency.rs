//! `Idempotency-Key`: a write that is sent again happens once and is answered as the first time.

use std::{
    collections::{BTreeMap, HashSet},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use service::{Caller, Services, idempotency::Begun, ports::Remembered, request::Seal};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tracing::Instrument as _;

use super::{
    auth::{bearer, key_caller},
    body,
    openapi::description,
    problem::{Answer, Problem},
};
use crate::AppState;

/// Headers of an answer that belong to what it says.
const KEPT: [&str; 5] = [
    "content-type",
    "etag",
    "events-accepted",
    "events-duplicate",
    "location",
];
/// Requests with a key that run at once, with those whose clients left: past it senders are told to wait.
const MOST_RUNNING: usize = 1_024;
/// Largest answer that is remembered, in bytes: answers to writes say what was written.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// When senders should try again after that.
const RETRY_AFTER_S: u32 = 1;
/// How often a request runs when other processes do parts of it at the same time.
const RUNS: usize = 4;
/// Tells a repeated answer from a first one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Writes that are running in this process, by caller and key: a second one need not begin.
#[derive(Debug, Clone, Default)]
pub struct InFlight(Arc<Writes>);

#[derive(Debug, Default)]
struct Writes {
    running: Mutex<HashSet<(String, String)>>,
    /// Told whenever none runs any more.
    finished: Notify,
}

impl Writes {
    fn lock(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in [`InFlight`], given back when the write is over, also by an error.
struct Running {
    all: InFlight,
    name: (String, String),
}

impl InFlight {
    fn begin(&self, caller: &Caller, key: &str) -> Answer<Running> {
        let name = (caller.name().to_owned(), key.to_owned());
        let mut running = self.0.lock();
        if running.len() >= MOST_RUNNING {
            return Err(Problem::busy(RETRY_AFTER_S));
        }
        if !running.insert(name.clone()) {
            return Err(still_running());
        }
        Ok(Running {
            all: self.clone(),
            name,
        })
    }

    /// Resolves when no write runs any more.
    pub async fn finished(&self) {
        loop {
            let mut finished = pin!(self.0.finished.notified());
            finished.as_mut().enable();
            if self.0.lock().is_empty() {
                return;
            }
            finished.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self.all.0.lock();
        running.remove(&self.name);
        if running.is_empty() {
            self.all.0.finished.notify_waiters();
        }
    }
}

/// Answers a repeated write as the first time; passes everything else on.
pub async fn once(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let key = request
        .headers()
        .get("idempotency-key")
        .map(|key| key.as_bytes().to_vec());
    let (Some(key), true) = (key, writes(&request)) else {
        return next.run(request).await;
    };
    let headers = request.headers().clone();
    if bearer(&headers).is_none() {
        // The handler refuses it, or knows its sender in another way.
        return next.run(request).await;
    }
    // A repeated answer counts like a first one.
    let caller = match key_caller(&state, &headers, request.extensions_mut()).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let key = String::from_utf8_lossy(&key).into_owned();
    run(
        &state.services,
        &state.in_flight,
        &caller,
        &key,
        request,
        next,
    )
    .await
    .unwrap_or_else(Problem::into_response)
}

/// Whether a request is a write that there is: any other is refused without looking at its key.
fn writes(request: &Request) -> bool {
    let path = request.extensions().get::<MatchedPath>();
    let method = request.method().as_str().to_ascii_lowercase();
    !request.method().is_safe()
        && path.is_some_and(|path| description()["paths"][path.as_str()][method].is_object())
}

/// A request with a key, whole: it can run again, and without its connection.
struct Whole {
    services: Services,
    caller: Caller,
    key: String,
    parts: Parts,
    content: Bytes,
    seal: Seal,
}

async fn run(
    services: &Services,
    in_flight: &InFlight,
    caller: &Caller,
    key: &str,
    request: Request,
    next: Next,
) -> Answer<Response> {
    let (parts, content) = request.into_parts();
    // A place is taken for what runs, not for a body that is slow to come.
    let content = body::read(Request::from_parts(parts.clone(), content)).await?;
    let running = in_flight.begin(caller, key)?;
    let whole = Whole {
        services: services.clone(),
        caller: caller.clone(),
        key: key.to_owned(),
        seal: Seal::new(bearer(&parts.headers).unwrap_or_default(), key),
        parts,
        content,
    };
    // A task of its own: what was begun is finished, although its client leaves.
    let task = async move {
        let _running = running;
        whole.finish(next).await
    };
    tokio::spawn(service::turn::carried(task).in_current_span())
        .await
        .unwrap_or_else(|_| Err(Problem::internal()))
}

impl Whole {
    async fn finish(&self, next: Next) -> Answer<Response> {
        let hash = hash(&self.parts, &self.content);
        for _ in 0..RUNS {
            let begun = self
                .services
                .begin_request(&self.caller, &self.key, &hash, &self.seal);
            let keyed = match begun.await? {
                Begun::Answered(first) => return Ok(replay(&first, &self.seal)),
                Begun::Runs(keyed) => keyed,
            };
            let content = Body::from(self.content.clone());
            let request = Request::from_parts(self.parts.clone(), content);
            let answer = keyed.run(next.clone().run(request)).await;
            if !keyed.is_overtaken() {
                return self.remember(hash, answer).await;
            }
        }
        Err(still_running())
    }

    async fn remember(&self, request_hash: Vec<u8>, answer: Response) -> Answer<Response> {
        if !answer.status().is_success() {
            // What was refused was not done, so trying again is safe and may go better.
            return Ok(answer);
        }
        let (head, content) = answer.into_parts();
        let content = axum::body::to_bytes(content, MAX_ANSWER_BYTES)
            .await
            .map_err(|_| Problem::internal())?;
        let first = Remembered {
            request_hash,
            status: head.status.as_u16(),
            body: self.seal.apply(&pack(&head.headers, &content)),
        };
        self.services
            .remember(&self.caller, &self.key, &first)
            .await?;
        Ok(Response::from_parts(head, Body::from(content)))
    }
}

fn still_running() -> Problem {
    Problem::conflict("a request with this Idempotency-Key is still running: wait for its answer")
}

/// Whether a header is part of what is asked for: it says what the body is, which event it is, or what must be there.
fn is_asked(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "content-type" | "if-match" | "if-none-match" | "prefer"
    ) || name.as_str().starts_with("ce-")
}

/// SHA-256 of what is asked for.
pub fn hash(parts: &Parts, content: &Bytes) -> Vec<u8> {
    let mut digest = Sha256::new();
    digest.update(parts.method.as_str());
    digest.update([0]);
    digest.update(parts.uri.path_and_query().map_or("", |path| path.as_str()));
    digest.update([0]);
    let asked = parts.headers.iter().filter(|(name, _)| is_asked(name));
    let asked: BTreeMap<_, _> = asked
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    for (name, value) in asked {
        for part in [name.as_bytes(), &[0], value, &[0]] {
            digest.update(part);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_stops_waits_for_what_was_begun() {
        let (writes, caller) = (InFlight::default(), Caller::operator("test"));
        writes.finished().await;
        let (one, two) = (
            writes.begin(&caller, "one").unwrap(),
            writes.begin(&caller, "two").unwrap(),
        );
        let waiting = writes.finished();
        let mut waiting = pin!(waiting);
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        drop(one);
        assert!(futures::poll!(waiting.as_mut()).is_pending());
        drop(two);
        waiting.await;
    }
}

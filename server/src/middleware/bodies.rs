//! Bodies of requests: how large one may be, how long it may take, and how much of all of them is kept at once.
//!
//! Whatever reads a body further in reads it through here. What is wrong with it is answered here as well: a handler cannot
//! tell a body that was too slow from one that cannot be read.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use app::error::AppError;
use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    http::{HeaderValue, Method, Version, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::address::ClientAddress;
use crate::{AppState, api::problem::Problem, web};

/// Largest batch of events, in bytes.
pub const MAX_BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// Largest body of anything else: a logo is the largest thing that anybody sends.
pub const MAX_BODY_BYTES: u64 = 64 * 1024;
/// How long a body may take as a whole: shorter than an answer may.
const WHOLE: Duration = Duration::from_secs(25);
/// One sender may have this part of all that is kept.
const SHARE: u64 = 4;
/// How much of a body that is too large is read and thrown away, so that its sender gets to read the answer.
const MAX_DISCARD_BYTES: u64 = 32 * 1024 * 1024;
/// How long that may take.
const DISCARD_TIME: Duration = Duration::from_secs(5);
/// When to try again after there was no room for a body.
const RETRY_AFTER_S: u32 = 2;

/// How much of all bodies is kept at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Bytes of all bodies that are being sent, or whose requests are not answered yet. Of them one sender may have a
    /// quarter, and one batch in any case.
    pub kept: u64,
}

impl Default for BodyLimits {
    /// Sixteen of the largest batches.
    fn default() -> Self {
        Self {
            kept: 16 * MAX_BATCH_BYTES,
        }
    }
}

/// Counts what is kept of bodies; cheap to clone.
#[derive(Debug, Clone)]
pub struct Bodies {
    limits: BodyLimits,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    all: u64,
    /// As many as have anything kept.
    of: HashMap<IpAddr, u64>,
}

impl Bodies {
    /// Nothing is kept yet.
    pub fn new(limits: BodyLimits) -> Self {
        Self {
            limits,
            kept: Arc::default(),
        }
    }

    /// Bytes that are kept, and of how many senders.
    pub fn kept(&self) -> (u64, usize) {
        let kept = self.lock();
        (kept.all, kept.of.len())
    }

    fn keep(&self, sender: Option<IpAddr>, bytes: u64) -> bool {
        let most = (self.limits.kept / SHARE).max(MAX_BATCH_BYTES);
        let mut kept = self.lock();
        if kept.all + bytes > self.limits.kept {
            return false;
        }
        if let Some(sender) = sender.filter(|_| bytes > 0) {
            let theirs = kept.of.get(&sender).copied().unwrap_or(0) + bytes;
            if theirs > most {
                return false;
            }
            kept.of.insert(sender, theirs);
        }
        kept.all += bytes;
        true
    }

    fn give_back(&self, sender: Option<IpAddr>, bytes: u64) {
        let mut kept = self.lock();
        kept.all -= bytes;
        let Some(sender) = sender else { return };
        if let Some(theirs) = kept.of.get_mut(&sender) {
            *theirs -= bytes;
            if *theirs == 0 {
                kept.of.remove(&sender);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    TooLarge,
    TooSlow,
    NoRoom,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::TooLarge => "the body is too large",
            Self::TooSlow => "the body took too long",
            Self::NoRoom => "there is no room for the body",
        })
    }
}

impl std::error::Error for Fault {}

/// What came of a body so far, until its request is answered.
struct Coming {
    bodies: Bodies,
    sender: Option<IpAddr>,
    most: u64,
    state: Mutex<(u64, Option<Fault>)>,
}

impl Coming {
    fn add(&self, bytes: usize) -> Result<(), Fault> {
        let bytes = bytes as u64;
        if self.state().0 + bytes > self.most {
            return Err(self.fails(Fault::TooLarge));
        }
        if !self.bodies.keep(self.sender, bytes) {
            return Err(self.fails(Fault::NoRoom));
        }
        self.state().0 += bytes;
        Ok(())
    }

    fn fails(&self, fault: Fault) -> Fault {
        *self.state().1.get_or_insert(fault)
    }

    fn state(&self) -> MutexGuard<'_, (u64, Option<Fault>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        let (bytes, _) = *self.state();
        self.bodies.give_back(self.sender, bytes);
    }
}

/// A body as it comes.
struct Bounded {
    body: Body,
    coming: Arc<Coming>,
    /// How long nothing may come.
    pause: Duration,
    /// When all of it must be there.
    whole: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let fails = |fault| Poll::Ready(Some(Err(axum::Error::new(fault))));
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            let at = this.whole.min(Instant::now() + this.pause);
            let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            return match timer.as_mut().poll(cx) {
                Poll::Ready(()) => fails(this.coming.fails(Fault::TooSlow)),
                Poll::Pending => Poll::Pending,
            };
        };
        this.timer = None;
        let Some(Ok(frame)) = frame else {
            return Poll::Ready(frame);
        };
        if Instant::now() >= this.whole {
            return fails(this.coming.fails(Fault::TooSlow));
        }
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        match this.coming.add(bytes) {
            Ok(()) => Poll::Ready(Some(Ok(frame))),
            Err(fault) => fails(fault),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Largest body of a request, in bytes.
fn most(method: &Method, path: &str) -> u64 {
    if method == Method::POST && path == "/api/v1/events" {
        MAX_BATCH_BYTES
    } else {
        MAX_BODY_BYTES
    }
}

/// Bounds the body of a request.
pub async fn bound(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let most = most(request.method(), path);
    let is_api = super::cross_site::is_for_keys(path);
    let version = request.version();
    if announced(&request) > most {
        discard(request).await;
        return refuse(&state, is_api, Fault::TooLarge, version).await;
    }
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let coming = Arc::new(Coming {
        bodies: state.bodies.clone(),
        sender: ClientAddress::of(request.extensions()).group(),
        most,
        state: Mutex::default(),
    });
    let bounded = |body| Bounded {
        body,
        coming: Arc::clone(&coming),
        pause: state.bounds.read_timeout,
        whole: Instant::now() + WHOLE,
        timer: None,
    };
    let response = next.run(request.map(|body| Body::new(bounded(body)))).await;
    let fault = coming.state().1;
    match fault {
        Some(fault) => refuse(&state, is_api, fault, version).await,
        None => response,
    }
}

/// The size that a request says its body has.
fn announced(request: &Request) -> u64 {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok());
    announced.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Reads what is on its way and too large, so that its sender gets to read why.
async fn discard(request: Request) {
    // A sender that asked for leave to send has not sent anything yet.
    let is_waiting = request.headers().contains_key(header::EXPECT);
    if is_waiting || announced(&request) > MAX_DISCARD_BYTES {
        return;
    }
    let mut chunks = request.into_body().into_data_stream();
    let all = async { while let Some(Ok(_)) = chunks.next().await {} };
    let _ = timeout(DISCARD_TIME, all).await;
}

async fn refuse(state: &AppState, is_api: bool, fault: Fault, version: Version) -> Response {
    let (problem, told) = match fault {
        Fault::TooLarge => (Problem::too_large(), AppError::TooLarge),
        Fault::TooSlow => (Problem::too_slow(), AppError::TooSlow),
        Fault::NoRoom => (Problem::busy(RETRY_AFTER_S), AppError::Busy),
    };
    let mut response = if is_api {
        problem.into_response()
    } else {
        web::unread(state, told).await
    };
    if fault == Fault::TooSlow && version < Version::HTTP_2 {
        // What still comes of it is not the next request. RFC 9110, 15.5.9
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sender_has_a_quarter_and_what_is_kept_of_nobody_is_forgotten() {
        let bodies = Bodies::new(BodyLimits::default());
        let senders: Vec<Option<IpAddr>> = (1..=5)
            .map(|last| Some(IpAddr::from([192, 0, 2, last])))
            .collect();
        let batch = MAX_BATCH_BYTES;
        for _ in 0..4 {
            assert!(bodies.keep(senders[0], batch));
        }
        assert!(!bodies.keep(senders[0], 1), "more than its share");
        for sender in &senders[1..4] {
            assert!(bodies.keep(*sender, 4 * batch));
        }
        assert!(!bodies.keep(senders[4], 1), "more than all may have");
        bodies.give_back(senders[0], 4 * batch);
        assert!(bodies.keep(senders[4], 1));
        bodies.give_back(senders[4], 1);
        for sender in &senders[1..4] {
            bodies.give_back(*sender, 4 * batch);
        }
        assert_eq!(bodies.kept(), (0, 0));
    }

    #[test]
    fn only_batches_of_events_are_large() {
        assert_eq!(most(&Method::POST, "/api/v1/events"), MAX_BATCH_BYTES);
        for (method, path) in [
            (Method::GET, "/api/v1/events"),
            (Method::POST, "/api/v1/events/"),
            (Method::POST, "/api/v1/payments/events"),
            (Method::POST, "/sign-in"),
        ] {
            assert_eq!(most(&method, path), MAX_BODY_BYTES, "{path}");
        }
    }
}

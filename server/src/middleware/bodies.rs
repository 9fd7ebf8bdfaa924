//! Bodies of requests: how large one may be, how long it may take, and how much of all of them is kept at once.
//!
//! Whatever reads a body further in reads it through here. What is wrong with it is answered here as well: a handler cannot
//! tell a body that was too slow from one that cannot be read.

mod room;

pub use room::{Bodies, BodyLimits};

use std::{
    fmt,
    net::IpAddr,
    ops::RangeInclusive,
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
use crate::{AppState, api::problem::Problem, seat::Seat, web};

/// Largest batch of events, in bytes.
pub const MAX_BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// Largest body of anything else that somebody sends who is known: a rate card with many rules, or the keys of thousands of
/// companies.
pub const MAX_BODY_BYTES: u64 = 1024 * 1024;
/// Largest body of a stranger, of a check and of a hold. Bodies up to here have room that larger ones do not take.
pub const SMALL_BODY_BYTES: u64 = 64 * 1024;
/// How long a body may take as a whole: shorter than an answer may.
const WHOLE: Duration = Duration::from_secs(25);
/// How much of a body that is refused is read and thrown away, so that its sender gets to read the answer.
const MAX_DISCARD_BYTES: u64 = 32 * 1024 * 1024;
/// How long that may take.
const DISCARD_TIME: Duration = Duration::from_secs(5);
/// When to try again after there was no room for a body: not all at the same time.
const RETRY_AFTER_S: RangeInclusive<u32> = 1..=3;

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
    /// Tells who sent it, once that is known; checks and holds have none.
    seat: Option<Seat>,
    is_batch: bool,
    announced: u64,
    got: Mutex<Got>,
}

#[derive(Default)]
struct Got {
    read: u64,
    /// What there is room for: all that was announced, as soon as something reads it. Bodies that are sent at the same time
    /// and do not fit together are not all broken off halfway.
    room: u64,
    fault: Option<Fault>,
    /// What is still on its way of a body that was refused.
    rest: Option<Body>,
}

impl Coming {
    /// Largest body, in bytes. It is asked when a body is read, which nothing does before it is known who sent it.
    fn most(&self) -> u64 {
        match &self.seat {
            _ if self.is_batch => MAX_BATCH_BYTES,
            Some(seat) if seat.is_known() => MAX_BODY_BYTES,
            _ => SMALL_BODY_BYTES,
        }
    }

    fn add(&self, bytes: usize) -> Result<(), Fault> {
        let most = self.most();
        let mut got = self.got();
        let read = got.read + bytes as u64;
        let wanted = read.max(self.announced);
        let fault = if wanted > most {
            Some(Fault::TooLarge)
        } else if !self.bodies.grow(self.sender, got.room, wanted) {
            Some(Fault::NoRoom)
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(*got.fault.get_or_insert(fault));
        }
        (got.read, got.room) = (read, wanted);
        Ok(())
    }

    fn is_too_slow(&self) -> Fault {
        *self.got().fault.get_or_insert(Fault::TooSlow)
    }

    fn got(&self) -> MutexGuard<'_, Got> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        let room = self.got().room;
        self.bodies.give_back(self.sender, room);
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
    is_begun: bool,
}

impl Bounded {
    /// Leaves the rest to be thrown away, for which whoever reads this does not wait.
    fn refuse(&mut self, fault: Fault) -> axum::Error {
        if fault != Fault::TooSlow {
            self.coming.got().rest = Some(std::mem::take(&mut self.body));
        }
        axum::Error::new(fault)
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if !std::mem::replace(&mut this.is_begun, true)
            && let Err(fault) = this.coming.add(0)
        {
            return Poll::Ready(Some(Err(this.refuse(fault))));
        }
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            let at = this.whole.min(Instant::now() + this.pause);
            let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            return match timer.as_mut().poll(cx) {
                Poll::Ready(()) => {
                    let fault = this.coming.is_too_slow();
                    Poll::Ready(Some(Err(this.refuse(fault))))
                }
                Poll::Pending => Poll::Pending,
            };
        };
        this.timer = None;
        let Some(Ok(frame)) = frame else {
            return Poll::Ready(frame);
        };
        if Instant::now() >= this.whole {
            let fault = this.coming.is_too_slow();
            return Poll::Ready(Some(Err(this.refuse(fault))));
        }
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        match this.coming.add(bytes) {
            Ok(()) => Poll::Ready(Some(Ok(frame))),
            Err(fault) => Poll::Ready(Some(Err(this.refuse(fault)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whether a request reports events.
fn is_batch(method: &Method, path: &str) -> bool {
    method == Method::POST && path == "/api/v1/events"
}

/// Bounds the body of a request.
pub async fn bound(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_batch = is_batch(request.method(), path);
    let is_api = super::cross_site::is_for_keys(path);
    let version = request.version();
    let announced = announced(&request);
    // A sender that asked for leave to send has not sent anything before it is read.
    let is_waiting = request.headers().contains_key(header::EXPECT);
    if announced
        > if is_batch {
            MAX_BATCH_BYTES
        } else {
            MAX_BODY_BYTES
        }
    {
        if !is_waiting {
            discard(request.into_body(), announced).await;
        }
        return refuse(&state, is_api, Fault::TooLarge, version).await;
    }
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let coming = Arc::new(Coming {
        bodies: state.bodies.clone(),
        sender: ClientAddress::of(request.extensions()).group(),
        seat: request.extensions().get::<Seat>().cloned(),
        is_batch,
        announced,
        got: Mutex::default(),
    });
    let bounded = |body| Bounded {
        body,
        coming: Arc::clone(&coming),
        pause: state.bounds.read_timeout,
        whole: Instant::now() + WHOLE,
        timer: None,
        is_begun: false,
    };
    let response = next.run(request.map(|body| Body::new(bounded(body)))).await;
    let (fault, rest, read) = {
        let mut got = coming.got();
        (got.fault, got.rest.take(), got.read)
    };
    let Some(fault) = fault else { return response };
    // Nothing is kept of it any more, nor is anything read for it.
    if let Some(seat) = &coming.seat {
        seat.leave();
    }
    drop((response, coming));
    if let Some(rest) = rest.filter(|_| !is_waiting || read > 0) {
        discard(rest, announced).await;
    }
    refuse(&state, is_api, fault, version).await
}

/// The size that a request says its body has.
fn announced(request: &Request) -> u64 {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok());
    announced.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Reads what is on its way and refused, so that its sender gets to read why.
async fn discard(body: Body, announced: u64) {
    if announced > MAX_DISCARD_BYTES {
        return;
    }
    let mut chunks = body.into_data_stream();
    let mut left = MAX_DISCARD_BYTES;
    let all = async {
        while let Some(Ok(chunk)) = chunks.next().await {
            let Some(less) = left.checked_sub(chunk.len() as u64) else {
                return;
            };
            left = less;
        }
    };
    let _ = timeout(DISCARD_TIME, all).await;
}

async fn refuse(state: &AppState, is_api: bool, fault: Fault, version: Version) -> Response {
    let retry_after_s = rand::random_range(RETRY_AFTER_S);
    let (problem, told) = match fault {
        Fault::TooLarge => (Problem::too_large(), AppError::TooLarge),
        Fault::TooSlow => (Problem::too_slow(), AppError::TooSlow),
        Fault::NoRoom => (Problem::busy(retry_after_s), AppError::Busy),
    };
    let mut response = if is_api {
        problem.into_response()
    } else {
        web::unread(state, told).await
    };
    if fault == Fault::NoRoom {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, retry_after_s.into());
    }
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
    fn only_batches_of_events_are_large() {
        assert!(is_batch(&Method::POST, "/api/v1/events"));
        for (method, path) in [
            (Method::GET, "/api/v1/events"),
            (Method::POST, "/api/v1/events/"),
            (Method::POST, "/api/v1/payments/events"),
            (Method::POST, "/sign-in"),
        ] {
            assert!(!is_batch(&method, path), "{path}");
        }
    }
}

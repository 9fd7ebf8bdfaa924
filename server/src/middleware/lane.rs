//! Checks and holds are answered by threads of their own: whatever else a server does, they do not wait for it.
//!
//! Rendering a page keeps a thread busy for milliseconds, during which no other task of that thread moves on. So everything
//! but permission to spend runs on a second set of threads, to which the system gives what the first one leaves.

use std::{io, sync::LazyLock};

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::stream;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::mpsc,
    task::JoinHandle,
};
use tracing::Instrument as _;

use crate::{
    api::problem::Problem,
    seat::Seat,
    turns::{Patience, Turns},
};

/// How much less the system gives to these threads than to others (0 to 19).
#[cfg(target_os = "linux")]
const NICE: i32 = 10;
/// Pieces of an answer that wait for a slow client.
const PIECES: usize = 4;

/// The threads; none when the system gives no more, and then everything runs on the first ones.
static LANE: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .thread_name("pages")
        .on_thread_start(give_way)
        .enable_all()
        .build()
        .inspect_err(|error| tracing::error!(%error, "pages have no threads of their own"))
        .ok()
});

/// Makes the system prefer other threads to this one. Threads that it starts inherit that: those of the database's
/// readers that only pages use. On other systems it would be the whole process.
fn give_way() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICE);
}

/// Where work belongs that nobody's permission to spend waits for.
pub fn handle() -> Handle {
    match &*LANE {
        Some(lane) => lane.handle().clone(),
        None => Handle::current(),
    }
}

/// Work that ends when nobody waits for it any more.
struct Attended<T>(JoinHandle<T>);

impl<T> Drop for Attended<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether somebody waits for permission to spend, or whether the server is well.
fn is_prompt(method: &Method, path: &str) -> bool {
    match path {
        "/healthz" | "/readyz" => true,
        "/api/v1/check" => method == Method::POST,
        _ => path
            .strip_prefix("/api/v1/holds")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

/// Answers everything but checks and holds elsewhere. Who leaves ends the work.
pub async fn divert(State(turns): State<Turns>, mut request: Request, next: Next) -> Response {
    if is_prompt(request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    // Who is answered 503 tries again: a write may have been done by then.
    let patience = if request.method().is_safe() {
        Patience::Some
    } else {
        Patience::Endless
    };
    let seat = Seat::new(turns, patience);
    request.extensions_mut().insert(seat.clone());
    let work = service::request::carried(async move {
        let response = seat.seated(next.run(request)).await;
        seat.leave();
        carry(response)
    });
    let mut working = Attended(handle().spawn(work.in_current_span()));
    match (&mut working.0).await {
        Ok(response) => response,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => {
            tracing::error!(%error, "a request was not answered");
            Problem::internal().into_response()
        }
    }
}

/// Lets the body be made here too: who sends it does not read from the database, write CSV or compress.
fn carry(response: Response) -> Response {
    if response.body().size_hint().exact().is_some() || response.body().is_end_stream() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let (send, pieces) = mpsc::channel(PIECES);
    handle().spawn(pour(body, send).in_current_span());
    let pieces = stream::unfold(pieces, |mut pieces| async move {
        pieces.recv().await.map(|piece| (piece, pieces))
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// Makes a body for as long as somebody takes it.
async fn pour(body: Body, send: mpsc::Sender<io::Result<Bytes>>) {
    use futures::StreamExt as _;
    let mut pieces = body.into_data_stream();
    loop {
        let piece = tokio::select! {
            piece = pieces.next() => piece,
            () = send.closed() => return,
        };
        let Some(piece) = piece else { return };
        if send.send(piece.map_err(io::Error::other)).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_permission_to_spend_and_probes_are_prompt() {
        for (method, path) in [
            (Method::POST, "/api/v1/check"),
            (Method::POST, "/api/v1/holds"),
            (Method::PATCH, "/api/v1/holds/a"),
            (Method::POST, "/api/v1/holds/a/settle"),
            (Method::GET, "/readyz"),
        ] {
            assert!(is_prompt(&method, path), "{path}");
        }
        for path in ["/", "/api/v1/events", "/api/v1/holdsome", "/metrics"] {
            assert!(!is_prompt(&Method::POST, path), "{path}");
        }
    }

    #[tokio::test]
    async fn a_body_is_made_only_as_long_as_somebody_takes_it() {
        let (alive, gone) = tokio::sync::oneshot::channel::<()>();
        let endless = stream::unfold(alive, |alive| async move {
            Some((Ok::<_, io::Error>(Bytes::from_static(b"row")), alive))
        });
        let answer = carry(Response::new(Body::from_stream(endless)));
        let mut pieces = answer.into_body().into_data_stream();
        let first = futures::StreamExt::next(&mut pieces).await.unwrap();
        assert_eq!(first.unwrap(), "row");
        drop(pieces);
        // It waits for ever unless the body is dropped.
        assert!(gone.await.is_err());
    }
}

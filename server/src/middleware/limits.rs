//! Bounds on a request's size and time.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::StreamExt as _;
use tower_http::timeout::TimeoutBody;

use crate::api::problem::Problem;

/// Largest body of any request: what the ingestion endpoint takes.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// Longest time until an answer's head; bodies may stream for longer.
const MAX_TIME: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read and thrown away, so that its sender gets to read the answer.
const MAX_DISCARD_BYTES: u64 = 32 * 1024 * 1024;
/// How long that may take.
const DISCARD_TIME: Duration = Duration::from_secs(5);
/// When to try again after the server took too long.
const RETRY_AFTER_S: u32 = 5;

/// Refuses a body by its announced size, before it is read.
pub async fn announced_size(request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced: u64 = announced
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    if announced <= MAX_BODY_BYTES as u64 {
        return next.run(request).await;
    }
    // A sender that asked for leave to send has not sent anything yet.
    let is_waiting = request.headers().contains_key(header::EXPECT);
    if !is_waiting && announced <= MAX_DISCARD_BYTES {
        let _ = tokio::time::timeout(DISCARD_TIME, discard(request.into_body())).await;
    }
    Problem::too_large().into_response()
}

async fn discard(body: Body) {
    let mut chunks = body.into_data_stream();
    while let Some(Ok(_)) = chunks.next().await {}
}

/// Gives up on a body of which nothing came for so long.
pub async fn slow_body(State(pause): State<Duration>, request: Request, next: Next) -> Response {
    let request = request.map(|body| Body::new(TimeoutBody::new(pause, body)));
    next.run(request).await
}

/// Gives up on a request whose answer does not begin in time.
pub async fn time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(MAX_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::busy(RETRY_AFTER_S)
            .with_detail("the answer took too long")
            .into_response(),
    }
}

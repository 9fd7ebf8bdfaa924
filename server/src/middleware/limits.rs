//! Bounds on the time of a request.

use std::time::Duration;

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::api::problem::Problem;

/// Longest time until an answer's head; bodies may stream for longer.
const MAX_TIME: Duration = Duration::from_secs(30);
/// When to try again after the server took too long.
const RETRY_AFTER_S: u32 = 5;

/// Gives up on a request whose answer does not begin in time.
pub async fn time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(MAX_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::busy(RETRY_AFTER_S)
            .with_detail("the answer took too long")
            .into_response(),
    }
}

//! How many requests and live pages one sender may have at once, however few connections they come through: those of one
//! proxy, or streams of HTTP/2.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{address::ClientAddress, rates::is_probe};
use crate::{
    api::problem::Problem,
    listener::{Held, Line, Watch},
};

/// When to try again, in seconds.
const RETRY_AFTER_S: u32 = 1;

/// Counts requests that run; cheap to clone.
#[derive(Debug, Clone)]
pub struct AtOnce {
    most: u32,
    /// As many as there are requests at most.
    running: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

/// One of them, until this is dropped.
#[derive(Debug)]
struct Running {
    all: AtOnce,
    sender: IpAddr,
}

impl AtOnce {
    /// None runs yet; one sender may have so many.
    pub fn new(most: u32) -> Self {
        Self {
            most,
            running: Arc::default(),
        }
    }

    fn begin(&self, sender: IpAddr) -> Option<Running> {
        let mut running = self.lock();
        let theirs = running.entry(sender).or_default();
        if *theirs >= self.most {
            return None;
        }
        *theirs += 1;
        Some(Running {
            all: self.clone(),
            sender,
        })
    }

    /// Senders that are remembered.
    pub fn remembered(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self.all.lock();
        if let Some(theirs) = running.get_mut(&self.sender) {
            *theirs = theirs.saturating_sub(1);
            if *theirs == 0 {
                running.remove(&self.sender);
            }
        }
    }
}

impl Watch for Running {
    fn polled(&self, _: bool) {}
}

/// Refuses what one sender has running beyond that.
pub async fn limit(State(at_once): State<AtOnce>, request: Request, next: Next) -> Response {
    let sender = ClientAddress::of(request.extensions()).group();
    let Some(sender) = sender.filter(|_| !is_probe(request.uri().path())) else {
        return next.run(request).await;
    };
    let Some(running) = at_once.begin(sender) else {
        return Problem::too_many(
            "too many requests at once: wait for some to end",
            RETRY_AFTER_S,
        )
        .into_response();
    };
    let line = request.extensions().get::<Arc<Line>>().cloned();
    let response = next.run(request).await;
    match line {
        // A live page runs for as long as its connection is there.
        Some(line) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            line.keep(running);
            response
        }
        _ => response.map(|body| Body::new(Held::new(body, running))),
    }
}

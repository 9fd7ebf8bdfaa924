//! The requests of one connection.

use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{HeaderValue, Request, Response, StatusCode, Version, header},
    response::IntoResponse as _,
};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tower::Service;

use super::line::{Line, Running};
use crate::{api::problem::Problem, middleware::rates::is_probe};

/// When whoever was refused for want of a place should try again, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// Answers the requests of one connection.
#[derive(Clone)]
pub struct Visit {
    pub(super) peer: SocketAddr,
    pub(super) line: Arc<Line>,
    pub(super) router: Router,
}

impl Service<Request<Incoming>> for Visit {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let is_http2 = request.version() == Version::HTTP_2;
        let running = self.line.begin(is_http2);
        if self.line.is_reserved() && !is_probe(request.uri().path()) {
            return Box::pin(std::future::ready(Ok(no_place(is_http2))));
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        request.extensions_mut().insert(Arc::clone(&self.line));
        let answered = self.router.call(request);
        Box::pin(async move {
            let Ok(response) = answered.await;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                running.line.becomes_socket();
                return Ok(response);
            }
            running.waits_for_client();
            Ok(response.map(|body| Body::new(Held::new(body, running))))
        })
    }
}

/// The places are taken, this one is kept for others.
fn no_place(is_http2: bool) -> Response<Body> {
    let problem = Problem::busy(RETRY_AFTER_S)
        .with_detail("too many connections are open, of yours or of all: try again later");
    let mut response = problem.into_response();
    if !is_http2 {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// Hears of how an answer is read.
pub trait Watch {
    /// Its reader has taken what there was, and there is more, or there will be.
    fn polled(&self, has_more: bool);
}

impl Watch for Running {
    fn polled(&self, has_more: bool) {
        if has_more {
            self.waits_for_client();
        } else {
            self.waits_for_handler();
        }
    }
}

/// A body with something that ends with it.
pub struct Held<W> {
    body: Body,
    watch: W,
}

impl<W> Held<W> {
    /// Holds something for as long as a body is read.
    pub const fn new(body: Body, watch: W) -> Self {
        Self { body, watch }
    }
}

impl<W: Watch + Unpin> HttpBody for Held<W> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.watch.polled(frame.is_ready());
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

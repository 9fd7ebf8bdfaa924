//! A stream that ends by itself when its client takes too long.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::line::Line;

type Timer = Option<Pin<Box<Sleep>>>;

/// A client's stream and how long it may take.
pub struct Guarded<S> {
    inner: S,
    line: Arc<Line>,
    /// Until when something has to come.
    reading: Timer,
    /// Until when something that waits has to be taken.
    writing: Timer,
}

impl<S> Guarded<S> {
    pub(super) const fn new(inner: S, line: Arc<Line>) -> Self {
        Self {
            inner,
            line,
            reading: None,
            writing: None,
        }
    }

    /// Whatever was to be sent was taken, or waits for the client, who has so long for it.
    fn taken<T>(&mut self, cx: &mut Context<'_>, sent: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if sent.is_ready() {
            self.writing = None;
            return sent;
        }
        let at = match &self.writing {
            Some(timer) => timer.deadline(),
            None => Instant::now() + self.line.times().write,
        };
        is_over(&mut self.writing, at, cx)
    }

    fn sent(&self, sent: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(bytes)) = sent {
            self.line.sent(*bytes);
        }
    }
}

/// An error once a time has come; wakes whoever polls then.
fn is_over<T>(timer: &mut Timer, at: Instant, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
    let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
    if timer.deadline() != at {
        timer.as_mut().reset(at);
    }
    let over = || Err(io::Error::new(io::ErrorKind::TimedOut, "it took too long"));
    timer.as_mut().poll(cx).map(|()| over())
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let read = Pin::new(&mut this.inner).poll_read(cx, buf);
        if read.is_ready() {
            this.line.received();
            // One that never rests would otherwise never be looked at.
            let is_late = |at| at <= Instant::now();
            if this.line.deadline().is_some_and(is_late) {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            return read;
        }
        this.line.waits(cx.waker());
        match this.line.deadline() {
            Some(at) => is_over(&mut this.reading, at, cx),
            None => Poll::Pending,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.sent(&sent);
        self.taken(cx, sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.sent(&sent);
        self.taken(cx, sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        if flushed.is_ready() {
            // What is flushed on a stream that takes nothing more says nothing of its client.
            return flushed;
        }
        self.taken(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.taken(cx, shut)
    }
}

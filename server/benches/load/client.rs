//! As little of an HTTP/1.1 client as the server's own answers need, so that little of what is measured is the client.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::report::Times;

/// How much is read at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// A whole request: its head and its body.
pub type Request = Vec<u8>;

/// A request without a body.
pub fn get(path: &str, token: &str) -> Request {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}

/// A request with events.
pub fn post_events(token: &str, media_type: &str, body: &str) -> Request {
    post("/api/v1/events", token, media_type, body)
}

/// A request with a body.
pub fn post(path: &str, token: &str, media_type: &str, body: &str) -> Request {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\
         content-type: {media_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::with_capacity(CHUNK_BYTES),
        }
    }

    /// Sends a request and reads its answer to the end; an answer without success stops the bench.
    pub async fn send(&mut self, request: &[u8]) {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.read().await;
        };
        let length = content_length(&self.buffer[..head]);
        while self.buffer.len() < head + length {
            self.read().await;
        }
        let text = || String::from_utf8_lossy(&self.buffer).into_owned();
        assert!(self.buffer.starts_with(b"HTTP/1.1 20"), "{}", text());
    }

    async fn read(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
        assert!(read > 0, "the server closed the connection");
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().unwrap())
    };
    head.lines().find_map(header).unwrap_or(0)
}

/// Sends requests over this many connections at once, until there are no more or the time is over.
pub async fn drive<I>(addr: SocketAddr, connections: usize, requests: I, limit: Duration) -> Times
where
    I: Iterator<Item = Request> + Send + 'static,
{
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(addr).await);
    }
    let requests = Arc::new(Mutex::new(requests));
    let begun = Instant::now();
    let mut workers = JoinSet::new();
    for mut connection in open {
        let requests = Arc::clone(&requests);
        workers.spawn(async move {
            let mut times = Times::default();
            while begun.elapsed() < limit {
                let Some(request) = requests.lock().unwrap().next() else {
                    break;
                };
                let start = Instant::now();
                connection.send(&request).await;
                times.add(start.elapsed());
            }
            times
        });
    }
    let mut all = Times::default();
    for times in workers.join_all().await {
        all.merge(times);
    }
    all.took(begun.elapsed())
}

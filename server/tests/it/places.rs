//! Connections that take places and give nothing: nobody else is kept out, and each is closed in time.
//!
//! `PLACES_ATTACK` idle connections attack in the long form; `make trust` prints what others waited meanwhile.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use server::{
    listener::{Bounds, Tls},
    middleware::address::Proxies,
    state::Edge,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    sync::{Notify, Semaphore, oneshot},
};

use crate::{
    kill::program::{Program, binary},
    listener::{certificate, connector, exchange, listening_in, listening_tls},
    support::TestServer,
};

/// Two addresses of this machine, as two machines.
const ONE: &str = "127.0.0.1";
const OTHER: &str = "127.0.0.2";

async fn connect(from: &str, addr: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(format!("{from}:0").parse().unwrap())?;
    socket.connect(addr).await
}

/// The whole answer to a GET; empty when the connection was closed instead.
async fn ask(from: &str, addr: SocketAddr, path: &str, headers: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    let Ok(mut stream) = connect(from, addr).await else {
        return String::new();
    };
    let mut answer = Vec::new();
    if stream.write_all(request.as_bytes()).await.is_ok() {
        let _ = stream.read_to_end(&mut answer).await;
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Asks until there is an answer.
async fn until_answered(from: &str, addr: SocketAddr, path: &str) -> String {
    loop {
        let answer = ask(from, addr, path, "").await;
        if !answer.is_empty() {
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

async fn idle(from: &str, addr: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        streams.push(connect(from, addr).await.unwrap());
    }
    streams
}

/// Connections that have a place by now and ask for nothing more. Those that were only opened take their places in any
/// order, also after others that were opened later.
async fn settled(from: &str, addr: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut streams = idle(from, addr, count).await;
    for stream in &mut streams {
        let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).await.unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200");
    }
    streams
}

fn bounds(connections: u32, connections_address: u32) -> Bounds {
    Bounds {
        connections,
        connections_address,
        ..Bounds::default()
    }
}

/// A server whose clients have a second for everything.
async fn hurried() -> TestServer {
    let second = Duration::from_secs(1);
    let bounds = Bounds {
        read_timeout: second,
        write_timeout: second,
        idle_timeout: second,
        ..Bounds::default()
    };
    let edge = Edge {
        bounds,
        ..Edge::default()
    };
    TestServer::start_edge(edge).await
}

async fn listening_hurried(server: &TestServer, router: Router) -> SocketAddr {
    let (addr, stop, _) = listening_in(router, server.state.bounds, Proxies::default()).await;
    // Dropping it would stop the listener.
    std::mem::forget(stop);
    addr
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_of_one_address_keep_nobody_else_out() {
    let server = TestServer::start().await;
    let router = server.router.clone();
    let long_form = std::env::var("PLACES_ATTACK").ok();
    let long_form = long_form.and_then(|text| text.parse().ok());
    let attack = long_form.unwrap_or(200);
    let bounds = long_form.map_or(bounds(1_000, 20), |_| Bounds::default());
    let (addr, _stop, _running) = listening_in(router, bounds, Proxies::default()).await;
    let _idle = idle(ONE, addr, attack).await;
    let mut waited = Vec::new();
    for _ in 0..50 {
        let begun = Instant::now();
        let answer = ask(OTHER, addr, "/sign-in", "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        waited.push(begun.elapsed());
    }
    waited.sort_unstable();
    println!(
        "{attack} idle connections: others answered within {:?}, half of them {:?}",
        waited[49], waited[25]
    );
    // Those that do nothing make room for others at their address.
    while !ask(ONE, addr, "/sign-in", "")
        .await
        .starts_with("HTTP/1.1 200")
    {
        tokio::task::yield_now().await;
    }
    // Whoever asks from there how the server is gets in as well.
    let answer = until_answered(ONE, addr, "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_every_place_is_taken_probes_are_answered_and_others_are_told_to_wait() {
    let server = TestServer::start().await;
    let router = server.router.clone();
    let (addr, _stop, _running) = listening_in(router, bounds(10, 10), Proxies::default()).await;
    // None of them has rested for long.
    let _idle = settled(ONE, addr, 10).await;
    for path in ["/healthz", "/readyz"] {
        let answer = ask(OTHER, addr, path, "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    let answer = ask(OTHER, addr, "/sign-in", "").await.to_lowercase();
    assert!(answer.starts_with("http/1.1 503"), "{answer}");
    assert!(answer.contains("\r\nretry-after: "), "{answer}");
    assert!(answer.contains("\r\nconnection: close"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_a_trusted_proxy_are_counted_by_whom_they_are_for() {
    let proxies = || Proxies(vec!["127.0.0.1/32".parse().unwrap()]);
    let edge = Edge {
        bounds: bounds(1_000, 2),
        proxies: proxies(),
        ..Edge::default()
    };
    let server = TestServer::start_edge(edge).await;
    let (entered, go_on) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let (said, waited) = (Arc::clone(&entered), Arc::clone(&go_on));
    let wait = move || {
        let (said, waited) = (Arc::clone(&said), Arc::clone(&waited));
        async move {
            said.notify_one();
            waited.acquire().await.unwrap().forget();
            "gone on"
        }
    };
    let routes = Router::new()
        .route("/wait", get(wait))
        .route("/now", get(async || "here"));
    let layered = server::middleware::layer(routes, &server.state).with_state(server.state.clone());
    let (addr, _stop, _running) = listening_in(layered, server.state.bounds, proxies()).await;
    // More connections than one address may have: they are the proxy's.
    let _idle = idle(ONE, addr, 10).await;
    let of = |number: u32| format!("X-Forwarded-For: 192.0.2.{number}\r\n");
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let headers = of(1);
        waiting.push(tokio::spawn(async move {
            ask(ONE, addr, "/wait", &headers).await
        }));
        entered.notified().await;
    }
    let refused = ask(ONE, addr, "/now", &of(1)).await;
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(
        refused.to_lowercase().contains("\r\nretry-after: "),
        "{refused}"
    );
    let other = ask(ONE, addr, "/now", &of(2)).await;
    assert!(other.ends_with("here"), "{other}");
    go_on.add_permits(2);
    for one in waiting {
        assert!(one.await.unwrap().ends_with("gone on"));
    }
    let again = ask(ONE, addr, "/now", &of(1)).await;
    assert!(again.ends_with("here"), "{again}");
    assert_eq!(
        server.state.at_once.remembered(),
        0,
        "nothing is left of them"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_stops_coming_is_given_up_and_a_connection_that_rests_is_closed() {
    let server = hurried().await;
    let addr = listening_hurried(&server, server.router.clone()).await;
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{{\"specversion\"",
        server.ingest
    );
    let answer = exchange(addr, &head).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    // It is answered, may go on, does not, and is closed.
    let answer = exchange(addr, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // It never asks for anything.
    assert_eq!(exchange(addr, "").await, "");
    // It asks for ever: a byte of the head a moment, as long as there is anybody to send it to.
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nX-Slow: ").await;
    while stream.write_all(b"x").await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_nothing_is_cut_off() {
    let server = hurried().await;
    let (gone, was_cut) = oneshot::channel::<()>();
    let gone = Arc::new(std::sync::Mutex::new(Some(gone)));
    let endless = move || {
        let gone = gone.lock().unwrap().take();
        let chunks = futures::stream::repeat_with(move || {
            let _until_dropped = &gone;
            Ok::<_, std::io::Error>(Bytes::from(vec![0; 64 * 1024]))
        });
        async { Body::from_stream(chunks) }
    };
    let routes = Router::new().route("/endless", get(endless));
    let layered = server::middleware::layer(routes, &server.state).with_state(server.state.clone());
    let addr = listening_hurried(&server, layered).await;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let request = b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    // The sender is dropped with the answer.
    was_cut.await.unwrap_err();
    drop(stream);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_it_speaks_http_2_and_cuts_off_a_stream_that_nobody_reads() {
    let server = hurried().await;
    let folder = tempfile::tempdir().unwrap();
    let (files, trusted) = certificate(folder.path());
    let (gone, was_cut) = oneshot::channel::<()>();
    let gone = Arc::new(std::sync::Mutex::new(Some(gone)));
    let endless = move || {
        let gone = gone.lock().unwrap().take();
        let chunks = futures::stream::repeat_with(move || {
            let _until_dropped = &gone;
            Ok::<_, std::io::Error>(Bytes::from(vec![0; 64 * 1024]))
        });
        async { Body::from_stream(chunks) }
    };
    let routes = Router::new()
        .route("/endless", get(endless))
        .route("/now", get(async || "here"));
    let layered = server::middleware::layer(routes, &server.state).with_state(server.state.clone());
    let tls = Tls::load(&files).unwrap();
    let addr = listening_tls(tls, layered, server.state.bounds).await;
    let stream = TcpStream::connect(addr).await.unwrap();
    let connector = connector(trusted, &[b"h2", b"http/1.1"]);
    let name = "localhost".try_into().unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let get = |path: &str| {
        let request = axum::http::Request::get(format!("https://localhost{path}"));
        request.body(()).unwrap()
    };
    let (answered, _) = client.send_request(get("/now"), true).unwrap();
    assert_eq!(answered.await.unwrap().status(), 200);
    let mut client = client.ready().await.unwrap();
    let (answered, _) = client.send_request(get("/endless"), true).unwrap();
    let _unread = answered.await.unwrap();
    // The connection lives and answers pings, and its window is never opened again.
    was_cut.await.unwrap_err();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_limit_of_open_files_is_raised_as_far_as_it_goes_and_told_when_that_is_not_enough() {
    let program = Program::provision().await;
    let run = |limit: &str| {
        let shell = format!("ulimit {limit} -n 400; exec \"$0\" \"$@\"");
        let mut server = Command::new("sh")
            .args(["-c", &shell])
            .arg(binary())
            .args(["serve", "--addr", "127.0.0.1:0", "--data-dir"])
            .arg(program.folder())
            .env("CREDITSCOPE_CONNECTIONS", "900")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = String::new();
        for line in BufReader::new(server.stderr.take().unwrap()).lines() {
            told += &line.unwrap();
            if told.contains("listens on") {
                break;
            }
        }
        let path = format!("/proc/{}/limits", server.id());
        let limits = std::fs::read_to_string(path).unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
        let mut limits = limits.lines();
        let files = limits.find(|line| line.starts_with("Max open files"));
        let soft = files.unwrap().split_whitespace().nth(3).unwrap();
        (soft.parse::<u32>().unwrap(), told.contains("open files"))
    };
    let (soft, was_told) = run("-S");
    assert!(soft >= 900 && !was_told, "{soft}");
    assert_eq!(run(""), (400, true));
}

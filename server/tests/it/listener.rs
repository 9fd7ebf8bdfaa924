//! The listener on a real socket.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::ws::{WebSocket, WebSocketUpgrade},
    routing::get,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore},
};

use server::{
    config::TlsFiles,
    listener::{Bounds, Listener, Tls},
    middleware::address::Proxies,
};
use service::tasks::Tasks;

use crate::support::{TestServer, event};

pub async fn listening(server: &TestServer) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    listening_with(server.router.clone()).await
}

async fn listening_with(router: Router) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    listening_in(router, Bounds::default(), Proxies::default()).await
}

/// A listener with bounds of its own.
pub async fn listening_in(
    router: Router,
    bounds: Bounds,
    proxies: Proxies,
) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let listener =
        Listener::new("listener", listener, &Tasks::default()).with_bounds(bounds, proxies);
    let running = tokio::spawn(listener.serve(router, async move {
        let _ = stopped.await;
    }));
    (addr, stop, running)
}

pub async fn exchange(addr: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn it_serves_and_stops_when_told() {
    let server = TestServer::start().await;
    let (addr, stop, running) = listening(&server).await;
    let answer = exchange(
        addr,
        "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // An idle connection does not keep the server from stopping.
    let _idle = TcpStream::connect(addr).await.unwrap();
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(10), running)
        .await
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn a_request_that_has_begun_is_finished_after_the_stop() {
    let server = TestServer::start().await;
    let (addr, stop, running) = listening(&server).await;
    let body = event("a").to_string();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        server.ingest,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (first, rest) = body.split_at(20);
    stream.write_all(first.as_bytes()).await.unwrap();
    // Once another request is answered, the first one's head has been read too.
    exchange(
        addr,
        "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    stop.send(()).unwrap();
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(
        String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 204"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    running.await.unwrap();
    assert_eq!(server.stored().await, 1);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_although_it_is_still_being_sent() {
    let server = TestServer::start().await;
    let (addr, _stop, _running) = listening(&server).await;
    let size = 9 * 1024 * 1024;
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    );
    let answer = exchange(addr, &(head + &" ".repeat(size))).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_websocket_passes_through_every_layer() {
    let server = TestServer::start().await;
    let routes = Router::new().route(
        "/socket",
        get(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo) }),
    );
    let routes = server::sessions::layer(routes, &server.state);
    let layered = server::middleware::layer(routes, &server.state);
    let (addr, stop_now, running) = listening_with(layered.with_state(server.state.clone())).await;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = "GET /socket HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nAccept-Encoding: br\r\nConnection: Upgrade\r\n\
                Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    let answer = String::from_utf8(answer).unwrap().to_lowercase();
    assert!(answer.starts_with("http/1.1 101"), "{answer}");
    assert!(answer.contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
    // A text frame "hi", masked with zeros, comes back unmasked.
    stream
        .write_all(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i'])
        .await
        .unwrap();
    let mut frame = [0; 4];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(&frame, &[0x81, 0x02, b'h', b'i']);
    // An open socket does not keep the server from stopping.
    stop_now.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(10), running)
        .await
        .unwrap()
        .unwrap();
}

/// A listener that speaks TLS.
pub async fn listening_tls(tls: Tls, router: Router, bounds: Bounds) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let listener = Listener::new("listener", listener, &Tasks::default())
        .with_tls(Some(tls))
        .with_bounds(bounds, Proxies::default());
    tokio::spawn(listener.serve(router, std::future::pending()));
    addr
}

/// A client that trusts a certificate and speaks these protocols.
pub fn connector(trusted: Vec<u8>, protocols: &[&[u8]]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.into()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

/// A certificate of its own for this machine.
pub fn certificate(folder: &std::path::Path) -> (TlsFiles, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = TlsFiles {
        certificate: folder.join("certificate.pem"),
        key: folder.join("key.pem"),
    };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    (files, made.cert.der().to_vec())
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_nothing_else() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (files, trusted) = certificate(folder.path());
    let tls = Tls::load(&files).unwrap();
    let addr = listening_tls(tls, server.router.clone(), Bounds::default()).await;
    let stream = TcpStream::connect(addr).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let connector = connector(trusted, &[]);
    let mut stream = connector.connect(name, stream).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    // Without TLS nothing is answered.
    let mut plain = TcpStream::connect(addr).await.unwrap();
    plain.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
}

#[test]
fn a_certificate_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = certificate(folder.path());
    std::fs::write(&files.key, "nonsense").unwrap();
    let said = Tls::load(&files).err().unwrap();
    assert!(said.starts_with("tls_key"), "{said}");
    std::fs::remove_file(&files.certificate).unwrap();
    let said = Tls::load(&files).err().unwrap();
    assert!(said.starts_with("tls_certificate"), "{said}");
}

//! What comes too fast, what holds on for too long, and what no request may say.

use std::{net::SocketAddr, num::NonZeroU32, time::Duration};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request},
};
use serde_json::json;
use server::{
    middleware::{address::Proxies, rates::Rates},
    state::Edge,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    listener::{exchange, listening},
    matrix::asks::{self, OWN},
    support::{Reply, TestServer, request},
};

fn per_second(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

async fn slow_server() -> TestServer {
    TestServer::start_edge(Edge {
        rates: Rates {
            key: per_second(5),
            account: per_second(8),
            address: per_second(3),
        },
        proxies: Proxies(vec!["10.0.0.0/8".parse().unwrap()]),
        ..Edge::default()
    })
    .await
}

/// Asks from an address.
async fn from(server: &TestServer, peer: &str, request: axum::http::request::Builder) -> Reply {
    let peer: SocketAddr = format!("{peer}:4000").parse().unwrap();
    let mut request: Request<Body> = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    server.send(request).await
}

#[tokio::test]
async fn a_key_that_asks_too_often_has_to_wait_and_others_do_not() {
    let server = slow_server().await;
    let mut refused = 0;
    for _ in 0..8 {
        let reply = server.get("/api/v1/usage/summary", &server.read).await;
        if reply.status == 429 {
            let reply = reply.problem(429);
            assert_eq!(reply.header("retry-after"), "1");
            refused += 1;
        }
    }
    assert!(refused > 0);
    server
        .get("/api/v1/usage/summary", &server.foreign)
        .await
        .ok(200);
}

#[tokio::test]
async fn all_keys_of_an_account_share_its_rate() {
    let server = slow_server().await;
    let mut answered = 0;
    for key in [
        &server.read,
        &server.read,
        &server.read,
        &server.check,
        &server.ingest,
    ] {
        for _ in 0..4 {
            let reply = server.get("/api/v1/usage/summary", key).await;
            answered += usize::from(reply.status != 429);
        }
    }
    // Eight at once, and what a slow test lets come after.
    assert!((8..18).contains(&answered), "{answered}");
}

#[tokio::test]
async fn an_address_without_a_key_has_to_wait_and_another_does_not() {
    let server = slow_server().await;
    let ask = || request(Method::GET, "/sign-in", "");
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(from(&server, "192.0.2.1", ask()).await.status.as_u16());
    }
    assert!(
        statuses.contains(&429) && statuses[0] == 200,
        "{statuses:?}"
    );
    from(&server, "192.0.2.2", ask()).await.ok(200);
    // Whoever watches the server is answered all the same.
    from(&server, "192.0.2.1", request(Method::GET, "/healthz", ""))
        .await
        .ok(200);
    // Behind a proxy that is believed, each client is itself.
    for client in 0..6 {
        let ask = ask().header("x-forwarded-for", format!("198.51.100.{client}"));
        from(&server, "10.0.0.1", ask).await.ok(200);
    }
    // What anyone else says of itself is not.
    let mut statuses = Vec::new();
    for client in 0..6 {
        let ask = ask().header("x-forwarded-for", format!("198.51.100.{client}"));
        statuses.push(from(&server, "203.0.113.9", ask).await.status.as_u16());
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn who_guesses_keys_has_to_wait() {
    let server = TestServer::start().await;
    let ask = || request(Method::GET, "/api/v1/balance", "cs_000000000000_00");
    let mut last = 0;
    for _ in 0..61 {
        last = from(&server, "192.0.2.1", ask()).await.status.as_u16();
    }
    assert_eq!(last, 429);
    from(&server, "192.0.2.2", ask()).await.problem(401);
}

#[tokio::test]
async fn no_write_takes_a_field_that_it_does_not_know() {
    let server = TestServer::start().await;
    let mut asked = 0;
    for ask in asks::all(&OWN) {
        let Some(mut body) = ask.body else { continue };
        if ask.route.contains("/payments/events") || ask.route == "POST /api/v1/events" {
            // The first is refused for its signature before it is read; the second is tested below.
            continue;
        }
        body["is_admin"] = json!(true);
        let reply = server
            .json(ask.method, &ask.path, &server.platform, &body)
            .await;
        let reply = reply.problem(422);
        assert_eq!(
            reply.errors()[0].2,
            "unknown_field",
            "{}: {}",
            ask.route,
            reply.text()
        );
        asked += 1;
    }
    assert!(asked > 12, "{asked}");
    let mut event = crate::support::event("a");
    event["data"]["account_id"] = json!(2);
    let reply = server.post_events(&event).await.problem(422);
    assert_eq!(reply.errors()[0].2, "unknown_field");
    for path in ["/api/v1/balance?is_admin=1", "/api/v1/events?account_id=2"] {
        let reply = server.get(path, &server.read).await.problem(422);
        assert_eq!(reply.errors()[0].2, "unknown_parameter", "{}", reply.text());
    }
}

/// Slow clients of one machine; each costs two descriptors here.
const SLOW: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_slow_clients_are_closed_in_time_and_others_are_answered_meanwhile() {
    let server = TestServer::start().await;
    let (addr, _stop, _running) = listening(&server).await;
    let mut slow = Vec::with_capacity(SLOW);
    for number in 0..SLOW {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        // Half of them stop within the head, half before it.
        if number % 2 == 0 {
            stream
                .write_all(b"GET /billing/usage HTTP/1.1\r\nHost: x\r\nX-Slow: ")
                .await
                .unwrap();
        }
        slow.push(stream);
    }
    let answer = exchange(
        addr,
        "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let closing = async {
        for stream in &mut slow {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        }
    };
    // Ten seconds for a head, and what a slow machine adds.
    tokio::time::timeout(Duration::from_secs(25), closing)
        .await
        .unwrap();
}

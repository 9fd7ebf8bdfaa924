//! A retried write happens once.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request},
};
use serde_json::{Value, json};
use server::api::{auth::bearer, idempotency::hash};
use service::{
    Caller,
    audit::AuditAsk,
    idempotency::Begun,
    request::{Keyed, Seal},
};
use tower::ServiceExt as _;

use crate::{
    matrix::{
        asks::{self, Ask},
        callers::{Kind, World},
    },
    support::{Reply, TestServer, event, request},
};

async fn post(server: &TestServer, token: &str, path: &str, key: &str, body: &Value) -> Reply {
    let request = request(Method::POST, path, token)
        .header("content-type", "application/json")
        .header("idempotency-key", key);
    server
        .send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

const PATH: &str = "/api/v1/accounts/northwind/api-keys";

#[tokio::test]
async fn the_same_key_with_the_same_body_repeats_the_first_answer() {
    let server = TestServer::start().await;
    let body = json!({ "name": "gateway", "scopes": ["read"] });
    let first = post(&server, &server.platform, PATH, "k1", &body)
        .await
        .ok(201);
    let again = post(&server, &server.platform, PATH, "k1", &body)
        .await
        .ok(201);
    assert_eq!(first.body, again.body);
    assert_eq!(
        (
            again.header("content-type"),
            again.header("idempotency-replayed")
        ),
        ("application/json", "true")
    );
    let other = post(&server, &server.platform, PATH, "k2", &body)
        .await
        .ok(201);
    assert_ne!(first.body, other.body);
    assert_eq!(
        server.get(PATH, &server.platform).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
}

#[tokio::test]
async fn an_event_that_is_another_by_its_headers_is_another_request() {
    let server = TestServer::start().await;
    let report = async |id: &str| {
        let request = request(Method::POST, "/api/v1/events", &server.ingest)
            .header("content-type", "application/json")
            .header("idempotency-key", "k1")
            .header("ce-specversion", "1.0")
            .header("ce-type", "creditscope.usage")
            .header("ce-source", "gateway")
            .header("ce-subject", "acme-dental")
            .header("ce-id", id);
        let data = event(id)["data"].to_string();
        server.send(request.body(Body::from(data)).unwrap()).await
    };
    report("a").await.ok(204);
    report("a").await.ok(204);
    report("b").await.problem(409);
}

#[tokio::test]
async fn the_same_key_with_another_request_is_a_conflict() {
    let server = TestServer::start().await;
    post(
        &server,
        &server.platform,
        PATH,
        "k1",
        &json!({ "scopes": ["read"] }),
    )
    .await
    .ok(201);
    post(
        &server,
        &server.platform,
        PATH,
        "k1",
        &json!({ "scopes": ["ingest"] }),
    )
    .await
    .problem(409);
    let elsewhere = "/api/v1/accounts/brightside/api-keys";
    post(
        &server,
        &server.platform,
        elsewhere,
        "k1",
        &json!({ "scopes": ["read"] }),
    )
    .await
    .problem(409);
}

#[tokio::test]
async fn a_refused_request_may_be_mended_under_its_key() {
    let server = TestServer::start().await;
    post(
        &server,
        &server.platform,
        PATH,
        "k1",
        &json!({ "scopes": [] }),
    )
    .await
    .problem(422);
    post(
        &server,
        &server.platform,
        PATH,
        "k1",
        &json!({ "scopes": ["read"] }),
    )
    .await
    .ok(201);
}

#[tokio::test]
async fn keys_of_different_callers_do_not_meet() {
    let server = TestServer::start().await;
    let first = post(&server, &server.ingest, "/api/v1/events", "k1", &event("a"))
        .await
        .ok(204);
    assert_eq!(first.header("events-accepted"), "1");
    let again = post(&server, &server.ingest, "/api/v1/events", "k1", &event("a"))
        .await
        .ok(204);
    assert_eq!(
        again.header("events-accepted"),
        "1",
        "the first answer, with its headers"
    );
    post(&server, &server.ingest, "/api/v1/events", "k1", &event("b"))
        .await
        .problem(409);
    let platform = post(
        &server,
        &server.platform,
        "/api/v1/events",
        "k1",
        &event("a"),
    )
    .await
    .ok(204);
    assert_eq!(platform.header("events-duplicate"), "1");
    assert_eq!(server.stored().await, 1);
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_refused() {
    let server = TestServer::start().await;
    let reply = post(
        &server,
        &server.platform,
        PATH,
        &"x".repeat(256),
        &json!({ "scopes": ["read"] }),
    )
    .await
    .problem(422);
    assert_eq!(reply.errors()[0].1, "Idempotency-Key");
}

/// A request as its sender sends it, with or without its key.
fn asked(world: &World, ask: &Ask, key: Option<&str>) -> Request<Body> {
    let platform = world.caller(Kind::Platform);
    let mut request = platform
        .request(ask.method.clone(), &ask.path)
        .header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let body = ask.body.as_ref().map(Value::to_string).unwrap_or_default();
    request.body(Body::from(body)).unwrap()
}

/// The request as the server knows it, when it comes to a server that ends before it stored an answer.
async fn begun(world: &World, ask: &Ask, key: &str) -> Arc<Keyed> {
    let (parts, _) = asked(world, ask, None).into_parts();
    let token = bearer(&parts.headers).unwrap();
    let caller = world.server.services.caller_of_token(token).await.unwrap();
    let body = ask.body.as_ref().map(Value::to_string).unwrap_or_default();
    let (hash, seal) = (hash(&parts, &body.into()), Seal::new(token, key));
    let services = &world.server.services;
    match services.begin_request(&caller, key, &hash, &seal).await {
        Ok(Begun::Runs(keyed)) => keyed,
        other => panic!("{other:?}"),
    }
}

/// The newest entry of the audit log.
async fn deeds(world: &World) -> Option<i64> {
    let (operator, ask) = (Caller::operator("test"), AuditAsk::default());
    let entries = world.server.services.platform_audit(&operator, &ask);
    entries.await.unwrap().first().map(|entry| entry.number)
}

#[tokio::test]
async fn every_write_whose_answer_was_lost_is_done_once_and_answered_when_it_is_sent_again() {
    let world = World::start().await;
    let writes: Vec<_> = asks::all(&world.own)
        .into_iter()
        .filter(|ask| ask.method != Method::GET && ask.path.starts_with("/api/v1/"))
        .collect();
    let mut done = Vec::new();
    for (number, ask) in writes.iter().enumerate() {
        let key = format!("lost-{number}");
        let keyed = begun(&world, ask, &key).await;
        let router = world.server.router.clone();
        let lost = keyed
            .run(router.oneshot(asked(&world, ask, None)))
            .await
            .unwrap();
        if !lost.status().is_success() {
            continue;
        }
        let status = lost.status().as_u16();
        let lost = axum::body::to_bytes(lost.into_body(), usize::MAX)
            .await
            .unwrap();
        let before = deeds(&world).await;
        let again = world.server.send(asked(&world, ask, Some(&key))).await;
        assert_eq!(again.status, status, "{}: {}", ask.route, again.text());
        assert_eq!(
            again.text(),
            String::from_utf8_lossy(&lost),
            "{}",
            ask.route
        );
        assert_eq!(deeds(&world).await, before, "{} was done twice", ask.route);
        assert_eq!(again.header("idempotency-replayed"), "");
        let replayed = world.server.send(asked(&world, ask, Some(&key))).await;
        assert_eq!(replayed.header("idempotency-replayed"), "true");
        assert_eq!(replayed.text(), again.text());
        done.push(ask.route);
    }
    let refused: Vec<_> = writes
        .iter()
        .filter(|ask| !done.contains(&ask.route))
        .map(|ask| ask.route)
        .collect();
    // A settled hold ends once; a payment system signs what it says.
    assert_eq!(
        refused,
        ["DELETE /api/v1/holds/{id}", "POST /api/v1/payments/events"]
    );
}

/// Packs that the account was given.
async fn packs(server: &TestServer) -> usize {
    let path = "/api/v1/accounts/northwind/grants?limit=1000";
    let grants = server.get(path, &server.platform).await.ok(200).json();
    let grants = grants["items"].as_array().unwrap().clone();
    grants
        .iter()
        .filter(|grant| grant["kind"] == "pack")
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_whose_client_leaves_is_finished_and_done_once() {
    let server = TestServer::start().await;
    let pack = json!({ "name": "Boost", "credits": "100" });
    server.put("/api/v1/packs/boost", &pack).await.ok(201);
    let (path, body) = (
        "/api/v1/accounts/northwind/packs",
        json!({ "pack": "boost" }),
    );
    for number in 0..60 {
        let key = format!("k{number}");
        let mut sent = Box::pin(post(&server, &server.platform, path, &key, &body));
        // The client leaves at another moment each time.
        for _ in 0..number % 12 {
            if futures::poll!(&mut sent).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(sent);
        loop {
            let again = post(&server, &server.platform, path, &key, &body).await;
            if again.status != 409 {
                again.ok(201);
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(packs(&server).await, 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_database_do_a_request_once() {
    let server = TestServer::start().await;
    let pack = json!({ "name": "Boost", "credits": "100" });
    server.put("/api/v1/packs/boost", &pack).await.ok(201);
    let other = server.beside().await;
    let (path, body) = (
        "/api/v1/accounts/northwind/packs",
        json!({ "pack": "boost" }),
    );
    for number in 0..20 {
        let key = format!("k{number}");
        let (one, two) = tokio::join!(
            post(&server, &server.platform, path, &key, &body),
            post(&other, &server.platform, path, &key, &body),
        );
        assert_eq!(one.ok(201).text(), two.ok(201).text());
        // What is made by chance is made once, too.
        let key = format!("key{number}");
        let ask = json!({ "scopes": ["read"] });
        let (one, two) = tokio::join!(
            post(&server, &server.platform, PATH, &key, &ask),
            post(&other, &server.platform, PATH, &key, &ask),
        );
        assert_eq!(one.ok(201).text(), two.ok(201).text());
    }
    assert_eq!(packs(&server).await, 20);
}

//! A retried write happens once.

use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use crate::support::{Reply, TestServer, event, request};

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

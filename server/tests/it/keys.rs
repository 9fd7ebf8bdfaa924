//! API keys: made, listed without their secrets, revoked.

use axum::{body::Body, http::Method};
use serde_json::json;

use crate::support::{TestServer, event, request};

#[tokio::test]
async fn a_key_is_shown_once_works_and_is_revoked() {
    let server = TestServer::start().await;
    let path = "/api/v1/accounts/northwind/api-keys";
    let made = server
        .json(
            Method::POST,
            path,
            &server.platform,
            &json!({ "name": "gateway", "scopes": ["ingest", "read"] }),
        )
        .await
        .ok(201);
    let made = made.json();
    let (token, prefix) = (
        made["key"].as_str().unwrap(),
        made["prefix"].as_str().unwrap(),
    );
    assert!(token.starts_with(&format!("cs_{prefix}_")));
    server
        .json(Method::POST, "/api/v1/events", token, &event("a"))
        .await
        .ok(204);
    server.get("/api/v1/balance", token).await.ok(200);
    let list = server.get(path, &server.platform).await.ok(200);
    assert!(list.text().contains(prefix) && !list.text().contains(token));
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 4);
    let delete = |path: String| {
        request(Method::DELETE, &path, &server.platform)
            .body(Body::empty())
            .unwrap()
    };
    server
        .send(delete(format!("{path}/{prefix}")))
        .await
        .ok(204);
    server.get("/api/v1/balance", token).await.problem(401);
    server
        .send(delete(format!("{path}/nothing")))
        .await
        .problem(404);
    server
        .send(delete(format!(
            "/api/v1/accounts/brightside/api-keys/{prefix}"
        )))
        .await
        .problem(404);
}

#[tokio::test]
async fn wrong_scopes_are_refused() {
    let server = TestServer::start().await;
    let path = "/api/v1/accounts/northwind/api-keys";
    for body in [
        json!({ "scopes": [] }),
        json!({ "scopes": ["platform"] }),
        json!({ "scopes": ["everything"] }),
        json!({ "name": "x" }),
        json!({ "scopes": ["read"], "secret": "mine" }),
    ] {
        server
            .json(Method::POST, path, &server.platform, &body)
            .await
            .problem(422);
    }
    server
        .json(
            Method::POST,
            "/api/v1/accounts/nobody/api-keys",
            &server.platform,
            &json!({ "scopes": ["read"] }),
        )
        .await
        .problem(404);
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_nothing_else() {
    let server = TestServer::start().await;
    server
        .get("/api/v1/usage/summary", &server.ingest)
        .await
        .problem(403);
    server
        .json(Method::POST, "/api/v1/events", &server.read, &event("a"))
        .await
        .problem(403);
    for token in ["", "nonsense", "cs_aa_bb", &format!("{}x", server.read)] {
        let reply = server
            .get("/api/v1/usage/summary", token)
            .await
            .problem(401);
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
    }
    assert_eq!(server.stored().await, 0);
}

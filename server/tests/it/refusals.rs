//! What no handler answers has the same form as what handlers refuse.

use axum::{body::Body, http::Method};

use crate::support::{TestServer, request};

#[tokio::test]
async fn unknown_paths_and_methods_under_the_api_are_problems() {
    let server = TestServer::start().await;
    for path in [
        "/api",
        "/api/v1",
        "/api/v1/nothing",
        "/api/v2/events",
        "/api/v1/leads",
    ] {
        let reply = server.get(path, &server.platform).await.problem(404);
        assert_eq!(reply.json()["type"], "/problems/not-found");
    }
    let wrong = request(Method::PATCH, "/api/v1/events", &server.platform)
        .body(Body::empty())
        .unwrap();
    let reply = server.send(wrong).await.problem(405);
    assert!(
        reply.header("allow").contains("GET") && reply.header("allow").contains("POST"),
        "{}",
        reply.header("allow")
    );
    server
        .get("/api/v1/events/%ff/x", &server.read)
        .await
        .problem(404);
}

#[tokio::test]
async fn a_harmless_request_id_is_kept_and_another_is_replaced() {
    let server = TestServer::start().await;
    let with_id = |id: &str| {
        request(Method::GET, "/healthz", "")
            .header("x-request-id", id)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(
        server
            .send(with_id("proxy-7.a"))
            .await
            .header("x-request-id"),
        "proxy-7.a"
    );
    let replaced = server.send(with_id("a b<script>")).await;
    assert_eq!(replaced.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = TestServer::start().await;
    for path in [
        "/healthz",
        "/api/v1/balance",
        "/api/docs",
        "/nothing",
        "/sign-in",
    ] {
        let reply = server.get(path, "").await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert!(
            reply
                .header("content-security-policy")
                .contains("default-src 'none'"),
            "{path}"
        );
        assert!(
            reply
                .header("content-security-policy")
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!reply.header("referrer-policy").is_empty(), "{path}");
        assert!(
            reply.headers.get("strict-transport-security").is_none(),
            "{path}"
        );
    }
}

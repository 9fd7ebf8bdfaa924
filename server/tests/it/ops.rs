//! Health, readiness and metrics.

use crate::support::{TestServer, event};

#[tokio::test]
async fn the_server_tells_that_it_lives_and_can_work() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/healthz", "").await.ok(200).text(), "ok\n");
    assert_eq!(server.get("/readyz", "").await.ok(200).text(), "ready\n");
}

#[tokio::test]
async fn metrics_need_a_platform_key_and_count_events() {
    let server = TestServer::start().await;
    server.get("/metrics", "").await.ok(401);
    server.get("/metrics", &server.read).await.ok(403);
    server.post_events(&event("a")).await.ok(204);
    let text = server
        .get("/metrics", &server.platform)
        .await
        .ok(200)
        .text();
    for name in [
        "creditscope_events_total{outcome=\"accepted\"}",
        "creditscope_writer_queue_depth",
        "creditscope_http_requests_total{method=\"POST\",route=\"/api/v1/events\",status=\"204\"}",
    ] {
        assert!(text.contains(name), "{name} is missing in\n{text}");
    }
}

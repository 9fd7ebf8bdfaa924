//! Events in all content modes, stored once.

use axum::{body::Body, http::Method};
use serde_json::json;

use crate::support::{TestServer, event, event_with, request};

#[tokio::test]
async fn one_event_is_stored_and_answered_with_its_counts() {
    let server = TestServer::start().await;
    let reply = server.post_events(&event("a")).await.ok(204);
    assert_eq!(
        (
            reply.header("events-accepted"),
            reply.header("events-duplicate")
        ),
        ("1", "0")
    );
    assert!(reply.body.is_empty());
    let reply = server.post_events(&event("a")).await.ok(204);
    assert_eq!(
        (
            reply.header("events-accepted"),
            reply.header("events-duplicate")
        ),
        ("0", "1")
    );
    assert_eq!(server.stored().await, 1);
}

#[tokio::test]
async fn counts_come_as_json_when_they_are_preferred() {
    let server = TestServer::start().await;
    let body = json!([event("a"), event("b"), event("a")]).to_string();
    let request = request(Method::POST, "/api/v1/events", &server.ingest)
        .header(
            "content-type",
            "application/cloudevents-batch+json; charset=UTF-8",
        )
        .header("prefer", "respond-async, return=representation");
    let reply = server
        .send(request.body(Body::from(body)).unwrap())
        .await
        .ok(200);
    assert_eq!(reply.json(), json!({ "accepted": 2, "duplicates": 1 }));
    assert_eq!(reply.header("preference-applied"), "return=representation");
}

#[tokio::test]
async fn every_content_mode_stores_the_same_event() {
    let server = TestServer::start().await;
    let one = event("a");
    for (kind, body) in [
        ("application/cloudevents+json", one.to_string()),
        (
            "application/cloudevents-batch+json",
            json!([one]).to_string(),
        ),
        ("application/json", one.to_string()),
        ("application/json", json!([one]).to_string()),
    ] {
        let request =
            request(Method::POST, "/api/v1/events", &server.ingest).header("content-type", kind);
        server
            .send(request.body(Body::from(body)).unwrap())
            .await
            .ok(204);
    }
    let binary = request(Method::POST, "/api/v1/events", &server.ingest)
        .header("content-type", "application/json")
        .header("ce-specversion", "1.0")
        .header("ce-id", "a")
        .header("ce-source", "test")
        .header("ce-type", "creditscope.usage")
        .header("ce-subject", "acme%2Ddental")
        .header("ce-time", "2026-11-23T13:00:00Z");
    let reply = server
        .send(binary.body(Body::from(one["data"].to_string())).unwrap())
        .await
        .ok(204);
    assert_eq!(reply.header("events-duplicate"), "1");
    assert_eq!(server.stored().await, 1);
}

#[tokio::test]
async fn a_media_type_takes_only_what_it_names() {
    let server = TestServer::start().await;
    for (kind, body) in [
        ("application/cloudevents+json", json!([event("a")])),
        ("application/cloudevents-batch+json", event("a")),
    ] {
        let request =
            request(Method::POST, "/api/v1/events", &server.ingest).header("content-type", kind);
        server
            .send(request.body(Body::from(body.to_string())).unwrap())
            .await
            .problem(422);
    }
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn a_platform_key_finds_the_account_by_the_company_or_by_name() {
    let server = TestServer::start().await;
    server
        .put(
            "/api/v1/accounts/brightside/companies/acme-dental",
            &json!({ "name": "Another Acme" }),
        )
        .await
        .ok(201);
    let reply = server
        .json(
            Method::POST,
            "/api/v1/events",
            &server.platform,
            &event("a"),
        )
        .await
        .problem(422);
    assert_eq!(
        reply.errors(),
        [(
            Some(0),
            "subject".to_owned(),
            "ambiguous_company".to_owned()
        )]
    );
    let named = event_with("a", "/account", json!("northwind"));
    server
        .json(Method::POST, "/api/v1/events", &server.platform, &named)
        .await
        .ok(204);
    server
        .json(
            Method::POST,
            "/api/v1/events?account=brightside",
            &server.platform,
            &event("b"),
        )
        .await
        .ok(204);
    let alone = event_with("c", "/subject", json!("bluewater-spa"));
    server
        .json(Method::POST, "/api/v1/events", &server.platform, &alone)
        .await
        .ok(204);
    assert_eq!(server.stored().await, 2);
}

#[tokio::test]
async fn a_quantity_is_priced_by_the_rate_card_and_the_receipt_says_so() {
    let server = TestServer::start().await;
    let card = json!({ "effective_at": "2026-01-01T00:00:00Z", "rules": [
        { "match": { "activity": "chat_reply" }, "unit": "token", "credits_per_unit": "0.001", "rounding": "up", "decimals": 2 }
    ] });
    server
        .put("/api/v1/rate-cards/creditscope.usage", &card)
        .await
        .ok(201);
    let mut priced = event("a");
    priced["data"] =
        json!({ "agent": "chat", "activity": "chat_reply", "quantity": 1234, "unit": "token" });
    server.post_events(&priced).await.ok(204);
    let reply = server
        .get("/api/v1/events/test/a", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(reply["credits"], "1.24");
    let receipt = &reply["receipt"];
    assert_eq!(
        (
            receipt["quantity"].as_str(),
            receipt["unit"].as_str(),
            receipt["rate_version"].as_u64()
        ),
        (Some("1234"), Some("token"), Some(1))
    );
    assert_eq!(receipt["rate"], "0.001 per token · v1 · rounded up");
    assert_eq!(
        receipt["paid_by"],
        json!([{ "grant": "plan-1", "name": "Growth plan", "credits": "1.24" }])
    );
}

#[tokio::test]
async fn a_foreign_event_type_is_mapped_by_its_rate_card() {
    let server = TestServer::start().await;
    let mut foreign = event("a");
    foreign["type"] = json!("com.example.llm");
    foreign["data"] = json!({ "model": "m", "usage": { "total_tokens": 500 } });
    let reply = server.post_events(&foreign).await.problem(422);
    assert_eq!(
        reply.errors(),
        [(Some(0), "type".to_owned(), "no_rate".to_owned())]
    );
    let card = json!({ "effective_at": "2026-01-01", "rules": [
        { "match": { "model": "m" }, "agent": "nox", "activity": "reply", "quantity": "/usage/total_tokens", "unit": "token", "credits_per_unit": 0.01 }
    ] });
    server
        .put("/api/v1/rate-cards/com.example.llm", &card)
        .await
        .ok(201);
    server.post_events(&foreign).await.ok(204);
    let reply = server
        .get("/api/v1/events/test/a", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(
        (
            reply["credits"].as_str(),
            reply["agent"].as_str(),
            reply["type"].as_str()
        ),
        (Some("5"), Some("nox"), Some("com.example.llm"))
    );
}

#[tokio::test]
async fn ten_thousand_events_are_one_request() {
    let server = TestServer::start().await;
    let events: Vec<_> = (0..10_000)
        .map(|index| event(&format!("e{index:05}")))
        .collect();
    let reply = server.post_events(&json!(events)).await.ok(204);
    assert_eq!(reply.header("events-accepted"), "10000");
    assert_eq!(server.stored().await, 10_000);
}

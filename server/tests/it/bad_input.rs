//! Bad input is answered exactly and stores nothing, not even the good events beside it.

use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use crate::support::{Reply, TestServer, event, event_with, request};

async fn post(server: &TestServer, kind: &str, body: impl Into<Body>) -> Reply {
    let request =
        request(Method::POST, "/api/v1/events", &server.ingest).header("content-type", kind);
    server.send(request.body(body.into()).unwrap()).await
}

/// Sends a good event with a bad one after it, and asserts the bad one's error and that nothing is stored.
async fn refused(bad: Value, field: &str, reason: &str) {
    let server = TestServer::start().await;
    let reply = server
        .post_events(&json!([event("good"), bad]))
        .await
        .problem(422);
    assert_eq!(
        reply.errors(),
        [(Some(1), field.to_owned(), reason.to_owned())],
        "{}",
        reply.text()
    );
    assert_eq!(reply.json()["type"], "/problems/invalid");
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn malformed_json_is_told_with_its_place() {
    let server = TestServer::start().await;
    let reply = post(&server, "application/json", "[{\"id\": \"a\",\n  oops}]")
        .await
        .problem(422);
    assert_eq!(
        reply.errors(),
        [(None, "body".to_owned(), "malformed_json".to_owned())]
    );
    assert!(
        reply.json()["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("line 2, column 3"),
        "{}",
        reply.text()
    );
    for body in ["", "   ", "{", "[", "nonsense", "{} trailing", "\u{feff}{}"] {
        let reply = post(&server, "application/cloudevents+json", body)
            .await
            .problem(422);
        assert_eq!(reply.errors()[0].2, "malformed_json", "{body}");
    }
    let reply = post(&server, "application/json", vec![b'"', 0xff, b'"'])
        .await
        .problem(422);
    assert_eq!(reply.errors()[0].2, "malformed_json");
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn a_wrong_media_type_is_415() {
    let server = TestServer::start().await;
    for kind in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
    ] {
        let reply = post(&server, kind, event("a").to_string())
            .await
            .problem(415);
        assert_eq!(reply.json()["type"], "/problems/unsupported-media-type");
    }
    let none = request(Method::POST, "/api/v1/events", &server.ingest)
        .body(Body::from(event("a").to_string()))
        .unwrap();
    server.send(none).await.problem(415);
    let zipped = request(Method::POST, "/api/v1/events", &server.ingest)
        .header("content-type", "application/json")
        .header("content-encoding", "gzip");
    server
        .send(zipped.body(Body::from(event("a").to_string())).unwrap())
        .await
        .problem(415);
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn an_unknown_agent_is_refused() {
    refused(
        event_with("bad", "/data/agent", json!("telepathy")),
        "data.agent",
        "unknown_agent",
    )
    .await;
}

#[tokio::test]
async fn negative_credits_are_refused() {
    refused(
        event_with("bad", "/data/credits", json!("-1")),
        "data.credits",
        "negative",
    )
    .await;
}

#[tokio::test]
async fn credits_of_seven_decimals_are_refused() {
    refused(
        event_with("bad", "/data/credits", json!("0.0000001")),
        "data.credits",
        "invalid",
    )
    .await;
    refused(
        event_with("bad", "/data/credits", json!(0.000_000_1)),
        "data.credits",
        "invalid",
    )
    .await;
}

#[tokio::test]
async fn an_unknown_company_is_refused_like_a_foreign_one() {
    refused(
        event_with("bad", "/subject", json!("nobody")),
        "subject",
        "unknown_company",
    )
    .await;
    refused(
        event_with("bad", "/subject", json!("brightside-east")),
        "subject",
        "unknown_company",
    )
    .await;
}

#[tokio::test]
async fn an_account_that_is_not_the_keys_is_refused() {
    refused(
        event_with("bad", "/account", json!("brightside")),
        "account",
        "unknown_account",
    )
    .await;
    refused(
        event_with("bad", "/account", json!("nobody")),
        "account",
        "unknown_account",
    )
    .await;
}

#[tokio::test]
async fn times_out_of_bounds_are_refused_and_their_edges_are_not() {
    refused(
        event_with("bad", "/time", json!("2026-11-23T14:05:00.000001Z")),
        "time",
        "time_in_future",
    )
    .await;
    refused(
        event_with("bad", "/time", json!("2026-10-19T13:59:59.999999Z")),
        "time",
        "time_too_old",
    )
    .await;
    // Within 35 days, but its cycle ended on 1 November and closed three days later.
    refused(
        event_with("bad", "/time", json!("2026-10-25T12:00:00Z")),
        "time",
        "cycle_closed",
    )
    .await;
    let server = TestServer::start().await;
    server
        .post_events(&event_with("ahead", "/time", json!("2026-11-23T14:05:00Z")))
        .await
        .ok(204);
    server
        .post_events(&event_with(
            "old",
            "/time",
            json!("2026-11-01T01:00:00+01:00"),
        ))
        .await
        .ok(204);
}

#[tokio::test]
async fn unknown_and_missing_fields_are_named() {
    refused(
        event_with("bad", "/data/colour", json!("red")),
        "data.colour",
        "unknown_field",
    )
    .await;
    let mut bad = event("bad");
    bad["data"] = json!({ "agent": "chat", "credits": 1 });
    refused(bad, "data.activity", "required").await;
    let mut bad = event("bad");
    bad.as_object_mut().unwrap().remove("source");
    refused(bad, "source", "required").await;
    refused(
        event_with("bad", "/specversion", json!("0.3")),
        "specversion",
        "invalid",
    )
    .await;
}

#[tokio::test]
async fn events_of_a_wrong_shape_are_named_beside_events_of_wrong_content() {
    let server = TestServer::start().await;
    let events = json!([
        event("good"),
        event_with("number", "/id", json!(7)),
        event_with("negative", "/data/credits", json!(-1)),
        "no event",
        event_with("twice", "/time", json!(["x"])),
    ]);
    let reply = server.post_events(&events).await.problem(422);
    let named: Vec<_> = reply
        .errors()
        .into_iter()
        .map(|(index, field, _)| (index.unwrap(), field))
        .collect();
    let expected = [(1, "id"), (2, "data.credits"), (3, "event"), (4, "time")];
    assert_eq!(
        named,
        expected.map(|(index, field)| (index, field.to_owned())),
        "{}",
        reply.text()
    );
    assert_eq!(reply.json()["errors"][1]["id"], "negative");
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn more_than_ten_thousand_events_are_too_large() {
    let server = TestServer::start().await;
    let events: Vec<_> = (0..10_001).map(|index| event(&index.to_string())).collect();
    let reply = server.post_events(&json!(events)).await.problem(413);
    assert!(
        reply.json()["detail"].as_str().unwrap().contains("10001"),
        "{}",
        reply.text()
    );
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn no_event_at_all_is_an_error() {
    let server = TestServer::start().await;
    let reply = server.post_events(&json!([])).await.problem(422);
    assert_eq!(
        reply.errors(),
        [(None, "events".to_owned(), "required".to_owned())]
    );
}

#[tokio::test]
async fn nine_mebibytes_are_too_large_however_they_are_sent() {
    let server = TestServer::start().await;
    let body = vec![b' '; 9 * 1024 * 1024];
    let announced = request(Method::POST, "/api/v1/events", &server.ingest)
        .header("content-type", "application/json")
        .header("content-length", body.len());
    server
        .send(announced.body(Body::from(body.clone())).unwrap())
        .await
        .problem(413);
    let chunks = futures::stream::iter(
        body.chunks(64 * 1024)
            .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
            .collect::<Vec<_>>(),
    );
    post(&server, "application/json", Body::from_stream(chunks))
        .await
        .problem(413);
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn the_same_event_twice_in_a_batch_counts_once() {
    let server = TestServer::start().await;
    let reply = server
        .post_events(&json!([event("a"), event("a")]))
        .await
        .ok(204);
    assert_eq!(
        (
            reply.header("events-accepted"),
            reply.header("events-duplicate")
        ),
        ("1", "1")
    );
    assert_eq!(server.stored().await, 1);
}

#[tokio::test]
async fn the_same_identity_with_other_content_is_a_conflict() {
    refused(
        event_with("good", "/data/credits", json!("2")),
        "id",
        "conflict",
    )
    .await;
    let server = TestServer::start().await;
    server.post_events(&event("a")).await.ok(204);
    let reply = server
        .post_events(&json!([
            event("b"),
            event_with("a", "/data/credits", json!("2"))
        ]))
        .await
        .problem(422);
    assert_eq!(
        reply.errors(),
        [(Some(1), "id".to_owned(), "conflict".to_owned())]
    );
    assert_eq!(reply.json()["errors"][0]["id"], "a");
    assert_eq!(server.stored().await, 1);
}

#[tokio::test]
async fn binary_mode_refuses_what_structured_mode_refuses() {
    let server = TestServer::start().await;
    let binary = || {
        request(Method::POST, "/api/v1/events", &server.ingest)
            .header("ce-specversion", "1.0")
            .header("ce-id", "a")
            .header("ce-source", "s")
    };
    let reply = server
        .send(
            binary()
                .header("content-type", "application/json")
                .body(Body::from("{"))
                .unwrap(),
        )
        .await
        .problem(422);
    assert_eq!(reply.errors()[0].2, "malformed_json");
    let reply = server
        .send(binary().body(Body::empty()).unwrap())
        .await
        .problem(422);
    let fields: Vec<_> = reply
        .errors()
        .into_iter()
        .map(|(_, field, _)| field)
        .collect();
    assert_eq!(fields, ["type", "subject", "data"]);
    server
        .send(
            binary()
                .header("content-type", "text/plain")
                .body(Body::from("x"))
                .unwrap(),
        )
        .await
        .problem(415);
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn unknown_query_parameters_are_refused() {
    let server = TestServer::start().await;
    let reply = server
        .json(
            Method::POST,
            "/api/v1/events?acount=x",
            &server.ingest,
            &event("a"),
        )
        .await
        .problem(422);
    assert_eq!(
        reply.errors(),
        [(None, "acount".to_owned(), "unknown_parameter".to_owned())]
    );
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn credits_that_cannot_be_added_up_are_refused_and_later_ones_are_not() {
    let server = TestServer::start().await;
    let most = |id: &str| event_with(id, "/data/credits", json!("1000000000"));
    let many: Vec<_> = (0..1_000).map(|id| most(&format!("most-{id}"))).collect();
    server.post_events(&json!(many)).await.ok(204);
    let reply = server
        .post_events(&json!([most("second")]))
        .await
        .problem(422);
    assert_eq!(
        reply.errors(),
        [(None, "data.credits".to_owned(), "out_of_range".to_owned())]
    );
    let message = reply.json()["errors"][0]["message"].to_string();
    assert!(message.contains("1000000000000 credits"), "{message}");
    let free = event_with("free", "/data/credits", json!("0"));
    server.post_events(&json!([free])).await.ok(204);
    assert_eq!(server.stored().await, 1_001);
    // Once something is given back, there is room again.
    let source = most("x")["source"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/events/{source}/most-7/reversal?account=northwind");
    let reversal = json!({ "reason": "reported by mistake" });
    server.post(&path, &reversal).await.ok(201);
    server.post_events(&json!([most("second")])).await.ok(204);
    let operator = service::Caller::operator("test");
    let report = server.services.doctor(&operator).await.unwrap();
    assert_eq!(report.differences, [""; 0]);
}

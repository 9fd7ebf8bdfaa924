//! Exports hold exactly what is filtered.

use axum::{body::Body, http::Method};
use serde_json::json;

use crate::support::{TestServer, event, event_with, request};

#[tokio::test]
async fn the_export_holds_every_row_of_the_filter_and_no_formula() {
    let server = TestServer::start().await;
    let events: Vec<_> = (0..2_345)
        .map(|index| event(&format!("e{index:04}")))
        .collect();
    server.post_events(&json!(events)).await.ok(204);
    server
        .post_events(&event_with(
            "formula",
            "/data/reference",
            json!("=HYPERLINK(\"x\")"),
        ))
        .await
        .ok(204);
    server
        .post_events(&event_with("other", "/subject", json!("bluewater-spa")))
        .await
        .ok(204);
    let wanted = request(
        Method::GET,
        "/api/v1/events?company=acme-dental",
        &server.read,
    )
    .header("accept", "text/csv");
    let reply = server
        .send(wanted.body(Body::empty()).unwrap())
        .await
        .ok(200);
    assert!(reply.header("content-type").starts_with("text/csv"));
    assert_eq!(
        reply.header("content-disposition"),
        "attachment; filename=\"northwind-events.csv\""
    );
    let text = reply.text();
    let rows: Vec<_> = text.lines().collect();
    assert_eq!(rows.len(), 1 + 2_346);
    assert_eq!(
        rows[0],
        "time,agent,activity,credits,company,company_name,reference,source,id,metadata,reversed_credits"
    );
    assert!(
        text.contains("\"'=HYPERLINK(\"\"x\"\")\""),
        "the formula is escaped"
    );
    assert!(!text.contains("bluewater-spa"));
}

#[tokio::test]
async fn a_link_asks_for_csv_by_its_query() {
    let server = TestServer::start().await;
    server.post_events(&event("a")).await.ok(204);
    let reply = server
        .get("/api/v1/events?format=csv", &server.read)
        .await
        .ok(200);
    assert_eq!(reply.header("creditscope-rows"), "1");
    assert_eq!(
        reply.text().lines().nth(1),
        Some(
            "2026-11-23T14:00:00+01:00,chat,chat_reply,1.5,acme-dental,acme-dental,conv_a,test,a,,0"
        )
    );
    let reply = server
        .get(
            "/api/v1/usage/series?format=csv&from=2026-11-23&to=2026-11-23",
            &server.read,
        )
        .await
        .ok(200);
    assert_eq!(
        reply.text(),
        "key,start,credits,events\r\nchat,2026-11-23T00:00:00+01:00,1.5,1\r\n"
    );
}

#[tokio::test]
async fn an_event_a_line_is_what_the_list_has() {
    let server = TestServer::start().await;
    let events: Vec<_> = (0..2_100)
        .map(|index| event(&format!("e{index:04}")))
        .collect();
    server.post_events(&json!(events)).await.ok(204);
    let list = server
        .get("/api/v1/events?limit=1000", &server.read)
        .await
        .ok(200)
        .json();
    let reply = server
        .get("/api/v1/events?format=ndjson", &server.read)
        .await
        .ok(200);
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    assert_eq!(reply.header("creditscope-rows"), "2100");
    let lines: Vec<serde_json::Value> = reply
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2_100);
    assert_eq!(&lines[..1_000], list["items"].as_array().unwrap());
    server
        .get("/api/v1/events?format=xml", &server.read)
        .await
        .problem(422);
    let series = "/api/v1/usage/series?from=2026-11-23&to=2026-11-23&format=ndjson";
    let reply = server.get(series, &server.read).await.ok(200);
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    assert_eq!(
        reply.header("content-disposition"),
        "attachment; filename=\"northwind-usage-by-day.ndjson\""
    );
    assert_eq!(
        reply.text(),
        "{\"key\":\"chat\",\"start\":\"2026-11-23T00:00:00+01:00\",\"credits\":\"3150\",\"events\":2100}\n"
    );
}

#[tokio::test]
async fn a_wrong_filter_does_not_start_an_export() {
    let server = TestServer::start().await;
    server
        .get("/api/v1/events?format=csv&company=nobody", &server.read)
        .await
        .problem(422);
    server
        .get("/api/v1/events?format=csv&account=brightside", &server.read)
        .await
        .problem(404);
}

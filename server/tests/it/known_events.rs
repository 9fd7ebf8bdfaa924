//! What is known stays known, whatever has changed since it was stored.

use axum::http::Method;
use domain::time::{DAY_US, MINUTE_US};
use serde_json::{Value, json};

use crate::support::{Reply, TestServer, event, event_with};

/// Asserts that everything sent was known.
async fn known(server: &TestServer, events: &Value) {
    let reply = server.post_events(events).await.ok(204);
    let count = events.as_array().map_or(1, Vec::len).to_string();
    assert_eq!(counts(&reply), ("0", count.as_str()));
}

fn counts(reply: &Reply) -> (&str, &str) {
    (
        reply.header("events-accepted"),
        reply.header("events-duplicate"),
    )
}

async fn refused(server: &TestServer, events: &Value) -> Vec<(u64, String, String)> {
    let errors = server.post_events(events).await.problem(422).errors();
    errors
        .into_iter()
        .map(|(index, field, reason)| (index.unwrap(), field, reason))
        .collect()
}

fn told(index: u64, field: &str, reason: &str) -> (u64, String, String) {
    (index, field.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn an_event_of_a_closed_cycle_is_a_duplicate_and_a_fresh_one_beside_it_is_stored() {
    let server = TestServer::start().await;
    server.post_events(&event("a")).await.ok(204);
    // Its cycle ended on 1 December and closed three days later.
    server.clock.advance(12 * DAY_US);
    known(&server, &event("a")).await;
    let fresh = event_with("fresh", "/time", json!("2026-12-05T13:00:00Z"));
    let reply = server
        .post_events(&json!([event("a"), fresh]))
        .await
        .ok(204);
    assert_eq!(counts(&reply), ("1", "1"));
    let late = refused(&server, &event("late")).await;
    assert_eq!(late, [told(0, "time", "cycle_closed")]);
    server.clock.advance(300 * DAY_US);
    known(&server, &json!([event("a"), event("a")])).await;
    assert_eq!(server.stored().await, 2);
}

#[tokio::test]
async fn other_content_is_a_conflict_however_late_it_comes_and_everything_wrong_is_named() {
    let server = TestServer::start().await;
    server
        .post_events(&json!([event("a"), event("b")]))
        .await
        .ok(204);
    server.clock.advance(40 * DAY_US);
    let now = |id| event_with(id, "/time", json!("2027-01-02T13:00:00Z"));
    let events = json!([
        now("fresh"),
        event_with("a", "/data/credits", json!("9")),
        event("late"),
        event("b"),
        event_with("now", "/data/agent", json!("nobody")),
    ]);
    let expected = [
        told(1, "id", "conflict"),
        told(2, "time", "time_too_old"),
        told(4, "data.agent", "unknown_agent"),
    ];
    assert_eq!(refused(&server, &events).await, expected);
    assert_eq!(server.stored().await, 2);
}

#[tokio::test]
async fn an_event_without_a_time_is_known_by_what_was_sent() {
    let server = TestServer::start().await;
    let mut event = event("a");
    event.as_object_mut().unwrap().remove("time");
    server.post_events(&event).await.ok(204);
    server.clock.advance(70 * DAY_US);
    known(&server, &event).await;
}

#[tokio::test]
async fn an_event_ahead_of_a_clock_that_was_set_back_is_known() {
    let server = TestServer::start().await;
    let ahead = event_with("a", "/time", json!("2026-11-23T14:04:00Z"));
    server.post_events(&ahead).await.ok(204);
    server.clock.advance(-30 * MINUTE_US);
    known(&server, &ahead).await;
    let other = event_with("b", "/time", json!("2026-11-23T14:04:00Z"));
    let errors = refused(&server, &json!([ahead, other])).await;
    assert_eq!(errors, [told(1, "time", "time_in_future")]);
}

async fn put_card(server: &TestServer, kind: &str, rule: Value) {
    let card = json!({ "effective_at": "2026-01-01T00:00:00Z", "rules": [rule] });
    let reply = server
        .put(&format!("/api/v1/rate-cards/{kind}"), &card)
        .await;
    assert!(reply.status.is_success(), "{}", reply.text());
}

#[tokio::test]
async fn an_event_stays_what_it_was_when_a_rate_card_prices_it_otherwise_or_no_more() {
    let server = TestServer::start().await;
    let rule = |activity: &str, unit: &str, price: &str| json!({ "match": { "activity": activity }, "unit": unit, "credits_per_unit": price });
    put_card(
        &server,
        "creditscope.usage",
        rule("chat_reply", "token", "0.5"),
    )
    .await;
    let metered = |id: &str| {
        let data =
            json!({ "agent": "chat", "activity": "chat_reply", "quantity": 4, "unit": "token" });
        event_with(id, "/data", data)
    };
    server.post_events(&metered("a")).await.ok(204);
    for changed in [
        rule("chat_reply", "token", "7"),
        rule("chat_reply", "second", "0.5"),
        rule("voice_call", "token", "0.5"),
    ] {
        put_card(&server, "creditscope.usage", changed).await;
        known(&server, &metered("a")).await;
    }
    assert_eq!(
        refused(&server, &json!([metered("a"), metered("b")])).await,
        [told(1, "data.quantity", "no_rate")]
    );
    let stored = server.get("/api/v1/events/test/a", &server.read).await;
    assert_eq!(stored.ok(200).json()["credits"], "2");
}

#[tokio::test]
async fn an_event_of_another_type_is_known_when_nothing_maps_its_type_any_more() {
    let server = TestServer::start().await;
    let rule = |model: &str| json!({ "match": { "model": model }, "agent": "nox", "activity": "reply", "quantity": "/n", "unit": "token", "credits_per_unit": 1 });
    put_card(&server, "com.example.llm", rule("m")).await;
    let mut foreign = event("a");
    foreign["type"] = json!("com.example.llm");
    foreign["data"] = json!({ "model": "m", "n": 5 });
    server.post_events(&foreign).await.ok(204);
    put_card(&server, "com.example.llm", rule("other")).await;
    known(&server, &foreign).await;
    foreign["data"]["n"] = json!(6);
    assert_eq!(
        refused(&server, &foreign).await,
        [told(0, "id", "conflict")]
    );
}

#[tokio::test]
async fn an_event_is_known_when_its_company_has_become_one_of_several_accounts() {
    let server = TestServer::start().await;
    let post = async |event: &Value| {
        server
            .json(Method::POST, "/api/v1/events", &server.platform, event)
            .await
    };
    post(&event("a")).await.ok(204);
    let other = "/api/v1/accounts/brightside/companies/acme-dental";
    server
        .put(other, &json!({ "name": "Another" }))
        .await
        .ok(201);
    let reply = post(&event("a")).await.ok(204);
    assert_eq!(counts(&reply), ("0", "1"));
    for unclear in [event("b"), event_with("a", "/data/credits", json!("7"))] {
        let errors = post(&unclear).await.problem(422).errors();
        assert_eq!(errors[0].2, "ambiguous_company");
    }
}

#[tokio::test]
async fn an_event_is_known_when_its_account_was_suspended_and_its_plan_changed() {
    let server = TestServer::start().await;
    server.post_events(&event("a")).await.ok(204);
    let suspension = "/api/v1/accounts/northwind/suspension";
    server.put(suspension, &json!({ "suspended": true })).await;
    let plan = json!({ "name": "Growth", "monthly_credits": "1" });
    server.put("/api/v1/plans/growth", &plan).await;
    let company = "/api/v1/accounts/northwind/companies/acme-dental";
    let renamed = json!({ "name": "Renamed", "budget": "0" });
    server.put(company, &renamed).await;
    server.clock.advance(40 * DAY_US);
    known(&server, &event("a")).await;
}

#[tokio::test]
async fn a_lead_is_known_after_its_cycle_and_shares_its_name_with_no_usage() {
    let server = TestServer::start().await;
    let mut lead = event("a");
    lead["type"] = json!("creditscope.lead");
    lead["data"] = json!({ "agent": "chat", "kind": "booking", "value": "120", "currency": "EUR" });
    server.post_events(&lead).await.ok(204);
    server.clock.advance(40 * DAY_US);
    known(&server, &lead).await;
    let usage = refused(&server, &event("a")).await;
    assert_eq!(usage, [told(0, "id", "conflict")]);
}

#[tokio::test]
async fn what_is_known_of_an_account_is_told_to_nobody_else() {
    let server = TestServer::start().await;
    server.post_events(&event("a")).await.ok(204);
    let named = event_with("a", "/account", json!("northwind"));
    let reply = server
        .json(Method::POST, "/api/v1/events", &server.foreign, &named)
        .await
        .problem(422);
    assert_eq!(reply.errors()[0].2, "unknown_account");
}

#[tokio::test]
async fn a_hold_is_settled_once_however_late_it_is_said_again() {
    let server = TestServer::start().await;
    let hold = json!({ "id": "h", "company": "acme-dental", "agent": "chat", "activity": "chat_reply", "credits": "5", "expires_in_s": 60 });
    server
        .ask(Method::POST, "/api/v1/holds", &hold)
        .await
        .ok(201);
    let settle = async |body: Value| {
        server
            .ask(Method::POST, "/api/v1/holds/h/settle", &body)
            .await
    };
    let end = json!({ "credits": "3", "metadata": { "n": 1.50 } });
    settle(end.clone()).await.ok(200);
    server.clock.advance(70 * DAY_US);
    settle(end).await.ok(200);
    settle(json!({ "credits": "4" })).await.problem(409);
    assert_eq!(server.stored().await, 1);
}

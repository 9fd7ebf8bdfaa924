//! Dates far away, long durations, large percentages and counts: taken or refused by name, and nothing breaks afterwards.

use serde_json::{Value, json};

use super::doors::ACCOUNT;
use crate::support::TestServer;

/// From the beginning of the calendar to its end, and past both.
const DATES: [&str; 8] = [
    "0001-01-01",
    "-009999-01-02",
    "1970-01-01",
    "9999-12-31",
    "9999-12-31T23:59:59.999999Z",
    "10000-01-01",
    "+292277-01-01T00:00:00Z",
    "2026-02-30",
];
const NUMBERS: [i64; 6] = [-1, 0, 1, 2_147_483_648, 4_294_967_295, 4_294_967_296];

fn account(field: &str, value: &Value) -> Value {
    let mut account = json!({
        "name": "Northwind", "kind": "agency", "time_zone": "Europe/Berlin",
        "cycle_anchor": "2026-01-01", "plan": "growth", "policy": "grace", "grace_percent": 5
    });
    account[field] = value.clone();
    account
}

async fn still_answers(server: &TestServer, told: &str) {
    for path in [
        "/api/v1/balance",
        "/api/v1/usage/summary",
        "/api/v1/usage/series?window=day",
        "/api/v1/grants",
        "/api/v1/forecast",
    ] {
        let reply = server.get(path, &server.read).await;
        assert!(
            !reply.status.is_server_error(),
            "{told}: {path}: {}",
            reply.text()
        );
    }
    server.services.renew_due().await.unwrap();
}

#[tokio::test]
async fn dates_far_away_are_taken_or_refused_and_break_nothing() {
    for date in DATES {
        let server = TestServer::start().await;
        let card = json!({ "effective_at": date, "rules": [{ "unit": "token", "credits_per_unit": "1" }] });
        for (path, body) in [
            (ACCOUNT, account("cycle_anchor", &json!(date))),
            ("/api/v1/rate-cards/creditscope.usage", card),
        ] {
            let reply = server.put(path, &body).await;
            assert!(
                reply.status.is_success() || reply.status == 422,
                "{path} {date}: {}",
                reply.text()
            );
        }
        still_answers(&server, date).await;
        let read = format!("/api/v1/usage/summary?from={date}&to={date}");
        let read = server.get(&read, &server.read).await;
        assert!(!read.status.is_server_error(), "{date}: {}", read.text());
    }
}

#[tokio::test]
async fn durations_percentages_and_counts_are_taken_or_refused_and_break_nothing() {
    let server = TestServer::start().await;
    let hold = |seconds: i64| {
        json!({ "company": "acme-dental", "agent": "chat", "activity": "chat_reply", "credits": "1",
            "expires_in_s": seconds })
    };
    let portal = |seconds: i64| json!({ "user": "ada", "role": "owner", "expires_in_s": seconds });
    for number in NUMBERS {
        let pack = json!({ "name": "P", "credits": "5", "valid_cycles": number });
        let rule = json!({ "condition": { "kind": "used_percent", "levels": [number] } });
        for (path, body) in [
            (ACCOUNT, account("grace_percent", &json!(number))),
            ("/api/v1/packs/p", pack),
            ("/api/v1/accounts/northwind/alert-rules/r", rule),
        ] {
            let reply = server.put(path, &body).await;
            let is_answer = reply.status.is_success() || reply.status == 422;
            assert!(is_answer, "{path} {number}: {}", reply.text());
        }
        for (path, body) in [
            ("/api/v1/holds?account=northwind", hold(number)),
            ("/api/v1/accounts/northwind/portal-sessions", portal(number)),
            (
                "/api/v1/accounts/northwind/api-keys",
                json!({ "scopes": ["read"], "expires_in_s": number }),
            ),
            (
                "/api/v1/accounts/northwind/alert-rules/credits-used/snooze",
                json!({ "for_s": number }),
            ),
        ] {
            let reply = server.post(path, &body).await;
            assert!(
                !reply.status.is_server_error(),
                "{path} {number}: {}",
                reply.text()
            );
        }
        still_answers(&server, &number.to_string()).await;
    }
}

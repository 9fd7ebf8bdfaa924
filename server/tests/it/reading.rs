//! Summary, series, log, receipt and balance.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{TestServer, event_with};

async fn seeded() -> TestServer {
    let server = TestServer::start().await;
    let mut spa = event_with("c", "/subject", json!("bluewater-spa"));
    spa["data"] = json!({ "agent": "voice_inbound", "activity": "voice_call", "credits": "0.25", "reference": "call_1", "metadata": { "seconds": 15 } });
    let events = json!([
        event_with("a", "/time", json!("2026-11-22T23:30:00Z")),
        event_with("b", "/time", json!("2026-11-23T13:00:00.25Z")),
        spa,
        event_with("before", "/time", json!("2026-11-10T08:00:00Z")),
    ]);
    server.post_events(&events).await.ok(204);
    server
}

#[tokio::test]
async fn the_summary_adds_up_and_names_all_six_agents() {
    let server = seeded().await;
    let summary = server
        .get("/api/v1/usage/summary", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(
        (summary["credits"].as_str(), summary["events"].as_u64()),
        (Some("4.75"), Some(4))
    );
    assert_eq!(
        (summary["from"].as_str(), summary["to"].as_str()),
        (
            Some("2026-11-01T01:00:00+01:00"),
            Some("2026-12-01T01:00:00+01:00")
        )
    );
    let agents = summary["agents"].as_array().unwrap();
    assert_eq!(agents.len(), 6);
    assert_eq!(
        agents[0],
        json!({ "agent": "chat", "credits": "4.5", "events": 3, "share": 0.9474, "previous": { "credits": "0", "events": 0 } })
    );
    assert_eq!(summary["previous"]["events"], 0);
}

#[tokio::test]
async fn a_lead_costs_what_was_used_divided_by_leads_alone() {
    let server = seeded().await;
    let lead = |id: &str, kind: &str| {
        json!({
            "specversion": "1.0", "id": id, "source": "crm", "type": "creditscope.lead", "subject": "acme-dental",
            "time": "2026-11-20T10:00:00Z", "data": {"agent": "chat", "kind": kind}
        })
    };
    let leads = json!([
        lead("l1", "lead"),
        lead("l2", "lead"),
        lead("b1", "booking"),
        lead("s1", "sale")
    ]);
    server.post_events(&leads).await.ok(204);
    let summary = server
        .get("/api/v1/leads/summary", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(summary["credits"], "4.75");
    assert_eq!(summary["leads"], 4);
    assert_eq!(summary["credits_per_lead"], "2.375");
    assert_eq!(
        summary["credits_per"],
        json!({"lead": "2.375", "booking": "4.75", "sale": "4.75"})
    );
    // The account is new: nothing is known of the cycle before.
    let previous = &summary["previous"];
    assert_eq!(previous["complete"], false);
    assert!(previous["data_from"].is_string() && previous["to"].is_string());
}

#[tokio::test]
async fn filters_mean_the_same_everywhere() {
    let server = seeded().await;
    for (filter, credits, events) in [
        ("company=acme-dental", "4.5", 3),
        ("company=acme-dental&company=bluewater-spa", "4.75", 4),
        ("agent=voice_inbound", "0.25", 1),
        ("activity=chat_reply", "4.5", 3),
        ("q=CALL_", "0.25", 1),
        ("from=2026-11-23&to=2026-11-23", "3.25", 3),
        ("from=2026-11-23&to=2026-11-23&tz=UTC", "1.75", 2),
        ("period=7d", "3.25", 3),
        ("period=last_cycle", "0", 0),
    ] {
        let summary = server
            .get(&format!("/api/v1/usage/summary?{filter}"), &server.read)
            .await
            .ok(200)
            .json();
        assert_eq!(
            (summary["credits"].as_str(), summary["events"].as_i64()),
            (Some(credits), Some(events)),
            "{filter}"
        );
        let log = server
            .get(&format!("/api/v1/events?{filter}"), &server.read)
            .await
            .ok(200)
            .json();
        assert_eq!(
            log["items"].as_array().unwrap().len(),
            usize::try_from(events).unwrap(),
            "{filter}"
        );
        let series = server
            .get(
                &format!("/api/v1/usage/series?window=hour&{filter}"),
                &server.read,
            )
            .await
            .ok(200)
            .json();
        let points = series["groups"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|group| group["points"].as_array().unwrap());
        let sum: i64 = points.map(|point| point["events"].as_i64().unwrap()).sum();
        assert_eq!(sum, events, "{filter}");
    }
}

#[tokio::test]
async fn wrong_filters_are_named() {
    let server = seeded().await;
    for (query, field, reason) in [
        ("agent=nobody", "agent", "unknown_agent"),
        ("company=nobody", "company", "unknown_company"),
        ("company=brightside-east", "company", "unknown_company"),
        ("period=8d", "period", "invalid"),
        ("from=yesterday&to=2026-11-23", "from", "invalid"),
        ("from=2026-11-23", "to", "required"),
        ("from=2026-11-23&to=2026-11-22", "to", "invalid"),
        ("tz=Mars/Olympus", "tz", "invalid"),
        ("agents=chat", "agents", "unknown_parameter"),
    ] {
        for path in ["usage/summary", "usage/series", "events"] {
            let reply = server
                .get(&format!("/api/v1/{path}?{query}"), &server.read)
                .await
                .problem(422);
            assert_eq!(
                reply.errors(),
                [(None, field.to_owned(), reason.to_owned())],
                "{path}?{query}"
            );
        }
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("format=xml", "format"),
    ] {
        let reply = server
            .get(&format!("/api/v1/events?{query}"), &server.read)
            .await
            .problem(422);
        assert_eq!(reply.errors()[0].1, field, "{query}");
    }
    for query in [
        "window=year",
        "group_by=moon",
        "window=hour&from=2020-01-01&to=2026-01-01",
    ] {
        server
            .get(&format!("/api/v1/usage/series?{query}"), &server.read)
            .await
            .problem(422);
    }
}

#[tokio::test]
async fn a_series_has_empty_windows_and_groups_by_name() {
    let server = seeded().await;
    let path = "/api/v1/usage/series?window=day&group_by=company&from=2026-11-22&to=2026-11-24";
    let series = server.get(path, &server.read).await.ok(200).json();
    assert_eq!(
        (series["window"].as_str(), series["tz"].as_str()),
        (Some("day"), Some("Europe/Berlin"))
    );
    let acme = &series["groups"][0];
    assert_eq!(acme["key"], "acme-dental");
    assert_eq!(
        acme["points"],
        json!([
            { "start": "2026-11-22T00:00:00+01:00", "credits": "0", "events": 0 },
            { "start": "2026-11-23T00:00:00+01:00", "credits": "3", "events": 2 },
            { "start": "2026-11-24T00:00:00+01:00", "credits": "0", "events": 0 },
        ])
    );
    let by_activity = server
        .get("/api/v1/usage/series?group_by=activity", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(by_activity["groups"][1]["key"], "voice_call");
}

#[tokio::test]
async fn the_log_is_newest_first_and_complete() {
    let server = seeded().await;
    let log = server
        .get("/api/v1/events", &server.read)
        .await
        .ok(200)
        .json();
    let ids: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["b", "c", "a", "before"]);
    assert_eq!(log["next_cursor"], Value::Null);
    assert_eq!(
        log["items"][1],
        json!({
            "source": "test", "id": "c", "time": "2026-11-23T14:00:00+01:00", "agent": "voice_inbound", "activity": "voice_call",
            "credits": "0.25", "company": "bluewater-spa", "reference": "call_1", "metadata": { "seconds": 15 }, "reversed_credits": "0"
        })
    );
    assert_eq!(log["items"][0]["time"], "2026-11-23T14:00:00.25+01:00");
    let utc = server
        .get("/api/v1/events?tz=UTC&limit=1", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(utc["items"][0]["time"], "2026-11-23T13:00:00.25+00:00");
}

#[tokio::test]
async fn pages_stay_as_they_were_while_events_arrive() {
    let server = TestServer::start().await;
    let minute = |minute: u32| {
        event_with(
            &format!("e{minute:02}"),
            "/time",
            json!(format!("2026-11-23T13:{minute:02}:00Z")),
        )
    };
    let events: Vec<_> = (0..20).map(minute).collect();
    server.post_events(&json!(events)).await.ok(204);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for round in 0..20 {
        let page = server
            .get(
                &format!("/api/v1/events?limit=3&cursor={cursor}"),
                &server.read,
            )
            .await
            .ok(200)
            .json();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        server.post_events(&minute(30 + round)).await.ok(204);
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = next.to_owned();
    }
    let expected: Vec<_> = (0..20)
        .rev()
        .map(|minute| format!("e{minute:02}"))
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_page_that_is_exactly_full_has_no_next_one() {
    let server = seeded().await;
    let page = server
        .get("/api/v1/events?limit=4", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(
        (
            page["items"].as_array().unwrap().len(),
            &page["next_cursor"]
        ),
        (4, &Value::Null)
    );
}

#[tokio::test]
async fn one_event_comes_with_its_receipt() {
    let server = TestServer::start().await;
    let odd = event_with("id/with?odd", "/source", json!("https://host/a b"));
    server.post_events(&odd).await.ok(204);
    let path = "/api/v1/events/https%3A%2F%2Fhost%2Fa%20b/id%2Fwith%3Fodd";
    let event = server.get(path, &server.read).await.ok(200).json();
    assert_eq!(
        (event["id"].as_str(), event["type"].as_str()),
        (Some("id/with?odd"), Some("creditscope.usage"))
    );
    assert_eq!(event["receipt"]["recorded_at"], "2026-11-23T15:00:00+01:00");
    assert_eq!(event["receipt"]["rate"], Value::Null);
    assert_eq!(
        event["receipt"]["paid_by"],
        json!([{ "grant": "plan-1", "name": "Growth plan", "credits": "1.5" }])
    );
}

#[tokio::test]
async fn what_is_foreign_looks_like_what_is_missing() {
    let server = seeded().await;
    let body = |reply: crate::support::Reply| reply.problem(404).body;
    let missing = body(
        server
            .get("/api/v1/events/test/nothing", &server.read)
            .await,
    );
    assert_eq!(
        body(server.get("/api/v1/events/test/a", &server.foreign).await),
        missing
    );
    assert_eq!(
        body(
            server
                .get("/api/v1/usage/summary?account=northwind", &server.foreign)
                .await
        ),
        missing
    );
    assert_eq!(
        body(
            server
                .get("/api/v1/usage/summary?account=nobody", &server.foreign)
                .await
        ),
        missing
    );
    assert_eq!(
        body(
            server
                .get("/api/v1/accounts/northwind", &server.foreign)
                .await
        ),
        missing
    );
    assert_eq!(
        body(server.get("/api/v1/accounts/nobody", &server.foreign).await),
        missing
    );
    assert_eq!(
        body(
            server
                .get("/api/v1/balance?account=northwind", &server.foreign)
                .await
        ),
        missing
    );
    assert_eq!(
        body(
            server
                .get(
                    "/api/v1/accounts/northwind/companies/acme-dental",
                    &server.foreign
                )
                .await
        ),
        missing
    );
    let own = server
        .get("/api/v1/usage/summary", &server.foreign)
        .await
        .ok(200)
        .json();
    assert_eq!(own["events"], 0);
}

#[tokio::test]
async fn a_platform_key_names_the_account() {
    let server = seeded().await;
    let reply = server
        .get("/api/v1/usage/summary", &server.platform)
        .await
        .problem(422);
    assert_eq!(
        reply.errors(),
        [(None, "account".to_owned(), "required".to_owned())]
    );
    let summary = server
        .get("/api/v1/usage/summary?account=northwind", &server.platform)
        .await
        .ok(200)
        .json();
    assert_eq!(summary["events"], 4);
}

#[tokio::test]
async fn the_balance_agrees_with_the_summary_and_shows_overage() {
    let server = seeded().await;
    let balance = server
        .get("/api/v1/balance", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(
        balance,
        json!({
            "cycle": { "start": "2026-11-01T01:00:00+01:00", "end": "2026-12-01T01:00:00+01:00" },
            "allocation": "1000", "used": "4.75", "held": "0", "remaining": "995.25", "overage": "0",
            "expired": "0",
            "grants": [{
                "id": "plan-1", "kind": "plan", "name": "Growth plan", "reference": null, "amount": "1000", "remaining": "995.25",
                "effective_at": "2026-11-01T01:00:00+01:00", "expires_at": "2026-12-01T01:00:00+01:00"
            }],
            "runs_out_at": null
        })
    );
    server
        .json(
            Method::POST,
            "/api/v1/events",
            &server.ingest,
            &event_with("much", "/data/credits", json!(1_000)),
        )
        .await
        .ok(204);
    let balance = server
        .get("/api/v1/balance", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(
        (
            balance["used"].as_str(),
            balance["remaining"].as_str(),
            balance["overage"].as_str()
        ),
        (Some("1004.75"), Some("0"), Some("4.75"))
    );
}

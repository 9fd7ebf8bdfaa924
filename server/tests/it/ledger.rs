//! Packs, corrections, reversals: every credit can be explained, and every number agrees.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    pages::{PASSWORD, add_people, cookie, get_with, sign_in},
    support::{TestServer, event, event_with},
};

async fn with_pack() -> TestServer {
    let server = TestServer::start().await;
    let pack = json!({ "name": "Boost 500", "credits": 500, "price": "59", "currency": "EUR" });
    server.put("/api/v1/packs/boost", &pack).await.ok(201);
    server
}

async fn buy(server: &TestServer) -> Value {
    let body = json!({ "pack": "boost", "payment_reference": "pi_1" });
    server
        .post("/api/v1/accounts/northwind/packs", &body)
        .await
        .ok(201)
        .json()
}

async fn receipt(server: &TestServer, id: &str) -> Value {
    let path = format!("/api/v1/events/test/{id}");
    server.get(&path, &server.read).await.ok(200).json()["receipt"].clone()
}

fn figures(balance: &Value) -> [&str; 5] {
    ["allocation", "used", "remaining", "overage", "expired"]
        .map(|name| balance[name].as_str().unwrap())
}

#[tokio::test]
async fn a_pack_pays_what_went_past_zero_first_and_then_what_comes() {
    let server = with_pack().await;
    server.spend("a", "1200").await;
    assert_eq!(
        figures(&server.balance().await),
        ["1000", "1200", "0", "200", "0"]
    );
    let parts = json!([
        { "grant": "plan-1", "name": "Growth plan", "credits": "1000" },
        { "grant": "overage", "name": "Overage", "credits": "200" }
    ]);
    assert_eq!(receipt(&server, "a").await["paid_by"], parts);
    assert_eq!(receipt(&server, "a").await["balance_after"], "-200");
    let grant = buy(&server).await;
    assert_eq!(
        (
            &grant["id"],
            &grant["amount"],
            &grant["remaining"],
            &grant["reference"]
        ),
        (
            &json!("pack-2"),
            &json!("500"),
            &json!("300"),
            &json!("pi_1")
        )
    );
    assert_eq!(
        figures(&server.balance().await),
        ["1500", "1200", "300", "0", "0"]
    );
    let mut later = event_with("b", "/data/credits", json!("100"));
    later["time"] = json!("2026-11-23T14:00:00Z");
    server.post_events(&later).await.ok(204);
    assert_eq!(
        receipt(&server, "b").await["paid_by"],
        json!([{ "grant": "pack-2", "name": "Boost 500", "credits": "100" }])
    );
    let ledger = server
        .get("/api/v1/accounts/northwind/ledger", &server.read)
        .await
        .ok(200)
        .json();
    let lines: Vec<_> = ledger["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["kind"].as_str().unwrap(),
                line["credits"].as_str().unwrap(),
                line["balance_after"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("covered", "-200", "300"),
            ("granted", "500", "300"),
            ("granted", "1000", "1000")
        ]
    );
}

#[tokio::test]
async fn usage_from_before_a_pack_was_bought_is_paid_by_it_too() {
    let server = with_pack().await;
    server.spend("a", "1000").await;
    buy(&server).await;
    // An hour before the pack: no grant had anything left then.
    server.spend("b", "100").await;
    assert_eq!(
        receipt(&server, "b").await["paid_by"][0]["grant"],
        "overage"
    );
    let balance = server.balance().await;
    assert_eq!(figures(&balance), ["1500", "1100", "400", "0", "0"]);
    assert_eq!(balance["grants"][1]["remaining"], "400");
}

#[tokio::test]
async fn a_pack_expires_with_its_cycle_unless_it_says_otherwise() {
    let server = with_pack().await;
    let long = json!({ "name": "Long", "credits": 100, "valid_cycles": 2 });
    server.put("/api/v1/packs/long", &long).await.ok(201);
    buy(&server).await;
    server
        .post(
            "/api/v1/accounts/northwind/packs",
            &json!({ "pack": "long" }),
        )
        .await
        .ok(201);
    assert_eq!(
        figures(&server.balance().await),
        ["1600", "0", "1600", "0", "0"]
    );
    // One second into the next cycle: the plan is new, the short pack is gone, the long one is there.
    server
        .clock
        .advance((7 * 24 + 10) * 3_600_000_000 + 1_000_000);
    assert_eq!(
        figures(&server.balance().await),
        ["1100", "0", "1100", "0", "0"]
    );
    assert_eq!(server.services.renew_due().await.unwrap(), 1);
    assert_eq!(
        figures(&server.balance().await),
        ["1100", "0", "1100", "0", "0"]
    );
}

#[tokio::test]
async fn what_is_given_back_returns_to_who_paid_and_shows_everywhere() {
    let server = with_pack().await;
    server.spend("a", "1200").await;
    buy(&server).await;
    let path = "/api/v1/events/test/a/reversal";
    let part = server
        .post(
            &format!("{path}?account=northwind"),
            &json!({ "reason": "cut", "credits": "250" }),
        )
        .await
        .ok(201)
        .json();
    assert_eq!(
        (&part["credits"], &part["reversed_credits"]),
        (&json!("250"), &json!("250"))
    );
    // The last 200 had been paid by the pack later, the 50 before them by the plan.
    let end = "2026-12-01T01:00:00+01:00";
    assert_eq!(
        part["returned_to"],
        json!([
            { "grant_number": 2, "id": "pack-2", "credits": "200", "expires_at": end },
            { "grant_number": 1, "id": "plan-1", "credits": "50", "expires_at": end }
        ])
    );
    assert_eq!(
        figures(&server.balance().await),
        ["1500", "950", "550", "0", "0"]
    );
    let summary = server
        .get("/api/v1/usage/summary?period=this_cycle", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(
        (&summary["credits"], &summary["events"]),
        (&json!("950"), &json!(1))
    );
    let log = server
        .get("/api/v1/events?period=this_cycle", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(log["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &log["items"][0]["credits"],
            &log["items"][0]["reversed_credits"]
        ),
        (&json!("1200"), &json!("250"))
    );
    let series = server
        .get(
            "/api/v1/usage/series?period=this_cycle&window=month&group_by=agent",
            &server.read,
        )
        .await
        .ok(200)
        .json();
    assert_eq!(series["groups"][0]["points"][0]["credits"], "950");
}

#[tokio::test]
async fn never_more_is_given_back_than_an_event_cost() {
    let server = with_pack().await;
    server.spend("a", "1200").await;
    buy(&server).await;
    let path = "/api/v1/events/test/a/reversal";
    let part = json!({ "reason": "cut", "credits": "250" });
    server
        .post(&format!("{path}?account=northwind"), &part)
        .await
        .ok(201);
    let told = receipt(&server, "a").await["reversals"][0].clone();
    assert_eq!(
        (&told["credits"], &told["reason"]),
        (&json!("250"), &json!("cut"))
    );
    let more = server
        .post(
            &format!("{path}?account=northwind"),
            &json!({ "reason": "x", "credits": "950.5" }),
        )
        .await
        .problem(422);
    assert_eq!(more.errors()[0].1, "credits");
    server
        .post(
            &format!("{path}?account=northwind"),
            &json!({ "reason": "rest" }),
        )
        .await
        .ok(201);
    assert_eq!(
        figures(&server.balance().await),
        ["1500", "0", "1500", "0", "0"]
    );
    server
        .post(
            &format!("{path}?account=northwind"),
            &json!({ "reason": "again" }),
        )
        .await
        .problem(409);
    let operator = service::Caller::operator("test");
    assert_eq!(
        server.services.doctor(&operator).await.unwrap().differences,
        [""; 0]
    );
}

#[tokio::test]
async fn a_reversal_needs_a_reason_a_right_and_an_event() {
    let server = TestServer::start().await;
    server.post_events(&event("a")).await.ok(204);
    let path = "/api/v1/events/test/a/reversal?account=northwind";
    for (body, field) in [
        (json!({}), "reason"),
        (json!({ "reason": " " }), "reason"),
        (json!({ "reason": "x", "credits": "0" }), "credits"),
        (json!({ "reason": "x", "credits": "-1" }), "credits"),
        (json!({ "reason": "x", "why": 1 }), "why"),
    ] {
        assert_eq!(
            server.post(path, &body).await.problem(422).errors()[0].1,
            field,
            "{body}"
        );
    }
    let reason = json!({ "reason": "x" });
    server
        .post("/api/v1/events/test/b/reversal?account=northwind", &reason)
        .await
        .problem(404);
    server
        .post("/api/v1/events/test/a/reversal?account=brightside", &reason)
        .await
        .problem(404);
    server
        .json(Method::POST, path, &server.read, &reason)
        .await
        .problem(403);
    server
        .json(Method::POST, path, &server.ingest, &reason)
        .await
        .problem(403);
    // A reversal cannot be taken back itself.
    let made = server.post(path, &reason).await.ok(201).json();
    let of_it = format!(
        "/api/v1/events/creditscope:reversals/{}/reversal?account=northwind",
        made["id"].as_str().unwrap()
    );
    server.post(&of_it, &reason).await.problem(404);
    assert_eq!(server.balance().await["used"], "0");
}

#[tokio::test]
async fn adjustments_give_and_take_with_a_reason() {
    let server = TestServer::start().await;
    let path = "/api/v1/accounts/northwind/adjustments";
    let given = server
        .post(path, &json!({ "credits": 100, "reason": "goodwill" }))
        .await
        .ok(201)
        .json();
    assert_eq!(given["grant"]["kind"], "adjustment");
    assert_eq!(
        figures(&server.balance().await),
        ["1100", "0", "1100", "0", "0"]
    );
    server
        .post(path, &json!({ "credits": "-1150", "reason": "late usage" }))
        .await
        .ok(201);
    assert_eq!(
        figures(&server.balance().await),
        ["-50", "0", "0", "50", "0"]
    );
    for (body, field) in [
        (json!({ "credits": 1 }), "reason"),
        (json!({ "credits": 1, "reason": "" }), "reason"),
        (json!({ "credits": 0, "reason": "x" }), "credits"),
        (json!({ "reason": "x" }), "credits"),
    ] {
        assert_eq!(
            server.post(path, &body).await.problem(422).errors()[0].1,
            field,
            "{body}"
        );
    }
    server
        .json(
            Method::POST,
            path,
            &server.read,
            &json!({ "credits": 1, "reason": "x" }),
        )
        .await
        .problem(403);
    server
        .post(
            "/api/v1/accounts/nobody/adjustments",
            &json!({ "credits": 1, "reason": "x" }),
        )
        .await
        .problem(404);
    assert_eq!(
        figures(&server.balance().await),
        ["-50", "0", "0", "50", "0"]
    );
}

#[tokio::test]
async fn a_pack_is_granted_once_for_each_idempotency_key() {
    let server = with_pack().await;
    let grant = async || {
        let body = json!({ "pack": "boost" });
        let request = crate::support::request(
            Method::POST,
            "/api/v1/accounts/northwind/packs",
            &server.platform,
        )
        .header("content-type", "application/json")
        .header("idempotency-key", "order-7");
        server
            .send(request.body(body.to_string().into()).unwrap())
            .await
            .ok(201)
            .json()
    };
    assert_eq!(grant().await, grant().await);
    assert_eq!(figures(&server.balance().await)[0], "1500");
    let unknown = server
        .post(
            "/api/v1/accounts/northwind/packs",
            &json!({ "pack": "none" }),
        )
        .await
        .problem(422);
    assert_eq!(
        unknown.errors(),
        [(None, "pack".to_owned(), "unknown_pack".to_owned())]
    );
    let wrong = json!({ "name": "X", "credits": "0" });
    assert_eq!(
        server
            .put("/api/v1/packs/x", &wrong)
            .await
            .problem(422)
            .errors()[0]
            .1,
        "credits"
    );
}

#[tokio::test]
async fn a_larger_plan_gives_the_difference_at_once_and_a_smaller_one_takes_nothing() {
    let server = TestServer::start().await;
    server
        .put(
            "/api/v1/plans/scale",
            &json!({ "name": "Scale", "monthly_credits": 3000 }),
        )
        .await
        .ok(201);
    let account = |plan: &str| {
        json!({
            "name": "N", "kind": "agency", "time_zone": "Europe/Berlin", "cycle_anchor": "2026-01-01T00:00:00Z", "plan": plan
        })
    };
    server.spend("a", "1100").await;
    for plan in ["scale", "growth", "scale"] {
        server
            .put("/api/v1/accounts/northwind", &account(plan))
            .await
            .ok(200);
        assert_eq!(
            figures(&server.balance().await),
            ["3000", "1100", "1900", "0", "0"],
            "{plan}"
        );
    }
    server
        .put("/api/v1/accounts/northwind", &account("growth"))
        .await
        .ok(200);
    server.clock.advance(8 * 24 * 3_600_000_000);
    assert_eq!(
        figures(&server.balance().await),
        ["1000", "0", "1000", "0", "0"]
    );
}

#[tokio::test]
async fn left_over_credits_are_carried_over_up_to_the_cap_once() {
    let server = TestServer::start().await;
    let plan = json!({ "name": "Growth", "monthly_credits": 1000, "rollover": 300 });
    server.put("/api/v1/plans/growth", &plan).await.ok(200);
    server.spend("a", "400").await;
    server.clock.advance(8 * 24 * 3_600_000_000);
    assert_eq!(
        figures(&server.balance().await),
        ["1300", "0", "1300", "0", "0"]
    );
    assert_eq!(server.services.renew_due().await.unwrap(), 1);
    assert_eq!(server.services.renew_due().await.unwrap(), 0);
    assert_eq!(
        figures(&server.balance().await),
        ["1300", "0", "1300", "0", "0"]
    );
    // Usage of the cycle before, reported late, is paid by what was left of it.
    let late = event_with("late", "/data/credits", json!("350"));
    server.post_events(&late).await.ok(204);
    let parts = receipt(&server, "late").await["paid_by"].clone();
    assert_eq!(
        parts[0],
        json!({ "grant": "plan-1", "name": "Growth plan", "credits": "300" })
    );
    assert_eq!(parts[1]["credits"], "50");
    assert_eq!(
        figures(&server.balance().await),
        ["1250", "0", "1250", "0", "0"]
    );
}

#[tokio::test]
async fn the_ledger_on_the_page_names_cycle_type_and_what_expired() {
    let server = with_pack().await;
    add_people(&server).await;
    server.spend("a", "4.5").await;
    // The clock passes the end of the cycle, and nobody comes for two days.
    server.clock.advance(10 * 24 * 3_600_000_000);
    server.services.renew_due().await.unwrap();
    let owner = cookie(&sign_in(&server, "owner@northwind.example", PASSWORD, "/").await);
    let page = get_with(&server, "/billing/plans", &owner)
        .await
        .ok(200)
        .text();
    let ledger = page.split("data-testid=\"ledger\"").nth(1).unwrap();
    let rows: Vec<Vec<String>> = ledger
        .split("<tr>")
        .skip(2)
        .map(|row| {
            let cells = row.split("<td").map(text_of);
            cells.collect()
        })
        .collect();
    let head = |row: &[String]| row[..4].join(" | ");
    assert_eq!(
        [head(&rows[0]), head(&rows[1]), head(&rows[2])],
        [
            "1 Dec 2026, 01:00 1 December 2026 – 1 January 2027 | Grant Growth plan · 2 | +1,000 | 1,000",
            "1 Dec 2026, 01:00 1 November – 1 December 2026 | Expiry Growth plan · 1 | −995.5 | 0",
            "23 Nov 2026, 15:00 1 November – 1 December 2026 | Grant Growth plan · 1 | +1,000 | 1,000",
        ]
    );
}

/// The words of a piece of a page.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        let words = part.split_once('>').map_or("", |(_, words)| words);
        text.push_str(words);
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

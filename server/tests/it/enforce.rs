//! Checks and holds: what is let through, what is denied and why, and that nothing is lost.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Reply, TestServer};

const CHECK: &str = "/api/v1/check";
const HOLDS: &str = "/api/v1/holds";

fn ask(credits: Option<&str>) -> Value {
    json!({ "company": "acme-dental", "agent": "chat", "credits": credits })
}

fn hold(id: &str, credits: &str) -> Value {
    json!({
        "id": id, "company": "acme-dental", "agent": "voice_inbound", "activity": "voice_call", "credits": credits,
        "expires_in_s": 60
    })
}

async fn check(server: &TestServer, credits: Option<&str>) -> Value {
    server
        .ask(Method::POST, CHECK, &ask(credits))
        .await
        .ok(200)
        .json()
}

async fn settle(server: &TestServer, id: &str, credits: &str) -> Reply {
    let body = json!({ "credits": credits, "reference": "call_81f" });
    let path = format!("{HOLDS}/{id}/settle");
    server.ask(Method::POST, &path, &body).await
}

#[tokio::test]
async fn a_check_follows_the_balance_to_the_last_credit() {
    let server = TestServer::start().await;
    assert_eq!(
        check(&server, Some("1000")).await,
        json!({
            "allowed": true, "reason": "ok", "remaining": "1000", "unlimited": false, "limit": null,
            "resets_at": "2026-12-01T01:00:00+01:00", "remedy": null
        })
    );
    server.spend("a", "999.5").await;
    assert_eq!(check(&server, Some("0.5")).await["allowed"], true);
    assert_eq!(check(&server, None).await["allowed"], true);
    let denied = check(&server, Some("0.500001")).await;
    assert_eq!(
        denied,
        json!({
            "allowed": false, "reason": "out_of_credits", "remaining": "0.5", "unlimited": false,
            "limit": { "kind": "account", "amount": "1000", "used": "999.5", "remaining": "0.5" },
            "resets_at": "2026-12-01T01:00:00+01:00", "remedy": "buy_pack"
        })
    );
    server.spend("b", "0.5").await;
    assert_eq!(check(&server, None).await["reason"], "out_of_credits");
}

#[tokio::test]
async fn budgets_and_caps_deny_what_the_account_could_pay() {
    let server = TestServer::start().await;
    let company = json!({ "name": "Acme", "budget": 10, "agent_caps": { "chat": 4 } });
    let path = "/api/v1/accounts/northwind/companies/acme-dental";
    server.put(path, &company).await.ok(200);
    server.spend("a", "3.5").await;
    let capped = check(&server, Some("1")).await;
    assert_eq!(
        (
            &capped["reason"],
            &capped["limit"]["kind"],
            &capped["remaining"],
            &capped["remedy"]
        ),
        (
            &json!("agent_cap_reached"),
            &json!("agent_cap"),
            &json!("0.5"),
            &json!("raise_budget")
        )
    );
    let voice = json!({ "company": "acme-dental", "agent": "voice_inbound", "credits": "6.5" });
    let within = server.ask(Method::POST, CHECK, &voice).await.ok(200).json();
    assert_eq!(within["allowed"], true);
    server
        .ask(Method::POST, HOLDS, &hold("h", "6"))
        .await
        .ok(201);
    // What is held counts.
    let over = server.ask(Method::POST, CHECK, &voice).await.ok(200).json();
    assert_eq!(
        (
            &over["reason"],
            &over["remaining"],
            &over["limit"]["amount"]
        ),
        (
            &json!("company_budget_reached"),
            &json!("0.5"),
            &json!("10")
        )
    );
    let denied = server
        .ask(Method::POST, HOLDS, &hold("i", "1"))
        .await
        .problem(402)
        .json();
    assert_eq!(
        (
            &denied["type"],
            &denied["reason"],
            &denied["remedy"],
            &denied["limit"]["kind"]
        ),
        (
            &json!("/problems/denied"),
            &json!("company_budget_reached"),
            &json!("raise_budget"),
            &json!("company_budget")
        )
    );
}

#[tokio::test]
async fn an_account_without_an_end_says_so_and_names_no_amount() {
    let server = TestServer::start().await;
    let account = json!({
        "name": "Northwind", "kind": "agency", "time_zone": "Europe/Berlin",
        "cycle_anchor": "2026-01-01T00:00:00Z", "plan": "growth", "policy": "overage"
    });
    let path = "/api/v1/accounts/northwind";
    server.put(path, &account).await.ok(200);
    let free = check(&server, Some("5000000")).await;
    assert_eq!(
        (&free["allowed"], &free["remaining"], &free["unlimited"]),
        (&json!(true), &Value::Null, &json!(true))
    );
    // A budget is an end.
    let company = json!({ "name": "Acme", "budget": 10 });
    let companies = "/api/v1/accounts/northwind/companies/acme-dental";
    server.put(companies, &company).await.ok(200);
    let ended = check(&server, Some("11")).await;
    assert_eq!(
        (&ended["reason"], &ended["remaining"], &ended["unlimited"]),
        (
            &json!("company_budget_reached"),
            &json!("10"),
            &json!(false)
        )
    );
    let company = json!({ "name": "Acme" });
    server.put(companies, &company).await.ok(200);
    // Denied all the same while it is suspended: no limit of its own could name an amount.
    let suspended = json!({ "suspended": true });
    server
        .put(&format!("{path}/suspension"), &suspended)
        .await
        .ok(200);
    let denied = server
        .ask(Method::POST, HOLDS, &hold("h", "1"))
        .await
        .problem(402)
        .json();
    assert_eq!(
        (
            &denied["remaining"],
            &denied["unlimited"],
            &denied["limit"]["remaining"]
        ),
        (&Value::Null, &json!(true), &Value::Null)
    );
    for told in [&free, &ended, &denied] {
        assert!(!told.to_string().contains("9223372036854"), "{told}");
    }
}

#[tokio::test]
async fn a_suspended_account_is_denied_and_goes_on_when_resumed() {
    let server = TestServer::start().await;
    let path = "/api/v1/accounts/northwind/suspension";
    server
        .put(path, &json!({ "suspended": true }))
        .await
        .ok(200);
    let denied = check(&server, None).await;
    assert_eq!(
        (&denied["reason"], &denied["remedy"], &denied["remaining"]),
        (&json!("account_suspended"), &json!("wait"), &json!("1000"))
    );
    server
        .ask(Method::POST, HOLDS, &hold("h", "1"))
        .await
        .problem(402);
    // Usage that happened is recorded all the same.
    server.spend("a", "1").await;
    server
        .put(path, &json!({ "suspended": false }))
        .await
        .ok(200);
    assert_eq!(check(&server, None).await["allowed"], true);
}

#[tokio::test]
async fn a_policy_lets_spending_go_on_past_zero() {
    let server = TestServer::start().await;
    let account = |policy: &str, percent: Value| {
        json!({
            "name": "N", "kind": "agency", "time_zone": "Europe/Berlin", "cycle_anchor": "2026-01-01T00:00:00Z",
            "plan": "growth", "policy": policy, "grace_percent": percent
        })
    };
    let path = "/api/v1/accounts/northwind";
    server.put(path, &account("grace", json!(10))).await.ok(200);
    server.spend("a", "1099").await;
    assert_eq!(check(&server, Some("1")).await["remaining"], "1");
    assert_eq!(check(&server, Some("1.5")).await["allowed"], false);
    server
        .put(path, &account("overage", json!(null)))
        .await
        .ok(200);
    assert_eq!(check(&server, Some("5000")).await["allowed"], true);
    let reply = server
        .put(path, &account("grace", json!(null)))
        .await
        .problem(422);
    assert_eq!(reply.errors()[0].1, "policy");
}

#[tokio::test]
async fn a_hold_reserves_and_is_begun_once() {
    let server = TestServer::start().await;
    let begun = server
        .ask(Method::POST, HOLDS, &hold("call-1", "10"))
        .await
        .ok(201)
        .json();
    assert_eq!(
        (
            &begun["state"],
            &begun["credits"],
            &begun["used"],
            &begun["expires_at"]
        ),
        (
            &json!("active"),
            &json!("10"),
            &json!("0"),
            &json!("2026-11-23T15:01:00+01:00")
        )
    );
    // Sent again because the answer was lost, it is the same hold.
    server
        .ask(Method::POST, HOLDS, &hold("call-1", "10"))
        .await
        .ok(201);
    server
        .ask(Method::POST, HOLDS, &hold("call-1", "11"))
        .await
        .problem(409);
    let balance = server.balance().await;
    assert_eq!(
        (&balance["held"], &balance["remaining"], &balance["used"]),
        (&json!("10"), &json!("1000"), &json!("0"))
    );
    assert_eq!(check(&server, Some("990.5")).await["remaining"], "990");
}

#[tokio::test]
async fn a_hold_begun_again_is_answered_as_it_is_whatever_became_of_it() {
    let server = TestServer::start().await;
    let begin = async |body: &Value| server.ask(Method::POST, HOLDS, body).await;
    let renewed = json!({ "credits": "25", "used": "3" });
    for (id, method, end) in [
        ("settled", Method::POST, "/settle"),
        ("released", Method::DELETE, ""),
    ] {
        begin(&hold(id, "10")).await.ok(201);
        let path = format!("{HOLDS}/{id}");
        server.ask(Method::PATCH, &path, &renewed).await.ok(200);
        let again = begin(&hold(id, "10")).await.ok(201).json();
        assert_eq!(
            (&again["state"], &again["credits"]),
            (&json!("active"), &json!("25"))
        );
        let (path, body) = (format!("{path}{end}"), json!({ "credits": "4" }));
        let body = if id == "settled" { body } else { json!({}) };
        let ended = server
            .ask(method.clone(), &path, &body)
            .await
            .ok(200)
            .json();
        let twice = server.ask(method, &path, &body).await.ok(200).json();
        let again = begin(&hold(id, "10")).await.ok(201).json();
        assert_eq!((&twice, &again["state"]), (&ended, &json!(id)));
        // What it was changed to, or anything else, is another request.
        begin(&hold(id, "25")).await.problem(409);
        let mut other = hold(id, "10");
        other["activity"] = json!("other_call");
        begin(&other).await.problem(409);
    }
    begin(&hold("lost", "10")).await.ok(201);
    server.clock.advance(3_600_000_000);
    let again = begin(&hold("lost", "10")).await.ok(201).json();
    assert_eq!(again["state"], "expired");
    assert_eq!(server.balance().await["held"], "0");
}

#[tokio::test]
async fn a_renewed_hold_reserves_what_it_uses_and_becomes_its_event() {
    let server = TestServer::start().await;
    let begin = hold("call-1", "10");
    server.ask(Method::POST, HOLDS, &begin).await.ok(201);
    let path = format!("{HOLDS}/call-1");
    let renewed = server
        .ask(
            Method::PATCH,
            &path,
            &json!({ "used": "12", "expires_in_s": 120 }),
        )
        .await
        .ok(200)
        .json();
    assert_eq!(
        (&renewed["used"], &renewed["expires_at"]),
        (&json!("12"), &json!("2026-11-23T15:02:00+01:00"))
    );
    assert_eq!(server.balance().await["held"], "12");
    let less = server
        .ask(Method::PATCH, &path, &json!({ "used": "11" }))
        .await
        .problem(422);
    assert_eq!(less.errors()[0].1, "used");
    let too_much = json!({ "credits": "1000.5" });
    server
        .ask(Method::PATCH, &path, &too_much)
        .await
        .problem(402);
    let settled = settle(&server, "call-1", "12.75").await.ok(200).json();
    assert_eq!(
        settled["event"],
        json!({ "source": "creditscope:holds", "id": "call-1", "credits": "12.75" })
    );
    let balance = server.balance().await;
    assert_eq!(
        (&balance["held"], &balance["remaining"], &balance["used"]),
        (&json!("0"), &json!("987.25"), &json!("12.75"))
    );
    let event = server
        .get("/api/v1/events/creditscope:holds/call-1", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(
        (
            &event["agent"],
            &event["reference"],
            &event["receipt"]["balance_after"]
        ),
        (
            &json!("voice_inbound"),
            &json!("call_81f"),
            &json!("987.25")
        )
    );
}

#[tokio::test]
async fn settling_again_changes_nothing_and_otherwise_is_refused() {
    let server = TestServer::start().await;
    server
        .ask(Method::POST, HOLDS, &hold("h", "10"))
        .await
        .ok(201);
    let first = settle(&server, "h", "5").await.ok(200).json();
    assert_eq!(settle(&server, "h", "5").await.ok(200).json(), first);
    settle(&server, "h", "6").await.problem(409);
    let renew = json!({ "used": "7" });
    server
        .ask(Method::PATCH, &format!("{HOLDS}/h"), &renew)
        .await
        .problem(409);
    let path = format!("{HOLDS}/h");
    server
        .ask(Method::DELETE, &path, &json!({}))
        .await
        .problem(409);
    assert_eq!(server.balance().await["used"], "5");
}

#[tokio::test]
async fn a_released_hold_costs_what_was_reported_and_nothing_more() {
    let server = TestServer::start().await;
    for (id, used) in [("unused", None), ("used", Some("2.5"))] {
        server
            .ask(Method::POST, HOLDS, &hold(id, "10"))
            .await
            .ok(201);
        let path = format!("{HOLDS}/{id}");
        if let Some(used) = used {
            server
                .ask(Method::PATCH, &path, &json!({ "used": used }))
                .await
                .ok(200);
        }
        let released = server
            .ask(Method::DELETE, &path, &json!({}))
            .await
            .ok(200)
            .json();
        assert_eq!(released["state"], "released");
        assert_eq!(released["event"]["credits"].as_str(), used);
    }
    let balance = server.balance().await;
    assert_eq!(
        (&balance["held"], &balance["used"]),
        (&json!("0"), &json!("2.5"))
    );
}

#[tokio::test]
async fn an_abandoned_hold_ends_by_itself_at_its_last_use() {
    let server = TestServer::start().await;
    server
        .ask(Method::POST, HOLDS, &hold("lost", "10"))
        .await
        .ok(201);
    let path = format!("{HOLDS}/lost");
    server
        .ask(Method::PATCH, &path, &json!({ "used": "4" }))
        .await
        .ok(200);
    server.clock.advance(61_000_000);
    // Nobody has looked yet: what is read is as if somebody had.
    let balance = server.balance().await;
    assert_eq!(
        (&balance["held"], &balance["remaining"]),
        (&json!("0"), &json!("996"))
    );
    assert_eq!(check(&server, Some("996")).await["allowed"], true);
    assert_eq!(server.services.renew_due().await.unwrap(), 1);
    assert_eq!(server.services.renew_due().await.unwrap(), 0);
    let ended = server
        .ask(Method::GET, &path, &json!({}))
        .await
        .ok(200)
        .json();
    assert_eq!(
        (&ended["state"], &ended["event"]["credits"]),
        (&json!("expired"), &json!("4"))
    );
    let event = server
        .get("/api/v1/events/creditscope:holds/lost", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(event["time"], "2026-11-23T15:01:00+01:00");
    settle(&server, "lost", "9").await.problem(409);
    assert_eq!(server.balance().await["used"], "4");
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_by_the_name_of_its_field() {
    let server = TestServer::start().await;
    let changed = |field: &str, value: Value| {
        let mut body = hold("h", "10");
        body[field] = value;
        body
    };
    for (body, field) in [
        (changed("credits", json!("-1")), "credits"),
        (changed("credits", json!(0)), "credits"),
        (changed("credits", json!("1.0000001")), "credits"),
        (changed("company", json!("nobody")), "company"),
        (changed("agent", json!("robot")), "agent"),
        (changed("activity", json!("")), "activity"),
        (changed("expires_in_s", json!(0)), "expires_in_s"),
        (changed("expires_in_s", json!(86_401)), "expires_in_s"),
        (changed("id", json!("")), "id"),
        (changed("extra", json!(1)), "extra"),
    ] {
        let reply = server.ask(Method::POST, HOLDS, &body).await.problem(422);
        assert_eq!(reply.errors()[0].1, field, "{body}");
    }
    let negative = ask(Some("-1"));
    let reply = server
        .ask(Method::POST, CHECK, &negative)
        .await
        .problem(422);
    assert_eq!(reply.errors()[0].1, "credits");
    for (method, path) in [
        (Method::PATCH, "/api/v1/holds/nothing"),
        (Method::DELETE, "/api/v1/holds/nothing"),
        (Method::GET, "/api/v1/holds/nothing"),
    ] {
        server.ask(method, path, &json!({})).await.problem(404);
    }
    settle(&server, "nothing", "1").await.problem(404);
    server
        .ask(Method::POST, HOLDS, &hold("h", "10"))
        .await
        .ok(201);
    let reply = settle(&server, "h", "-1").await.problem(422);
    assert_eq!(reply.errors()[0].1, "credits");
    assert_eq!(server.balance().await["held"], "10");
    // Asking needs the scope for it, and a foreign hold is not there.
    server
        .json(Method::POST, CHECK, &server.read, &ask(None))
        .await
        .problem(403);
    server
        .json(Method::POST, HOLDS, &server.foreign, &hold("f", "1"))
        .await
        .problem(403);
    let elsewhere = "/api/v1/holds/h?account=brightside";
    server
        .json(Method::GET, elsewhere, &server.platform, &json!({}))
        .await
        .problem(404);
}

#[tokio::test]
async fn holds_at_once_never_reserve_more_than_there_is() {
    let server = TestServer::start().await;
    let holds = (0..64).map(|number| {
        let body = hold(&format!("h{number}"), "30");
        let server = &server;
        async move { server.ask(Method::POST, HOLDS, &body).await.status.as_u16() }
    });
    let answers = futures::future::join_all(holds).await;
    let granted = answers.iter().filter(|status| **status == 201).count();
    let denied = answers.iter().filter(|status| **status == 402).count();
    assert_eq!((granted, denied), (33, 31));
    assert_eq!(server.balance().await["held"], "990");
}

#[tokio::test]
async fn nobody_may_report_under_our_own_sources() {
    let server = TestServer::start().await;
    let event = crate::support::event_with("x", "/source", json!("creditscope:holds"));
    let reply = server.post_events(&event).await.problem(422);
    assert_eq!(
        reply.errors(),
        [(Some(0), "source".to_owned(), "reserved".to_owned())]
    );
}

//! Accounts, companies, plans and rate cards.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{TestServer, event};

fn account() -> Value {
    json!({ "name": "Lakeside", "kind": "customer", "time_zone": "Europe/Vienna", "cycle_anchor": "2026-01-31", "plan": "growth" })
}

#[tokio::test]
async fn an_account_is_created_replaced_read_and_listed() {
    let server = TestServer::start().await;
    let reply = server
        .put("/api/v1/accounts/lakeside", &account())
        .await
        .ok(201);
    let expected = json!({
        "key": "lakeside", "name": "Lakeside", "kind": "customer", "time_zone": "Europe/Vienna",
        "cycle_anchor": "2026-01-31T00:00:00+01:00", "plan": "growth", "policy": "hard_stop", "grace_percent": null,
        "auto_refund_credits": "0", "suspended": false
    });
    assert_eq!(reply.json(), expected);
    server
        .put("/api/v1/accounts/lakeside", &account())
        .await
        .ok(200);
    assert_eq!(
        server
            .get("/api/v1/accounts/lakeside", &server.platform)
            .await
            .ok(200)
            .json(),
        expected
    );
    let list = server
        .get("/api/v1/accounts?limit=2", &server.platform)
        .await
        .ok(200)
        .json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let path = format!(
        "/api/v1/accounts?limit=2&cursor={}",
        list["next_cursor"].as_str().unwrap()
    );
    let rest = server.get(&path, &server.platform).await.ok(200).json();
    assert_eq!(
        (rest["items"][0]["key"].as_str(), &rest["next_cursor"]),
        (Some("northwind"), &Value::Null)
    );
    let own = server
        .get("/api/v1/accounts", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(
        (
            own["items"].as_array().unwrap().len(),
            own["items"][0]["key"].as_str()
        ),
        (1, Some("northwind"))
    );
}

#[tokio::test]
async fn a_wrong_account_is_refused_by_field() {
    let server = TestServer::start().await;
    for (name, value, field, reason) in [
        ("kind", json!("charity"), "kind", "invalid"),
        (
            "time_zone",
            json!("Mars/Olympus"),
            "time_zone",
            "unknown_time_zone",
        ),
        ("cycle_anchor", json!("soon"), "cycle_anchor", "invalid"),
        ("plan", json!("nothing"), "plan", "unknown_plan"),
        ("name", json!(""), "name", "invalid"),
        ("name", json!(7), "name", "invalid"),
        ("colour", json!("red"), "colour", "unknown_field"),
    ] {
        let mut body = account();
        body[name] = value;
        let reply = server
            .put("/api/v1/accounts/lakeside", &body)
            .await
            .problem(422);
        assert_eq!(
            reply.errors(),
            [(None, field.to_owned(), reason.to_owned())],
            "{}",
            reply.text()
        );
    }
    let mut body = account();
    body.as_object_mut().unwrap().remove("plan");
    let reply = server
        .put("/api/v1/accounts/lakeside", &body)
        .await
        .problem(422);
    assert_eq!(
        reply.errors(),
        [(None, "plan".to_owned(), "required".to_owned())]
    );
    let reply = server
        .put("/api/v1/accounts/-bad", &account())
        .await
        .problem(422);
    assert_eq!(reply.errors()[0].1, "key");
    server
        .get("/api/v1/accounts/lakeside", &server.platform)
        .await
        .problem(404);
}

#[tokio::test]
async fn zone_and_anchor_stay_once_usage_is_recorded() {
    let server = TestServer::start().await;
    server.post_events(&event("a")).await.ok(204);
    let mut body = account();
    body["name"] = json!("Northwind");
    server
        .put("/api/v1/accounts/northwind", &body)
        .await
        .problem(409);
    let now = server
        .get("/api/v1/accounts/northwind", &server.platform)
        .await
        .ok(200)
        .json();
    assert_eq!(
        (now["name"].as_str(), now["time_zone"].as_str()),
        (Some("northwind"), Some("Europe/Berlin"))
    );
}

#[tokio::test]
async fn a_company_is_created_replaced_read_searched_and_listed() {
    let server = TestServer::start().await;
    let path = "/api/v1/accounts/northwind/companies/harbor-homes";
    server.put(path, &json!({ "name": "Harbor" })).await.ok(201);
    let reply = server
        .put(path, &json!({ "name": "Harbor Homes" }))
        .await
        .ok(200);
    assert_eq!(
        reply.json(),
        json!({ "key": "harbor-homes", "name": "Harbor Homes", "budget": null, "agent_caps": {} })
    );
    assert_eq!(
        server.get(path, &server.read).await.ok(200).json()["name"],
        "Harbor Homes"
    );
    let found = server
        .get(
            "/api/v1/accounts/northwind/companies?search=HOME",
            &server.read,
        )
        .await
        .ok(200)
        .json();
    assert_eq!(
        found,
        json!({ "items": [{ "key": "harbor-homes", "name": "Harbor Homes", "budget": null, "agent_caps": {} }], "next_cursor": null })
    );
    let list = server
        .get("/api/v1/accounts/northwind/companies?limit=1", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(list["items"][0]["key"], "acme-dental");
    server
        .put(
            "/api/v1/accounts/nobody/companies/x",
            &json!({ "name": "X" }),
        )
        .await
        .problem(404);
    let reply = server
        .put(path, &json!({ "name": "X", "limit": "5" }))
        .await
        .problem(422);
    assert_eq!(
        reply.errors(),
        [(None, "limit".to_owned(), "unknown_field".to_owned())]
    );
    let limited = json!({ "name": "X", "budget": 5, "agent_caps": { "nox": "2.5" } });
    let company = server.put(path, &limited).await.ok(200).json();
    assert_eq!(
        (&company["budget"], &company["agent_caps"]),
        (&json!("5"), &json!({ "nox": "2.5" }))
    );
    server
        .get("/api/v1/accounts/northwind/companies/nobody", &server.read)
        .await
        .problem(404);
}

#[tokio::test]
async fn a_plan_is_created_replaced_read_and_listed() {
    let server = TestServer::start().await;
    let body =
        json!({ "name": "Scale", "monthly_credits": 250_000, "price": 1390.5, "currency": "EUR" });
    let reply = server.put("/api/v1/plans/scale", &body).await.ok(201);
    let expected = json!({ "key": "scale", "name": "Scale", "monthly_credits": "250000", "price": "1390.5", "currency": "EUR", "rollover": null });
    assert_eq!(reply.json(), expected);
    server.put("/api/v1/plans/scale", &body).await.ok(200);
    // Read by itself it says since when its terms are in force.
    let mut in_force = expected;
    in_force["effective_at"] = json!("2026-11-23T14:00:00Z");
    assert_eq!(
        server
            .get("/api/v1/plans/scale", &server.read)
            .await
            .ok(200)
            .json(),
        in_force
    );
    let list = server
        .get("/api/v1/plans", &server.platform)
        .await
        .ok(200)
        .json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    for (body, field) in [
        (
            json!({ "name": "S", "monthly_credits": -1 }),
            "monthly_credits",
        ),
        (
            json!({ "name": "S", "monthly_credits": "1.0000001" }),
            "monthly_credits",
        ),
        (
            json!({ "name": "S", "monthly_credits": 1, "price": "5" }),
            "currency",
        ),
        (
            json!({ "name": "S", "monthly_credits": 1, "price": 5, "currency": "euro" }),
            "currency",
        ),
        (json!({ "monthly_credits": 1 }), "name"),
        (
            json!({ "name": "S", "monthly_credits": 1, "rollover": true }),
            "rollover",
        ),
    ] {
        let reply = server.put("/api/v1/plans/small", &body).await.problem(422);
        assert_eq!(reply.errors()[0].1, field, "{body}");
    }
    server
        .get("/api/v1/plans/small", &server.platform)
        .await
        .problem(404);
}

#[tokio::test]
async fn a_rate_card_grows_by_versions() {
    let server = TestServer::start().await;
    let card = |price: &str| json!({ "effective_at": "2026-01-01T00:00:00Z", "rules": [{ "unit": "token", "credits_per_unit": price, "rounding": "up", "decimals": 3 }] });
    let path = "/api/v1/rate-cards/creditscope.usage";
    let reply = server.put(path, &card("0.001")).await.ok(201);
    assert_eq!(
        reply.json(),
        json!({
            "type": "creditscope.usage", "version": 1, "effective_at": "2026-01-01T00:00:00Z",
            "rules": [{ "match": {}, "unit": "token", "credits_per_unit": "0.001", "rounding": "up", "decimals": 3 }]
        })
    );
    server.put(path, &card("0.001")).await.ok(200);
    server.put(path, &card("0.002")).await.ok(201);
    let versions = server.get(path, &server.platform).await.ok(200).json();
    assert_eq!(
        versions["versions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|card| card["version"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [2, 1]
    );
    let list = server
        .get("/api/v1/rate-cards", &server.platform)
        .await
        .ok(200)
        .json();
    assert_eq!(
        (
            list["items"].as_array().unwrap().len(),
            list["items"][0]["version"].as_u64()
        ),
        (1, Some(2))
    );
    for (body, field) in [
        (
            json!({ "effective_at": "2026-01-01", "rules": [] }),
            "rules",
        ),
        (
            json!({ "effective_at": "then", "rules": [] }),
            "effective_at",
        ),
        (
            json!({ "effective_at": "2026-01-01", "rules": [{ "unit": "token", "credits_per_unit": "-1" }] }),
            "rules[0].credits_per_unit",
        ),
        (
            json!({ "effective_at": "2026-01-01", "rules": [{ "unit": "token", "credits_per_unit": "1", "decimals": 7 }] }),
            "rules[0].decimals",
        ),
        (
            json!({ "effective_at": "2026-01-01", "rules": [{ "unit": "token", "price": "1", "credits_per_unit": "1" }] }),
            "rules[0].price",
        ),
    ] {
        let reply = server.put(path, &body).await.problem(422);
        assert_eq!(reply.errors()[0].1, field, "{}", reply.text());
    }
    let foreign = server
        .put("/api/v1/rate-cards/com.example.llm", &card("1"))
        .await
        .problem(422);
    assert_eq!(foreign.errors().len(), 3);
    server
        .get("/api/v1/rate-cards/nothing", &server.platform)
        .await
        .problem(404);
}

#[tokio::test]
async fn only_platform_keys_provision() {
    let server = TestServer::start().await;
    for (method, path, body) in [
        (Method::PUT, "/api/v1/accounts/lakeside", account()),
        (
            Method::PUT,
            "/api/v1/accounts/northwind/companies/x",
            json!({ "name": "X" }),
        ),
        (
            Method::PUT,
            "/api/v1/plans/x",
            json!({ "name": "X", "monthly_credits": 1 }),
        ),
        (
            Method::PUT,
            "/api/v1/rate-cards/x",
            json!({ "effective_at": "2026-01-01", "rules": [] }),
        ),
        (
            Method::POST,
            "/api/v1/accounts/northwind/api-keys",
            json!({ "scopes": ["read"] }),
        ),
    ] {
        server
            .json(method.clone(), path, &server.read, &body)
            .await
            .problem(403);
        server.json(method, path, "", &body).await.problem(401);
    }
    server
        .get("/api/v1/rate-cards", &server.read)
        .await
        .problem(403);
    server
        .get("/api/v1/accounts/northwind/api-keys", &server.read)
        .await
        .problem(403);
}

//! Nothing in a request is ambiguous, and no digit of it is lost.

use axum::{body::Body, http::Method};

use crate::support::{Reply, TestServer, event, request};

async fn raw(server: &TestServer, method: Method, path: &str, token: &str, body: &str) -> Reply {
    let request = request(method, path, token).header("content-type", "application/json");
    server
        .send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

async fn post(server: &TestServer, body: &str) -> Reply {
    raw(server, Method::POST, "/api/v1/events", &server.ingest, body).await
}

/// An event with other text for its credits.
fn with(id: &str, credits: &str) -> String {
    let event = event(id).to_string();
    let changed = event.replace("\"credits\":\"1.5\"", credits);
    assert_ne!(event, changed);
    changed
}

#[tokio::test]
async fn a_name_given_twice_in_an_event_is_refused_by_its_place() {
    let server = TestServer::start().await;
    for (credits, field) in [
        (r#""credits":"1","credits":"100""#, "data.credits"),
        (r#""credits":"1","credits":"1""#, "data.credits"),
        (
            r#""credits":1,"metadata":{"a":{"b":1,"b":2}}"#,
            "data.metadata.a.b",
        ),
        (
            r#""credits":1,"metadata":{"l":[{"x":1,"x":1}]}"#,
            "data.metadata.l[0].x",
        ),
    ] {
        let batch = format!("[{},{}]", event("good"), with("bad", credits));
        let reply = post(&server, &batch).await.problem(422);
        assert_eq!(
            reply.errors(),
            [(Some(1), field.to_owned(), "duplicate_field".to_owned())],
            "{}",
            reply.text()
        );
    }
    for attribute in ["\"id\":\"x\"", "\"extension\":1,\"extension\":2"] {
        let twice = event("a")
            .to_string()
            .replacen('{', &format!("{{{attribute},"), 1);
        let reply = post(&server, &twice).await.problem(422);
        assert_eq!(reply.errors()[0].2, "duplicate_field", "{}", reply.text());
    }
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn a_name_given_twice_in_any_body_is_refused_by_its_place() {
    let server = TestServer::start().await;
    let (check, platform) = (&server.check, &server.platform);
    for (method, path, token, body, field) in [
        (
            Method::POST,
            "/api/v1/check",
            check,
            r#"{"company":"acme-dental","agent":"chat","credits":"1","credits":"2"}"#,
            "credits",
        ),
        (
            Method::POST,
            "/api/v1/holds",
            check,
            r#"{"id":"h","id":"i","company":"acme-dental","agent":"chat","activity":"a","credits":"1","expires_in_s":60}"#,
            "id",
        ),
        (
            Method::PUT,
            "/api/v1/accounts/northwind/companies/acme-dental",
            platform,
            r#"{"name":"A","agent_caps":{"chat":"1","chat":"9"}}"#,
            "agent_caps.chat",
        ),
        (
            Method::PUT,
            "/api/v1/plans/growth",
            platform,
            r#"{"name":"A","name":"B","monthly_credits":"1"}"#,
            "name",
        ),
        (
            Method::PUT,
            "/api/v1/rate-cards/x.y",
            platform,
            r#"{"effective_at":"2026-01-01","rules":[{"match":{"a":1,"a":2},"unit":"t","credits_per_unit":"1"}]}"#,
            "rules[0].match.a",
        ),
        (
            Method::POST,
            "/api/v1/accounts/northwind/adjustments",
            platform,
            r#"{"credits":"1","credits":"100","reason":"r"}"#,
            "credits",
        ),
    ] {
        let reply = raw(&server, method, path, token, body).await.problem(422);
        let errors = reply.errors();
        assert_eq!(
            (errors[0].1.as_str(), errors[0].2.as_str()),
            (field, "duplicate_field"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_parameter_that_holds_one_value_is_given_once() {
    let server = TestServer::start().await;
    for (path, field) in [
        ("/api/v1/events?limit=1&limit=2", "limit"),
        ("/api/v1/events?q=a&q=b", "q"),
        (
            "/api/v1/events?account=northwind&account=northwind",
            "account",
        ),
        ("/api/v1/usage/summary?period=7d&period=30d", "period"),
        (
            "/api/v1/usage/summary?from=2026-11-01&from=2026-11-02&to=2026-11-03",
            "from",
        ),
        (
            "/api/v1/balance?account=northwind&account=northwind",
            "account",
        ),
    ] {
        let reply = server.get(path, &server.read).await.problem(422);
        assert_eq!(reply.errors()[0].1, field, "{path}");
    }
    let repeated = "/api/v1/events?company=acme-dental&company=bluewater-spa&agent=chat&agent=nox";
    server.get(repeated, &server.read).await.ok(200);
}

/// A program that lost its company must not be shown every company.
#[tokio::test]
async fn a_parameter_without_a_value_is_refused_wherever_the_description_has_it() {
    let server = TestServer::start().await;
    let description: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let mut tried = 0;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for parameter in operations["get"]["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            if parameter["in"] != "query" {
                continue;
            }
            let name = parameter["name"].as_str().unwrap();
            let address = format!("{}?{name}=", path.replace(['{', '}'], ""));
            let reply = server.get(&address, &server.platform).await;
            let about_it = reply.status != 200
                && reply.json()["errors"].as_array().is_some_and(|errors| {
                    errors.iter().any(|error| {
                        error["field"] == name
                            && error["message"].as_str().unwrap().contains("is empty")
                    })
                });
            let may_be_empty = ["cursor", "q"].contains(&name);
            assert_eq!(about_it, !may_be_empty, "{address}: {}", reply.text());
            tried += 1;
        }
    }
    assert!(tried > 40, "{tried}");
}

#[tokio::test]
async fn an_attribute_in_two_headers_is_refused() {
    let server = TestServer::start().await;
    let sent = event("a");
    let binary = request(Method::POST, "/api/v1/events", &server.ingest)
        .header("content-type", "application/json")
        .header("ce-specversion", "1.0")
        .header("ce-id", "a")
        .header("ce-id", "b")
        .header("ce-source", "test")
        .header("ce-type", "creditscope.usage")
        .header("ce-subject", "acme-dental");
    let reply = server
        .send(binary.body(Body::from(sent["data"].to_string())).unwrap())
        .await
        .problem(422);
    assert_eq!(
        reply.errors(),
        [(Some(0), "id".to_owned(), "duplicate_field".to_owned())]
    );
    assert_eq!(server.stored().await, 0);
}

const TOO_FINE: [&str; 6] = [
    "\"0.0000001\"",
    "1e-7",
    "0.1000000000000000055",
    "1.00000000000000000000001",
    "\"1.5000001\"",
    "1e-400",
];

/// Every amount that a request may hold, as `X`.
fn amount_fields() -> [(Method, &'static str, &'static str, &'static str); 8] {
    let company = "/api/v1/accounts/northwind/companies/acme-dental";
    [
        (
            Method::POST,
            "/api/v1/check?account=northwind",
            r#"{"company":"acme-dental","agent":"chat","credits":X}"#,
            "credits",
        ),
        (
            Method::POST,
            "/api/v1/holds?account=northwind",
            r#"{"company":"acme-dental","agent":"chat","activity":"a","expires_in_s":60,"credits":X}"#,
            "credits",
        ),
        (
            Method::POST,
            "/api/v1/accounts/northwind/adjustments",
            r#"{"reason":"r","credits":X}"#,
            "credits",
        ),
        (Method::PUT, company, r#"{"name":"A","budget":X}"#, "budget"),
        (
            Method::PUT,
            company,
            r#"{"name":"A","agent_caps":{"chat":X}}"#,
            "agent_caps",
        ),
        (
            Method::PUT,
            "/api/v1/packs/p",
            r#"{"name":"A","credits":X}"#,
            "credits",
        ),
        (
            Method::PUT,
            "/api/v1/plans/growth",
            r#"{"name":"A","monthly_credits":X}"#,
            "monthly_credits",
        ),
        (
            Method::POST,
            "/api/v1/events/test/a/reversal?account=northwind",
            r#"{"reason":"r","credits":X}"#,
            "credits",
        ),
    ]
}

#[tokio::test]
async fn credits_and_quantities_finer_than_six_places_are_refused_and_never_rounded() {
    let server = TestServer::start().await;
    for amount in TOO_FINE {
        for name in ["credits", "quantity"] {
            let reply = post(&server, &with("a", &format!("\"{name}\":{amount}"))).await;
            let errors = reply.problem(422).errors();
            assert_eq!(errors[0].1, format!("data.{name}"), "{amount}");
        }
        for (method, path, body, field) in amount_fields() {
            let reply = raw(
                &server,
                method,
                path,
                &server.platform,
                &body.replace('X', amount),
            )
            .await;
            let told = reply.problem(422).errors()[0].1.clone();
            assert!(told.starts_with(field), "{path} {amount}: {told}");
        }
    }
    let exact = format!(
        "[{},{}]",
        with("a", "\"credits\":\"1.500000000\""),
        with("b", "\"credits\":25e-1")
    );
    post(&server, &exact).await.ok(204);
    let price = r#"{"effective_at":"2026-01-01","rules":[{"unit":"t","credits_per_unit":"0.000000000001"}]}"#;
    raw(
        &server,
        Method::PUT,
        "/api/v1/rate-cards/creditscope.usage",
        &server.platform,
        price,
    )
    .await
    .ok(201);
}

const LONG: &str = "12345678901234567890123456789";

#[tokio::test]
async fn a_number_in_metadata_keeps_every_digit_on_every_way_out() {
    let server = TestServer::start().await;
    let sent = |last: &str| {
        let number = format!("{}{last}", &LONG[..28]);
        with(
            "a",
            &format!("\"credits\":1,\"metadata\":{{\"order\":{number},\"rate\":1.50}}"),
        )
    };
    post(&server, &sent("9")).await.ok(204);
    let reply = post(&server, &sent("9")).await.ok(204);
    assert_eq!(reply.header("events-duplicate"), "1");
    let errors = post(&server, &sent("8")).await.problem(422).errors();
    assert_eq!(errors[0].2, "conflict");
    for path in [
        "/api/v1/events",
        "/api/v1/events/test/a",
        "/api/v1/events?format=csv",
        "/api/v1/events?format=ndjson",
    ] {
        let text = server.get(path, &server.read).await.ok(200).text();
        assert!(
            text.contains(LONG) && text.contains("1.50"),
            "{path}: {text}"
        );
    }
}

#[tokio::test]
async fn metadata_of_a_settled_hold_keeps_its_digits_too() {
    let server = TestServer::start().await;
    let hold = r#"{"id":"h","company":"acme-dental","agent":"chat","activity":"a","credits":"5","expires_in_s":60}"#;
    raw(&server, Method::POST, "/api/v1/holds", &server.check, hold)
        .await
        .ok(201);
    let end = format!(r#"{{"credits":"1","metadata":{{"order":{LONG}}}}}"#);
    let path = "/api/v1/holds/h/settle";
    raw(&server, Method::POST, path, &server.check, &end)
        .await
        .ok(200);
    raw(&server, Method::POST, path, &server.check, &end)
        .await
        .ok(200);
    let other = end.replace(LONG, "12345678901234567890123456788");
    raw(&server, Method::POST, path, &server.check, &other)
        .await
        .problem(409);
    let text = server
        .get("/api/v1/events", &server.read)
        .await
        .ok(200)
        .text();
    assert!(text.contains(LONG), "{text}");
}

//! Two people edit the same thing: the later one is told, and nothing is taken back unseen.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Reply, TestServer, request};

const COMPANY: &str = "/api/v1/accounts/northwind/companies/acme-dental";

async fn put_if(server: &TestServer, path: &str, header: (&str, &str), body: &Value) -> Reply {
    let request = request(Method::PUT, path, &server.platform)
        .header("content-type", "application/json")
        .header(header.0, header.1);
    let body = Body::from(body.to_string());
    server.send(request.body(body).unwrap()).await
}

#[tokio::test]
async fn a_put_that_names_a_version_replaces_that_one_only() {
    let server = TestServer::start().await;
    let things = [
        (
            COMPANY,
            json!({ "name": "A", "budget": "5" }),
            json!({ "name": "A", "budget": "6" }),
        ),
        (
            "/api/v1/accounts/northwind/alert-rules/mine",
            json!({ "condition": { "kind": "remaining", "credits": "5" } }),
            json!({ "condition": { "kind": "remaining", "credits": "6" } }),
        ),
        (
            "/api/v1/plans/small",
            json!({ "name": "Small", "monthly_credits": "5" }),
            json!({ "name": "Small", "monthly_credits": "6" }),
        ),
        (
            "/api/v1/packs/boost",
            json!({ "name": "Boost", "credits": "5" }),
            json!({ "name": "Boost", "credits": "6" }),
        ),
    ];

    for (path, one, other) in things {
        let first = server.put(path, &one).await;
        assert!(first.status.is_success(), "{path}");
        let seen = first.header("etag").to_owned();
        let second = put_if(&server, path, ("if-match", &seen), &other)
            .await
            .ok(200);
        assert_ne!(second.header("etag"), seen, "{path}");
        let stale = put_if(&server, path, ("if-match", &seen), &one)
            .await
            .problem(412);
        assert_eq!(stale.json()["type"], "/problems/stale", "{path}");
        put_if(&server, path, ("if-none-match", "*"), &one)
            .await
            .problem(412);
        // What was refused changed nothing; and the version of the answer is the one that is read.
        let now = second.header("etag").to_owned();
        put_if(&server, path, ("if-match", &now), &other)
            .await
            .ok(200);
        put_if(&server, path, ("if-match", "*"), &one).await.ok(200);
        put_if(&server, &format!("{path}-2"), ("if-match", "*"), &one)
            .await
            .problem(412);
        put_if(&server, &format!("{path}-2"), ("if-none-match", "*"), &one).await;
        if !path.contains("alert-rules") {
            let read = server.get(path, &server.platform).await.ok(200);
            assert_eq!(read.header("etag"), seen, "{path}");
        }
    }
    let rules = "/api/v1/accounts/northwind/alert-rules";
    let rules = server.get(rules, &server.platform).await.ok(200).json();
    let listed = rules["items"].as_array().unwrap();
    assert!(
        listed
            .iter()
            .all(|rule| rule["version"].as_str().unwrap().len() == 24)
    );
}

#[tokio::test]
async fn an_account_is_replaced_by_version_and_tells_it_to_the_platform_only() {
    let server = TestServer::start().await;
    let path = "/api/v1/accounts/northwind";
    let read = server.get(path, &server.platform).await.ok(200);
    let seen = read.header("etag").to_owned();
    let mut account = read.json();
    for derived in ["key", "suspended", "grace_percent"] {
        account.as_object_mut().unwrap().remove(derived);
    }
    account["name"] = json!("Northwind II");
    put_if(&server, path, ("if-match", &seen), &account)
        .await
        .ok(200);
    put_if(&server, path, ("if-match", &seen), &account)
        .await
        .problem(412);
    let own = server.get(path, &server.read).await.ok(200);
    assert!(own.headers.get("etag").is_none());
}

#[tokio::test]
async fn of_many_puts_of_one_version_one_is_stored() {
    let server = TestServer::start().await;
    let seen = server.get(COMPANY, &server.platform).await.ok(200);
    let seen = seen.header("etag").to_owned();
    let bodies: Vec<_> = (1..=12)
        .map(|budget| json!({ "name": "Acme", "budget": budget.to_string() }))
        .collect();
    let puts = bodies
        .iter()
        .map(|body| put_if(&server, COMPANY, ("if-match", &seen), body));
    let statuses: Vec<_> = join_all(puts)
        .await
        .into_iter()
        .map(|reply| reply.status)
        .collect();
    let count = |status| statuses.iter().filter(|one| **one == status).count();
    assert_eq!(count(StatusCode::OK), 1, "{statuses:?}");
    assert_eq!(count(StatusCode::PRECONDITION_FAILED), 11, "{statuses:?}");
}

#[tokio::test]
async fn a_further_version_of_a_rate_card_follows_the_one_it_names() {
    let server = TestServer::start().await;
    let card = |price: &str| json!({ "effective_at": "2026-01-01", "rules": [{ "unit": "token", "credits_per_unit": price }] });
    let path = "/api/v1/rate-cards/creditscope.usage";
    put_if(&server, path, ("if-match", "*"), &card("1"))
        .await
        .problem(412);
    let first = put_if(&server, path, ("if-none-match", "*"), &card("1"))
        .await
        .ok(201);
    let seen = first.header("etag").to_owned();
    let read = server.get(path, &server.platform).await.ok(200);
    assert_eq!(read.header("etag"), seen);
    let second = put_if(&server, path, ("if-match", &seen), &card("2"))
        .await
        .ok(201);
    put_if(&server, path, ("if-match", &seen), &card("3"))
        .await
        .problem(412);
    put_if(&server, path, ("if-none-match", "*"), &card("3"))
        .await
        .problem(412);
    let now = second.header("etag").to_owned();
    put_if(&server, path, ("if-match", &now), &card("2"))
        .await
        .ok(200);
    let read = server.get(path, &server.platform).await.ok(200).json();
    assert_eq!(read["versions"].as_array().unwrap().len(), 2);
    let puts = (3..15).map(|price| card(&price.to_string()));
    let bodies: Vec<_> = puts.collect();
    let puts = bodies
        .iter()
        .map(|body| put_if(&server, path, ("if-match", &now), body));
    let replies = join_all(puts).await;
    let stored = replies
        .iter()
        .filter(|reply| reply.status == StatusCode::CREATED);
    assert_eq!(stored.count(), 1);
}

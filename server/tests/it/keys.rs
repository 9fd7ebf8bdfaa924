//! API keys: made, listed without their secrets, revoked.

use axum::{body::Body, http::Method};
use serde_json::json;

use crate::support::{TestServer, event, request};

#[tokio::test]
async fn a_key_is_shown_once_works_and_is_revoked() {
    let server = TestServer::start().await;
    let path = "/api/v1/accounts/northwind/api-keys";
    let made = server
        .json(
            Method::POST,
            path,
            &server.platform,
            &json!({ "name": "gateway", "scopes": ["ingest", "read"] }),
        )
        .await
        .ok(201);
    let made = made.json();
    let (token, prefix) = (
        made["key"].as_str().unwrap(),
        made["prefix"].as_str().unwrap(),
    );
    assert!(token.starts_with(&format!("cs_{prefix}_")));
    server
        .json(Method::POST, "/api/v1/events", token, &event("a"))
        .await
        .ok(204);
    server.get("/api/v1/balance", token).await.ok(200);
    let list = server.get(path, &server.platform).await.ok(200);
    assert!(list.text().contains(prefix) && !list.text().contains(token));
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 4);
    let delete = |path: String| {
        request(Method::DELETE, &path, &server.platform)
            .body(Body::empty())
            .unwrap()
    };
    server
        .send(delete(format!("{path}/{prefix}")))
        .await
        .ok(204);
    server.get("/api/v1/balance", token).await.problem(401);
    server
        .send(delete(format!("{path}/nothing")))
        .await
        .problem(404);
    server
        .send(delete(format!(
            "/api/v1/accounts/brightside/api-keys/{prefix}"
        )))
        .await
        .problem(404);
}

#[tokio::test]
async fn wrong_scopes_are_refused() {
    let server = TestServer::start().await;
    let path = "/api/v1/accounts/northwind/api-keys";
    for body in [
        json!({ "scopes": [] }),
        json!({ "scopes": ["platform"] }),
        json!({ "scopes": ["everything"] }),
        json!({ "name": "x" }),
        json!({ "scopes": ["read"], "secret": "mine" }),
    ] {
        server
            .json(Method::POST, path, &server.platform, &body)
            .await
            .problem(422);
    }
    server
        .json(
            Method::POST,
            "/api/v1/accounts/nobody/api-keys",
            &server.platform,
            &json!({ "scopes": ["read"] }),
        )
        .await
        .problem(404);
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_nothing_else() {
    let server = TestServer::start().await;
    server
        .get("/api/v1/usage/summary", &server.ingest)
        .await
        .problem(403);
    server
        .json(Method::POST, "/api/v1/events", &server.read, &event("a"))
        .await
        .problem(403);
    for token in ["", "nonsense", "cs_aa_bb", &format!("{}x", server.read)] {
        let reply = server
            .get("/api/v1/usage/summary", token)
            .await
            .problem(401);
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
    }
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn a_key_is_replaced_while_programs_change_over() {
    let server = TestServer::start().await;
    let keys = "/api/v1/accounts/northwind/api-keys";
    let ask = json!({ "scopes": ["read"], "name": "reports", "expires_in_s": 1_000 });
    let old = server.post(keys, &ask).await.ok(201).json();
    let (old_key, prefix) = (
        old["key"].as_str().unwrap(),
        old["prefix"].as_str().unwrap(),
    );
    assert_eq!(old["used_at"], json!(null));
    server.get("/api/v1/balance", old_key).await.ok(200);
    server.services.note_used_keys().await.unwrap();
    let rotate = format!("{keys}/{prefix}/rotation");
    let new = server
        .post(&rotate, &json!({ "overlap_s": 60 }))
        .await
        .ok(201)
        .json();
    let new_key = new["key"].as_str().unwrap();
    assert_eq!(
        (&new["name"], &new["scopes"], &new["expires_at"]),
        (&old["name"], &old["scopes"], &old["expires_at"])
    );
    for key in [old_key, new_key] {
        server.get("/api/v1/balance", key).await.ok(200);
    }
    // It has been rotated: the one in its place is what is rotated next.
    server.post(&rotate, &json!({})).await.problem(409);
    let listed = server.get(keys, &server.platform).await.ok(200).json();
    let items = listed["items"].as_array().unwrap();
    let of_old = items.iter().find(|item| item["prefix"] == prefix).unwrap();
    assert!(of_old["used_at"].is_string() && of_old["expires_at"].is_string());
    server.clock.advance(60 * 1_000_000);
    server.get("/api/v1/balance", old_key).await.problem(401);
    server.get("/api/v1/balance", new_key).await.ok(200);
    // What does not work any more is not brought back.
    server.post(&rotate, &json!({})).await.problem(409);
    server.clock.advance(940 * 1_000_000);
    server.get("/api/v1/balance", new_key).await.problem(401);
    for (body, field) in [
        (json!({ "overlap_s": 2_592_001 }), "overlap_s"),
        (json!({ "overlap_s": -1 }), "overlap_s"),
    ] {
        let reply = server.post(&rotate, &body).await.problem(422);
        assert_eq!(reply.errors()[0].1, field, "{}", reply.text());
    }
    let never = json!({ "scopes": ["read"], "expires_in_s": 0 });
    assert_eq!(
        server.post(keys, &never).await.problem(422).errors()[0].1,
        "expires_in_s"
    );
    server
        .post(&format!("{keys}/000000000000/rotation"), &json!({}))
        .await
        .problem(404);
}

//! The committed description of the API is the one that is served.

use std::{fs, path::Path};

use crate::support::TestServer;

#[tokio::test]
async fn the_committed_description_is_the_one_that_is_served() {
    let answering = TestServer::start().await;
    let served = answering.get("/api/v1/openapi.json", "").await.ok(200);
    assert_eq!(served.json()["openapi"], "3.1.0");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(&path, &served.body).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == served.text(),
        "docs/openapi.json is not what the handlers say: look at the change, then refresh it with\n  \
         UPDATE_OPENAPI=1 cargo test -p server --test it openapi"
    );
}

#[tokio::test]
async fn every_operation_says_what_it_answers() {
    let server = TestServer::start().await;
    let api = server.get("/api/v1/openapi.json", "").await.ok(200).json();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.keys().any(|status| status.starts_with('2')),
                "{method} {path}"
            );
            assert!(responses.contains_key("401"), "{method} {path}");
            assert!(
                !operation["summary"].as_str().unwrap_or_default().is_empty(),
                "{method} {path}"
            );
        }
    }
}

/// What replaces something and names no version, and why.
const WITHOUT_VERSION: [(&str, &str); 3] = [
    (
        "put /api/v1/accounts/{key}/digest",
        "says what shall be: done twice it comes to the same",
    ),
    (
        "put /api/v1/accounts/{key}/suspension",
        "says what shall be: done twice it comes to the same",
    ),
    (
        "patch /api/v1/holds/{id}",
        "what was used never goes back, and a call is renewed by whoever runs it",
    ),
];

#[tokio::test]
async fn whatever_replaces_something_names_the_version_that_it_replaces() {
    let server = TestServer::start().await;
    let api = server.get("/api/v1/openapi.json", "").await.ok(200).json();
    let mut without = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        let operations = item.as_object().unwrap();
        for (method, operation) in operations
            .iter()
            .filter(|(method, _)| ["put", "patch"].contains(&method.as_str()))
        {
            let name = format!("{method} {path}");
            let parameters = operation["parameters"].as_array().unwrap();
            let has = parameters
                .iter()
                .any(|parameter| parameter["name"] == "If-Match");
            if has {
                let responses = &operation["responses"];
                assert!(responses.get("412").is_some(), "{name} is never stale");
                for status in ["200", "201"] {
                    let described = responses.get(status);
                    let tag = described.map(|one| &one["headers"]["ETag"]);
                    assert!(
                        tag.is_none_or(serde_json::Value::is_object),
                        "{name} {status} has no ETag"
                    );
                }
            } else {
                without.push(name);
            }
        }
    }
    without.sort_unstable();
    let mut right = WITHOUT_VERSION.map(|(name, _)| name);
    right.sort_unstable();
    assert_eq!(without, right);
}

#[tokio::test]
async fn the_readable_description_needs_nothing_from_elsewhere() {
    let server = TestServer::start().await;
    let page = server.get("/api/docs", "").await.ok(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let text = page.text();
    assert!(text.contains("POST") && text.contains("/api/v1/events") && text.contains("curl"));
    assert!(
        !text.contains("<script") && !text.contains("src=\"http") && !text.contains("style=\"")
    );
    server.get("/api/docs/style.css", "").await.ok(200);
    let reply = server.get("/problems/invalid", "").await.ok(303);
    assert_eq!(reply.header("location"), "/api/docs#problem-invalid");
    server.get("/problems/nothing", "").await.problem(404);
}

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

//! What one account does to the others: their checks and holds wait for nobody, their pages only for their turn.

use axum::http::Method;
use futures::poll;
use serde_json::json;
use server::{state::Edge, turns::ReadLimits};

use crate::support::{Reply, TestServer};

const SUMMARY: &str = "/api/v1/usage/summary";

async fn server(at_once: u32, account: u32, waiting: u32) -> TestServer {
    TestServer::start_edge(Edge {
        reads: ReadLimits {
            at_once,
            account,
            waiting,
        },
        ..Edge::default()
    })
    .await
}

async fn check(server: &TestServer) -> Reply {
    let question = json!({ "company": "acme-dental", "agent": "chat", "credits": "1" });
    server.ask(Method::POST, "/api/v1/check", &question).await
}

async fn hold(server: &TestServer, id: &str) -> Reply {
    let hold = json!({ "id": id, "company": "acme-dental", "agent": "chat", "activity": "chat_reply",
        "credits": "1", "expires_in_s": 60 });
    server.ask(Method::POST, "/api/v1/holds", &hold).await
}

#[tokio::test]
async fn reads_wait_behind_those_of_their_own_account_and_others_do_not() {
    let server = server(4, 1, 2).await;
    let reader = server.services.caller_of_token(&server.read).await.unwrap();
    let turn = server.state.turns.take(&reader).await.unwrap();
    let mut first = Box::pin(server.get(SUMMARY, &server.read));
    let mut second = Box::pin(server.get(SUMMARY, &server.read));
    while server.state.turns.counts().1 < 2 {
        assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
        tokio::task::yield_now().await;
    }
    let refused = server.get(SUMMARY, &server.read).await.problem(503);
    assert_eq!(refused.header("retry-after"), "2");
    server.get(SUMMARY, &server.foreign).await.ok(200);
    check(&server).await.ok(200);
    drop(turn);
    first.await.ok(200);
    second.await.ok(200);
    assert_eq!(server.state.turns.counts(), (0, 0));
}

#[tokio::test]
async fn who_leaves_the_queue_leaves_nothing_behind() {
    let server = server(4, 1, 2).await;
    let reader = server.services.caller_of_token(&server.read).await.unwrap();
    let turn = server.state.turns.take(&reader).await.unwrap();
    for _ in 0..20 {
        let mut gone = Box::pin(server.get(SUMMARY, &server.read));
        while server.state.turns.counts().1 == 0 {
            assert!(poll!(&mut gone).is_pending());
            tokio::task::yield_now().await;
        }
        drop(gone);
        while server.state.turns.counts().1 > 0 {
            tokio::task::yield_now().await;
        }
    }
    drop(turn);
    server.get(SUMMARY, &server.read).await.ok(200);
}

#[tokio::test]
async fn permission_to_spend_does_not_wait_for_readers() {
    let server = TestServer::start().await;
    hold(&server, "before").await.ok(201);
    let mut busy = Vec::new();
    for _ in 0..storage::READERS {
        busy.push(server.store.snapshot().await.unwrap());
    }
    assert_eq!(check(&server).await.ok(200).json()["allowed"], true);
    hold(&server, "meanwhile").await.ok(201);
    let settled = json!({ "credits": "0.5" });
    server
        .ask(Method::POST, "/api/v1/holds/before/settle", &settled)
        .await
        .ok(200);
    server.get("/readyz", "").await.ok(200);
    drop(busy);
}

#[tokio::test]
async fn an_export_gives_others_their_turns_between_its_pages() {
    let server = server(1, 1, 8).await;
    server.spend("e-1", "1").await;
    let csv = server.get("/api/v1/events?format=csv", &server.read).await;
    assert!(csv.ok(200).text().contains("e-1"));
    assert_eq!(server.state.turns.counts(), (0, 0));
    server.get(SUMMARY, &server.foreign).await.ok(200);
}

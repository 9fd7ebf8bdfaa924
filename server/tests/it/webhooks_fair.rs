//! Webhooks of many accounts side by side: who does not answer delays nobody else, and is asked less and less.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{support::TestServer, webhooks::receiver};

/// As long as anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(12);
const SECOND_US: i64 = 1_000_000;

fn path(account: &str) -> String {
    format!("/api/v1/accounts/{account}/webhooks")
}

async fn hook(server: &TestServer, account: &str, address: SocketAddr) -> String {
    let url = format!("http://{address}/hook");
    let made = server.post(&path(account), &json!({ "url": url })).await;
    made.ok(201).json()["id"].as_str().unwrap().to_owned()
}

async fn test(server: &TestServer, account: &str, id: &str) -> crate::support::Reply {
    let path = format!("{}/{id}/test", path(account));
    server.post(&path, &json!({})).await
}

async fn deliveries(server: &TestServer, account: &str, id: &str) -> Vec<Value> {
    let path = format!("{}/{id}/deliveries?limit=100", path(account));
    let page: Value = server.get(&path, &server.platform).await.ok(200).json();
    page["items"].as_array().unwrap().clone()
}

/// Accepts connections and says nothing; how many there were.
pub async fn silent() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            held.push(stream);
        }
    });
    (address, count)
}

/// A receiver that works, or does not.
async fn moody() -> (SocketAddr, Arc<AtomicBool>, Arc<AtomicUsize>) {
    let (works, asked) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let (mood, counted) = (Arc::clone(&works), Arc::<AtomicUsize>::clone(&asked));
    let router = Router::new().fallback(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        if mood.load(Ordering::SeqCst) {
            StatusCode::NO_CONTENT
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, works, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_says_nothing_delays_no_other_account() {
    let server = TestServer::start().await;
    let (nowhere, connections) = silent().await;
    for _ in 0..10 {
        let id = hook(&server, "northwind", nowhere).await;
        for _ in 0..10 {
            test(&server, "northwind", &id).await.ok(202);
        }
    }
    let (address, received) = receiver().await;
    let good = hook(&server, "brightside", address).await;
    let services = server.services.clone();
    let sending = tokio::spawn(async move { services.send_due().await });
    // Whatever of the silent ones is on its way already: this one was made after all of them.
    test(&server, "brightside", &good).await.ok(202);
    let arrived = async {
        while received.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived).await.unwrap();
    // Nor does the silent one hold all places.
    assert!((1..=8).contains(&connections.load(Ordering::SeqCst)));
    sending.abort();
}

#[tokio::test]
async fn an_endpoint_that_takes_nothing_rests_and_is_then_asked_with_one_message() {
    let server = TestServer::start().await;
    let (address, works, asked) = moody().await;
    let id = hook(&server, "northwind", address).await;
    for _ in 0..8 {
        test(&server, "northwind", &id).await.ok(202);
    }
    let send = async || server.services.send_due().await.unwrap();
    let first = send().await;
    assert!(
        (5..=6).contains(&first),
        "{first} were sent before it rests"
    );
    assert_eq!(send().await, 0);
    // What waits says until when.
    let waiting = deliveries(&server, "northwind", &id).await;
    let due = |one: &Value| one["due_at"].as_str().unwrap_or_default().to_owned();
    assert!(
        waiting
            .iter()
            .all(|one| due(one).as_str() > "2026-11-23T14:00:2")
    );
    server.clock.advance(15 * SECOND_US);
    assert_eq!(send().await, 0, "it rests");
    server.clock.advance(60 * SECOND_US);
    assert_eq!(send().await, 1, "it is asked with one message");
    assert_eq!(send().await, 0);
    // Somebody who has mended it asks for a test.
    works.store(true, Ordering::SeqCst);
    test(&server, "northwind", &id).await.ok(202);
    assert!(send().await >= 3);
    server.clock.advance(400 * SECOND_US);
    send().await;
    let all = deliveries(&server, "northwind", &id).await;
    assert_eq!(all.len(), 9);
    assert!(all.iter().all(|one| one["delivered_at"].is_string()));
    assert_eq!(asked.load(Ordering::SeqCst), first + 1 + 9);
}

#[tokio::test]
async fn only_so_many_test_events_are_pending_however_many_are_asked_for_at_once() {
    let server = TestServer::start().await;
    let (address, received) = receiver().await;
    let id = hook(&server, "northwind", address).await;
    let tests = (0..40).map(|_| test(&server, "northwind", &id));
    let replies = futures::future::join_all(tests).await;
    let of = |status: u16| {
        let such = replies.iter().filter(|one| one.status.as_u16() == status);
        such.count()
    };
    assert_eq!((of(202), of(409)), (20, 20));
    assert_eq!(server.services.send_due().await.unwrap(), 20);
    assert_eq!(received.lock().unwrap().len(), 20);
    test(&server, "northwind", &id).await.ok(202);
}

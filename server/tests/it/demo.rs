//! The demo's database.

use axum::{body::Body, http::Method};
use domain::time::{DAY_US, HOUR_US};
use server::demo;
use service::Caller;

use crate::support::{TestServer, request};

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_fills_once_looks_alive_and_everything_agrees() {
    let server = TestServer::bare().await;
    let caller = Caller::operator("test");
    let first = demo::fill(&server.services, &caller).await.unwrap();
    assert!((150_000..320_000).contains(&first.added), "{first:?}");
    let again = demo::fill(&server.services, &caller).await.unwrap();
    assert_eq!(again.added, 0);
    let balance = server
        .get("/api/v1/balance?account=northwind", &server.platform)
        .await
        .ok(200)
        .json();
    let used: f64 = balance["used"].as_str().unwrap().parse().unwrap();
    let allocation: f64 = balance["allocation"].as_str().unwrap().parse().unwrap();
    assert!((0.58..0.85).contains(&(used / allocation)), "{balance}");
    let other = server
        .get("/api/v1/balance?account=brightside", &server.platform)
        .await
        .ok(200)
        .json();
    assert!(other["remaining"] != "0", "{other}");
    assert!(
        server
            .services
            .doctor(&caller)
            .await
            .unwrap()
            .differences
            .is_empty()
    );
    let event = server
        .get("/api/v1/events?account=northwind&limit=1", &server.platform)
        .await
        .ok(200)
        .json()["items"][0]
        .clone();
    let path = format!(
        "/api/v1/events/{}/{}?account=northwind",
        event["source"].as_str().unwrap(),
        event["id"].as_str().unwrap()
    );
    assert!(
        server.get(&path, &server.platform).await.ok(200).json()["receipt"]["rate"].is_string()
    );
    for person in demo::PEOPLE {
        let body = format!("email={}&password={}", person.email, demo::PASSWORD);
        let form = request(Method::POST, "/sign-in", "")
            .header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(
            server
                .send(form.body(Body::from(body)).unwrap())
                .await
                .ok(303)
                .header("location"),
            "/",
            "{}",
            person.email
        );
    }
    server.clock.advance(DAY_US + HOUR_US);
    let later = demo::fill(&server.services, &caller).await.unwrap();
    assert!(later.added > 1_000, "a break is filled in: {later:?}");
    assert_eq!(
        demo::fill(&server.services, &caller).await.unwrap().added,
        0
    );
}

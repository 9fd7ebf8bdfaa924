//! Webhooks against receivers on this machine: signed, not led astray, and only where they may go.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::Time;
use serde_json::{Value, json};
use server::courier::WebCourier;
use service::webhooks::{Call, Courier};
use tokio::net::TcpListener;

use crate::support::{NOW, TestServer};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const WEBHOOKS: &str = "/api/v1/accounts/northwind/webhooks";

/// What a receiver was sent.
pub type Received = Arc<Mutex<Vec<(String, HeaderMap, Bytes)>>>;

async fn receive(
    State(received): State<Received>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    received.lock().unwrap().push((path.clone(), headers, body));
    match path.as_str() {
        "/moved" => Redirect::temporary("/hook").into_response(),
        "/gone" => StatusCode::GONE.into_response(),
        "/broken" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

pub async fn receiver() -> (SocketAddr, Received) {
    let received = Received::default();
    let router = Router::new()
        .fallback(receive)
        .with_state(Arc::clone(&received));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, received)
}

fn call<'a>(url: &'a str, body: &'a str) -> Call<'a> {
    Call {
        url,
        secret: SECRET,
        id: "msg_1",
        at: NOW.parse::<Time>().unwrap(),
        body,
    }
}

#[tokio::test]
async fn a_message_is_signed_as_it_arrives() {
    let (address, received) = receiver().await;
    let url = format!("http://{address}/hook");
    let courier = WebCourier::new(true, None);
    assert_eq!(courier.call(call(&url, "{\"a\":1}")).await, Ok(204));
    let received = received.lock().unwrap();
    let (_, headers, body) = &received[0];
    let header = |name: &str| headers[name].to_str().unwrap();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("webhook-id"), "msg_1");
    let at_s: i64 = header("webhook-timestamp").parse().unwrap();
    assert_eq!(at_s, NOW.parse::<Time>().unwrap().micros() / 1_000_000);
    let signer = standardwebhooks::Webhook::new(SECRET).unwrap();
    assert_eq!(
        header("webhook-signature"),
        signer.sign("msg_1", at_s, body).unwrap()
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (address, received) = receiver().await;
    let url = format!("http://{address}/moved");
    let courier = WebCourier::new(true, None);
    let answer = courier.call(call(&url, "{}")).await.unwrap_err();
    assert!(answer.contains("redirects are not followed"), "{answer}");
    assert_eq!(received.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_inside_our_own_network_is_called() {
    let (address, received) = receiver().await;
    let port = address.port();
    let courier = WebCourier::new(false, None);
    for url in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://2130706433:{port}/"),
        format!("https://[::1]:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://10.0.0.1/".to_owned(),
    ] {
        let rule = courier.check(&url).unwrap_err();
        assert!(rule.contains("public internet"), "{url}: {rule}");
        let answer = courier.call(call(&url, "{}")).await.unwrap_err();
        assert!(answer.contains("public internet"), "{url}: {answer}");
    }
    // A name says nothing until it is looked up, which is when it is called.
    let url = format!("https://localhost:{port}/");
    assert_eq!(courier.check(&url), Ok(url.clone()));
    let answer = courier.call(call(&url, "{}")).await.unwrap_err();
    assert!(answer.contains("public internet"), "{answer}");
    for url in [
        format!("http://example.com:{port}/"),
        "ftp://example.com/".to_owned(),
        "https://ada:secret@example.com/".to_owned(),
        "example.com".to_owned(),
    ] {
        assert!(courier.check(&url).is_err(), "{url}");
    }
    assert!(received.lock().unwrap().is_empty());
}

async fn hook(server: &TestServer, url: &str) -> String {
    let made = server.post(WEBHOOKS, &json!({ "url": url })).await.ok(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let made: Value = made.json();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    made["id"].as_str().unwrap().to_owned()
}

async fn deliveries(server: &TestServer, id: &str) -> Vec<Value> {
    let path = format!("{WEBHOOKS}/{id}/deliveries");
    let page: Value = server.get(&path, &server.platform).await.ok(200).json();
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_alert_arrives_and_is_sent_again_when_asked() {
    let server = TestServer::start().await;
    let (address, received) = receiver().await;
    let id = hook(&server, &format!("http://{address}/hook")).await;
    let rule =
        json!({ "condition": { "kind": "remaining", "credits": "100000000" }, "by_mail": false });
    server
        .put("/api/v1/accounts/northwind/alert-rules/low", &rule)
        .await
        .ok(200);
    assert_eq!(server.services.watch_news().await, 1);
    server.services.send_due().await.unwrap();
    let sent = deliveries(&server, &id).await;
    assert_eq!(
        (sent[0]["attempts"].as_u64(), &sent[0]["answer"]),
        (Some(1), &json!("204"))
    );
    let message = sent[0]["message"].as_str().unwrap().to_owned();
    server
        .post(
            &format!("{WEBHOOKS}/{id}/deliveries/{message}/replay"),
            &json!({}),
        )
        .await
        .ok(202);
    server.services.send_due().await.unwrap();
    let received = received.lock().unwrap().clone();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].1["webhook-id"], received[1].1["webhook-id"]);
    assert_eq!(received[0].2, received[1].2);
    let told: Value = serde_json::from_slice(&received[0].2).unwrap();
    assert_eq!(told["type"], "creditscope.alert.fired");
    assert_eq!(told["data"]["rule"], "low");
    let alerts: Value = server
        .get("/api/v1/accounts/northwind/alerts", &server.platform)
        .await
        .ok(200)
        .json();
    let alert = &alerts["items"][0];
    assert_eq!(
        (&alert["kind"], &alert["lasts"]),
        (&json!("remaining"), &json!(true))
    );
    let path = format!(
        "/api/v1/accounts/northwind/alerts/{}/acknowledgement",
        alert["number"]
    );
    server.post(&path, &json!({})).await.ok(204);
}

#[tokio::test]
async fn a_webhook_that_is_gone_is_not_called_again() {
    let server = TestServer::start().await;
    let (address, received) = receiver().await;
    let gone = hook(&server, &format!("http://{address}/gone")).await;
    let broken = hook(&server, &format!("http://{address}/broken")).await;
    for id in [&gone, &broken, &gone] {
        server
            .post(&format!("{WEBHOOKS}/{id}/test"), &json!({}))
            .await
            .ok(202);
        server.services.send_due().await.unwrap();
    }
    assert_eq!(received.lock().unwrap().len(), 2);
    let of_gone = deliveries(&server, &gone).await;
    assert!(of_gone.iter().all(|one| one["failed_at"].is_string()));
    let of_broken = deliveries(&server, &broken).await;
    assert!(of_broken[0]["due_at"].is_string() && of_broken[0]["answer"] == "500");
    let page: Value = server.get(WEBHOOKS, &server.platform).await.ok(200).json();
    let is_disabled = |id: &String| {
        let mut all = page["items"].as_array().unwrap().iter();
        all.find(|one| one["id"] == **id).unwrap()["disabled_at"].is_string()
    };
    assert_eq!((is_disabled(&gone), is_disabled(&broken)), (true, false));
    assert!(page["items"][0].get("secret").is_none());
}

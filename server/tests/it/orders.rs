//! Orders and their payments, by hand and by signed messages.

use std::sync::Arc;

use axum::{body::Body, http::Method};
use domain::Time;
use serde_json::{Value, json};
use service::payments::Webhooks;

use crate::{
    pages::{PASSWORD, cookie, form, sign_in, with_people},
    support::{NOW, Reply, TestServer, request},
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ORDERS: &str = "/api/v1/accounts/northwind/orders";

async fn with_packs(server: &TestServer) {
    let pack = json!({ "name": "Boost 500", "credits": 500, "price": "59", "currency": "EUR" });
    server.put("/api/v1/packs/boost", &pack).await.ok(201);
    let plan = json!({ "name": "Scale", "monthly_credits": 3000 });
    server.put("/api/v1/plans/scale", &plan).await.ok(201);
}

async fn by_webhook() -> TestServer {
    let checkout = Some("https://pay.example/?order={order}".to_owned());
    let webhooks = Webhooks::new(SECRET, checkout).unwrap();
    let server = TestServer::start().await.paying(Arc::new(webhooks));
    with_packs(&server).await;
    server
}

async fn order(server: &TestServer, what: &Value) -> Value {
    server.post(ORDERS, what).await.ok(201).json()
}

/// Sends a message that was signed at a time, in seconds from now.
async fn message(server: &TestServer, body: &Value, seconds: i64, secret: &str) -> Reply {
    let now: Time = NOW.parse().unwrap();
    let timestamp = now.micros() / 1_000_000 + seconds;
    let body = body.to_string();
    let signer = standardwebhooks::Webhook::new(secret).unwrap();
    let signature = signer.sign("msg_1", timestamp, body.as_bytes()).unwrap();
    let request = request(Method::POST, "/api/v1/payments/events", "")
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signature)
        .header("content-type", "application/json");
    server.send(request.body(Body::from(body)).unwrap()).await
}

fn paid(order: &Value) -> Value {
    json!({ "type": "payment.paid", "data": { "order": order["id"], "reference": "pi_1" } })
}

#[tokio::test]
async fn an_operator_confirms_an_order_and_its_credits_are_there_once() {
    let server = TestServer::start().await;
    with_packs(&server).await;
    let ordered = order(&server, &json!({ "pack": "boost" })).await;
    assert_eq!(
        (
            &ordered["state"],
            &ordered["credits"],
            &ordered["checkout_url"]
        ),
        (&json!("ordered"), &json!("500"), &Value::Null)
    );
    assert_eq!(server.balance().await["allocation"], "1000");
    let path = format!("{ORDERS}/{}/payment", ordered["id"].as_str().unwrap());
    let failed = json!({ "status": "failed", "reason": "card declined" });
    let failed = server.post(&path, &failed).await.ok(200).json();
    assert_eq!(
        (&failed["state"], &failed["reason"]),
        (&json!("failed"), &json!("card declined"))
    );
    assert_eq!(server.balance().await["allocation"], "1000");
    let paid = json!({ "status": "paid", "reference": "bank-7" });
    for _ in 0..2 {
        let applied = server.post(&path, &paid).await.ok(200).json();
        assert_eq!(
            (&applied["state"], &applied["reference"]),
            (&json!("applied"), &json!("bank-7"))
        );
        assert_eq!(server.balance().await["allocation"], "1500");
    }
    let late = json!({ "status": "failed", "reason": "late" });
    server.post(&path, &late).await.problem(409);
    let listed = server.get(ORDERS, &server.read).await.ok(200).json();
    assert_eq!(listed["items"][0]["state"], "applied");
}

#[tokio::test]
async fn an_ordered_plan_gives_its_difference_when_it_is_paid() {
    let server = TestServer::start().await;
    with_packs(&server).await;
    let ordered = order(&server, &json!({ "plan": "scale" })).await;
    let path = format!("{ORDERS}/{}/payment", ordered["id"].as_str().unwrap());
    server
        .post(&path, &json!({ "status": "paid" }))
        .await
        .ok(200);
    assert_eq!(server.balance().await["allocation"], "3000");
    let account = server
        .get("/api/v1/accounts/northwind", &server.read)
        .await
        .ok(200)
        .json();
    assert_eq!(account["plan"], "scale");
    server.clock.advance(8 * 24 * 3_600_000_000);
    assert_eq!(server.balance().await["allocation"], "3000");
}

#[tokio::test]
async fn a_signed_message_pays_once_however_often_it_comes() {
    let server = by_webhook().await;
    let ordered = order(&server, &json!({ "pack": "boost" })).await;
    let url = ordered["checkout_url"].as_str().unwrap();
    assert!(
        url.starts_with("https://pay.example/?order=")
            && url.ends_with(ordered["id"].as_str().unwrap())
    );
    for _ in 0..3 {
        message(&server, &paid(&ordered), 0, SECRET).await.ok(204);
    }
    assert_eq!(server.balance().await["allocation"], "1500");
}

#[tokio::test]
async fn forged_old_and_unreadable_messages_change_nothing() {
    let server = by_webhook().await;
    let ordered = order(&server, &json!({ "pack": "boost" })).await;
    let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    message(&server, &paid(&ordered), 0, other)
        .await
        .problem(401);
    message(&server, &paid(&ordered), -301, SECRET)
        .await
        .problem(401);
    message(&server, &paid(&ordered), 301, SECRET)
        .await
        .problem(401);
    let request = request(Method::POST, "/api/v1/payments/events", "");
    server
        .send(
            request
                .body(Body::from(paid(&ordered).to_string()))
                .unwrap(),
        )
        .await
        .problem(401);
    let unknown = json!({ "type": "payment.paid", "data": { "order": "none" } });
    message(&server, &unknown, 0, SECRET).await.problem(404);
    let strange = json!({ "type": "payment.refunded", "data": { "order": ordered["id"] } });
    message(&server, &strange, 0, SECRET).await.problem(422);
    assert_eq!(server.balance().await["allocation"], "1000");
    // Where payments are confirmed by hand, nobody's word is taken.
    let by_hand = TestServer::start().await;
    message(&by_hand, &paid(&ordered), 0, SECRET)
        .await
        .problem(401);
}

#[tokio::test]
async fn what_cannot_be_ordered_is_refused() {
    let server = TestServer::start().await;
    with_packs(&server).await;
    for (body, field) in [
        (json!({}), "pack"),
        (json!({ "pack": "boost", "plan": "scale" }), "pack"),
        (json!({ "pack": "none" }), "pack"),
        (json!({ "plan": "none" }), "plan"),
    ] {
        assert_eq!(
            server.post(ORDERS, &body).await.problem(422).errors()[0].1,
            field,
            "{body}"
        );
    }
    let pack = json!({ "pack": "boost" });
    server
        .json(Method::POST, ORDERS, &server.read, &pack)
        .await
        .problem(403);
    let ordered = order(&server, &pack).await;
    let path = format!("{ORDERS}/{}/payment", ordered["id"].as_str().unwrap());
    assert_eq!(
        server
            .post(&path, &json!({ "status": "maybe" }))
            .await
            .problem(422)
            .errors()[0]
            .1,
        "status"
    );
    assert_eq!(
        server
            .post(&path, &json!({ "status": "failed" }))
            .await
            .problem(422)
            .errors()[0]
            .1,
        "reason"
    );
    server
        .post(
            &format!("{ORDERS}/none/payment"),
            &json!({ "status": "paid" }),
        )
        .await
        .problem(404);
    let elsewhere = path.replace("northwind", "brightside");
    server
        .post(&elsewhere, &json!({ "status": "paid" }))
        .await
        .problem(404);
}

/// Sends a form of a page; what it came to.
pub async fn submit(server: &TestServer, cookie: &str, path: &str, body: &str) -> String {
    let request = form(path)
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin");
    let reply = server
        .send(request.body(Body::from(body.to_owned())).unwrap())
        .await;
    crate::joining::outcome(&reply)
}

#[tokio::test]
async fn buying_is_for_those_who_may() {
    let server = with_people().await;
    with_packs(&server).await;
    let client = cookie(&sign_in(&server, "client@acme.example", PASSWORD, "/").await);
    let owner = cookie(&sign_in(&server, "owner@northwind.example", PASSWORD, "/").await);
    let buy = "account=northwind&kind=pack&item=boost&next=/billing/plans";
    assert!(
        submit(&server, &client, "/billing/orders", buy)
            .await
            .contains("failed=")
    );
    let placed = submit(&server, &owner, "/billing/orders", buy).await;
    assert!(placed.starts_with("done=/billing/plans?order="), "{placed}");
    let listed = server.get(ORDERS, &server.read).await.ok(200).json();
    assert_eq!(listed["items"][0]["ordered_by"], "owner@northwind.example");
}

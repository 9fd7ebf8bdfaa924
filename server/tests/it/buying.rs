//! Buying on the page: what is summed up before it is ordered, one order for one decision, and taking it back.

use axum::body::Body;
use serde_json::{Value, json};

use crate::{
    joining::{get, signed_in},
    orders::submit,
    pages::{form, with_people},
    support::{Reply, TestServer},
};

const OWNER: &str = "owner@northwind.example";
const ORDERS: &str = "/api/v1/accounts/northwind/orders";

async fn shop() -> (TestServer, String) {
    let server = with_people().await;
    let pack = json!({ "name": "Boost 500", "credits": 500, "price": "59", "currency": "EUR" });
    server.put("/api/v1/packs/boost", &pack).await.ok(201);
    let owner = signed_in(&server, OWNER).await;
    (server, owner)
}

/// The hidden fields of the form that places an order, as it would be sent.
fn fields(page: &str) -> String {
    let form = page
        .split("<form")
        .find(|form| form.contains("action=\"/billing/orders\""))
        .expect("a form that places an order");
    let form = form.split("</form>").next().unwrap();
    let mut body = form_urlencoded::Serializer::new(String::new());
    for input in form.split("<input type=\"hidden\"").skip(1) {
        let part = |name: &str| {
            let rest = input
                .split(&format!("{name}=\""))
                .nth(1)
                .unwrap_or_default();
            rest.split('"')
                .next()
                .unwrap_or_default()
                .replace("&amp;", "&")
        };
        body.append_pair(&part("name"), &part("value"));
    }
    body.finish()
}

async fn send(server: &TestServer, cookie: &str, path: &str, body: &str) -> Reply {
    let request = form(path)
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin");
    server
        .send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

async fn orders(server: &TestServer) -> Vec<Value> {
    let read = server.get(ORDERS, &server.read).await.ok(200).json();
    read["items"].as_array().unwrap().clone()
}

async fn plans(server: &TestServer, cookie: &str, query: &str) -> String {
    let path = format!("/billing/plans?account=northwind{query}");
    get(server, cookie, &path).await.ok(200).text()
}

async fn pay(server: &TestServer, order: &Value) -> Value {
    let path = format!("{ORDERS}/{}/payment", order["id"].as_str().unwrap());
    let paid = json!({ "status": "paid" });
    server.post(&path, &paid).await.ok(200).json()
}

/// The text of an element with this test id, without marks.
fn text_of(page: &str, id: &str) -> String {
    let rest = page.split(&format!("data-testid=\"{id}\"")).nth(1);
    let rest = rest
        .unwrap_or_default()
        .split_once('>')
        .map_or("", |(_, rest)| rest);
    let text = rest.split("</p>").next().unwrap_or_default();
    let pieces = text
        .split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    pieces.collect()
}

#[tokio::test]
async fn a_form_that_is_sent_twice_at_once_is_one_order() {
    let (server, owner) = shop().await;
    let body = fields(&plans(&server, &owner, "&buy=boost").await);
    let twice = async || {
        send(&server, &owner, "/billing/orders", &body)
            .await
            .ok(303)
    };
    let (first, second) = tokio::join!(twice(), twice());
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(orders(&server).await.len(), 1);
    // Back, and once more: also after it was paid it is the order that was placed.
    let order = &orders(&server).await[0];
    pay(&server, order).await;
    let again = twice().await;
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(orders(&server).await.len(), 1);
    let page = get(&server, &owner, again.header("location"))
        .await
        .ok(200)
        .text();
    assert!(page.contains("Paid and added."), "{page}");
}

#[tokio::test]
async fn two_forms_for_the_same_pack_are_one_order_while_it_is_pending() {
    let (server, owner) = shop().await;
    let one = fields(&plans(&server, &owner, "&buy=boost").await);
    let other = fields(&plans(&server, &owner, "&buy=boost").await);
    let sent = async |body: &str| send(&server, &owner, "/billing/orders", body).await;
    let (first, second) = tokio::join!(sent(&one), sent(&other));
    let (placed, refused) = if first.status == 303 {
        (first, second)
    } else {
        (second, first)
    };
    assert!(placed.ok(303).header("location").contains("order="));
    // The other one is told why, on the page that it was placed from.
    let refused = refused.ok(409).text();
    assert!(refused.contains("Nothing was changed."), "{refused}");
    assert!(refused.contains("Order pending"), "{refused}");
    assert_eq!(orders(&server).await.len(), 1);
    let page = plans(&server, &owner, "&buy=boost").await;
    assert!(page.contains("data-testid=\"already-ordered\""));
    assert!(!page.contains("Place order"));
    assert!(page.contains("Order pending"));
    // Once it is paid, the next one is another purchase.
    pay(&server, &orders(&server).await[0]).await;
    let next = fields(&plans(&server, &owner, "&buy=boost").await);
    let next = sent(&next).await.ok(303);
    assert!(next.header("location").contains("order="));
    assert_eq!(orders(&server).await.len(), 2);
}

#[tokio::test]
async fn an_order_is_cancelled_until_it_is_paid_and_a_payment_that_comes_after_all_is_no_gift() {
    let (server, owner) = shop().await;
    let order = async || {
        let body = fields(&plans(&server, &owner, "&buy=boost").await);
        send(&server, &owner, "/billing/orders", &body)
            .await
            .ok(303);
        let all = orders(&server).await.into_iter();
        let mut pending = all.filter(|order| order["state"] == "ordered");
        pending.next().unwrap()
    };
    let cancel = async |order: &Value| {
        let id = order["id"].as_str().unwrap();
        let body = format!("account=northwind&order={id}&next=/billing/plans");
        submit(&server, &owner, "/billing/orders/cancel", &body).await
    };
    let first = order().await;
    let led = cancel(&first).await;
    let recorded = async || {
        let audit = get(&server, &owner, "/settings/audit?account=northwind").await;
        audit.ok(200).text().matches("<tr").count()
    };
    let before = recorded().await;
    assert_eq!(led, cancel(&first).await, "cancelling twice is cancelling");
    assert_eq!(recorded().await, before, "and recorded once");
    let led = led.strip_prefix("done=").unwrap();
    assert!(
        get(&server, &owner, led)
            .await
            .ok(200)
            .text()
            .contains("Cancelled.")
    );
    assert_eq!(orders(&server).await[0]["state"], "cancelled");
    assert_eq!(server.balance().await["allocation"], "1000");
    let path = format!("{ORDERS}/{}/payment", first["id"].as_str().unwrap());
    let failed = json!({ "status": "failed", "reason": "late" });
    server.post(&path, &failed).await.problem(409);
    let second = order().await;
    assert_ne!(first["id"], second["id"]);
    pay(&server, &second).await;
    assert!(
        cancel(&second).await.contains("failed="),
        "what is paid stays paid"
    );
    assert_eq!(server.balance().await["allocation"], "1500");
    assert_eq!(pay(&server, &first).await["state"], "applied");
    assert_eq!(server.balance().await["allocation"], "2000");
}

#[tokio::test]
async fn only_who_may_buy_cancels_and_only_what_is_their_accounts() {
    let (server, owner) = shop().await;
    let body = fields(&plans(&server, &owner, "&buy=boost").await);
    send(&server, &owner, "/billing/orders", &body)
        .await
        .ok(303);
    let id = orders(&server).await[0]["id"].as_str().unwrap().to_owned();
    let client = signed_in(&server, "client@acme.example").await;
    let body = format!("account=northwind&order={id}&next=/billing/plans");
    assert!(
        submit(&server, &client, "/billing/orders/cancel", &body)
            .await
            .contains("failed=")
    );
    let body = format!("account=brightside&order={id}&next=/billing/plans");
    let status = send(&server, &owner, "/billing/orders/cancel", &body)
        .await
        .status;
    assert_eq!(status, 404);
    assert_eq!(orders(&server).await[0]["state"], "ordered");
}

#[tokio::test]
async fn what_the_summary_says_is_what_the_order_does() {
    let (server, owner) = shop().await;
    server.spend("a", "990").await;
    let page = plans(&server, &owner, "&buy=boost&quantity=3").await;
    assert_eq!(text_of(&page, "total"), "€177.00");
    for change in ["10</span> → <b>1,510", "1,000</span> → <b>2,500"] {
        let page = page.replace("<!>", "");
        assert!(page.contains(change), "{change}: {page}");
    }
    send(&server, &owner, "/billing/orders", &fields(&page))
        .await
        .ok(303);
    let order = orders(&server).await[0].clone();
    let said = (&order["quantity"], &order["credits"], &order["price"]);
    assert_eq!(said, (&json!(3), &json!("1500"), &json!("177")));
    pay(&server, &order).await;
    assert_eq!(server.balance().await["allocation"], "2500");
    assert_eq!(server.balance().await["remaining"], "1510");
    let page = plans(&server, &owner, "").await;
    assert!(page.contains("3 × Boost 500"));
}

#[tokio::test]
async fn a_larger_plan_costs_the_difference_and_a_smaller_one_nothing_in_this_cycle() {
    let (server, owner) = shop().await;
    let plan = |name: &str, credits: i64, price: &str| json!({ "name": name, "monthly_credits": credits, "price": price, "currency": "EUR" });
    for (key, plan) in [
        ("small", plan("Small", 400, "10")),
        ("large", plan("Large", 5_000, "99.50")),
    ] {
        server
            .put(&format!("/api/v1/plans/{key}"), &plan)
            .await
            .ok(201);
    }
    let own = server
        .get("/api/v1/accounts/northwind", &server.read)
        .await
        .ok(200)
        .json();
    let own = own["plan"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/plans/{own}");
    server
        .put(&path, &plan("Growth", 1_000, "40"))
        .await
        .ok(200);
    let total = async |item: &str| text_of(&plans(&server, &owner, item).await, "total");
    assert_eq!(total("&switch=large").await, "€59.50");
    assert_eq!(total("&switch=small").await, "Nothing to pay");
    let page = plans(&server, &owner, &format!("&switch={own}")).await;
    assert!(!page.contains("data-sheet"), "nothing to switch to");
    let body = fields(&plans(&server, &owner, "&switch=large").await);
    send(&server, &owner, "/billing/orders", &body)
        .await
        .ok(303);
    assert_eq!(orders(&server).await[0]["price"], "59.5");
    // One change of the plan at a time.
    let page = plans(&server, &owner, "&switch=small").await;
    assert!(page.contains("data-testid=\"already-ordered\""));
    assert!(page.contains("After the pending order"));
    pay(&server, &orders(&server).await[0]).await;
    assert_eq!(server.balance().await["allocation"], "5000");
}

#[tokio::test]
async fn going_back_to_the_plan_whose_credits_the_cycle_has_costs_nothing() {
    let (server, owner) = shop().await;
    for (key, credits, price) in [("small", "100", "10"), ("large", "5000", "40")] {
        let plan =
            json!({ "name": key, "monthly_credits": credits, "price": price, "currency": "EUR" });
        server
            .put(&format!("/api/v1/plans/{key}"), &plan)
            .await
            .ok(201);
    }
    let switch = async |plan: &str| {
        let body = fields(&plans(&server, &owner, &format!("&switch={plan}")).await);
        send(&server, &owner, "/billing/orders", &body)
            .await
            .ok(303);
        let all = orders(&server).await.into_iter();
        let mut pending = all.filter(|order| order["state"] == "ordered");
        let order = pending.next().unwrap();
        pay(&server, &order).await;
        order
    };
    switch("large").await;
    let before = server.balance().await["allocation"].clone();
    assert_eq!(switch("small").await["price"], "0");
    let back = switch("large").await;
    assert_eq!(
        (&back["price"], &back["checkout_url"]),
        (&json!("0"), &Value::Null)
    );
    assert_eq!(server.balance().await["allocation"], before);
}

//! Signing in and out, and what a cookie may do.

use axum::{
    body::Body,
    http::{Method, Request},
};
use domain::tenancy::Role;
use server::state::Origin;
use service::{
    Caller,
    users::{Joining, PutUser},
};

use crate::support::{Reply, TestServer, event, event_with, request};

pub const PASSWORD: &str = "correct horse";

pub async fn with_people() -> TestServer {
    let server = TestServer::start().await;
    add_people(&server).await;
    server
}

pub async fn add_people(server: &TestServer) {
    for (email, role, companies) in [
        ("owner@northwind.example", Role::Owner, vec![]),
        (
            "client@acme.example",
            Role::Client,
            vec!["acme-dental".to_owned()],
        ),
    ] {
        let user = PutUser {
            email: email.to_owned(),
            name: email.to_owned(),
            password: PASSWORD.to_owned(),
            platform_role: None,
            memberships: vec![Joining {
                account: "northwind".to_owned(),
                role,
                companies,
            }],
        };
        server
            .services
            .put_user(&Caller::operator("test"), user)
            .await
            .unwrap();
    }
}

pub fn form(path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("host", "localhost")
}

pub async fn sign_in(server: &TestServer, email: &str, password: &str, next: &str) -> Reply {
    let body = format!(
        "email={email}&password={}&next={next}",
        password.replace(' ', "+")
    );
    server
        .send(form("/sign-in").body(Body::from(body)).unwrap())
        .await
}

pub fn cookie(reply: &Reply) -> String {
    reply
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

pub async fn get_with(server: &TestServer, path: &str, cookie: &str) -> Reply {
    server
        .send(
            request(Method::GET, path, "")
                .header("cookie", cookie)
                .body(Body::empty())
                .unwrap(),
        )
        .await
}

#[tokio::test]
async fn strangers_are_sent_to_sign_in_and_back_afterwards() {
    let server = with_people().await;
    let reply = server.get("/billing/usage?period=7d", "").await.ok(303);
    assert_eq!(
        reply.header("location"),
        "/sign-in?next=%2Fbilling%2Fusage%3Fperiod%3D7d"
    );
    server.get("/sign-in", "").await.ok(200);
    let reply = sign_in(
        &server,
        "Owner@Northwind.example",
        PASSWORD,
        "/billing/usage?period=7d",
    )
    .await
    .ok(303);
    assert_eq!(reply.header("location"), "/billing/usage?period=7d");
    let set = reply.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"] {
        assert!(set.contains(part), "{part} is missing in {set}");
    }
    assert!(!set.contains("Secure"));
    let cookie = cookie(&reply);
    get_with(&server, "/billing/usage", &cookie).await.ok(200);
    assert_eq!(
        get_with(&server, "/sign-in?next=/billing/usage", &cookie)
            .await
            .ok(303)
            .header("location"),
        "/billing/usage"
    );
}

#[tokio::test]
async fn behind_tls_the_cookie_is_secure() {
    let server = TestServer::start_at(Origin {
        local: None,
        url: Some("https://credits.example".to_owned()),
    })
    .await;
    add_people(&server).await;
    let reply = sign_in(&server, "owner@northwind.example", PASSWORD, "/")
        .await
        .ok(303);
    assert!(reply.header("set-cookie").contains("Secure"));
    assert!(
        reply
            .header("strict-transport-security")
            .contains("max-age")
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_alike() {
    let server = with_people().await;
    let wrong = sign_in(
        &server,
        "owner@northwind.example",
        "wrong horse",
        "/billing/usage",
    )
    .await
    .ok(422);
    let unknown = sign_in(
        &server,
        "nobody@northwind.example",
        PASSWORD,
        "/billing/usage",
    )
    .await
    .ok(422);
    let said = |reply: &Reply, email: &str| {
        let text = reply.text();
        assert!(text.contains("Incorrect email or password.") && text.contains(email));
        assert!(!text.contains(PASSWORD) && text.contains("value=\"/billing/usage\""));
        text.replace(email, "…")
    };
    let nonceless = |text: String| {
        let parts = text
            .split("nonce=\"")
            .map(|part| part.split_once('"').map_or(part, |(_, rest)| rest));
        parts.collect::<String>()
    };
    assert_eq!(
        nonceless(said(&wrong, "owner@northwind.example")),
        nonceless(said(&unknown, "nobody@northwind.example"))
    );
    assert!(wrong.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let server = with_people().await;
    let reply = sign_in(
        &server,
        "owner@northwind.example",
        PASSWORD,
        "//evil.example/x",
    )
    .await
    .ok(303);
    assert_eq!(reply.header("location"), "/");
}

#[tokio::test]
async fn too_many_failures_have_to_wait() {
    let server = with_people().await;
    for _ in 0..10 {
        sign_in(&server, "owner@northwind.example", "wrong horse", "/")
            .await
            .ok(422);
    }
    let reply = sign_in(&server, "owner@northwind.example", PASSWORD, "/")
        .await
        .ok(429);
    let wait: u32 = reply.header("retry-after").parse().unwrap();
    assert!((1..=31).contains(&wait), "{wait}");
    sign_in(&server, "client@acme.example", PASSWORD, "/")
        .await
        .ok(303);
}

#[tokio::test]
async fn signing_in_changes_the_id_and_signing_out_ends_the_session() {
    let server = with_people().await;
    let first = cookie(&sign_in(&server, "owner@northwind.example", PASSWORD, "/").await);
    let body = format!(
        "email=owner@northwind.example&password={}",
        PASSWORD.replace(' ', "+")
    );
    let again = form("/sign-in")
        .header("cookie", &first)
        .body(Body::from(body))
        .unwrap();
    let second = cookie(&server.send(again).await.ok(303));
    assert_ne!(first, second);
    assert_eq!(
        get_with(&server, "/billing/usage", &first).await.status,
        303,
        "the old id is worth nothing"
    );
    get_with(&server, "/billing/usage", &second).await.ok(200);
    let out = form("/sign-out")
        .header("cookie", &second)
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        server.send(out).await.ok(303).header("location"),
        "/sign-in"
    );
    assert_eq!(
        get_with(&server, "/billing/usage", &second).await.status,
        303
    );
}

#[tokio::test]
async fn a_session_ends_after_two_weeks_without_use_and_not_before() {
    let server = with_people().await;
    let cookie = cookie(&sign_in(&server, "owner@northwind.example", PASSWORD, "/").await);
    for _ in 0..3 {
        server.clock.advance(13 * domain::time::DAY_US);
        get_with(&server, "/billing/usage", &cookie).await.ok(200);
    }
    server.clock.advance(15 * domain::time::DAY_US);
    assert_eq!(
        get_with(&server, "/billing/usage", &cookie).await.status,
        303
    );
}

#[tokio::test]
async fn a_cookie_reads_what_its_owner_may_see_and_writes_nothing() {
    let server = with_people().await;
    server.post_events(&event("a")).await.ok(204);
    server
        .post_events(&event_with(
            "b",
            "/subject",
            serde_json::json!("bluewater-spa"),
        ))
        .await
        .ok(204);
    let owner = cookie(&sign_in(&server, "owner@northwind.example", PASSWORD, "/").await);
    let client = cookie(&sign_in(&server, "client@acme.example", PASSWORD, "/").await);
    let rows = async |cookie: &str| {
        get_with(&server, "/api/v1/events?format=csv", cookie)
            .await
            .ok(200)
            .text()
            .lines()
            .count()
            - 1
    };
    assert_eq!((rows(&owner).await, rows(&client).await), (2, 1));
    get_with(&server, "/api/v1/balance", &owner).await.ok(200);
    get_with(&server, "/api/v1/balance", &client)
        .await
        .problem(404);
    get_with(&server, "/api/v1/events?company=bluewater-spa", &client)
        .await
        .problem(422);
    let write = request(Method::POST, "/api/v1/events", "")
        .header("cookie", &owner)
        .header("content-type", "application/json");
    server
        .send(write.body(Body::from(event("c").to_string())).unwrap())
        .await
        .problem(401);
}

#[tokio::test]
async fn other_sites_cannot_act_with_a_visitors_cookie() {
    let server = with_people().await;
    let from = |name: &str, value: &str| {
        form("/sign-out")
            .header(name, value)
            .body(Body::empty())
            .unwrap()
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        server.send(from(name, value)).await.problem(403);
    }
    for (name, value) in [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("origin", "http://localhost"),
    ] {
        server.send(from(name, value)).await.ok(303);
    }
    let socket = request(Method::GET, "/api/fn/anything", "")
        .header("upgrade", "websocket")
        .header("origin", "https://evil.example")
        .header("host", "localhost");
    server
        .send(socket.body(Body::empty()).unwrap())
        .await
        .problem(403);
}

#[tokio::test]
async fn what_is_not_there_is_404_for_people_and_programs() {
    let server = with_people().await;
    server.get("/nothing.png", "").await.ok(404);
    server.get("/pkg/nothing.js", "").await.ok(404);
    let cookie = cookie(&sign_in(&server, "owner@northwind.example", PASSWORD, "/").await);
    let page = request(Method::GET, "/nothing", "")
        .header("cookie", &cookie)
        .header("accept", "text/html");
    server.send(page.body(Body::empty()).unwrap()).await.ok(404);
}

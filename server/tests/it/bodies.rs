//! Bodies of requests: each is small, none is slow, and all of them together take so much memory and no more.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{Method, header},
};
use futures::{StreamExt as _, stream};
use serde_json::json;
use server::{
    listener::Bounds,
    middleware::bodies::{BodyLimits, MAX_BATCH_BYTES, MAX_BODY_BYTES, SMALL_BODY_BYTES},
    state::Edge,
};

use crate::{
    cross_site::OTHERS,
    joining::{forms, signed_in},
    matrix::asks::{self, OWN},
    pages::{add_people, form, with_people},
    support::{Reply, TestServer, request},
};

const OWNER: &str = "owner@northwind.example";

/// Every write there is: its method, its path, and whether it is a form.
fn writes() -> Vec<(Method, String, bool)> {
    let asked = asks::all(&OWN).into_iter();
    let asked = asked.filter(|ask| !ask.bytes().is_empty());
    let asked = asked.map(|ask| {
        let is_of_a_page = ask.body.is_none();
        (ask.method, ask.path, is_of_a_page)
    });
    let paths = forms().into_iter().map(|(path, _)| path).chain(OTHERS);
    let forms = paths.map(|path| (Method::POST, path.to_owned(), true));
    asked.chain(forms).collect()
}

async fn send(
    server: &TestServer,
    (method, path, is_form): &(Method, String, bool),
    cookie: &str,
    body: Body,
    is_announced: bool,
) -> Reply {
    let mut request = if *is_form {
        form(path).header("cookie", cookie)
    } else {
        request(method.clone(), path, &server.platform)
            .header(header::CONTENT_TYPE, "application/json")
    };
    if is_announced {
        request = request.header(header::CONTENT_LENGTH, MAX_BODY_BYTES + 1);
    }
    server.send(request.body(body).unwrap()).await
}

/// Whether something was answered without looking at its body: by its path, its link, or who sends it.
fn is_unread(reply: &Reply, (_, path, is_form): &(Method, String, bool)) -> bool {
    let status = reply.status.as_u16();
    *is_form
        && (matches!(status, 303 | 401 | 403 | 404 | 405) || path.ends_with("/x") && status == 422)
}

/// So many bytes, and then nothing for ever.
fn unfinished(bytes: u64) -> Body {
    let piece = Bytes::from(vec![b' '; 64 * 1024]);
    let pieces = usize::try_from(bytes / (64 * 1024)).unwrap();
    let pieces = stream::iter(vec![Ok::<_, Infallible>(piece); pieces]);
    Body::from_stream(pieces.chain(stream::pending()))
}

#[tokio::test]
async fn no_body_but_a_batch_of_events_has_more_than_a_mebibyte() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let large = vec![b' '; usize::try_from(MAX_BODY_BYTES).unwrap() + 1];
    for write in writes() {
        let is_batch = write.1.starts_with("/api/v1/events?") || write.1 == "/api/v1/events";
        let announced = send(&server, &write, &owner, large.clone().into(), true).await;
        assert_eq!(announced.status == 413, !is_batch, "{}", write.1);
        if is_batch {
            continue;
        }
        let unannounced = send(&server, &write, &owner, large.clone().into(), false).await;
        let is_told = unannounced.status == 413 || is_unread(&unannounced, &write);
        assert!(is_told, "{}: {}", write.1, unannounced.status);
        if write.2 {
            assert!(
                announced.text().contains("This is too large."),
                "{}",
                write.1
            );
        } else {
            announced.problem(413);
        }
    }
}

#[tokio::test]
async fn a_slow_body_is_told_so_wherever_it_goes() {
    let bounds = Bounds {
        read_timeout: Duration::from_millis(20),
        ..Bounds::default()
    };
    let edge = Edge {
        bounds,
        ..Edge::default()
    };
    let server = TestServer::start_edge(edge).await;
    add_people(&server).await;
    let owner = signed_in(&server, OWNER).await;
    let mut told = 0;
    for write in writes() {
        let reply = send(&server, &write, &owner, unfinished(0), false).await;
        let is_told = reply.status == 408 || is_unread(&reply, &write);
        assert!(is_told, "{}: {}", write.1, reply.status);
        if reply.status == 408 {
            assert_eq!(reply.header("connection"), "close");
            told += 1;
        }
    }
    assert!(told > 40, "{told}");
    let keyed = request(Method::POST, "/api/v1/events", &server.ingest)
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", "slow");
    let keyed = keyed.body(unfinished(MAX_BATCH_BYTES / 2)).unwrap();
    server.send(keyed).await.problem(408);
    let owner = signed_in(&server, OWNER).await;
    let logo = request(Method::POST, "/settings/brand", "")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .header("cookie", &owner)
        .body(unfinished(0));
    assert_eq!(
        server
            .send(logo.unwrap())
            .await
            .ok(408)
            .header("connection"),
        "close"
    );
    assert_eq!(server.state.bodies.kept(), (0, 0));
}

/// A server that keeps one batch, all of whose room is taken by one that has not come yet.
async fn full() -> (TestServer, tokio::task::JoinHandle<()>) {
    let edge = Edge {
        bodies: BodyLimits {
            kept: MAX_BATCH_BYTES,
        },
        ..Edge::default()
    };
    let server = TestServer::start_edge(edge).await;
    add_people(&server).await;
    let batch = request(Method::POST, "/api/v1/events", &server.ingest)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, MAX_BATCH_BYTES);
    let batch = batch.body(unfinished(0)).unwrap();
    let router = server.router.clone();
    let slow = tokio::spawn(async move {
        let _never = tower::ServiceExt::oneshot(router, batch).await;
    });
    while server.state.bodies.kept().0 < MAX_BATCH_BYTES {
        tokio::task::yield_now().await;
    }
    (server, slow)
}

fn is_soon(reply: &Reply) -> bool {
    matches!(reply.header("retry-after"), "1" | "2" | "3")
}

#[tokio::test]
async fn bodies_take_so_much_memory_together_and_whoever_comes_after_is_told_when_to_come_back() {
    let (server, slow) = full().await;
    let large = "x".repeat(2 * usize::try_from(SMALL_BODY_BYTES).unwrap());
    for is_announced in [true, false] {
        let mut batch = request(Method::POST, "/api/v1/events", &server.ingest)
            .header(header::CONTENT_TYPE, "application/json");
        if is_announced {
            batch = batch.header(header::CONTENT_LENGTH, large.len());
        }
        let batch = batch.body(Body::from(large.clone())).unwrap();
        let refused = server.send(batch).await.problem(503);
        assert!(is_soon(&refused));
    }
    let owner = signed_in(&server, OWNER).await;
    let sent = form("/billing/disputes").header("cookie", &owner);
    let body = Body::from(format!("account=northwind&reason={large}"));
    let page = server.send(sent.body(body).unwrap()).await.ok(503);
    assert!(is_soon(&page));
    let text = page.text();
    assert!(text.contains("The server is busy."), "{text}");
    // What has no body is answered all the same.
    server.get("/api/v1/balance", &server.read).await.ok(200);
    slow.abort();
    while server.state.bodies.kept() != (0, 0) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn while_batches_take_all_room_checks_holds_settlements_and_signing_in_are_answered() {
    let (server, slow) = full().await;
    let check = json!({ "company": "acme-dental", "agent": "chat", "credits": "1" });
    server
        .ask(Method::POST, "/api/v1/check", &check)
        .await
        .ok(200);
    let hold = json!({
        "id": "h", "company": "acme-dental", "agent": "chat", "activity": "chat_message", "credits": "1",
        "expires_in_s": 60
    });
    server
        .ask(Method::POST, "/api/v1/holds", &hold)
        .await
        .ok(201);
    let settle = json!({ "credits": "1", "reference": "call_81f" });
    server
        .ask(Method::POST, "/api/v1/holds/h/settle", &settle)
        .await
        .ok(200);
    let sign_in = format!("email={OWNER}&password=correct+horse&next=/");
    let sign_in = form("/sign-in").body(Body::from(sign_in)).unwrap();
    server.send(sign_in).await.ok(303);
    server.spend("small", "1").await;
    assert_eq!(server.state.bodies.kept().0, MAX_BATCH_BYTES);
    slow.abort();
}

#[tokio::test]
async fn whoever_is_known_sends_a_mebibyte_and_strangers_and_checks_sixty_four_kibibytes() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let filler = "x".repeat(usize::try_from(SMALL_BODY_BYTES).unwrap());
    let companies = vec!["acme-dental"; 20_000].join(",");
    // An account's keys and people say which of its companies somebody sees.
    let body = json!({ "user": "u", "role": "client", "companies": vec!["acme-dental"; 20_000] });
    let portal = "/api/v1/accounts/northwind/portal-sessions";
    let answer = server
        .json(Method::POST, portal, &server.platform, &body)
        .await;
    assert_ne!(answer.status, 413);
    let invite = form("/settings/members/invite").header("cookie", &owner);
    let body =
        format!("account=northwind&email=a@b.example&role=client&companies={companies}&x={filler}");
    let answer = server.send(invite.body(Body::from(body)).unwrap()).await;
    assert_ne!(answer.status, 413);
    let stranger = form("/sign-in").body(Body::from(format!("email={OWNER}&x={filler}")));
    server.send(stranger.unwrap()).await.ok(413);
    let check = json!({ "company": "acme-dental", "agent": "chat", "credits": "1", "x": filler });
    server
        .ask(Method::POST, "/api/v1/check", &check)
        .await
        .problem(413);
    // Nothing is read of a stranger who says to be known.
    let stranger = request(Method::PUT, "/api/v1/rate-cards/chat", "no-key")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(filler));
    server.send(stranger.unwrap()).await.problem(401);
    assert_eq!(server.state.bodies.kept(), (0, 0));
}

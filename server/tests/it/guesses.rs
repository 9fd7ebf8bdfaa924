//! How often secrets may be guessed, and what guessing costs others.
//!
//! `GUESSES` says how many passwords are guessed while others' checks are timed.

use std::{env, net::SocketAddr, num::NonZeroU32, time::Instant};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, request::Builder},
};
use futures::future::join_all;
use serde_json::json;
use server::{middleware::rates::Rates, state::Edge};

use crate::{
    pages::{PASSWORD, cookie, form, sign_in, with_people},
    support::{Reply, TestServer, event, request},
};

const OWNER: &str = "owner@northwind.example";
/// How many guess at once.
const AT_ONCE: usize = 100;
/// How many of them may be looked at.
const LOOKED_AT: u64 = 10;
/// How many of them, when they are at different people's.
const OF_ADDRESS: usize = 60;
/// Guesses of the short form while checks are timed.
const GUESSES: usize = 100;

/// Asks from an address.
async fn from(server: &TestServer, peer: &str, request: Builder, body: String) -> Reply {
    let peer: SocketAddr = format!("{peer}:4000").parse().unwrap();
    let mut request: Request<Body> = request.body(Body::from(body)).unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    server.send(request).await
}

async fn guess(server: &TestServer, peer: &str, email: &str, password: &str) -> Reply {
    let body = format!("email={email}&password={}", password.replace(' ', "+"));
    from(server, peer, form("/sign-in"), body).await
}

fn refused(replies: &[Reply]) -> usize {
    let refused = replies.iter().filter(|reply| reply.status == 429);
    refused
        .inspect(|reply| assert!(!reply.header("retry-after").is_empty()))
        .count()
}

#[tokio::test]
async fn of_a_hundred_wrong_passwords_at_once_ten_are_looked_at() {
    let server = with_people().await;
    let before = server.services.hashing().done();
    let all = (0..AT_ONCE).map(|number| {
        let server = &server;
        let password = format!("wrong horse {number}");
        async move { guess(server, "192.0.2.1", OWNER, &password).await }
    });
    let replies = join_all(all).await;
    assert_eq!(server.services.hashing().done() - before, LOOKED_AT);
    assert_eq!(refused(&replies), AT_ONCE - 10);
    // The person themselves, elsewhere, is not kept out.
    let reply = guess(&server, "192.0.2.2", OWNER, PASSWORD).await.ok(303);
    assert_eq!(reply.header("location"), "/");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_people_tried_from_one_address_few_are_hashed_at_once() {
    let server = with_people().await;
    let all = (0..AT_ONCE).map(|number| {
        let server = &server;
        let email = format!("nobody{number}@example.com");
        async move { guess(server, "192.0.2.1", &email, "wrong horse").await }
    });
    let begun = Instant::now();
    let replies = join_all(all).await;
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap();
    // One a second is looked at besides, as long as all of it takes, and one for each that was not hashed after all. That
    // it is no other is told by the clock of the counts, in their own test.
    let of = |status: u16| {
        replies
            .iter()
            .filter(|reply| reply.status == status)
            .count()
    };
    let (looked_at, busy, refused) = (of(422), of(503), refused(&replies));
    assert_eq!(looked_at + busy + refused, AT_ONCE);
    let most = OF_ADDRESS + seconds + busy;
    let counted = AT_ONCE - refused;
    assert!((OF_ADDRESS..=most).contains(&counted), "{counted} {most}");
    let most = server.services.hashing().most_at_once();
    assert!((1..=4).contains(&most), "{most}");
}

#[tokio::test]
async fn whoever_signs_in_often_with_the_right_password_never_waits() {
    let server = with_people().await;
    for _ in 0..15 {
        let reply = guess(&server, "192.0.2.1", OWNER, PASSWORD).await.ok(303);
        assert_eq!(reply.header("location"), "/");
    }
}

#[tokio::test]
async fn the_old_password_of_an_open_session_is_guessed_no_more_often() {
    let server = with_people().await;
    let session = cookie(&sign_in(&server, OWNER, PASSWORD, "/").await);
    let before = server.services.hashing().done();
    let all = (0..AT_ONCE).map(|number| {
        let ask = form("/settings/you/password").header("cookie", &session);
        let body = format!("old_password=wrong+horse+{number}&password=seven+green+umbrellas+sing");
        from(&server, "192.0.2.1", ask, body)
    });
    let replies = join_all(all).await;
    assert_eq!(server.services.hashing().done() - before, LOOKED_AT);
    assert_eq!(refused(&replies), AT_ONCE - 10);
    // It is one secret, wherever it is typed.
    guess(&server, "192.0.2.1", OWNER, PASSWORD).await.ok(429);
}

#[tokio::test]
async fn links_are_guessed_sixty_times_a_minute_and_right_ones_do_not_count() {
    let server = with_people().await;
    let paths = [
        "/invitations/x",
        "/portal/x",
        "/unsubscribe/x",
        "/reset-password/x",
    ];
    for (place, path) in paths.into_iter().enumerate() {
        let ask = |number: usize| {
            let address = format!("192.0.2.{place}");
            let server = &server;
            async move {
                let ask = request(Method::GET, &format!("{path}{number}"), "");
                from(server, &address, ask, String::new()).await
            }
        };
        let replies = join_all((0..AT_ONCE).map(ask)).await;
        assert_eq!(refused(&replies), AT_ONCE - OF_ADDRESS, "{path}");
    }
    let path = "/api/v1/accounts/northwind/portal-sessions";
    let body = json!({ "user": "ada", "role": "client", "companies": ["acme-dental"], "expires_in_s": 600 });
    let made = server
        .json(Method::POST, path, &server.platform, &body)
        .await
        .ok(201);
    let url = made.json()["url"].as_str().unwrap().to_owned();
    let link = &url[url.find("/portal/").unwrap()..];
    for _ in 0..AT_ONCE {
        let ask = request(Method::GET, link, "");
        from(&server, "198.51.100.1", ask, String::new())
            .await
            .ok(200);
    }
}

#[tokio::test]
async fn wrong_keys_are_counted_wherever_they_are_tried_and_right_ones_go_on() {
    let server = TestServer::start().await;
    let wrong = "cs_000000000000_00";
    let ask = |path: &str| request(Method::GET, path, wrong);
    for (number, path) in ["/metrics", "/api/v1/balance"].into_iter().enumerate() {
        let address = format!("192.0.2.{number}");
        let mut replies = Vec::new();
        for _ in 0..OF_ADDRESS + 10 {
            replies.push(from(&server, &address, ask(path), String::new()).await);
        }
        assert!(refused(&replies) > 0, "{path}");
    }
    let keyed = || {
        request(Method::POST, "/api/v1/events", wrong)
            .header("content-type", "application/json")
            .header("idempotency-key", "k")
    };
    let mut replies = Vec::new();
    for _ in 0..OF_ADDRESS + 10 {
        replies.push(from(&server, "192.0.2.9", keyed(), event("a").to_string()).await);
    }
    assert!(refused(&replies) > 0);
    let right = request(Method::GET, "/api/v1/balance", &server.read);
    from(&server, "192.0.2.1", right, String::new())
        .await
        .ok(200);
}

#[tokio::test]
async fn repeated_answers_and_events_count_against_the_rate_of_their_key() {
    let some = |number| NonZeroU32::new(number).unwrap();
    let rates = Rates {
        key: some(5),
        account: some(50),
        address: some(50),
    };
    let edge = Edge {
        rates,
        ..Edge::default()
    };
    let server = TestServer::start_edge(edge).await;
    let keyed = async |number: usize| {
        let ask = request(Method::POST, "/api/v1/events", &server.ingest)
            .header("content-type", "application/json")
            .header("idempotency-key", format!("k{}", number % 2));
        let body = event("a").to_string();
        from(&server, "192.0.2.1", ask, body).await
    };
    let begun = Instant::now();
    let replies = join_all((0..40).map(keyed)).await;
    let allowed = 5 * (usize::try_from(begun.elapsed().as_secs()).unwrap() + 2);
    assert!(refused(&replies) >= 40_usize.saturating_sub(allowed));
    let mut plain = Vec::new();
    let begun = Instant::now();
    for _ in 0..40 {
        plain.push(server.post_events(&event("a")).await);
    }
    let allowed = 5 * (usize::try_from(begun.elapsed().as_secs()).unwrap() + 2);
    assert!(refused(&plain) >= 40_usize.saturating_sub(allowed));
}

/// Times checks: how long half and 99 of 100 took at most, in milliseconds.
async fn timed_checks(server: &TestServer, number: usize) -> [f64; 2] {
    let ask = json!({ "company": "acme-dental", "agent": "chat", "credits": "1" });
    let mut took = Vec::with_capacity(number);
    for _ in 0..number {
        let begun = Instant::now();
        let (path, key) = ("/api/v1/check", &server.check);
        server.json(Method::POST, path, key, &ask).await.ok(200);
        took.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    took.sort_by(f64::total_cmp);
    [took[number / 2], took[number * 99 / 100]]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_checked_while_passwords_are_guessed_from_everywhere() {
    let server = with_people().await;
    let guesses = env::var("GUESSES").map_or(GUESSES, |text| text.parse().unwrap());
    let alone = timed_checks(&server, 500).await;
    let all = (0..guesses).map(|number| {
        let server = &server;
        let peer = format!("10.{}.{}.1", number / 250 % 250, number % 250);
        async move { guess(server, &peer, OWNER, "wrong horse").await }
    });
    let (replies, beside) = tokio::join!(join_all(all), timed_checks(&server, 500));
    let hashing = server.services.hashing();
    let busy = replies.iter().filter(|reply| reply.status == 503).count();
    eprintln!(
        "{guesses} guesses: {} hashed, {} at once, {busy} told to come back; checks p50/p99 {:.2}/{:.2} ms alone, \
         {:.2}/{:.2} ms beside them",
        hashing.done(),
        hashing.most_at_once(),
        alone[0],
        alone[1],
        beside[0],
        beside[1]
    );
    assert!(hashing.most_at_once() <= 4);
    for reply in &replies {
        assert!(
            matches!(reply.status.as_u16(), 422 | 503),
            "{}",
            reply.status
        );
    }
}

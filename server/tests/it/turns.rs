//! Whatever reads from the database for somebody waits for their turn, however it is asked for.
//!
//! The store itself takes the turn, so a new route waits without anybody thinking of it; one that does not has to be
//! listed here with its reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    time::Duration,
};

use axum::{body::Body, http::Method};
use futures::{StreamExt as _, poll};
use server::{state::Edge, turns::ReadLimits, web::live::LiveLimits};
use service::Caller;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    cross_site::OTHERS,
    joining::{forms, post, signed_in},
    listener::listening,
    live_access::{connect, follow, next, path as follow_path},
    matrix::{
        asks,
        callers::{Kind, World},
        links,
    },
    pages::add_people,
    support::{Reply, TestServer},
};

/// What is answered without a turn, and why it need not wait for one.
const WITHOUT: [(&str, &[&str]); 5] = [
    (
        "permission to spend and how the server is: look-ups, on connections of their own",
        &[
            "DELETE /api/v1/holds/{id}",
            "GET /api/v1/holds/{id}",
            "GET /healthz",
            "GET /readyz",
            "PATCH /api/v1/holds/{id}",
            "POST /api/v1/check",
            "POST /api/v1/holds",
            "POST /api/v1/holds/{id}/settle",
        ],
    ),
    (
        "nothing is read, or who asks is looked up",
        &[
            "GET /",
            "GET /api/docs",
            "GET /api/v1/openapi.json",
            "GET /forgot-password",
            "GET /metrics",
            "GET /sign-in",
            "GET /sign-in/again",
            "GET /sign-in/code",
            "GET /sign-in/sso",
            "GET /sign-in/sso/callback?code=x&state=y",
            "GET /sign-out",
            "GET /unsubscribe/x",
            "POST /api/v1/payments/events",
            "POST /forgot-password",
            "POST /nothing",
            "POST /sign-in",
            "POST /sign-in/code",
            "POST /sign-in/passkey",
            "POST /sign-out",
        ],
    ),
    (
        "the stream itself; its questions wait, as is tested below",
        &["GET /api/fn/follow"],
    ),
    (
        "a row is looked up by its key, on connections of their own",
        &["GET /portal/x", "GET /portal/{secret}"],
    ),
    (
        "written by the writer, which has a queue of its own; what is read before is looked up",
        &[
            "DELETE /api/v1/accounts/{key}/api-keys/{prefix}",
            "DELETE /api/v1/accounts/{key}/portal-sessions/{user}",
            "POST /api/v1/accounts/{key}/adjustments",
            "POST /api/v1/accounts/{key}/alert-rules/{rule}/snooze",
            "POST /api/v1/accounts/{key}/alerts/{number}/acknowledgement",
            "POST /api/v1/accounts/{key}/api-keys",
            "POST /api/v1/accounts/{key}/api-keys/{prefix}/rotation",
            "POST /api/v1/accounts/{key}/disputes/{id}/decision",
            "POST /api/v1/accounts/{key}/orders",
            "POST /api/v1/accounts/{key}/orders/{id}/payment",
            "POST /api/v1/accounts/{key}/packs",
            "POST /api/v1/accounts/{key}/portal-sessions",
            "DELETE /api/v1/accounts/{key}/portal-sessions/{user}",
            "POST /api/v1/accounts/{key}/webhooks",
            "POST /api/v1/accounts/{key}/webhooks/{id}/enable",
            "POST /api/v1/events",
            "POST /portal/x",
            "POST /reset-password/x",
            "POST /settings/brand",
            "POST /settings/second-factor/app/remove",
            "POST /settings/second-factor/codes",
            "POST /settings/second-factor/passkeys/add",
            "POST /settings/second-factor/passkeys/ask",
            "POST /settings/second-factor/passkeys/remove",
            "POST /settings/second-factor/remove",
            "POST /settings/second-factor/set",
            "POST /settings/you/email",
            "POST /settings/you/end",
            "POST /settings/you/password",
            "POST /unsubscribe/x",
            "PUT /api/v1/accounts/{key}",
            "PUT /api/v1/accounts/{key}/alert-rules/{rule}",
            "PUT /api/v1/accounts/{key}/companies/{company_key}",
            "PUT /api/v1/accounts/{key}/digest",
            "PUT /api/v1/accounts/{key}/suspension",
            "PUT /api/v1/packs/{key}",
            "PUT /api/v1/plans/{key}",
            "PUT /api/v1/rate-cards/{type}",
        ],
    ),
];

/// Pages that are in no list of another test.
const PAGES: [&str; 20] = [
    app::USAGE_PATH,
    app::PLANS_PATH,
    app::TRENDS_PATH,
    app::VALUE_PATH,
    app::REVIEW_PATH,
    app::ALERTS_PATH,
    app::PLATFORM_PATH,
    app::ADVICE_PATH,
    app::COMPANIES_PATH,
    app::COMPANY_OPTIONS_PATH,
    app::GO_PATH,
    app::ACCOUNTS_PATH,
    app::MEMBERS_PATH,
    app::KEYS_PATH,
    app::AUDIT_PATH,
    app::BRAND_PATH,
    app::YOU_PATH,
    "/settings/second-factor/app",
    "/billing/usage/chart.svg",
    "/billing/usage/chart.png",
];

fn edge(at_once: u32, account: u32) -> Edge {
    Edge {
        reads: ReadLimits {
            at_once,
            account,
            waiting: 64,
        },
        ..Edge::default()
    }
}

/// Whether something waits for a turn while there is none; it is given up then.
async fn waits(server: &TestServer, asking: impl Future<Output = Reply>) -> bool {
    let mut asking = Box::pin(asking);
    let is_waiting = || server.state.turns.counts().1 > 0;
    let waits = loop {
        if poll!(&mut asking).is_ready() {
            break false;
        }
        if is_waiting() {
            break true;
        }
        tokio::task::yield_now().await;
    };
    drop(asking);
    while is_waiting() {
        tokio::task::yield_now().await;
    }
    waits
}

/// Asks everything there is, with no turn to be had; what waits for one.
async fn everything(world: &World) -> BTreeMap<String, bool> {
    let server = &world.server;
    let somebody = Caller::operator("somebody else");
    let _all = server.state.turns.take(&somebody).await.unwrap();
    let mut seen = BTreeMap::new();
    let operator = world.caller(Kind::Operator);
    let owner = world.caller(Kind::Owner);
    let get = |caller: &crate::matrix::callers::Caller, path: &str| {
        let request = caller.request(Method::GET, path);
        server.send(request.body(Body::empty()).unwrap())
    };
    for path in links(world).await {
        let name = if path.len() > 60 {
            // A link that is good.
            path.rsplit_once('/').unwrap().0.to_owned() + "/{secret}"
        } else {
            path.clone()
        };
        seen.insert(
            format!("GET {name}"),
            waits(server, get(owner, &path)).await,
        );
    }
    let follow = asks::without_hash(follow_path());
    let is_waiting = waits(server, get(owner, follow_path())).await;
    seen.insert(format!("GET {follow}"), is_waiting);
    for path in PAGES {
        let asked = format!("{path}?account=northwind");
        let is_waiting = waits(server, get(operator, &asked)).await;
        seen.insert(format!("GET {path}"), is_waiting);
    }
    for ask in asks::all(&world.own) {
        let is_person = ask.is_page() || ask.path.starts_with("/api/fn/");
        let caller = if is_person {
            operator
        } else {
            world.caller(Kind::Platform)
        };
        let request = caller.request(ask.method.clone(), &ask.path);
        let request = request.header("content-type", "application/json");
        let request = request.body(Body::from(ask.bytes()));
        let waits = waits(server, server.send(request.unwrap())).await;
        seen.insert(ask.route.to_owned(), waits);
    }
    let cookie = signed_in(server, "owner@northwind.example").await;
    let others = OTHERS.into_iter().map(|path| (path, vec![]));
    for (path, mut fields) in others.chain(forms()).rev() {
        fields.push(("account", "northwind"));
        let asking = post(server, &cookie, path, &fields);
        seen.insert(format!("POST {path}"), waits(server, asking).await);
    }
    seen
}

#[tokio::test]
async fn whatever_reads_for_somebody_waits_for_their_turn() {
    let world = World::start_edge(edge(1, 1)).await;
    add_people(&world.server).await;
    let seen = everything(&world).await;
    let listed = WITHOUT.iter().flat_map(|(_, names)| *names);
    let listed: BTreeSet<_> = listed.copied().collect();
    let found: BTreeSet<_> = seen
        .iter()
        .filter(|(_, waits)| !**waits)
        .map(|(name, _)| name.as_str())
        .collect();
    let unlisted: Vec<_> = found.difference(&listed).collect();
    let waiting: Vec<_> = listed.difference(&found).collect();
    assert!(
        unlisted.is_empty() && waiting.is_empty(),
        "{unlisted:#?} {waiting:#?}"
    );
    assert!(seen.len() > 150, "{}", seen.len());
}

#[test]
fn every_page_is_asked_for() {
    let served: usize = [
        include_str!("../../src/web.rs"),
        include_str!("../../src/web/pictures.rs"),
        include_str!("../../src/api/ops.rs"),
        include_str!("../../src/api.rs"),
    ]
    .iter()
    .map(|source| source.matches("get(").count() - source.matches(".get(").count())
    .sum();
    // One more is listed above first.
    assert_eq!(served, 47);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_of_open_pages_wait_for_the_turn_of_their_account_one_of_each() {
    let server = TestServer::start_edge(edge(4, 1)).await;
    add_people(&server).await;
    let (addr, _stop, _running) = listening(&server).await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let reader = server.services.caller_of_token(&server.read).await.unwrap();
    let turn = server.state.turns.take(&reader).await.unwrap();
    let mut sockets = Vec::new();
    for _ in 0..3 {
        let mut socket = connect(addr, &owner).await;
        // However many of them a page asks, one waits.
        for _ in 0..10 {
            follow(&mut socket, "account=northwind", domain::Seq::ZERO).await;
        }
        sockets.push(socket);
    }
    while server.state.turns.counts().1 < 3 {
        tokio::task::yield_now().await;
    }
    // Others read meanwhile, and nobody is refused for them.
    let summary = "/api/v1/usage/summary";
    server.get(summary, &server.foreign).await.ok(200);
    assert_eq!(server.state.turns.counts().1, 3);
    drop(turn);
    for socket in &mut sockets {
        assert!(matches!(next(socket).await, Some(Ok(_))));
    }
    server.get(summary, &server.read).await.ok(200);
    drop(sockets);
    while server.state.turns.counts() != (0, 0) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_waits_for_its_turn_is_asked_for_a_sign_of_life_and_leaves_when_it_is_closed() {
    let live = LiveLimits {
        ping_every: Duration::from_millis(10),
        ..LiveLimits::default()
    };
    let server = TestServer::start_edge(Edge { live, ..edge(4, 1) }).await;
    add_people(&server).await;
    let (addr, _stop, _running) = listening(&server).await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let reader = server.services.caller_of_token(&server.read).await.unwrap();
    let turn = server.state.turns.take(&reader).await.unwrap();
    let mut sockets = Vec::new();
    for number in 1..=2 {
        let mut socket = connect(addr, &owner).await;
        for _ in 0..3 {
            follow(&mut socket, "account=northwind", domain::Seq::ZERO).await;
        }
        while server.state.turns.counts().1 < number {
            tokio::task::yield_now().await;
        }
        sockets.push(socket);
    }
    for socket in &mut sockets {
        while !matches!(socket.next().await.unwrap().unwrap(), Message::Ping(_)) {}
    }
    drop(sockets.pop());
    while server.state.turns.counts().1 > 1 || server.state.places.open() > 1 {
        tokio::task::yield_now().await;
    }
    drop(turn);
    while server.state.turns.counts() != (0, 0) {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.state.places.open(), 1);
}

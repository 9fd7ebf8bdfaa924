//! Every route and every server function, asked by every kind of caller for what is theirs, for a company they may not
//! see, for another account, and for what is not there: what belongs to someone else is answered, byte for byte, like
//! what is not there. A route or function that is not listed here fails the test.

pub mod asks;
pub mod callers;

use std::collections::BTreeSet;

use asks::{Ask, MISSING, MISSING_COMPANY, Names, OTHER_COMPANY, OWN};
use axum::{body::Body, http::Method};
use callers::{Caller, Kind, World};

use crate::support::Reply;

/// What nobody but its account may ever be shown.
const FOREIGN: &str = "CANARY-brightside";
/// What those who see Acme Dental alone may not be shown.
const NEIGHBOUR: &str = "CANARY-spa";

async fn send(world: &World, caller: &Caller, ask: &Ask) -> Reply {
    let request = caller.request(ask.method.clone(), &ask.path);
    let request = request.header("content-type", "application/json");
    let request = request.body(Body::from(ask.bytes())).unwrap();
    world.server.send(request).await
}

/// An answer as its asker sees it, with the names that they gave themselves taken out.
fn seen(reply: &Reply, names: &Names) -> (u16, String, String) {
    let mut text = reply.text();
    for name in names.all() {
        text = text.replace(name, "…");
    }
    let kind = reply.header("content-type").to_owned();
    (reply.status.as_u16(), kind, text)
}

async fn assert_alike(world: &World, caller: &Caller, foreign: &Names, missing: &Names) -> usize {
    let mut compared = 0;
    for (theirs, nothing) in asks::all(foreign).iter().zip(&asks::all(missing)) {
        // No two renderings of a page are alike byte for byte; `joining.rs` compares pages.
        if theirs.is_page() {
            continue;
        }
        let there = send(world, caller, theirs).await;
        let nowhere = send(world, caller, nothing).await;
        assert_eq!(
            seen(&there, foreign),
            seen(&nowhere, missing),
            "{} asks {} {}",
            caller.name,
            theirs.route,
            theirs.path
        );
        compared += 1;
    }
    compared
}

#[tokio::test]
async fn what_belongs_to_another_account_looks_like_nothing_to_everyone() {
    let world = World::start().await;
    let mut compared = 0;
    for caller in world
        .callers
        .iter()
        .filter(|caller| !caller.is_everywhere())
    {
        compared += assert_alike(&world, caller, &world.other, &MISSING).await;
    }
    assert!(compared > 400, "{compared}");
    world.nothing_was_written().await;
}

#[tokio::test]
async fn a_company_that_someone_may_not_see_looks_like_nothing_to_them() {
    let world = World::start().await;
    let mut compared = 0;
    for caller in world.callers.iter().filter(|caller| caller.is_narrow()) {
        compared += assert_alike(&world, caller, &OTHER_COMPANY, &MISSING_COMPANY).await;
    }
    assert!(compared > 80, "{compared}");
    world.nothing_was_written().await;
}

#[tokio::test]
async fn everyone_may_do_what_their_role_says_and_is_shown_nothing_of_others() {
    let mut wrong = Vec::new();
    for kind in Kind::ALL {
        // What is done to one's own account must not be in the way of the next caller.
        let world = World::start().await;
        let caller = world.caller(kind);
        for ask in asks::all(&world.own) {
            let reply = send(&world, caller, &ask).await;
            let status = reply.status.as_u16();
            let is_function = ask.path.starts_with("/api/fn/");
            let is_refused = match status {
                401 | 403 | 404 => true,
                // A page asks who is there.
                303 => reply.header("location").starts_with("/sign-in"),
                // A function says what is wrong in its answer.
                500 if is_function => true,
                _ => false,
            };
            if is_refused == caller.may(&ask) {
                let (name, route) = (&caller.name, ask.route);
                wrong.push(format!(
                    "{name} asks {route} and gets {status}: {}",
                    reply.text()
                ));
            }
            assert!(
                status < 500 || is_function,
                "{}: {}",
                ask.route,
                reply.text()
            );
            let text = reply.text();
            if !caller.is_everywhere() {
                assert!(
                    !text.contains(FOREIGN),
                    "{} {}: {text}",
                    caller.name,
                    ask.path
                );
            }
            if caller.is_narrow() {
                assert!(
                    !text.contains(NEIGHBOUR),
                    "{} {}: {text}",
                    caller.name,
                    ask.path
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the database's log of writes says: every write adds to it, and nothing else does.
fn writes(world: &World) -> Vec<u8> {
    std::fs::read(world.server.file().with_extension("db-wal")).unwrap()
}

/// Links that do something once they are agreed to, and what is looked at without being in the matrix.
pub async fn links(world: &World) -> Vec<String> {
    let services = &world.server.services;
    let operator = service::Caller::operator("test");
    let place = service::members::Place {
        role: domain::tenancy::Role::Analyst,
        companies: vec![],
    };
    let ask = service::portal::PortalAsk {
        user: "eve".to_owned(),
        place: place.clone(),
        expires_in_s: 3_600,
    };
    let portal = services.make_portal_link(&operator, "northwind", ask).await;
    let scope = services
        .scope(&operator, Some("northwind"), service::Permission::Manage)
        .await
        .unwrap();
    let invited = services
        .invite(&scope, "eve@example.com", &place, "http://localhost")
        .await;
    let mut links = vec![portal.unwrap().path, invited.unwrap().path];
    for path in [
        "/",
        "/sign-in",
        "/sign-out",
        "/sign-in/sso",
        "/sign-in/sso/callback?code=x&state=y",
        "/portal/x",
        "/invitations/x",
        "/unsubscribe/x",
        "/forgot-password",
        "/sign-in/code",
        "/sign-in/again",
        "/settings/second-factor",
        "/settings/second-factor/app",
        "/reset-password/x",
        "/new-email/x",
        "/undo-email/x",
        "/brand.css?account=northwind",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/docs",
        "/api/v1/openapi.json",
    ] {
        links.push(path.to_owned());
    }
    links
}

#[tokio::test]
async fn looking_changes_nothing_whoever_looks_and_whether_at_all_or_at_the_head_alone() {
    let world = World::start().await;
    let mut paths = links(&world).await;
    let asks = asks::all(&world.own);
    let looked = asks.iter().filter(|ask| ask.method == Method::GET);
    paths.extend(looked.map(|ask| ask.path.clone()));
    let mut seen = 0;
    for caller in &world.callers {
        for path in &paths {
            for method in [Method::HEAD, Method::GET, Method::OPTIONS] {
                let before = writes(&world);
                let request = caller.request(method.clone(), path);
                world
                    .server
                    .send(request.body(Body::empty()).unwrap())
                    .await;
                let (name, is_same) = (&caller.name, before == writes(&world));
                assert!(is_same, "{name} asks {method} {path}");
                seen += 1;
            }
        }
    }
    assert!(seen > 1_000, "{seen}");
    // The links are as good as new.
    let reply = crate::joining::post(&world.server, "", &paths[0], &[]).await;
    reply.ok(303);
    world.server.get(&paths[1], "").await.ok(200);
}

#[test]
fn every_route_and_every_server_function_is_in_the_matrix() {
    let (_, described) = server::api::described().split_for_parts();
    let described = serde_json::to_value(described).unwrap();
    let mut served = BTreeSet::new();
    for (path, operations) in described["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            if ["get", "put", "post", "patch", "delete"].contains(&method.as_str()) {
                served.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        served.insert(format!("{method} {}", asks::without_hash(path)));
    }
    // The live stream is asked over a socket, in a test of its own.
    assert!(served.remove("GET /api/fn/follow"));
    let listed: BTreeSet<_> = asks::all(&OWN)
        .iter()
        .map(|ask| ask.route.to_owned())
        .collect();
    let listed: BTreeSet<_> = listed
        .into_iter()
        .filter(|route| !route.contains(asks::PAGE))
        .collect();
    assert_eq!(served, listed);
}

//! A session has another id after every change of who somebody has shown to be, and the one before is worth nothing.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    extract::State,
    middleware::from_fn_with_state,
    response::{IntoResponse as _, Response},
    routing::post,
};
use domain::time::MINUTE_US;
use server::{AppState, sessions, web::confirm};
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;
use tower_sessions::{
    Session, SessionStore,
    session::{Id, Record},
    session_store,
};

use crate::{
    joining::{GOOD, get, post_with, signed_in},
    pages::{PASSWORD, cookie, form, get_with},
    recovery::{link, with_mail},
    second_factor::{code, offered},
    support::{Reply, TestServer},
};

const OWNER: &str = "owner@northwind.example";

/// The session that an answer renames the one of a request to, which then works alone.
async fn renamed(server: &TestServer, before: &str, reply: Reply) -> String {
    let set = reply.headers.get_all("set-cookie").iter();
    let mut set = set.map(|set| set.to_str().unwrap().split(';').next().unwrap());
    let now = set.find(|set| set.starts_with("creditscope_session="));
    let now = now.unwrap_or_default().to_owned();
    assert!(
        now.starts_with("creditscope_session=") && now != before,
        "{now}"
    );
    get_with(server, "/settings/you", &now).await.ok(200);
    let late = get_with(server, "/settings/you", before).await.ok(303);
    assert!(!sets_session(&late));
    now
}

/// Whether an answer says anything of the browser's session. One to a request that was under way with the id before must
/// not: the browser may have been told the new id already.
fn sets_session(reply: &Reply) -> bool {
    let set = reply.headers.get_all("set-cookie").iter();
    set.filter_map(|set| set.to_str().ok())
        .any(|set| set.starts_with("creditscope_session="))
}

/// Whether an answer leaves a session its id: one in use is only given a later end now and then.
fn is_same(before: &str, reply: &Reply) -> bool {
    reply.headers.get("set-cookie").is_none() || cookie(reply) == before
}

#[tokio::test]
async fn a_session_has_another_id_after_every_change_of_who_somebody_has_shown_to_be() {
    let (server, mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    let other = signed_in(&server, OWNER).await;
    server.clock.advance(15 * MINUTE_US);
    // Showing again who one is.
    let revoke = "/settings/members/revoke";
    let fields = [("account", "northwind"), ("invitation", "x")];
    let asked = post_with(&server, &owner, revoke, &fields).await.ok(200);
    assert!(is_same(&owner, &asked));
    let wrong = [fields[0], fields[1], ("confirm_password", "wrong horse")];
    let asked = post_with(&server, &owner, revoke, &wrong).await.ok(200);
    assert!(is_same(&owner, &asked));
    let right = [fields[0], fields[1], ("confirm_password", PASSWORD)];
    let reply = post_with(&server, &owner, revoke, &right).await;
    let owner = renamed(&server, &owner, reply).await;
    get(&server, &other, "/settings/you").await.ok(200);
    let plain = post_with(&server, &owner, revoke, &fields).await;
    assert!(is_same(&owner, &plain));
    // A second factor, and none.
    let secret = offered(&server, &owner).await;
    let one = code(&server, &secret, 0);
    let set = [("secret", &*secret), ("code", &*one)];
    let reply = post_with(&server, &owner, "/settings/second-factor/set", &set).await;
    let owner = renamed(&server, &owner, reply.ok(303)).await;
    get(&server, &other, "/settings/you").await.ok(303);
    let reply = post_with(&server, &owner, "/settings/second-factor/remove", &[]).await;
    let owner = renamed(&server, &owner, reply.ok(303)).await;
    // Another password, but not a wrong one.
    let password = "/settings/you/password";
    let wrong = [("old_password", "wrong horse"), ("password", GOOD)];
    let reply = post_with(&server, &owner, password, &wrong).await.ok(422);
    assert!(is_same(&owner, &reply));
    let page = reply.text();
    assert!(
        page.contains("action=\"/settings/you/password\"") && page.contains("1 field to correct")
    );
    let right = [("old_password", PASSWORD), ("password", GOOD)];
    let reply = post_with(&server, &owner, password, &right).await;
    let owner = renamed(&server, &owner, reply.ok(303)).await;
    // Another address.
    let fields = [("email", "new@northwind.example"), ("password", GOOD)];
    for _ in 0..3 {
        mail.next().await;
    }
    let reply = post_with(&server, &owner, "/settings/you/email", &fields).await;
    let owner = renamed(&server, &owner, reply.ok(303)).await;
    let confirm = link(&mail.next().await, "/new-email/");
    let reply = post_with(&server, &owner, &confirm, &[]).await;
    renamed(&server, &owner, reply.ok(303)).await;
}

#[tokio::test]
async fn a_session_that_ended_while_it_was_shown_again_does_not_come_back() {
    let (server, _mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    server.clock.advance(15 * MINUTE_US);
    let other = signed_in(&server, OWNER).await;
    let fields = [
        ("account", "northwind"),
        ("invitation", "x"),
        ("confirm_password", PASSWORD),
    ];
    let shown = post_with(&server, &owner, "/settings/members/revoke", &fields);
    let ended = post_with(&server, &other, "/settings/you/end-others", &[]);
    let (shown, _) = tokio::join!(shown, ended);
    // Whichever came first: after another look at the list nothing is left.
    post_with(&server, &other, "/settings/you/end-others", &[])
        .await
        .ok(303);
    if let Some(set) = shown.headers.get("set-cookie") {
        let now = set.to_str().unwrap().split(';').next().unwrap();
        get_with(&server, "/settings/you", now).await.ok(303);
    }
    get_with(&server, "/settings/you", &owner).await.ok(303);
}

/// What was made and is shown this once.
const SECRET: &str = "shown this once";

fn hash(id: &str) -> Vec<u8> {
    Sha256::digest(id.as_bytes()).to_vec()
}

/// An act whose session another request renames meanwhile.
async fn renames(State(state): State<AppState>, session: Session) -> Response {
    let now = state.services.now();
    sessions::confirmed(&session, now).await.unwrap();
    let id = session.id().unwrap().to_string();
    let other = state
        .services
        .rename_session(&hash(&id), &hash("other"))
        .await;
    assert!(other.unwrap());
    confirm::changed(SECRET.into_response())
}

#[tokio::test]
async fn an_act_that_asks_again_and_changes_how_somebody_signs_in_renames_their_session_once() {
    let (server, _mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    let secret = offered(&server, &owner).await;
    server.clock.advance(15 * MINUTE_US);
    let one = code(&server, &secret, 0);
    let fields = [
        ("secret", &*secret),
        ("code", &*one),
        ("confirm_password", PASSWORD),
    ];
    let reply = post_with(&server, &owner, "/settings/second-factor/set", &fields).await;
    renamed(&server, &owner, reply.ok(303)).await;
}

#[tokio::test]
async fn a_session_that_another_request_has_renamed_keeps_the_id_that_its_answer_tells() {
    let (mut server, _mail) = with_mail().await;
    let routes = Router::new()
        .route("/act", post(renames))
        .layer(from_fn_with_state(server.state.clone(), confirm::renewed));
    let routes = sessions::layer(routes, &server.state).with_state(server.state.clone());
    server.router = server.router.merge(routes);
    let owner = signed_in(&server, OWNER).await;
    let reply = post_with(&server, &owner, "/act", &[]).await;
    assert_eq!((reply.status.as_u16(), &*reply.text()), (200, SECRET));
    assert!(reply.headers.get("set-cookie").is_none());
    let (_, before) = owner.split_once('=').unwrap();
    let kept = async |id: &str| server.services.session(&hash(id)).await.unwrap();
    assert!(kept("other").await.is_some() && kept(before).await.is_none());
}

/// Where nothing is found and nothing can be stored.
#[derive(Debug)]
struct Broken;

fn broken<T>() -> session_store::Result<T> {
    Err(session_store::Error::Backend("the disk is full".to_owned()))
}

#[async_trait]
impl SessionStore for Broken {
    async fn save(&self, _: &Record) -> session_store::Result<()> {
        broken()
    }

    async fn load(&self, _: &Id) -> session_store::Result<Option<Record>> {
        broken()
    }

    async fn delete(&self, _: &Id) -> session_store::Result<()> {
        broken()
    }
}

#[tokio::test]
async fn what_is_shown_once_is_shown_although_its_session_could_not_be_renamed() {
    let server = TestServer::start().await;
    let act = async || confirm::changed(SECRET.into_response());
    let layer = from_fn_with_state(server.state.clone(), confirm::renewed);
    let routes = Router::new().route("/act", post(act)).layer(layer);
    let mut ask = form("/act").body(Body::empty()).unwrap();
    let session = Session::new(Some(Id::default()), Arc::new(Broken), None);
    ask.extensions_mut().insert(session.clone());
    assert!(sessions::renew(&session, &server.services).await.is_err());
    let reply = routes.oneshot(ask).await.unwrap();
    assert_eq!(reply.status(), 200);
    let body = axum::body::to_bytes(reply.into_body(), 1_024)
        .await
        .unwrap();
    assert_eq!(&*body, SECRET.as_bytes());
}

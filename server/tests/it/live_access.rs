//! The live stream, over a real socket: who may follow what, and when it ends.

use std::net::SocketAddr;

use app::functions::{Asked, LiveMessage};
use domain::{
    Seq, Time,
    live::{LiveFrame, ReadAt},
};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use service::Caller;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use crate::{
    joining::signed_in,
    listener::listening,
    matrix::asks::without_hash,
    pages::with_people,
    support::{NOW, TestServer, event_with},
};

pub type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

pub fn path() -> &'static str {
    leptos::server_fn::axum::server_fn_paths()
        .map(|(path, _)| path)
        .find(|path| without_hash(path) == "/api/fn/follow")
        .unwrap()
}

pub async fn connect(addr: SocketAddr, cookie: &str) -> Socket {
    try_connect(addr, cookie).await.unwrap()
}

pub async fn try_connect(addr: SocketAddr, cookie: &str) -> Result<Socket, Error> {
    let mut request = format!("ws://{addr}{}", path())
        .into_client_request()
        .unwrap();
    let headers = request.headers_mut();
    headers.insert("cookie", cookie.parse().unwrap());
    headers.insert("origin", format!("http://{addr}").parse().unwrap());
    Ok(connect_async(request).await?.0)
}

pub async fn follow(socket: &mut Socket, query: &str, as_of: Seq) {
    let asked = Asked {
        view: 1,
        query: query.to_owned(),
        from: Some(at(as_of)),
        ..Asked::default()
    };
    socket.send(asking(&asked)).await.unwrap();
}

/// Where a page was read when the test began.
pub fn at(as_of: Seq) -> ReadAt {
    ReadAt {
        as_of,
        books: 0,
        now: NOW.parse::<Time>().unwrap(),
    }
}

/// What a page sends to follow a view.
pub fn asking(asked: &Asked) -> Message {
    let mut bytes = vec![0];
    bytes.extend(postcard::to_allocvec(asked).unwrap());
    Message::Binary(bytes.into())
}

/// The next frame; an error as its bytes; none when the stream is over.
pub async fn next(socket: &mut Socket) -> Option<Result<LiveFrame, Vec<u8>>> {
    loop {
        let message = socket.next().await?.ok()?;
        let bytes = match message {
            Message::Binary(bytes) => bytes.to_vec(),
            Message::Close(_) => return None,
            _ => continue,
        };
        let (tag, rest) = bytes.split_first().unwrap();
        return Some(match tag {
            0 => Ok(postcard::from_bytes::<LiveMessage>(rest).unwrap().frame),
            _ => Err(rest.to_vec()),
        });
    }
}

/// The rows of the next delta that has any; frames before it must not have been anything else.
async fn next_rows(socket: &mut Socket) -> Vec<String> {
    loop {
        match next(socket).await.unwrap().unwrap() {
            LiveFrame::Delta(delta) if !delta.rows.is_empty() => {
                return delta.rows.into_iter().map(|row| row.id).collect();
            }
            LiveFrame::Delta(_)
            | LiveFrame::Hello { .. }
            | LiveFrame::Beat
            | LiveFrame::Parts(_) => {}
            LiveFrame::Resync => panic!("a resync"),
        }
    }
}

pub async fn spend(server: &TestServer, id: &str, company: &str) {
    let mut event = event_with(id, "/data/credits", json!("1"));
    event["subject"] = json!(company);
    server.post_events(&event).await.ok(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_follows_its_company_and_others_look_like_nothing() {
    let server = with_people().await;
    let (addr, _stop, _running) = listening(&server).await;
    let client = signed_in(&server, "client@acme.example").await;
    let mut socket = connect(addr, &client).await;
    follow(&mut socket, "account=northwind", Seq::ZERO).await;
    assert!(matches!(
        next(&mut socket).await,
        Some(Ok(LiveFrame::Hello { .. }))
    ));
    spend(&server, "spa", "bluewater-spa").await;
    spend(&server, "acme", "acme-dental").await;
    assert_eq!(next_rows(&mut socket).await, ["acme"]);
    let mut refusals = Vec::new();
    for query in ["account=brightside", "account=nowhere"] {
        let mut socket = connect(addr, &client).await;
        follow(&mut socket, query, Seq::ZERO).await;
        refusals.push(next(&mut socket).await.unwrap().unwrap_err());
    }
    assert_eq!(refusals[0], refusals[1]);
    let mut companies = Vec::new();
    for company in ["bluewater-spa", "none-of-these"] {
        let mut socket = connect(addr, &client).await;
        follow(
            &mut socket,
            &format!("account=northwind&company={company}"),
            Seq::ZERO,
        )
        .await;
        let refusal = next(&mut socket).await.unwrap().unwrap_err();
        companies.push(String::from_utf8_lossy(&refusal).replace(company, "…"));
    }
    assert_eq!(companies[0], companies[1]);
    // Nobody follows nothing: there is not even a socket.
    let refused = try_connect(addr, "").await;
    let Err(Error::Http(answer)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(answer.status(), 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_session_and_with_what_it_may_show() {
    let server = with_people().await;
    let (addr, _stop, _running) = listening(&server).await;
    let operator = Caller::operator("test");
    let owner = signed_in(&server, "owner@northwind.example").await;
    let client = signed_in(&server, "client@acme.example").await;
    let mut sockets = Vec::new();
    for cookie in [&owner, &client] {
        let mut socket = connect(addr, cookie).await;
        follow(&mut socket, "account=northwind", Seq::ZERO).await;
        assert!(matches!(
            next(&mut socket).await,
            Some(Ok(LiveFrame::Hello { .. }))
        ));
        sockets.push(socket);
    }
    let begun = tokio::time::Instant::now();
    let services = &server.services;
    services
        .set_disabled(&operator, "owner@northwind.example", true)
        .await
        .unwrap();
    // Something happens all the while, and they must not be told.
    while let Some(frame) = next(&mut sockets[0]).await {
        assert!(!matches!(frame, Ok(LiveFrame::Delta(_))));
    }
    println!(
        "ended {} ms after the person was disabled",
        begun.elapsed().as_millis()
    );
    // The other one goes on until what it may see changes.
    spend(&server, "acme", "acme-dental").await;
    assert_eq!(next_rows(&mut sockets[1]).await, ["acme"]);
    let scope = services
        .scope(&operator, Some("northwind"), service::Permission::Manage)
        .await
        .unwrap();
    let members = services.members(&scope).await.unwrap();
    let member = members
        .iter()
        .find(|member| member.email == "client@acme.example")
        .unwrap();
    let place = service::members::Place {
        role: domain::tenancy::Role::Client,
        companies: vec!["bluewater-spa".to_owned()],
    };
    services
        .change_member(&scope, member.id, &place, None)
        .await
        .unwrap();
    while next(&mut sockets[1]).await.is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_when_the_operator_replaces_the_password() {
    let server = with_people().await;
    let (addr, _stop, _running) = listening(&server).await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let mut socket = connect(addr, &owner).await;
    follow(&mut socket, "account=northwind", Seq::ZERO).await;
    assert!(matches!(
        next(&mut socket).await,
        Some(Ok(LiveFrame::Hello { .. }))
    ));
    crate::own_sessions::replace_password(&server, "owner@northwind.example").await;
    while let Some(frame) = next(&mut socket).await {
        assert!(!matches!(frame, Ok(LiveFrame::Delta(_))));
    }
    let again = try_connect(addr, &owner).await;
    let Err(Error::Http(answer)) = again else {
        panic!("{again:?}");
    };
    assert_eq!(answer.status(), 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_platforms_link_whether_it_is_over_or_taken_back() {
    let server = with_people().await;
    let (addr, _stop, _running) = listening(&server).await;
    let ask = json!({ "user": "ada", "role": "owner", "expires_in_s": 600 });
    let path = "/api/v1/accounts/northwind/portal-sessions";
    let enter = async || {
        let url = server.post(path, &ask).await.ok(201).json()["url"].clone();
        let link = url.as_str().unwrap();
        let link = &link[link.find("/portal/").unwrap()..];
        let entered = crate::joining::post(&server, "", link, &[]).await.ok(303);
        let cookie = crate::pages::cookie(&entered);
        let mut socket = connect(addr, &cookie).await;
        follow(&mut socket, "account=northwind", Seq::ZERO).await;
        let hello = next(&mut socket).await;
        assert!(matches!(hello, Some(Ok(LiveFrame::Hello { .. }))));
        (cookie, socket)
    };
    let is_over = async |cookie: &str, socket: &mut Socket| {
        while let Some(frame) = next(socket).await {
            assert!(!matches!(frame, Ok(LiveFrame::Delta(_))));
        }
        let again = try_connect(addr, cookie).await;
        let Err(Error::Http(answer)) = again else {
            panic!("{again:?}");
        };
        assert_eq!(answer.status(), 401);
    };
    let (cookie, mut socket) = enter().await;
    server.clock.advance(600 * 1_000_000);
    is_over(&cookie, &mut socket).await;
    let (cookie, mut socket) = enter().await;
    let operator = Caller::operator("test");
    let ended = server
        .services
        .end_portal_user(&operator, "northwind", "ada")
        .await;
    // The one whose time is over is removed with it.
    assert_eq!(ended.unwrap(), 2);
    is_over(&cookie, &mut socket).await;
}

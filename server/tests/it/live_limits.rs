//! The live stream against those who send too much, ask too fast, come too often, or do not read.

use std::time::Duration;

use app::{error::AppError, functions::Asked};
use domain::{Seq, live::LiveFrame};
use futures::{SinkExt as _, StreamExt as _};
use leptos::server_fn::error::FromServerFnError as _;
use server::{listener::Bounds, middleware::address::Proxies, state::Edge, web::live::LiveLimits};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::{
    joining::signed_in,
    listener::{exchange, listening, listening_in},
    live_access::{Socket, connect, follow, next, path, spend},
    pages::add_people,
    support::TestServer,
};

/// As long as anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
const OWNER: &str = "owner@northwind.example";
const CLIENT: &str = "client@acme.example";

async fn server(live: LiveLimits) -> TestServer {
    let edge = Edge {
        live,
        ..Edge::default()
    };
    let server = TestServer::start_edge(edge).await;
    add_people(&server).await;
    server
}

fn few(most: u32) -> LiveLimits {
    LiveLimits {
        person: most,
        ..LiveLimits::default()
    }
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("{what}"));
}

async fn until_open(server: &TestServer, count: u32) {
    let what = format!("there are not {count} streams");
    until(&what, || server.state.places.open() == count).await;
}

/// The code a stream is closed with; none when the connection just ends.
async fn closed(socket: &mut Socket) -> Option<u16> {
    let closing = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| frame.code.into());
            }
        }
        None
    };
    tokio::time::timeout(PATIENCE, closing).await.unwrap()
}

async fn is_followed(socket: &mut Socket) -> bool {
    follow(socket, "account=northwind", Seq::ZERO).await;
    matches!(next(socket).await, Some(Ok(LiveFrame::Hello { .. })))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_large_ends_its_stream_and_no_other() {
    let server = server(LiveLimits::default()).await;
    let (addr, _stop, _running) = listening(&server).await;
    let owner = signed_in(&server, OWNER).await;
    let mut other = connect(addr, &owner).await;
    assert!(is_followed(&mut other).await);
    for bytes in [17 * 1024, 14 * 1024 * 1024] {
        let mut socket = connect(addr, &owner).await;
        assert!(is_followed(&mut socket).await);
        until_open(&server, 2).await;
        // The connection may be gone before everything was sent.
        let _ = socket.send(Message::Binary(vec![0; bytes].into())).await;
        assert!(matches!(closed(&mut socket).await, None | Some(1009)));
        drop(socket);
        until_open(&server, 1).await;
    }
    // Nor is it taken in parts.
    let mut socket = connect(addr, &owner).await;
    let parts = (0..40).map(|number| part(number == 0));
    for part in parts {
        if socket.send(Message::Frame(part)).await.is_err() {
            break;
        }
    }
    assert!(matches!(closed(&mut socket).await, None | Some(1009)));
    drop(socket);
    until_open(&server, 1).await;
    spend(&server, "acme", "acme-dental").await;
    assert!(matches!(
        next(&mut other).await,
        Some(Ok(LiveFrame::Delta(_)))
    ));
}

/// A kilobyte of a message that goes on.
fn part(is_first: bool) -> tokio_tungstenite::tungstenite::protocol::frame::Frame {
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };
    let kind = if is_first {
        Data::Binary
    } else {
        Data::Continue
    };
    Frame::message(vec![0; 1024], OpCode::Data(kind), false)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_asks_too_fast_is_cut_off() {
    let server = server(LiveLimits::default()).await;
    let (addr, _stop, _running) = listening(&server).await;
    let owner = signed_in(&server, OWNER).await;
    for is_asking in [true, false] {
        let mut socket = connect(addr, &owner).await;
        for _ in 0..500 {
            let sent = if is_asking {
                let asked = Asked {
                    view: 1,
                    query: "account=northwind".to_owned(),
                    from: Some(crate::live_access::at(Seq::ZERO)),
                    ..Asked::default()
                };
                socket.send(crate::live_access::asking(&asked)).await
            } else {
                socket.send(Message::Ping(vec![0; 100].into())).await
            };
            if sent.is_err() {
                break;
            }
        }
        assert!(matches!(closed(&mut socket).await, None | Some(1008)));
        drop(socket);
        until_open(&server, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_live_page_too_many_is_told_so_until_another_is_closed() {
    let server = server(few(2)).await;
    let (addr, _stop, _running) = listening(&server).await;
    let owner = signed_in(&server, OWNER).await;
    let mut first = connect(addr, &owner).await;
    let mut second = connect(addr, &owner).await;
    assert!(is_followed(&mut first).await && is_followed(&mut second).await);
    let mut third = connect(addr, &owner).await;
    // As a page does: it asks before it is told.
    follow(&mut third, "account=northwind", Seq::ZERO).await;
    let told = next(&mut third).await.unwrap().unwrap_err();
    assert_eq!(told, AppError::TooMany.ser());
    assert_eq!(closed(&mut third).await, Some(1013));
    // Somebody else has their own.
    let client = signed_in(&server, CLIENT).await;
    assert!(is_followed(&mut connect(addr, &client).await).await);
    until_open(&server, 2).await;
    drop(first);
    until_open(&server, 1).await;
    assert!(is_followed(&mut connect(addr, &owner).await).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_and_an_address_have_only_so_many_live_pages_whoever_looks() {
    for live in [
        LiveLimits {
            account: 1,
            ..LiveLimits::default()
        },
        LiveLimits {
            address: 1,
            ..LiveLimits::default()
        },
    ] {
        let server = server(live).await;
        let (addr, _stop, _running) = listening(&server).await;
        let owner = signed_in(&server, OWNER).await;
        let client = signed_in(&server, CLIENT).await;
        let mut first = connect(addr, &owner).await;
        assert!(is_followed(&mut first).await);
        // Whoever shows another view of it in the same tab has one still.
        assert!(is_followed(&mut first).await);
        let mut second = connect(addr, &client).await;
        follow(&mut second, "account=northwind", Seq::ZERO).await;
        let told = next(&mut second).await.unwrap().unwrap_err();
        assert_eq!(told, AppError::TooMany.ser());
        assert_eq!(closed(&mut second).await, Some(1013));
        drop(first);
        until_open(&server, 0).await;
        assert!(is_followed(&mut connect(addr, &client).await).await);
    }
}

#[test]
fn of_the_usual_limits_of_one_address_that_of_live_pages_binds_first() {
    let (live, bounds) = (LiveLimits::default(), Bounds::default());
    assert!(live.address >= 2_000 && live.person >= live.address);
    assert!(live.address + 500 <= bounds.connections_address);
    assert!(live.account + bounds.connections_address <= bounds.connections);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_all_live_pages_of_an_address_is_told_so_and_still_reads_pages() {
    let bounds = Bounds {
        connections_address: 4,
        ..Bounds::default()
    };
    let live = LiveLimits {
        address: 2,
        ..LiveLimits::default()
    };
    let server = TestServer::start_edge(Edge {
        live,
        bounds,
        ..Edge::default()
    })
    .await;
    add_people(&server).await;
    let router = server.router.clone();
    let (addr, _stop, _running) = listening_in(router, bounds, Proxies::default()).await;
    let owner = signed_in(&server, OWNER).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut socket = connect(addr, &owner).await;
        assert!(is_followed(&mut socket).await);
        open.push(socket);
    }
    let mut third = connect(addr, &owner).await;
    let told = next(&mut third).await.unwrap().unwrap_err();
    assert_eq!(told, AppError::TooMany.ser());
    assert_eq!(closed(&mut third).await, Some(1013));
    drop(third);
    let request = format!(
        "GET /billing/usage HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {owner}\r\n\r\n"
    );
    let answer = exchange(addr, &request).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Where one connection comes from, and then no other.
struct OnePipe(Option<tokio::io::DuplexStream>);

impl axum::serve::Listener for OnePipe {
    type Io = tokio::io::DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.0.take() {
            Some(pipe) => (pipe, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(())
    }
}

/// A socket to a server over a pipe that holds next to nothing.
async fn through_a_pipe(
    server: &TestServer,
    cookie: &str,
) -> WebSocketStream<tokio::io::DuplexStream> {
    let (ours, theirs) = tokio::io::duplex(256);
    let router = server.router.clone();
    tokio::spawn(async move { axum::serve(OnePipe(Some(theirs)), router).await });
    let mut request = format!("ws://localhost{}", path())
        .into_client_request()
        .unwrap();
    let headers = request.headers_mut();
    headers.insert("cookie", cookie.parse().unwrap());
    headers.insert("origin", "http://localhost".parse().unwrap());
    client_async(request, ours).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_does_not_read_is_cut_off() {
    let server = server(LiveLimits {
        write_time: Duration::from_millis(300),
        ..LiveLimits::default()
    })
    .await;
    let owner = signed_in(&server, OWNER).await;
    let mut socket = through_a_pipe(&server, &owner).await;
    let asked = Asked {
        view: 1,
        query: "account=northwind".to_owned(),
        from: Some(crate::live_access::at(Seq::ZERO)),
        ..Asked::default()
    };
    let asking = crate::live_access::asking(&asked);
    socket.send(asking.clone()).await.unwrap();
    until_open(&server, 1).await;
    // Who reads stays; and then reads no more.
    let hello = socket.next().await.unwrap().unwrap();
    assert!(matches!(hello, Message::Binary(_)));
    for number in 0..5 {
        spend(&server, &format!("event-{number}"), "acme-dental").await;
    }
    until_open(&server, 0).await;
    drop(socket);
}

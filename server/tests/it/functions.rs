//! Server functions that are called by no page of ours.

use app::error::AppError;
use axum::{body::Body, http::Method};
use domain::activity::LogAsk;
use leptos::server_fn::error::FromServerFnError as _;

use crate::{
    joining::signed_in,
    matrix::asks::{function, packed, without_hash},
    pages::with_people,
    support::{Reply, TestServer, request},
};

async fn call(server: &TestServer, cookie: &str, path: &str, arguments: Vec<u8>) -> Reply {
    let asked = request(Method::POST, path, "").header("cookie", cookie);
    server
        .send(asked.body(Body::from(arguments)).unwrap())
        .await
}

/// What can be wrong with a call: nothing sent, less than was announced, no text, lengths without an end.
const MALFORMED: [&[u8]; 6] = [
    b"",
    b"\x20account",
    b"\x02\xff\xfe",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    b"query=account%3Dnorthwind",
    &[0xff; 4096],
];

#[tokio::test]
async fn a_call_that_cannot_be_read_is_told_so_and_is_no_fault_of_ours() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let mut called = 0;
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        if without_hash(path) == "/api/fn/follow" {
            continue;
        }
        assert_eq!(method, Method::POST, "{path}");
        for arguments in MALFORMED {
            let reply = call(&server, &owner, path, arguments.to_vec()).await;
            let status = reply.status.as_u16();
            assert_eq!(status, 400, "{path} {arguments:?}");
            let why = AppError::de(reply.body.clone().into());
            assert_eq!(why, AppError::Unreadable, "{path} {arguments:?}");
            called += 1;
        }
    }
    // What is read and cannot be right is told apart from it.
    let view = "account=northwind&period=never";
    for (name, arguments) in [
        ("load_page", packed(&(view,))),
        ("read_log", packed(&(view, LogAsk::Newest, 20_u32))),
        ("read_receipt", packed(&(view, "a", "b"))),
    ] {
        let reply = call(&server, &owner, function(name), arguments).await;
        assert_eq!(reply.status.as_u16(), 422, "{name}");
        called += 1;
    }
    assert!(called >= 21, "{called}");
}

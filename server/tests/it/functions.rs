//! Server functions that are called by no page of ours.

use app::error::AppError;
use axum::http::Method;
use leptos::server_fn::error::FromServerFnError as _;

use crate::{
    joining::{get, signed_in},
    matrix::asks::without_hash,
    pages::with_people,
};

/// What can be wrong with a call.
const MALFORMED: [&str; 6] = [
    "",
    "?",
    "?quer",
    "?query=account%3Dnorthwind&query=a&limit=many&ask=Sideways",
    "?query[0]=a&search[]=&limit[x]=1&source[1]=",
    "?%ff%fe=%00&=&&;=%",
];

#[tokio::test]
async fn a_call_that_cannot_be_read_is_told_so_and_is_no_fault_of_ours() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let mut called = 0;
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        assert_eq!(method, Method::GET, "{path}");
        if without_hash(path) == "/api/fn/follow" {
            continue;
        }
        for query in MALFORMED {
            let reply = get(&server, &owner, &format!("{path}{query}")).await;
            let status = reply.status.as_u16();
            assert_eq!(status, 400, "{path}{query}");
            let why = AppError::de(reply.body.clone().into());
            assert_eq!(why, AppError::Unreadable, "{path}{query}");
            called += 1;
        }
        // What is read and cannot be right is told apart from it.
        let view = "?query=account%3Dnorthwind%26period%3Dnever";
        let rest = "&ask=Newest&limit=20&source=a&id=b&search=";
        let reply = get(&server, &owner, &format!("{path}{view}{rest}")).await;
        assert!(reply.status.is_client_error(), "{path}: {}", reply.status);
        called += 1;
    }
    assert!(called >= 21, "{called}");
}

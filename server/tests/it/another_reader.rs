//! Somebody signs in anew in another window: nothing is shown to them, or done in their name, from a page that somebody
//! else read.

use axum::{body::Body, http::Method};
use futures::StreamExt as _;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::{
    joining::{get, signed_in},
    listener::listening,
    live_access::path,
    matrix::asks,
    pages::{form, with_people},
    support::{TestServer, request},
};

const OWNER: &str = "owner@northwind.example";
const CLIENT: &str = "client@acme.example";

/// What a page says of who read it.
async fn mark(server: &TestServer, cookie: &str) -> String {
    let page = get(server, cookie, "/billing/trends").await.ok(200).text();
    let mark = page.split("data-reader=\"").nth(1).unwrap();
    mark.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_somebody_else_is_followed_by_nobody() {
    let server = with_people().await;
    let (addr, _stop, _running) = listening(&server).await;
    let (owner, client) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, CLIENT).await,
    );
    let of_owner = mark(&server, &owner).await;
    for (cookie, is_followed) in [(&owner, true), (&client, false)] {
        let address = format!("ws://{addr}{}?reader={of_owner}", path());
        let mut request = address.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("cookie", cookie.parse().unwrap());
        headers.insert("origin", format!("http://{addr}").parse().unwrap());
        let mut socket = connect_async(request).await.unwrap().0;
        if is_followed {
            continue;
        }
        let Some(Ok(Message::Close(Some(closed)))) = socket.next().await else {
            panic!("it is followed");
        };
        assert_eq!(u16::from(closed.code), 4001);
    }
}

#[tokio::test]
async fn a_form_of_somebody_else_does_nothing_and_the_page_is_loaded_again() {
    let server = with_people().await;
    let (owner, client) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, CLIENT).await,
    );
    let of_client = mark(&server, &client).await;
    let body = "account=northwind&next=/billing/alerts&on=true";
    let send = async |reader: Option<&str>| {
        let mut sent = form("/billing/alerts/digest")
            .header("cookie", &owner)
            .header("origin", "http://localhost")
            .header("x-visit", "1");
        if let Some(reader) = reader {
            sent = sent.header("x-reader", reader);
        }
        server.send(sent.body(Body::from(body)).unwrap()).await
    };
    let refused = send(Some(&of_client)).await.ok(200);
    assert_eq!(refused.header("x-elsewhere"), "/");
    send(Some(&mark(&server, &owner).await)).await.ok(303);
    send(None).await.ok(303);
}

#[tokio::test]
async fn a_function_that_a_page_of_somebody_else_calls_is_not_answered() {
    let server = with_people().await;
    let (owner, client) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, CLIENT).await,
    );
    let (of_owner, of_client) = (mark(&server, &owner).await, mark(&server, &client).await);
    let function = asks::function("load_page");
    for (reader, status) in [(of_owner, 200), (of_client, 401)] {
        let asked = request(Method::POST, function, "")
            .header("cookie", &owner)
            .header("x-reader", reader);
        let arguments = asks::packed(&("account=northwind",));
        server
            .send(asked.body(Body::from(arguments)).unwrap())
            .await
            .ok(status);
    }
}

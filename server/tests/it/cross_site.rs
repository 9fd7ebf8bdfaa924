//! Who acts is told by a cookie or by a key, never by both, and no header makes up for coming from another site.

use axum::{body::Body, http::Method};
use leptos::server_fn::error::FromServerFnError as _;

use crate::{
    joining::{forms, signed_in},
    matrix::asks::without_hash,
    pages::{form, with_people},
    support::{TestServer, event, request},
};

const OWNER: &str = "owner@northwind.example";
/// Everything that people do but what is in [`forms`].
pub const OTHERS: [&str; 26] = [
    "/sign-in",
    "/sign-out",
    "/settings/brand",
    "/settings/you/password",
    "/settings/you/email",
    "/settings/second-factor/set",
    "/settings/second-factor/codes",
    "/settings/second-factor/remove",
    "/settings/second-factor/app/remove",
    "/settings/second-factor/passkeys/new",
    "/settings/second-factor/passkeys/add",
    "/settings/second-factor/passkeys/remove",
    "/settings/second-factor/passkeys/ask",
    "/settings/members/second-factor",
    "/sign-in/code",
    "/sign-in/passkey",
    "/forgot-password",
    "/reset-password/x",
    "/new-email/x",
    "/undo-email/x",
    "/settings/you/end",
    "/settings/you/end-others",
    "/invitations/x",
    "/unsubscribe/x",
    "/portal/x",
    "/nothing",
];

/// What a browser says of a request that another site's page started: today's browsers, and those before them.
const FOREIGN: [&[(&str, &str)]; 6] = [
    &[("sec-fetch-site", "cross-site"), ("origin", "null")],
    &[
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ],
    &[("sec-fetch-site", "same-site")],
    &[("origin", "null")],
    &[("origin", "https://evil.example")],
    &[("origin", "http://localhost.evil.example")],
];

/// What might pass for a key.
fn authorizations(server: &TestServer) -> [String; 5] {
    [
        "Basic x".to_owned(),
        "Bearer garbage".to_owned(),
        format!("Bearer {}", server.platform),
        format!("Bearer {}", server.read),
        String::new(),
    ]
}

#[tokio::test]
async fn no_authorization_header_lets_another_site_act_with_a_cookie() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let paths = forms().into_iter().map(|(path, _)| path).chain(OTHERS);
    for path in paths.chain(functions()) {
        for foreign in FOREIGN {
            for authorization in authorizations(&server) {
                let mut request = form(path)
                    .header("cookie", &owner)
                    .header("authorization", authorization);
                for (name, value) in foreign {
                    request = request.header(*name, *value);
                }
                let request = request.body(Body::empty()).unwrap();
                server.send(request).await.problem(403);
            }
        }
    }
}

/// Functions that pages call.
fn functions() -> impl Iterator<Item = &'static str> {
    let paths = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path);
    paths.filter(|path| without_hash(path) != "/api/fn/follow")
}

#[test]
fn every_form_is_tried() {
    let source = include_str!("../../src/web.rs");
    let served = source.matches("post(").count();
    // One of the others is no form: what is not there is refused alike. All functions are one route.
    assert!(functions().count() >= 3);
    assert_eq!(served, forms().len() + OTHERS.len());
}

#[tokio::test]
async fn no_authorization_header_keeps_a_page_of_our_own_from_acting() {
    let server = with_people().await;
    for authorization in authorizations(&server) {
        let owner = signed_in(&server, OWNER).await;
        let out = form("/sign-out")
            .header("cookie", &owner)
            .header("origin", "http://localhost")
            .header("authorization", authorization);
        server.send(out.body(Body::empty()).unwrap()).await.ok(303);
        let page = request(Method::GET, "/billing/usage", "").header("cookie", &owner);
        server.send(page.body(Body::empty()).unwrap()).await.ok(303);
    }
}

#[tokio::test]
async fn no_authorization_header_opens_a_socket_to_another_site() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    for foreign in FOREIGN {
        for authorization in authorizations(&server) {
            let mut socket = request(Method::GET, "/api/fn/anything", "")
                .header("upgrade", "websocket")
                .header("host", "localhost")
                .header("cookie", &owner)
                .header("authorization", authorization);
            for (name, value) in foreign {
                socket = socket.header(*name, *value);
            }
            let socket = socket.body(Body::empty()).unwrap();
            server.send(socket).await.problem(403);
        }
    }
}

#[tokio::test]
async fn where_a_key_decides_a_cookie_says_nothing_and_where_a_cookie_does_a_key_says_nothing() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let get = async |path: &str, authorization: &str| {
        let request = request(Method::GET, path, "")
            .header("cookie", &owner)
            .header("authorization", authorization);
        server.send(request.body(Body::empty()).unwrap()).await
    };
    for wrong in ["Basic x", "Bearer garbage", ""] {
        get("/api/v1/balance", wrong).await.problem(401);
    }
    // The key is of another account than the person.
    let theirs = get(
        "/api/v1/accounts/brightside/companies",
        &format!("Bearer {}", server.foreign),
    )
    .await;
    let theirs = theirs.ok(200).text();
    assert!(theirs.contains("brightside-east") && !theirs.contains("acme-dental"));
    get("/billing/usage", "Basic x").await.ok(200);
    server.get("/billing/usage", &server.platform).await.ok(303);
    // A program may come with whatever headers it likes; a cookie without a key writes nothing.
    for (token, status) in [(&*server.ingest, 204), ("", 401)] {
        let write = request(Method::POST, "/api/v1/events", token)
            .header("cookie", &owner)
            .header("sec-fetch-site", "cross-site")
            .header("origin", "https://evil.example")
            .header("content-type", "application/json");
        let write = write.body(Body::from(event("a").to_string())).unwrap();
        assert_eq!(server.send(write).await.status.as_u16(), status);
    }
}

#[tokio::test]
async fn functions_tell_who_is_signed_out_so_and_never_lead_elsewhere() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let paths = leptos::server_fn::axum::server_fn_paths();
    let mut asked = 0;
    for (path, method) in paths.filter(|(path, _)| without_hash(path) != "/api/fn/follow") {
        for cookie in ["", &owner] {
            for arguments in [&b""[..], b"\0", b"\x11account=northwind", b"nonsense"] {
                let request = request(method.clone(), path, "")
                    .header("cookie", cookie)
                    .header("accept", "text/html,*/*")
                    .header("referer", "https://evil.example/")
                    .header("host", "localhost");
                let reply = server
                    .send(request.body(Body::from(arguments.to_vec())).unwrap())
                    .await;
                assert!(!reply.status.is_redirection(), "{path} {arguments:?}");
                assert!(
                    !reply.headers.contains_key("location"),
                    "{path} {arguments:?}"
                );
                if cookie.is_empty() {
                    assert_eq!(reply.status, 401, "{path} {arguments:?}");
                    let told = app::error::AppError::de(reply.body.into());
                    assert_eq!(told, app::error::AppError::SignedOut);
                } else {
                    assert_ne!(reply.status, 401, "{path} {arguments:?}");
                }
                asked += 1;
            }
        }
    }
    assert!(asked >= 24, "{asked}");
}

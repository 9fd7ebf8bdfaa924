//! One's own sessions and password, sessions of a platform's users, and how they end.

use axum::{body::Body, http::Method};
use serde_json::json;
use server::state::{Edge, Origin};
use service::Caller;

use crate::{
    joining::{GOOD, get, outcome, post, signed_in},
    pages::{PASSWORD, cookie, sign_in, with_people},
    support::{TestServer, request},
};

const OWNER: &str = "owner@northwind.example";

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_and_all_others() {
    let server = with_people().await;
    let (one, two, three) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, OWNER).await,
        signed_in(&server, OWNER).await,
    );
    let page = get(&server, &one, "/settings/you").await.ok(200).text();
    let ids: Vec<_> = page
        .split("name=\"session\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 2);
    // Only a hash of a session's id is ever shown.
    assert!(!page.contains(one.split('=').nth(1).unwrap()));
    post(&server, &one, "/settings/you/end", &[("session", &ids[0])])
        .await
        .ok(303);
    let left = [&two, &three];
    let mut works = 0;
    for cookie in left {
        works += usize::from(get(&server, cookie, "/settings/you").await.status == 200);
    }
    assert_eq!(works, 1);
    // Somebody else's session is not one's own to end.
    let client = signed_in(&server, "client@acme.example").await;
    post(
        &server,
        &client,
        "/settings/you/end",
        &[("session", &ids[1])],
    )
    .await
    .ok(404);
    post(&server, &one, "/settings/you/end-others", &[])
        .await
        .ok(303);
    for cookie in left {
        get(&server, cookie, "/settings/you").await.ok(303);
    }
    get(&server, &one, "/settings/you").await.ok(200);
    get(&server, &client, "/settings/you").await.ok(200);
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_other_sessions() {
    let server = with_people().await;
    let (one, two) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, OWNER).await,
    );
    let change = async |old: &str, new: &str| {
        let fields = [("old_password", old), ("password", new)];
        let reply = post(&server, &one, "/settings/you/password", &fields).await;
        outcome(&reply)
    };
    assert!(
        change("wrong horse", GOOD)
            .await
            .contains("Incorrect password.")
    );
    assert!(change(PASSWORD, "12345678").await.contains("too easy"));
    get(&server, &two, "/settings/you").await.ok(200);
    assert!(change(PASSWORD, GOOD).await.contains("done=/"));
    get(&server, &one, "/settings/you").await.ok(200);
    get(&server, &two, "/settings/you").await.ok(303);
    assert!(
        sign_in(&server, OWNER, PASSWORD, "/")
            .await
            .ok(422)
            .text()
            .contains("Incorrect email or password.")
    );
    assert_eq!(
        sign_in(&server, OWNER, GOOD, "/").await.header("location"),
        "/"
    );
}

#[tokio::test]
async fn a_session_ends_in_the_end_however_much_it_is_used() {
    let server = with_people().await;
    let cookie = signed_in(&server, OWNER).await;
    for _ in 0..9 {
        server.clock.advance(10 * domain::time::DAY_US);
        get(&server, &cookie, "/settings/you").await.ok(200);
    }
    server.clock.advance(domain::time::DAY_US);
    get(&server, &cookie, "/settings/you").await.ok(303);
}

#[tokio::test]
async fn disabling_a_person_keeps_them_out_at_once() {
    let server = with_people().await;
    let cookie = signed_in(&server, OWNER).await;
    let operator = Caller::operator("test");
    server
        .services
        .set_disabled(&operator, OWNER, true)
        .await
        .unwrap();
    get(&server, &cookie, "/billing/usage").await.ok(303);
    assert!(
        sign_in(&server, OWNER, PASSWORD, "/")
            .await
            .ok(422)
            .text()
            .contains("Incorrect email or password.")
    );
    server
        .services
        .set_disabled(&operator, OWNER, false)
        .await
        .unwrap();
    // The old session stays ended.
    get(&server, &cookie, "/billing/usage").await.ok(303);
    assert_eq!(
        sign_in(&server, OWNER, PASSWORD, "/")
            .await
            .header("location"),
        "/"
    );
}

#[tokio::test]
async fn a_password_that_the_operator_replaces_ends_the_persons_sessions_and_nobody_elses() {
    let server = with_people().await;
    let (one, two) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, OWNER).await,
    );
    let client = signed_in(&server, "client@acme.example").await;
    replace_password(&server, OWNER).await;
    for cookie in [&one, &two] {
        get(&server, cookie, "/billing/usage").await.ok(303);
        get(&server, cookie, "/api/v1/balance").await.problem(401);
    }
    get(&server, &client, "/billing/usage").await.ok(200);
    let old = sign_in(&server, OWNER, PASSWORD, "/").await.ok(422);
    assert!(old.text().contains("Incorrect email or password."));
    let new = cookie(&sign_in(&server, OWNER, GOOD, "/").await.ok(303));
    get(&server, &new, "/billing/usage").await.ok(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_in_while_the_password_is_replaced_does_not_stay() {
    let server = with_people().await;
    for _ in 0..4 {
        crate::pages::add_people(&server).await;
        let (old, ()) = tokio::join!(
            sign_in(&server, OWNER, PASSWORD, "/"),
            replace_password(&server, OWNER)
        );
        if old.headers.contains_key("set-cookie") {
            let page = get(&server, &cookie(&old), "/billing/usage").await;
            page.ok(303);
        }
    }
}

/// Gives an owner of the account another password, as `creditscope user create` does.
pub async fn replace_password(server: &TestServer, email: &str) {
    let joining = service::users::Joining {
        account: "northwind".to_owned(),
        role: domain::tenancy::Role::Owner,
        companies: vec![],
    };
    let user = service::users::PutUser {
        email: email.to_owned(),
        name: email.to_owned(),
        password: GOOD.to_owned(),
        platform_role: None,
        memberships: vec![joining],
    };
    let operator = Caller::operator("test");
    server.services.put_user(&operator, user).await.unwrap();
}

#[tokio::test]
async fn over_tls_the_cookie_can_be_set_by_no_other_host() {
    let server = TestServer::start_at(Origin {
        url: Some("https://credits.example".to_owned()),
        local: None,
    })
    .await;
    crate::pages::add_people(&server).await;
    let reply = sign_in(&server, OWNER, PASSWORD, "/").await.ok(303);
    let set = reply.header("set-cookie");
    assert!(
        set.starts_with("__Host-creditscope_session=") && set.contains("Secure"),
        "{set}"
    );
    get(&server, &cookie(&reply), "/settings/you").await.ok(200);
}

async fn portal_url(server: &TestServer, body: &serde_json::Value) -> String {
    let path = "/api/v1/accounts/northwind/portal-sessions";
    let made = server.post(path, body).await.ok(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let url = made.json()["url"].as_str().unwrap().to_owned();
    url.strip_prefix("http://localhost").unwrap().to_owned()
}

#[tokio::test]
async fn a_portal_link_signs_in_once_and_for_as_long_as_was_said() {
    let server = TestServer::start().await;
    let ask = json!({ "user": "ada", "role": "client", "companies": ["acme-dental"], "expires_in_s": 600 });
    let link = portal_url(&server, &ask).await;
    let reply = post(&server, "", &link, &[]).await.ok(303);
    assert_eq!(reply.header("location"), "/billing/usage");
    let set = reply.header("set-cookie").to_owned();
    for part in [
        "__Host-creditscope_portal=",
        "Secure",
        "HttpOnly",
        "SameSite=None",
        "Partitioned",
        "Path=/",
        "Max-Age=600",
    ] {
        assert!(set.contains(part), "{part} is missing in {set}");
    }
    let ada = cookie(&reply);
    let page = get(&server, &ada, "/billing/usage").await.ok(200).text();
    assert!(page.contains("acme-dental") && !page.contains("bluewater-spa"));
    post(&server, "", &link, &[]).await.ok(422);
    let again = server.get(&link, "").await.ok(422);
    assert!(again.headers.get("set-cookie").is_none() && again.text().contains("used before"));
    // It is no account of a person: there is no password to change.
    let fields = [("old_password", ""), ("password", GOOD)];
    let reply = post(&server, &ada, "/settings/you/password", &fields).await;
    assert!(outcome(&reply).starts_with("failed="));
    server.clock.advance(600 * 1_000_000);
    get(&server, &ada, "/billing/usage").await.ok(303);
    let link = portal_url(&server, &ask).await;
    server.clock.advance(300 * 1_000_000);
    server.get(&link, "").await.ok(422);
}

#[tokio::test]
async fn a_portal_link_is_used_up_by_agreeing_and_not_by_looking() {
    let edge = Edge {
        embed_origins: vec!["https://app.example".to_owned()],
        ..Edge::default()
    };
    let server = TestServer::start_edge(edge).await;
    let ask = json!({ "user": "ada", "role": "analyst", "expires_in_s": 600 });
    let link = portal_url(&server, &ask).await;
    for _ in 0..3 {
        let head = request(Method::HEAD, &link, "").body(Body::empty());
        let head = server.send(head.unwrap()).await.ok(200);
        assert!(head.headers.get("set-cookie").is_none());
        let page = server.get(&link, "").await.ok(200);
        assert!(page.headers.get("set-cookie").is_none());
        assert_eq!(page.header("cache-control"), "no-store");
        // Nobody else is told the address; our own server is, or else it would take the form for another site's.
        assert_eq!(page.header("referrer-policy"), "same-origin");
        let policy = page.header("content-security-policy");
        assert!(
            policy.ends_with("frame-ancestors https://app.example"),
            "{policy}"
        );
        let text = page.text();
        let form = format!("method=\"post\" action=\"{link}\"");
        assert!(
            text.contains(&form) && text.contains("requestSubmit"),
            "{text}"
        );
        assert!(text.contains(">Continue</button>"), "{text}");
    }
    let ada = cookie(&post(&server, "", &link, &[]).await.ok(303));
    // Whom it signed in it leads on, by the back button as by a second press.
    let back = get(&server, &ada, &link).await.ok(303);
    assert_eq!(back.header("location"), "/billing/usage");
    assert!(back.headers.get("set-cookie").is_none());
    let again = post(&server, &ada, &link, &[]).await.ok(303);
    assert_eq!(again.header("location"), "/billing/usage");
    // Nobody else: neither a stranger nor whom another link signed in.
    let other = portal_url(&server, &ask).await;
    let other = cookie(&post(&server, "", &other, &[]).await.ok(303));
    for stranger in ["", &other, "__Host-creditscope_portal=x"] {
        get(&server, stranger, &link).await.ok(422);
        post(&server, stranger, &link, &[]).await.ok(422);
    }
    // When it has ended it leads nowhere any more.
    post(&server, &ada, "/sign-out", &[]).await.ok(303);
    get(&server, &ada, &link).await.ok(422);
}

#[tokio::test]
async fn whoever_comes_by_a_platforms_link_makes_no_way_in_that_outlives_it() {
    let server = with_people().await;
    let ask = json!({ "user": "ada", "role": "owner", "expires_in_s": 600 });
    let link = portal_url(&server, &ask).await;
    let ada = cookie(&post(&server, "", &link, &[]).await.ok(303));
    let prefix = server.read.split('_').nth(1).unwrap().to_owned();
    let account = ("account", "northwind");
    let keys = async || get(&server, &ada, "/settings/keys").await.ok(200).text();
    let before = keys().await.matches("<tr").count();
    for (path, fields) in [
        (
            "/settings/members/invite",
            vec![("email", "ada@example.com"), ("role", "owner")],
        ),
        (
            "/settings/members/change",
            vec![("member", "1"), ("role", "owner")],
        ),
        (
            "/settings/keys/make",
            vec![("name", "k"), ("scope_read", "1"), ("expires_in_s", "")],
        ),
        ("/settings/keys/rotate", vec![("prefix", &*prefix)]),
        (
            "/settings/webhooks/make",
            vec![("url", "https://example.com/")],
        ),
    ] {
        let fields = [vec![account], fields].concat();
        let said = outcome(&post(&server, &ada, path, &fields).await);
        assert!(said.contains("ask the platform"), "{path}: {said}");
    }
    assert_eq!(keys().await.matches("<tr").count(), before);
    let members = get(&server, &ada, "/settings/members").await.ok(200).text();
    assert!(!members.contains("ada@example.com"));
}

#[tokio::test]
async fn a_platform_ends_what_its_links_let_a_user_in_to() {
    let server = with_people().await;
    let ask = |user: &str| json!({ "user": user, "role": "analyst", "expires_in_s": 600 });
    let enter = async |user: &str| {
        let link = portal_url(&server, &ask(user)).await;
        cookie(&post(&server, "", &link, &[]).await.ok(303))
    };
    let name = "ada/\u{e9} <x>";
    let (ada, again, bob) = (enter(name).await, enter(name).await, enter("bob").await);
    let unused = portal_url(&server, &ask(name)).await;
    let owner = signed_in(&server, OWNER).await;
    let path = |account: &str| {
        format!("/api/v1/accounts/{account}/portal-sessions/ada%2F%C3%A9%20%3Cx%3E")
    };
    let end = async |account: &str, key: &str| {
        let ask = request(Method::DELETE, &path(account), key);
        server.send(ask.body(Body::empty()).unwrap()).await
    };
    end("northwind", &server.read).await.problem(403);
    end("brightside", &server.platform).await.ok(204);
    get(&server, &ada, "/billing/usage").await.ok(200);
    for _ in 0..2 {
        end("northwind", &server.platform).await.ok(204);
    }
    for ended in [&ada, &again] {
        let away = get(&server, ended, "/billing/usage").await.ok(303);
        assert!(away.header("location").starts_with("/sign-in"));
        get(&server, ended, "/api/v1/balance").await.problem(401);
    }
    server.get(&unused, "").await.ok(422);
    post(&server, "", &unused, &[]).await.ok(422);
    for other in [&bob, &owner] {
        get(&server, other, "/billing/usage").await.ok(200);
    }
    get(&server, &enter(name).await, "/billing/usage")
        .await
        .ok(200);
}

#[tokio::test]
async fn wrong_portal_sessions_are_refused() {
    let server = TestServer::start().await;
    let path = "/api/v1/accounts/northwind/portal-sessions";
    let good = json!({ "user": "ada", "role": "analyst", "expires_in_s": 600 });
    for (name, value) in [
        ("user", json!("")),
        ("user", json!("a\u{7}b")),
        ("role", json!("king")),
        ("companies", json!(["brightside-east"])),
        ("expires_in_s", json!(0)),
        ("expires_in_s", json!(86_401)),
        ("admin", json!(true)),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        let reply = server.post(path, &bad).await.problem(422);
        assert_eq!(reply.errors()[0].1, name, "{}", reply.text());
    }
    let client = json!({ "user": "ada", "role": "client", "expires_in_s": 600 });
    assert_eq!(
        server.post(path, &client).await.problem(422).errors()[0].1,
        "companies"
    );
    server
        .json(Method::POST, path, &server.read, &good)
        .await
        .problem(403);
}

#[tokio::test]
async fn only_users_of_the_platform_are_shown_in_a_frame_and_only_by_those_who_may() {
    let edge = Edge {
        embed_origins: vec!["https://app.example".to_owned()],
        ..Edge::default()
    };
    let server = TestServer::start_edge(edge).await;
    crate::pages::add_people(&server).await;
    let ancestors = async |cookie: &str| {
        let page = get(&server, cookie, "/billing/usage").await.ok(200);
        let policy = page.header("content-security-policy").to_owned();
        policy.split("frame-ancestors ").nth(1).unwrap().to_owned()
    };
    let owner = signed_in(&server, OWNER).await;
    assert_eq!(ancestors(&owner).await, "'none'");
    let ask = json!({ "user": "ada", "role": "analyst", "expires_in_s": 600 });
    let link = portal_url(&server, &ask).await;
    let ada = cookie(&post(&server, "", &link, &[]).await.ok(303));
    assert_eq!(ancestors(&ada).await, "https://app.example");
}

#[tokio::test]
async fn signing_out_ends_a_portal_session() {
    let server = TestServer::start().await;
    let ask = json!({ "user": "ada", "role": "analyst", "expires_in_s": 600 });
    let link = portal_url(&server, &ask).await;
    let ada = cookie(&post(&server, "", &link, &[]).await.ok(303));
    let out = request(Method::POST, "/sign-out", "").header("cookie", &ada);
    let reply = server.send(out.body(Body::empty()).unwrap()).await.ok(303);
    assert!(reply.header("set-cookie").contains("Max-Age=0"));
    get(&server, &ada, "/billing/usage").await.ok(303);
}

//! Members and invitations, as the forms of the pages do it.

use std::{collections::BTreeMap, sync::Mutex};

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use service::Caller;

use crate::{
    pages::{PASSWORD, cookie, form, sign_in, with_people},
    support::{Reply, TestServer, request},
};

/// A password that nobody guesses.
pub const GOOD: &str = "seven green lanterns hum";

/// Sessions that were given another id since, and which.
static RENEWED: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

fn session_in(cookies: &str) -> Option<&str> {
    let mut pairs = cookies.split("; ");
    pairs.find(|pair| {
        let plain = pair.trim_start_matches("__Host-");
        plain.starts_with("creditscope_session=") && !pair.ends_with('=')
    })
}

/// What a browser sends by now that was given these cookies.
pub fn kept(cookies: &str) -> String {
    let (renewed, mut cookies) = (RENEWED.lock().unwrap(), cookies.to_owned());
    while let Some(before) = session_in(&cookies)
        && let Some(now) = renewed.get(before)
    {
        cookies = cookies.replace(before, now);
    }
    cookies
}

fn keep(cookies: &str, reply: &Reply) {
    let set = reply.headers.get_all("set-cookie").iter();
    let mut set = set.filter_map(|set| session_in(set.to_str().unwrap().split(';').next()?));
    if let (Some(before), Some(now)) = (session_in(cookies), set.next())
        && before != now
    {
        let mut renewed = RENEWED.lock().unwrap();
        renewed.insert(before.to_owned(), now.to_owned());
    }
}

/// Sends a form, as a browser does: it keeps what its session is renamed to.
pub async fn post(server: &TestServer, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
    let cookie = kept(cookie);
    let reply = post_with(server, &cookie, path, fields).await;
    keep(&cookie, &reply);
    reply
}

/// Sends a form with these cookies.
pub async fn post_with(
    server: &TestServer,
    cookie: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Reply {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = form(path).header("cookie", cookie);
    server.send(request.body(Body::from(body)).unwrap()).await
}

/// What a form came to: `done=` and where it leads, which says what was done, or `failed=` and the page that says why.
pub fn outcome(reply: &Reply) -> String {
    if reply.status == StatusCode::SEE_OTHER {
        let place = reply.header("location");
        assert!(says_what_was_done(reply), "nothing is said at {place}");
        return format!("done={place}");
    }
    let (status, page) = (reply.status, reply.text());
    assert!(status.is_client_error(), "{status}");
    // At its field, or over the page when the form does not stand there any more.
    let says_why = ["role=\"alert\"", "Nothing was changed."];
    let says_why = says_why.iter().any(|words| page.contains(words));
    assert!(says_why, "{status} without why: {page}");
    format!("failed={page}")
}

/// Whether an answer leads on to what was done: it is told there once, or stands there by its name.
fn says_what_was_done(reply: &Reply) -> bool {
    let cookies = reply.headers.get_all("set-cookie").iter();
    let mut kept = cookies.filter_map(|set| set.to_str().unwrap().split(';').next());
    let is_told = kept.any(|pair| {
        let value = pair.split_once("creditscope_outcome=");
        value.is_some_and(|(_, value)| !value.is_empty())
    });
    is_told || reply.header("location").contains("order=")
}

/// The page that a form leads to, as its browser asks for it: it says once what was done.
pub async fn follow(server: &TestServer, cookies: &str, reply: &Reply) -> Reply {
    let set = reply.headers.get_all("set-cookie").iter();
    let mut brought = kept(cookies);
    for set in set.map(|set| set.to_str().unwrap().split(';').next().unwrap()) {
        if set.contains("creditscope_outcome=") {
            brought = format!("{brought}; {set}");
        }
    }
    let place = reply.header("location");
    assert!(
        !place.is_empty(),
        "{} leads nowhere: {}",
        reply.status,
        reply.text()
    );
    let request = request(Method::GET, place, "").header("cookie", brought);
    server.send(request.body(Body::empty()).unwrap()).await
}

/// Sends a form and follows it to the page that says what was done.
pub async fn post_on(
    server: &TestServer,
    cookie: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Reply {
    let reply = post(server, cookie, path, fields).await;
    follow(server, cookie, &reply).await
}

pub async fn get(server: &TestServer, cookie: &str, path: &str) -> Reply {
    let request = request(Method::GET, path, "").header("cookie", kept(cookie));
    server.send(request.body(Body::empty()).unwrap()).await
}

pub async fn signed_in(server: &TestServer, email: &str) -> String {
    cookie(&sign_in(server, email, PASSWORD, "/").await.ok(303))
}

/// The path of the link that the page of a new invitation shows.
pub async fn invite(
    server: &TestServer,
    owner: &str,
    email: &str,
    role: &str,
    companies: &str,
) -> String {
    let fields = [
        ("account", "northwind"),
        ("email", email),
        ("role", role),
        ("companies", companies),
    ];
    let page = post_on(server, owner, "/settings/members/invite", &fields)
        .await
        .ok(200)
        .text();
    let at = page.find("/invitations/").unwrap();
    page[at..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_invitation_makes_a_member_once() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let link = invite(&server, &owner, "Ada@Example.com", "client", "acme-dental").await;
    let welcome = server.get(&link, "").await.ok(200).text();
    assert!(welcome.contains("ada@example.com") && welcome.contains("Choose a password"));
    // What does not do is said, and nothing is used up.
    let weak = [("name", "Ada"), ("password", "password1")];
    let page = post(&server, "", &link, &weak).await.ok(200).text();
    assert!(page.contains("too easy to guess"), "{page}");
    let good = [("name", "Ada"), ("password", GOOD)];
    let reply = post(&server, "", &link, &good).await.ok(303);
    assert_eq!(reply.header("location"), "/billing/usage?account=northwind");
    let ada = cookie(&reply);
    let usage = get(&server, &ada, "/billing/usage").await.ok(200).text();
    assert!(usage.contains("acme-dental") && !usage.contains("bluewater-spa"));
    // Whom it made a member it leads on, by the back button as by a second press.
    for reply in [
        get(&server, &ada, &link).await,
        post(&server, &ada, &link, &good).await,
    ] {
        let location = reply.ok(303).header("location").to_owned();
        assert_eq!(location, "/billing/usage?account=northwind");
    }
    get(&server, &owner, &link).await.ok(404);
    // For everybody else the link does nothing any more.
    server.get(&link, "").await.ok(404);
    post(&server, "", &link, &good).await.ok(404);
    cookie(&sign_in(&server, "ada@example.com", GOOD, "/").await.ok(303));
}

#[tokio::test]
async fn who_is_known_joins_as_themselves_and_nobody_else_may() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let operator = Caller::operator("test");
    let other = service::users::PutUser {
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        password: GOOD.to_owned(),
        platform_role: None,
        memberships: vec![service::users::Joining {
            account: "brightside".to_owned(),
            role: domain::tenancy::Role::Owner,
            companies: vec![],
        }],
    };
    server.services.put_user(&operator, other).await.unwrap();
    let link = invite(&server, &owner, "ada@example.com", "analyst", "").await;
    // A new password for somebody known would be a way in.
    let taken = [("name", "Eve"), ("password", GOOD)];
    let page = post(&server, "", &link, &taken).await.ok(200).text();
    assert!(page.contains("sign in with it"), "{page}");
    let page = post(&server, &owner, &link, &[]).await.ok(200).text();
    assert!(page.contains("sign in as that person"), "{page}");
    let ada = cookie(&sign_in(&server, "ada@example.com", GOOD, "/").await.ok(303));
    post(&server, &ada, &link, &[]).await.ok(303);
    for account in ["northwind", "brightside"] {
        let path = format!("/billing/usage?account={account}");
        get(&server, &ada, &path).await.ok(200);
    }
}

#[tokio::test]
async fn an_invitation_that_was_taken_back_or_is_old_does_nothing() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let link = invite(&server, &owner, "ada@example.com", "analyst", "").await;
    let page = get(&server, &owner, "/settings/members")
        .await
        .ok(200)
        .text();
    let id = page.split("name=\"invitation\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap();
    let fields = [("account", "northwind"), ("invitation", id)];
    post(&server, &owner, "/settings/members/revoke", &fields)
        .await
        .ok(303);
    server.get(&link, "").await.ok(404);
    let link = invite(&server, &owner, "ada@example.com", "analyst", "").await;
    server.clock.advance(7 * domain::time::DAY_US);
    server.get(&link, "").await.ok(404);
}

#[tokio::test]
async fn what_somebody_invited_who_is_no_owner_any_more_lets_nobody_in() {
    use domain::tenancy::Role::{Analyst, Owner};
    let server = with_people().await;
    let (services, operator) = (&server.services, Caller::operator("test"));
    let (owner, client) = ("owner@northwind.example", "client@acme.example");
    let scope = services.scope(&operator, Some("northwind"), service::Permission::Manage);
    let scope = scope.await.unwrap();
    let found = services.members(&scope).await.unwrap();
    let id = |email: &str| found.iter().find(|one| one.email == email).unwrap().id;
    let place = |role| service::members::Place {
        role,
        companies: vec![],
    };
    let (first, second) = (id(owner), id(client));
    let make = async |id, role| {
        let place = place(role);
        let changed = services.change_member(&scope, id, &place, None);
        changed.await.unwrap();
    };
    // Two owners, of whom one is to go: they invite somebody, whose link they are shown.
    for way in ["demoted", "removed", "disabled"] {
        make(first, Owner).await;
        make(second, Owner).await;
        let eve = signed_in(&server, client).await;
        let link = invite(&server, &eve, "eve@example.com", "owner", "").await;
        let other = signed_in(&server, owner).await;
        let kept = invite(&server, &other, "bob@example.com", "owner", "").await;
        server.get(&link, "").await.ok(200);
        match way {
            "demoted" => make(second, Analyst).await,
            "removed" => {
                services.remove_member(&scope, second).await.unwrap();
                // As they were, for the next way.
                let again = invite(&server, &other, client, "owner", "").await;
                post(&server, &eve, &again, &[]).await.ok(303);
            }
            _ => drop(
                services
                    .set_disabled(&operator, client, true)
                    .await
                    .unwrap(),
            ),
        }
        server.get(&link, "").await.ok(404);
        server.get(&kept, "").await.ok(200);
    }
}

#[tokio::test]
async fn a_mailbox_gets_one_invitation_an_hour_of_an_account_and_ten_a_day_of_all() {
    let (server, mail) = crate::recovery::with_mail().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    for role in ["owner", "analyst"].repeat(20) {
        invite(&server, &owner, "ada@example.com", role, "").await;
    }
    let first = crate::recovery::link(&mail.next().await, "/invitations/");
    assert_eq!(mail.waiting().await, 0);
    // There is one invitation, and the link that was mailed leads to it.
    let members = get(&server, &owner, "/settings/members")
        .await
        .ok(200)
        .text();
    assert_eq!(members.matches("name=\"invitation\"").count(), 1);
    server.get(&first, "").await.ok(200);
    // One that was taken back is not mailed anew within the hour, which whoever invites is told.
    let members = get(&server, &owner, "/settings/members").await.ok(200);
    let members = members.text();
    let open = members
        .split("name=\"invitation\" value=\"")
        .nth(1)
        .unwrap();
    let open = open.split('"').next().unwrap();
    let fields = [("account", "northwind"), ("invitation", open)];
    post(&server, &owner, "/settings/members/revoke", &fields)
        .await
        .ok(303);
    server.get(&first, "").await.ok(404);
    let again = [
        ("account", "northwind"),
        ("email", "ada@example.com"),
        ("role", "analyst"),
    ];
    let page = post_on(&server, &owner, "/settings/members/invite", &again).await;
    let page = page.ok(200).text();
    assert!(page.contains("Invitation not emailed"), "{page}");
    assert!(page.contains("/invitations/"), "{page}");
    assert_eq!(mail.waiting().await, 0);
    let (services, operator) = (&server.services, Caller::operator("test"));
    let place = service::members::Place {
        role: domain::tenancy::Role::Analyst,
        companies: vec![],
    };
    for account in ["northwind", "brightside"].repeat(12) {
        server.clock.advance(domain::time::HOUR_US / 2);
        let scope = services.scope(&operator, Some(account), service::Permission::Manage);
        let scope = scope.await.unwrap();
        let made = services.invite(&scope, "ada@example.com", &place, "http://x");
        made.await.unwrap();
    }
    assert_eq!(mail.waiting().await, 9);
    let good = [("name", "Ada"), ("password", GOOD)];
    let last = loop {
        let link = crate::recovery::link(&mail.next().await, "/invitations/");
        if mail.waiting().await == 0 {
            break link;
        }
    };
    post(&server, "", &last, &good).await.ok(303);
    server.get(&first, "").await.ok(404);
}

#[tokio::test]
async fn an_account_keeps_an_owner() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let members = get(&server, &owner, "/settings/members")
        .await
        .ok(200)
        .text();
    // The only owner is listed after the client.
    let id = members.rsplit("edit=").next().unwrap();
    let id = id.split('"').next().unwrap();
    for (path, role) in [("remove", ""), ("change", "analyst")] {
        let fields = [
            ("account", "northwind"),
            ("member", id),
            ("role", role),
            ("companies", ""),
        ];
        let path = format!("/settings/members/{path}");
        let reply = post(&server, &owner, &path, &fields).await.ok(409);
        assert!(outcome(&reply).contains("only owner"), "{}", reply.text());
    }
    get(&server, &owner, "/settings/members").await.ok(200);
}

/// What each form sends about the other account, for those who are no member of it.
pub fn forms() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    vec![
        (
            "/settings/members/invite",
            vec![("email", "eve@example.com"), ("role", "owner")],
        ),
        (
            "/settings/members/change",
            vec![("member", "1"), ("role", "owner")],
        ),
        ("/settings/members/remove", vec![("member", "1")]),
        ("/settings/members/revoke", vec![("invitation", "x")]),
        (
            "/settings/keys/make",
            vec![("name", "k"), ("scope_read", "1")],
        ),
        ("/settings/keys/rotate", vec![("prefix", "aaaaaaaaaaaa")]),
        ("/settings/keys/revoke", vec![("prefix", "aaaaaaaaaaaa")]),
        (
            "/companies/limits",
            vec![
                ("company", "brightside-east"),
                ("name", "x"),
                ("budget", "1"),
            ],
        ),
        ("/billing/review/mark", vec![("week", "2026-11-23")]),
        (
            "/billing/alerts/rules",
            vec![("kind", "remaining"), ("at", "5")],
        ),
        ("/billing/alerts/remove", vec![("key", "credits-used")]),
        (
            "/billing/alerts/snooze",
            vec![("key", "credits-used"), ("for_s", "60")],
        ),
        ("/billing/alerts/acknowledge", vec![("number", "1")]),
        ("/billing/alerts/digest", vec![("weekly", "on")]),
        (
            "/billing/alerts/emails",
            vec![("kind", "alerts"), ("subscribed", "on")],
        ),
        (
            "/settings/webhooks/make",
            vec![("url", "http://127.0.0.1:9/")],
        ),
        ("/settings/webhooks/remove", vec![("webhook", "w")]),
        ("/settings/webhooks/enable", vec![("webhook", "w")]),
        ("/settings/webhooks/test", vec![("webhook", "w")]),
        (
            "/settings/webhooks/replay",
            vec![("webhook", "w"), ("message", "m")],
        ),
        ("/billing/orders", vec![("kind", "pack"), ("item", "boost")]),
        ("/billing/orders/cancel", vec![("order", "o")]),
        (
            "/billing/disputes",
            vec![("source", "test"), ("event", "e"), ("reason", "r")],
        ),
        (
            "/billing/disputes/support",
            vec![("dispute", "d"), ("supports", "yes")],
        ),
        (
            "/platform/refunds/decide",
            vec![("dispute", "d"), ("decision", "approve")],
        ),
    ]
}

/// A page without what differs each time.
pub fn without_nonce(page: &str) -> String {
    let nonce = page.split("nonce=\"").nth(1);
    let nonce = nonce.and_then(|rest| rest.split('"').next());
    nonce.map_or_else(|| page.to_owned(), |nonce| page.replace(nonce, ""))
}

#[tokio::test]
async fn a_form_about_anothers_account_is_answered_like_one_about_none() {
    let server = with_people().await;
    for email in ["owner@northwind.example", "client@acme.example"] {
        let cookie = signed_in(&server, email).await;
        for (path, fields) in forms() {
            let ask = async |account| {
                let mut all = fields.clone();
                all.push(("account", account));
                let reply = post(&server, &cookie, path, &all).await;
                let location = reply.header("location").replace(account, "…");
                let text = without_nonce(&reply.text()).replace(account, "…");
                (reply.status, location, text)
            };
            let (theirs, nothing) = (ask("brightside").await, ask("nowhere").await);
            assert_eq!(theirs, nothing, "{email} {path}");
            assert_ne!(theirs.0, StatusCode::OK, "{email} {path}");
        }
        for page in [
            "/billing/trends",
            "/platform/trends",
            "/platform/refunds",
            "/billing/advice",
            "/billing/alerts",
            "/billing/trends/chart.svg",
            "/billing/value/chart.svg",
            "/billing/usage/chart.png",
            "/companies",
            "/settings/members",
            "/settings/keys",
            "/settings/audit",
            "/settings/brand",
            "/billing/plans",
            "/brand.css",
        ] {
            let ask = async |account: &str| {
                let reply = get(&server, &cookie, &format!("{page}?account={account}")).await;
                (reply.status, without_nonces(&reply.text()))
            };
            assert_eq!(
                ask("brightside").await,
                ask("nowhere").await,
                "{email} {page}"
            );
        }
    }
    assert!(
        server
            .services
            .users(&Caller::operator("test"), None, 10)
            .await
            .unwrap()
            .len()
            == 2
    );
}

fn without_nonces(page: &str) -> String {
    let mut parts = page.split("nonce=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        all + part.split_once('"').map_or("", |(_, rest)| rest)
    })
}

#[tokio::test]
async fn only_those_who_may_reach_the_pages_of_an_account() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let client = signed_in(&server, "client@acme.example").await;
    for page in [
        "/settings/members",
        "/settings/keys",
        "/settings/audit",
        "/settings/brand",
        "/billing/plans",
        "/billing/alerts",
    ] {
        get(&server, &owner, page).await.ok(200);
        get(&server, &client, page).await.ok(404);
        let reply = server.get(page, "").await.ok(303);
        assert!(
            reply.header("location").starts_with("/sign-in?next="),
            "{page}"
        );
    }
    // What their own company spends a client may see on the board, too.
    let board = get(&server, &client, "/companies").await.ok(200).text();
    assert!(board.contains("acme-dental") && !board.contains("bluewater-spa"));
    assert!(!board.contains("/companies/limits"));
}

#[tokio::test]
async fn every_form_refuses_what_another_site_sends() {
    let server = with_people().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let others = [
        ("/sign-in", vec![]),
        ("/sign-out", vec![]),
        ("/settings/brand", vec![]),
        ("/settings/you/password", vec![]),
        ("/settings/you/email", vec![]),
        ("/settings/second-factor/set", vec![]),
        ("/settings/second-factor/codes", vec![]),
        ("/settings/second-factor/remove", vec![]),
        ("/settings/second-factor/app/remove", vec![]),
        ("/settings/second-factor/passkeys/new", vec![]),
        ("/settings/second-factor/passkeys/add", vec![]),
        ("/settings/second-factor/passkeys/remove", vec![]),
        ("/settings/second-factor/passkeys/ask", vec![]),
        ("/sign-in/passkey", vec![]),
        ("/settings/members/second-factor", vec![]),
        ("/sign-in/code", vec![]),
        ("/forgot-password", vec![]),
        ("/reset-password/x", vec![]),
        ("/new-email/x", vec![]),
        ("/undo-email/x", vec![]),
        ("/settings/you/end", vec![]),
        ("/settings/you/end-others", vec![]),
        ("/invitations/x", vec![]),
        ("/unsubscribe/x", vec![]),
    ];
    for (path, _) in forms().into_iter().chain(others) {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "null"),
            ("origin", "https://evil.example"),
        ] {
            let request = form(path).header("cookie", &owner).header(name, value);
            server
                .send(request.body(Body::empty()).unwrap())
                .await
                .problem(403);
        }
    }
}

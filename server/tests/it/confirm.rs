//! Sensitive acts ask again who somebody is, and lose nothing of what was typed.

use domain::time::MINUTE_US;
use serde_json::json;

use crate::{
    joining::{follow, forms, get, post, post_on, signed_in},
    pages::{PASSWORD, cookie, with_people},
    second_factor::set_up,
    support::{Reply, TestServer},
};

const OWNER: &str = "owner@northwind.example";
/// Forms that ask, by what their addresses begin with.
const SENSITIVE: [&str; 6] = [
    "/settings/keys/",
    "/settings/members/",
    "/settings/webhooks/",
    "/settings/second-factor/",
    "/billing/orders",
    "/platform/refunds/decide",
];
/// What does not ask, and why.
const NOT: [(&str, &str); 31] = [
    ("/settings/webhooks/test", "sends a message again"),
    ("/settings/webhooks/replay", "sends a message again"),
    ("/settings/brand", "a name, a colour and a logo"),
    ("/settings/you/password", "asks for the password each time"),
    ("/settings/you/email", "asks for the password each time"),
    ("/settings/you/end", "takes access from oneself only"),
    ("/settings/you/end-others", "takes access from oneself only"),
    (
        "/companies/limits",
        "gives no access and costs nothing by itself",
    ),
    ("/billing/review/mark", "a mark that is taken off as easily"),
    ("/billing/alerts/rules", "who is told what"),
    ("/billing/alerts/remove", "who is told what"),
    ("/billing/alerts/snooze", "who is told what"),
    ("/billing/alerts/acknowledge", "who is told what"),
    ("/billing/alerts/digest", "who is told what"),
    ("/billing/alerts/emails", "who is told what"),
    ("/billing/orders/cancel", "takes back what would cost"),
    ("/billing/disputes", "somebody else decides"),
    ("/billing/disputes/support", "somebody else decides"),
    ("/sign-in", "shows who somebody is"),
    ("/sign-out", "takes access from oneself only"),
    ("/sign-in/code", "shows who somebody is"),
    ("/forgot-password", "for strangers"),
    ("/reset-password/{secret}", "the link shows it"),
    ("/new-email/{secret}", "the link and the mailbox show it"),
    ("/undo-email/{secret}", "the link shows it"),
    ("/invitations/{secret}", "the link shows it"),
    ("/portal/{secret}", "the link shows it"),
    ("/unsubscribe/{token}", "the link shows it"),
    ("/api/fn/{name}", "functions that read"),
    ("/sign-in/passkey", "asks what a passkey has to sign"),
    (
        "/settings/second-factor/passkeys/ask",
        "asks what a passkey has to sign",
    ),
];

fn does_not_ask(path: &str) -> bool {
    NOT.iter().any(|(one, _)| *one == path)
}

/// Addresses of the forms that are declared in a piece of the routes.
pub fn forms_of(routes: &str) -> Vec<&str> {
    let named = [
        ("app::BRAND_PATH", "/settings/brand"),
        ("app::FORGOT_PATH", "/forgot-password"),
        ("second_step::SECOND_STEP", "/sign-in/code"),
        ("app::SIGN_IN_PASSKEY_PATH", "/sign-in/passkey"),
        (
            "app::CONFIRM_PASSKEY_PATH",
            "/settings/second-factor/passkeys/ask",
        ),
    ];
    let takes_a_form = |route: &&str| {
        let end = route.find(".route").unwrap_or(route.len());
        route[..end].contains("post(")
    };
    let routes = routes.split(".route(").skip(1).filter(takes_a_form);
    let paths = routes.map(|route| {
        let first = route.split(',').next().unwrap().trim();
        let known = named.iter().find(|(name, _)| *name == first);
        known.map_or_else(|| first.trim_matches('"'), |(_, path)| path)
    });
    paths.collect()
}

#[test]
fn every_form_of_the_pages_is_known_to_ask_or_why_not() {
    let mut forms = 0;
    for path in forms_of(include_str!("../../src/web.rs")) {
        let is_known = SENSITIVE.iter().any(|one| path.starts_with(one)) || does_not_ask(path);
        assert!(is_known, "{path}: does it ask again who somebody is?");
        forms += 1;
    }
    assert!(forms >= 35, "{forms}");
}

pub fn asks(reply: &Reply) -> bool {
    reply.status == 200 && reply.text().contains("Confirm that it is you")
}

/// The form that a page carries on: where it leads, and its fields.
fn carried(page: &str) -> (String, Vec<(String, String)>) {
    let form = page.split("<form").nth(1).unwrap();
    let value = |text: &str, name: &str| {
        let rest = text.split(&format!("{name}=\"")).nth(1).unwrap();
        let value = rest.split('"').next().unwrap();
        value
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    let hidden = form.split("<input type=\"hidden\"").skip(1);
    let fields = hidden.map(|field| (value(field, "name"), value(field, "value")));
    (value(form, "action"), fields.collect())
}

pub async fn send_on(
    server: &TestServer,
    cookie: &str,
    page: &Reply,
    proof: (&str, &str),
) -> Reply {
    let (path, mut fields) = carried(&page.text());
    fields.push((proof.0.to_owned(), proof.1.to_owned()));
    let fields: Vec<_> = fields
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    post(server, cookie, &path, &fields).await
}

async fn old_session(server: &TestServer) -> String {
    let owner = signed_in(server, OWNER).await;
    server.clock.advance(15 * MINUTE_US);
    owner
}

#[tokio::test]
async fn a_sensitive_act_asks_again_after_fifteen_minutes_and_keeps_what_was_typed() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    server.clock.advance(15 * MINUTE_US - 1);
    let name = "k\"<b>&amp; ü + 1";
    let fields = [
        ("account", "northwind"),
        ("name", name),
        ("scope_read", "1"),
        ("scope_check", "1"),
        ("expires_in_s", ""),
    ];
    let keys = async || get(&server, &owner, "/settings/keys").await.ok(200).text();
    let before = keys().await.matches("<tr").count();
    let fresh = post_on(&server, &owner, "/settings/keys/make", &fields)
        .await
        .ok(200);
    assert!(!asks(&fresh));
    server.clock.advance(1);
    let page = post(&server, &owner, "/settings/keys/make", &fields).await;
    assert!(asks(&page), "{}", page.text());
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(keys().await.matches("<tr").count(), before + 1);
    let wrong = send_on(&server, &owner, &page, ("confirm_password", "wrong horse")).await;
    assert!(asks(&wrong) && wrong.text().contains("Incorrect password."));
    let sent: Vec<_> = fields
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect();
    assert_eq!(
        carried(&wrong.text()),
        ("/settings/keys/make".to_owned(), sent)
    );
    let done = send_on(&server, &owner, &wrong, ("confirm_password", PASSWORD)).await;
    let done = follow(&server, &owner, &done).await.ok(200);
    assert!(done.text().contains("value=\"cs_"), "{}", done.text());
    assert!(!done.text().contains(PASSWORD));
    assert_eq!(keys().await.matches("<tr").count(), before + 2);
    // For another fifteen minutes it is known.
    let again = post(&server, &owner, "/settings/keys/make", &fields).await;
    assert!(!asks(&again));
}

#[tokio::test]
async fn every_sensitive_form_asks_and_no_other_does() {
    let server = with_people().await;
    let mut all = forms();
    for path in [
        "set",
        "codes",
        "remove",
        "app/remove",
        "passkeys/new",
        "passkeys/add",
        "passkeys/remove",
    ] {
        let path: &'static str = format!("/settings/second-factor/{path}").leak();
        let fields = [
            ("secret", "x"),
            ("code", "1"),
            ("name", "x"),
            ("passkey", "x"),
        ];
        all.push((path, fields.to_vec()));
    }
    all.push((
        "/settings/members/second-factor",
        vec![("role_client", "on")],
    ));
    let mut asked = 0;
    for (path, fields) in all {
        let owner = old_session(&server).await;
        let mut fields = fields.clone();
        fields.push(("account", "northwind"));
        let reply = post(&server, &owner, path, &fields).await;
        let is_sensitive = SENSITIVE.iter().any(|one| path.starts_with(one)) && !does_not_ask(path);
        assert!(is_sensitive || does_not_ask(path), "{path}: does it ask?");
        assert_eq!(asks(&reply), is_sensitive, "{path}: {}", reply.text());
        asked += u32::from(is_sensitive);
    }
    assert_eq!(asked, 20);
}

#[tokio::test]
async fn a_code_confirms_as_well_and_guesses_are_counted() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let (_, codes) = set_up(&server, &owner).await;
    server.clock.advance(15 * MINUTE_US);
    let fields = [("account", "northwind"), ("invitation", "x")];
    let page = post(&server, &owner, "/settings/members/revoke", &fields).await;
    assert!(asks(&page) && page.text().contains("a code from your app"));
    for _ in 0..10 {
        let wrong = send_on(&server, &owner, &page, ("confirm_password", "wrong horse")).await;
        assert!(asks(&wrong));
    }
    let wait = send_on(&server, &owner, &page, ("confirm_password", PASSWORD)).await;
    assert!(
        asks(&wait) && wait.text().contains("Too many attempts"),
        "{}",
        wait.text()
    );
    let done = send_on(&server, &owner, &page, ("confirm_code", &codes[0])).await;
    assert!(!asks(&done), "{}", done.text());
    let again = post(&server, &owner, "/settings/members/revoke", &fields).await;
    assert!(!asks(&again), "{}", again.text());
}

#[tokio::test]
async fn nobody_is_asked_who_is_not_signed_in_or_whom_a_platform_signs_in() {
    let server = with_people().await;
    let fields = [("account", "northwind"), ("invitation", "x")];
    let stranger = post(&server, "", "/settings/members/revoke", &fields)
        .await
        .ok(303);
    assert!(stranger.header("location").starts_with("/sign-in"));
    let ask = json!({ "user": "ada", "role": "owner", "expires_in_s": 3600 });
    let link = server
        .post("/api/v1/accounts/northwind/portal-sessions", &ask)
        .await
        .ok(201);
    let link = link.json()["url"].as_str().unwrap().to_owned();
    let link = link[link.find("/portal/").unwrap()..].to_owned();
    let ada = cookie(&post(&server, "", &link, &[]).await.ok(303));
    server.clock.advance(20 * MINUTE_US);
    let reply = post(&server, &ada, "/settings/members/revoke", &fields).await;
    assert!(!asks(&reply), "{}", reply.text());
}

//! Who forgot their password gets back in by email, and who changes their address does so from both ends.

use std::sync::Arc;

use async_trait::async_trait;
use domain::time::{DAY_US, MINUTE_US};
use service::{
    Caller,
    mail::{Email, Mailer},
};
use tokio::sync::{
    Mutex,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use crate::{
    joining::{GOOD, get, post, signed_in},
    own_sessions::replace_password,
    pages::{PASSWORD, cookie, sign_in, with_people},
    support::{Reply, TestServer},
};

const OWNER: &str = "owner@northwind.example";
const CLIENT: &str = "client@acme.example";
const NEW: &str = "new@northwind.example";

/// Hands every email to the test.
struct Outbox(UnboundedSender<Email>);

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, email: Email) -> Result<(), String> {
        self.0.send(email).map_err(|error| error.to_string())
    }
}

/// A mail server that never answers.
struct Stuck;

#[async_trait]
impl Mailer for Stuck {
    async fn send(&self, _: Email) -> Result<(), String> {
        std::future::pending().await
    }
}

/// The emails that a server writes, in their order.
pub struct Mailbox(Mutex<UnboundedReceiver<Email>>);

impl Mailbox {
    pub async fn next(&self) -> Email {
        self.0.lock().await.recv().await.unwrap()
    }

    /// What is there and was not read yet.
    pub async fn waiting(&self) -> usize {
        self.0.lock().await.len()
    }
}

fn sending(server: &mut TestServer, mailer: Arc<dyn Mailer>) {
    server.services = server.services.clone().with_mail(mailer);
    server.state.services = server.services.clone();
    server.router = server::router(&server.state);
}

/// The emails that a server writes from now on.
pub fn reading(server: &mut TestServer) -> Mailbox {
    let (sender, receiver) = unbounded_channel();
    sending(server, Arc::new(Outbox(sender)));
    Mailbox(Mutex::new(receiver))
}

/// A server with people, and the emails that it writes.
pub async fn with_mail() -> (TestServer, Mailbox) {
    let mut server = with_people().await;
    let mail = reading(&mut server);
    (server, mail)
}

/// Changes the address of who is signed in; the link that undoes it.
pub async fn change_address(server: &TestServer, mail: &Mailbox, cookie: &str, to: &str) -> String {
    ask_for_email(server, cookie, to, PASSWORD).await;
    let confirm = link(&mail.next().await, "/new-email/");
    post(server, cookie, &confirm, &[]).await.ok(303);
    link(&mail.next().await, "/undo-email/")
}

/// The path of the link in an email, which is in both of its parts.
pub fn link(email: &Email, path: &str) -> String {
    let at = email
        .text
        .find(path)
        .unwrap_or_else(|| panic!("{}", email.text));
    let link = email.text[at..].split_whitespace().next().unwrap();
    assert!(email.html.contains(link), "{}", email.html);
    link.to_owned()
}

async fn forgot(server: &TestServer, email: &str) -> Reply {
    post(server, "", "/forgot-password", &[("email", email)]).await
}

pub async fn reset_link(server: &TestServer, mail: &Mailbox) -> String {
    forgot(server, OWNER).await.ok(200);
    link(&mail.next().await, "/reset-password/")
}

pub async fn choose(server: &TestServer, link: &str, password: &str) -> Reply {
    post(server, "", link, &[("password", password)]).await
}

/// A page without what differs in every rendering.
fn plain(reply: &Reply) -> String {
    let text = reply.text();
    let mut parts = text.split("nonce=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        all + part.split_once('"').map_or("", |(_, rest)| rest)
    })
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link_that_works_once_and_ends_every_session() {
    let (server, mail) = with_mail().await;
    let (old, client) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, CLIENT).await,
    );
    let page = server.get("/sign-in", "").await.ok(200).text();
    assert!(page.contains("Forgot password?"), "{page}");
    server.get("/forgot-password", "").await.ok(200);
    forgot(&server, " Owner@Northwind.example ").await.ok(200);
    let email = mail.next().await;
    assert_eq!(email.to, OWNER);
    let link = link(&email, "/reset-password/");
    // Looking changes nothing, and what does not do is said.
    for _ in 0..2 {
        let page = server.get(&link, "").await.ok(200);
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert_eq!(page.header("cache-control"), "no-store");
    }
    let weak = choose(&server, &link, "password1").await.ok(200).text();
    assert!(weak.contains("too easy to guess"), "{weak}");
    let done = choose(&server, &link, GOOD).await.ok(303);
    // Nobody is signed in by it.
    assert_eq!(done.header("location"), "/sign-in?done=password");
    assert!(done.headers.get("set-cookie").is_none());
    get(&server, &old, "/billing/usage").await.ok(303);
    get(&server, &client, "/billing/usage").await.ok(200);
    let told = mail.next().await;
    assert_eq!((told.to.as_str(), mail.waiting().await), (OWNER, 0));
    assert!(told.subject.contains("was changed"), "{}", told.subject);
    assert!(!told.text.contains(GOOD));
    // Once.
    choose(&server, &link, "another good lantern song")
        .await
        .ok(422);
    server.get(&link, "").await.ok(422);
    sign_in(&server, OWNER, PASSWORD, "/").await.ok(422);
    cookie(&sign_in(&server, OWNER, GOOD, "/").await.ok(303));
}

#[tokio::test]
async fn nobody_learns_whether_an_address_is_known() {
    let (mut server, mail) = with_mail().await;
    let operator = Caller::operator("test");
    server
        .services
        .set_disabled(&operator, CLIENT, true)
        .await
        .unwrap();
    let known = forgot(&server, OWNER).await.ok(200);
    mail.next().await;
    for other in [
        "nobody@northwind.example",
        CLIENT,
        "",
        "x",
        "\u{212a}im@example.com",
    ] {
        assert_eq!(
            plain(&forgot(&server, other).await.ok(200)),
            plain(&known),
            "{other}"
        );
    }
    assert_eq!(mail.waiting().await, 0);
    // Whatever is done for a known address is done after the answer: here it never ends.
    sending(&mut server, Arc::new(Stuck));
    assert_eq!(plain(&forgot(&server, OWNER).await.ok(200)), plain(&known));
}

#[tokio::test]
async fn a_link_is_void_when_it_is_old_or_another_was_asked_for_or_the_password_is_another_one() {
    let (server, mail) = with_mail().await;
    let first = reset_link(&server, &mail).await;
    let second = reset_link(&server, &mail).await;
    server.get(&first, "").await.ok(422);
    server.get(&second, "").await.ok(200);
    server.clock.advance(30 * MINUTE_US);
    server.get(&second, "").await.ok(422);
    choose(&server, &second, GOOD).await.ok(422);
    let third = reset_link(&server, &mail).await;
    replace_password(&server, OWNER).await;
    choose(&server, &third, "another good lantern song")
        .await
        .ok(422);
    let fourth = reset_link(&server, &mail).await;
    let owner = cookie(&sign_in(&server, OWNER, GOOD, "/").await.ok(303));
    let fields = [
        ("old_password", GOOD),
        ("password", "another good lantern song"),
    ];
    post(&server, &owner, "/settings/you/password", &fields)
        .await
        .ok(303);
    assert!(mail.next().await.subject.contains("was changed"));
    choose(&server, &fourth, "yet another lantern song")
        .await
        .ok(422);
    for made_up in ["/reset-password/x", "/undo-email/x", "/reset-password/%00"] {
        server.get(made_up, "").await.ok(422);
    }
}

#[tokio::test]
async fn links_are_asked_for_so_often_and_no_more() {
    let (server, mail) = with_mail().await;
    for _ in 0..3 {
        reset_link(&server, &mail).await;
    }
    // The answer is the same; there is no further email.
    forgot(&server, OWNER).await.ok(200);
    forgot(&server, CLIENT).await.ok(200);
    assert_eq!(mail.next().await.to, CLIENT);
    for number in 0..15 {
        forgot(&server, &format!("nobody{number}@example.com"))
            .await
            .ok(200);
    }
    let wait = forgot(&server, "nobody@example.com").await.ok(429);
    assert!(!wait.header("retry-after").is_empty());
    // Somebody elsewhere is not kept from it, and in a day one network has twelve sent to one mailbox.
    let ask = async |peer: &str| {
        let peer: std::net::SocketAddr = peer.parse().unwrap();
        let body = format!("email={OWNER}");
        let mut ask = crate::pages::form("/forgot-password")
            .body(axum::body::Body::from(body))
            .unwrap();
        ask.extensions_mut()
            .insert(axum::extract::ConnectInfo(peer));
        server.send(ask).await.ok(200);
    };
    for _ in 0..12 {
        server.clock.advance(15 * MINUTE_US);
        ask("192.0.2.1:4000").await;
        assert_eq!(mail.next().await.to, OWNER);
    }
    server.clock.advance(15 * MINUTE_US);
    ask("192.0.2.1:4000").await;
    // Whoever wears that out keeps nobody from getting back in who asks from elsewhere.
    ask("198.51.100.1:4000").await;
    link(&mail.next().await, "/reset-password/");
    server.clock.advance(DAY_US);
    ask("192.0.2.1:4000").await;
    link(&mail.next().await, "/reset-password/");
    assert_eq!(mail.waiting().await, 0);
}

#[tokio::test]
async fn a_mailbox_is_asked_about_new_addresses_so_often_and_whoever_asks_so_often() {
    let (server, mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    for number in 0..5 {
        let asked = ask_for_email(&server, &owner, NEW, PASSWORD).await;
        assert!(asked.contains("done=/"), "{number}: {asked}");
    }
    for _ in 0..3 {
        assert_eq!(mail.next().await.to, NEW);
    }
    for number in 0..10 {
        let to = format!("new{number}@northwind.example");
        let asked = ask_for_email(&server, &owner, &to, PASSWORD).await;
        assert_eq!(
            asked.contains("too many new addresses"),
            number >= 7,
            "{asked}"
        );
    }
    for number in 0..7 {
        assert_eq!(
            mail.next().await.to,
            format!("new{number}@northwind.example")
        );
    }
    assert_eq!(mail.waiting().await, 0);
}

#[tokio::test]
async fn who_signs_in_elsewhere_is_given_no_password() {
    let (server, mail) = with_mail().await;
    let claims = service::single_sign_on::Claims {
        identity: service::ports::Identity {
            issuer: "https://issuer.example".to_owned(),
            subject: "ada".to_owned(),
        },
        verified_email: Some("ada@northwind.example".to_owned()),
        name: None,
        place: Some((
            "northwind".to_owned(),
            service::members::Place {
                role: domain::tenancy::Role::Analyst,
                companies: vec![],
            },
        )),
    };
    server.services.sign_in_with(claims, None).await.unwrap();
    forgot(&server, "ada@northwind.example").await.ok(200);
    let email = mail.next().await;
    assert!(email.text.contains("single sign-on"), "{}", email.text);
    assert!(!email.text.contains("/reset-password/"), "{}", email.text);
}

async fn ask_for_email(server: &TestServer, cookie: &str, email: &str, password: &str) -> String {
    let fields = [("email", email), ("password", password)];
    let reply = post(server, cookie, "/settings/you/email", &fields).await;
    crate::joining::outcome(&reply)
}

#[tokio::test]
async fn a_new_address_is_confirmed_by_its_mailbox_and_by_the_person_and_told_to_the_old_one() {
    let (server, mail) = with_mail().await;
    let (owner, client) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, CLIENT).await,
    );
    let wrong = ask_for_email(&server, &owner, NEW, "wrong horse").await;
    assert!(wrong.contains("Incorrect password."), "{wrong}");
    let same = ask_for_email(&server, &owner, "OWNER@northwind.example", PASSWORD).await;
    assert!(same.contains("already"), "{same}");
    let asked = ask_for_email(&server, &owner, " New@Northwind.Example", PASSWORD).await;
    assert!(asked.contains("done=/"), "{asked}");
    let email = mail.next().await;
    assert_eq!(email.to, NEW);
    let link = link(&email, "/new-email/");
    // Nothing is changed by looking, nor by the mailbox alone, nor by somebody else.
    get(&server, &owner, &link).await.ok(200);
    post(&server, "", &link, &[]).await.ok(303);
    get(&server, &client, &link).await.ok(422);
    post(&server, &client, &link, &[]).await.ok(422);
    let refused = sign_in(&server, NEW, PASSWORD, "/").await.ok(422);
    assert!(refused.text().contains("Incorrect email or password."));
    let done = post(&server, &owner, &link, &[]).await.ok(303);
    assert_eq!(done.header("location"), "/settings/you");
    let told = mail.next().await;
    assert_eq!(told.to, OWNER);
    get(&server, &owner, "/settings/you").await.ok(200);
    post(&server, &owner, &link, &[]).await.ok(422);
    let refused = sign_in(&server, OWNER, PASSWORD, "/").await.ok(422);
    assert!(refused.text().contains("Incorrect email or password."));
    cookie(&sign_in(&server, NEW, PASSWORD, "/").await.ok(303));
}

#[tokio::test]
async fn an_address_that_is_somebody_elses_is_answered_alike_and_told_to_them_alone() {
    let (server, mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    let free = ask_for_email(&server, &owner, NEW, PASSWORD).await;
    mail.next().await;
    assert_eq!(
        ask_for_email(&server, &owner, "Client@Acme.example", PASSWORD).await,
        free
    );
    let told = mail.next().await;
    assert_eq!(told.to, CLIENT);
    assert!(!told.text.contains("/new-email/"), "{}", told.text);
    assert!(!told.text.contains(OWNER), "{}", told.text);
    // Somebody who was faster keeps it.
    ask_for_email(&server, &owner, NEW, PASSWORD).await;
    let link = link(&mail.next().await, "/new-email/");
    replace_password(&server, NEW).await;
    let refused = post(&server, &owner, &link, &[]).await.ok(422).text();
    assert!(refused.contains("somebody else"), "{refused}");
}

#[tokio::test]
async fn the_old_address_takes_a_change_back_whatever_was_done_since() {
    let (server, mail) = with_mail().await;
    let eve = signed_in(&server, OWNER).await;
    let undo = change_address(&server, &mail, &eve, "eve@evil.example").await;
    let later = change_address(&server, &mail, &eve, "eve2@evil.example").await;
    // Meanwhile the address is kept for whom it belonged to.
    let invite = [
        ("account", "northwind"),
        ("email", OWNER),
        ("role", "analyst"),
    ];
    let page = crate::joining::post_on(&server, &eve, "/settings/members/invite", &invite)
        .await
        .ok(200)
        .text();
    mail.next().await;
    let at = page.find("/invitations/").unwrap();
    let invited = page[at..].split('"').next().unwrap();
    let fields = [("name", "Eve"), ("password", GOOD)];
    let refused = post(&server, "", invited, &fields).await.ok(200).text();
    assert!(refused.contains("somebody else"), "{refused}");
    server.clock.advance(6 * DAY_US);
    server.get(&undo, "").await.ok(200);
    let done = post(&server, "", &undo, &[]).await.ok(303);
    let reset = done.header("location").to_owned();
    assert!(reset.starts_with("/reset-password/"), "{reset}");
    get(&server, &eve, "/settings/you").await.ok(303);
    server.get(&later, "").await.ok(422);
    server.get(&undo, "").await.ok(422);
    choose(&server, &reset, GOOD).await.ok(303);
    cookie(&sign_in(&server, OWNER, GOOD, "/").await.ok(303));
}

#[tokio::test]
async fn a_change_that_is_taken_back_takes_along_what_lets_somebody_in_since() {
    let (server, mail) = with_mail().await;
    let eve = signed_in(&server, OWNER).await;
    let undo = change_address(&server, &mail, &eve, "eve@evil.example").await;
    crate::second_factor::set_up(&server, &eve).await;
    let done = post(&server, "", &undo, &[]).await.ok(303);
    let reset = done.header("location").to_owned();
    choose(&server, &reset, GOOD).await.ok(303);
    let signed_in = sign_in(&server, OWNER, GOOD, "/").await.ok(303);
    assert_ne!(signed_in.header("location"), "/sign-in/code");
    let owner = cookie(&signed_in);
    get(&server, &owner, "/settings/you").await.ok(200);
}

#[tokio::test]
async fn a_change_that_is_taken_back_takes_along_recovery_codes_whoever_had_them_shown() {
    let (server, mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    let (_, codes) = crate::second_factor::set_up(&server, &owner).await;
    mail.next().await;
    server.clock.advance(MINUTE_US);
    let undo = change_address(&server, &mail, &owner, "eve@evil.example").await;
    server.clock.advance(MINUTE_US);
    let page = server.get(&undo, "").await.ok(200).text();
    assert!(page.contains("recovery codes are removed"), "{page}");
    let done = post(&server, "", &undo, &[]).await.ok(303);
    let told = mail.next().await;
    assert_eq!(
        (&*told.to, &*told.subject),
        (OWNER, "Your recovery codes were removed")
    );
    choose(&server, done.header("location"), GOOD).await.ok(303);
    // The app was there before, and is asked for; the codes are worth nothing.
    let step = crate::second_factor::first_step(&server, OWNER, GOOD).await;
    let code = [("code", &*codes[0])];
    post(&server, &step, "/sign-in/code", &code).await.ok(200);
}

#[tokio::test]
async fn neither_link_nor_password_is_stored_or_in_the_audit_log() {
    let (server, mail) = with_mail().await;
    let link = reset_link(&server, &mail).await;
    let secret = link.rsplit('/').next().unwrap().to_owned();
    choose(&server, &link, GOOD).await.ok(303);
    server.services.close().await;
    let stored = server.stored_bytes();
    for secret in [secret.as_str(), GOOD] {
        let is_there = stored
            .windows(secret.len())
            .any(|bytes| bytes == secret.as_bytes());
        assert!(!is_there, "{secret} is stored");
    }
}

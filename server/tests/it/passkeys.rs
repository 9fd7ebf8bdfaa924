//! Passkeys: added, used after the password and before sensitive acts, removed.

mod refused;

use domain::time::MINUTE_US;
use serde_json::Value;
use server::state::Origin;
use service::{Caller, ports::SecondFactor};

use crate::{
    confirm::{asks, send_on},
    device::{Device, SITE},
    joining::{GOOD, follow, get, post, signed_in},
    pages::{PASSWORD, add_people},
    recovery::{Mailbox, change_address, reading},
    second_factor::{codes_of, first_step, second_step, session},
    support::{Reply, TestServer},
    whose_mailbox::{accept, by_provider, invited},
};

const OWNER: &str = "owner@northwind.example";
const CLIENT: &str = "client@acme.example";
const PAGE: &str = "/settings/second-factor";
const NEW: &str = "/settings/second-factor/passkeys/new";
const ADD: &str = "/settings/second-factor/passkeys/add";
const REMOVE: &str = "/settings/second-factor/passkeys/remove";
const ASK: &str = "/settings/second-factor/passkeys/ask";
const INVITE: [(&str, &str); 2] = [("account", "northwind"), ("invitation", "x")];
const REVOKE: &str = "/settings/members/revoke";

fn origin() -> Origin {
    Origin {
        url: Some(SITE.to_owned()),
        local: None,
    }
}

async fn server() -> (TestServer, Mailbox) {
    let mut server = TestServer::start_at(origin()).await;
    add_people(&server).await;
    let mail = reading(&mut server);
    (server, mail)
}

/// What the page that adds a passkey asks the browser for.
fn asked_by(page: &str) -> Value {
    let text = page.split("data-options=\"").nth(1);
    let text = text.unwrap_or_else(|| panic!("{page}"));
    let text = text.split('"').next().unwrap();
    serde_json::from_str(&text.replace("&quot;", "\"").replace("&amp;", "&")).unwrap()
}

async fn add(server: &TestServer, cookie: &str, device: &mut Device, name: &str) -> Reply {
    let page = post(server, cookie, NEW, &[]).await.ok(200);
    assert_eq!(page.header("cache-control"), "no-store");
    let answer = device.make(&asked_by(&page.text()));
    post(server, cookie, ADD, &[("name", name), ("passkey", &answer)]).await
}

/// Adds somebody's first passkey; their recovery codes.
async fn add_first(server: &TestServer, cookie: &str, device: &mut Device) -> Vec<String> {
    let added = add(server, cookie, device, "Laptop").await;
    let codes = codes_of(&follow(server, cookie, &added).await.ok(200).text());
    assert_eq!(codes.len(), 10);
    codes
}

async fn ask(server: &TestServer, cookie: &str, path: &str) -> Reply {
    post(server, cookie, path, &[]).await
}

/// Answers at the second step with a device.
async fn step_with(server: &TestServer, pending: &str, device: &mut Device) -> Reply {
    let options = ask(server, pending, "/sign-in/passkey").await.ok(200);
    assert_eq!(options.header("cache-control"), "no-store");
    let answer = device.sign(&options.json());
    post(server, pending, "/sign-in/code", &[("passkey", &answer)]).await
}

fn says(reply: Reply, text: &str) {
    let page = reply.ok(200);
    assert!(page.text().contains(text), "{}", page.text());
    assert!(page.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn a_passkey_is_added_used_after_the_password_and_removed() {
    let (server, mail) = server().await;
    let (owner, other) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, OWNER).await,
    );
    let mut device = Device::new(1);
    add_first(&server, &owner, &mut device).await;
    let told = mail.next().await;
    assert!(told.subject.contains("is on") && told.text.contains("Laptop"));
    get(&server, &owner, "/billing/usage").await.ok(200);
    get(&server, &other, "/billing/usage").await.ok(303);
    let page = get(&server, &owner, PAGE).await.ok(200).text();
    assert!(
        page.contains("Laptop") && page.contains("not used yet"),
        "{page}"
    );
    server.clock.advance(MINUTE_US);
    let pending = first_step(&server, OWNER, PASSWORD).await;
    let step = get(&server, &pending, "/sign-in/code").await.ok(200).text();
    assert!(step.contains("Use a passkey") && step.contains("Use a code instead"));
    let done = step_with(&server, &pending, &mut device).await.ok(303);
    assert_eq!(done.header("location"), "/companies");
    let again = session(&done);
    let page = get(&server, &again, PAGE).await.ok(200).text();
    assert!(page.contains("last used 23 Nov 2026, 14:01"), "{page}");
    let id = page.split("name=\"passkey\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap().to_owned();
    post(&server, &again, REMOVE, &[("passkey", "x")])
        .await
        .ok(404);
    post(&server, &again, REMOVE, &[("passkey", &id)])
        .await
        .ok(303);
    let told = mail.next().await;
    assert!(told.subject.contains("is off") && told.text.contains("Laptop"));
    get(&server, &owner, "/billing/usage").await.ok(303);
    signed_in(&server, OWNER).await;
}

#[tokio::test]
async fn a_passkey_confirms_a_sensitive_act_if_the_device_checks_who_uses_it() {
    let (server, _) = server().await;
    let owner = signed_in(&server, OWNER).await;
    let mut careless = Device::new(2);
    careless.verifies = false;
    says(
        add(&server, &owner, &mut careless, "Careless").await,
        "did not check that it is you",
    );
    let mut device = Device::new(1);
    add_first(&server, &owner, &mut device).await;
    server.clock.advance(15 * MINUTE_US);
    let page = post(&server, &owner, REVOKE, &INVITE).await;
    assert!(asks(&page) && page.text().contains("Use a passkey"));
    let confirm = async |page: &Reply, device: &mut Device| {
        let options = ask(&server, &owner, ASK).await.ok(200).json();
        assert_eq!(options["userVerification"], "required");
        let answer = device.sign(&options);
        send_on(&server, &owner, page, ("confirm_passkey", &answer)).await
    };
    device.verifies = false;
    let page = confirm(&page, &mut device).await;
    assert!(
        asks(&page) && page.text().contains("did not check"),
        "{}",
        page.text()
    );
    // After the password the device alone will do.
    let pending = first_step(&server, OWNER, PASSWORD).await;
    step_with(&server, &pending, &mut device).await.ok(303);
    device.verifies = true;
    let done = confirm(&page, &mut device).await;
    assert!(!asks(&done), "{}", done.text());
    let again = post(&server, &owner, REVOKE, &INVITE).await;
    assert!(!asks(&again));
    // Adding another one asks, too.
    server.clock.advance(15 * MINUTE_US);
    assert!(asks(&post(&server, &owner, NEW, &[]).await));
    assert!(asks(
        &post(&server, &owner, ADD, &[("name", "x"), ("passkey", "x")]).await
    ));
    assert!(asks(
        &post(&server, &owner, REMOVE, &[("passkey", "x")]).await
    ));
}

#[tokio::test]
async fn another_process_on_the_same_database_finishes_what_one_began() {
    let (server, _) = server().await;
    let owner = signed_in(&server, OWNER).await;
    let mut beside = server.beside().await;
    beside.state.origin = origin();
    beside.router = server::router(&beside.state);
    let mut device = Device::new(1);
    let page = post(&server, &owner, NEW, &[]).await.ok(200);
    let answer = device.make(&asked_by(&page.text()));
    let fields = [("name", "Laptop"), ("passkey", &answer)];
    post(&beside, &owner, ADD, &fields).await.ok(303);
    let pending = first_step(&beside, OWNER, PASSWORD).await;
    let options = ask(&server, &pending, "/sign-in/passkey").await.ok(200);
    let answer = device.sign(&options.json());
    post(&beside, &pending, "/sign-in/code", &[("passkey", &answer)])
        .await
        .ok(303);
}

#[tokio::test]
async fn passkeys_are_few_and_named() {
    let (server, mail) = server().await;
    let owner = signed_in(&server, OWNER).await;
    add_first(&server, &owner, &mut Device::new(1)).await;
    mail.next().await;
    for name in ["", "   ", "a\u{7}b", &"x".repeat(61)] {
        let page = add(&server, &owner, &mut Device::new(2), name).await;
        says(page, "must be 1 to 60 characters");
    }
    let name = "<b>\u{e4}\u{1f511}&amp;";
    add(&server, &owner, &mut Device::new(2), name)
        .await
        .ok(303);
    assert!(mail.next().await.text.contains(name));
    let page = get(&server, &owner, PAGE).await.ok(200).text();
    assert!(page.contains("&lt;b&gt;\u{e4}\u{1f511}&amp;amp;"), "{page}");
    for number in 3..=10 {
        add(&server, &owner, &mut Device::new(number), "One more")
            .await
            .ok(303);
    }
    let page = get(&server, &owner, PAGE).await.ok(200).text();
    assert!(
        page.contains("which is the most") && !page.contains(NEW),
        "{page}"
    );
    says(post(&server, &owner, NEW, &[]).await, "Remove one first.");
}

#[tokio::test]
async fn a_passkey_an_app_and_recovery_codes_stand_for_each_other() {
    let (server, mail) = server().await;
    let owner = signed_in(&server, OWNER).await;
    let mut device = Device::new(1);
    let codes = add_first(&server, &owner, &mut device).await;
    mail.next().await;
    let pending = first_step(&server, OWNER, PASSWORD).await;
    second_step(&server, &pending, &codes[0]).await.ok(303);
    mail.next().await;
    // An app beside it brings no other codes.
    let page = get(&server, &owner, "/settings/second-factor/app")
        .await
        .ok(200)
        .text();
    let secret = crate::second_factor::between(&page, "name=\"secret\" value=\"", "\"");
    let code = crate::second_factor::code(&server, &secret, 0);
    let fields = [("secret", &*secret), ("code", &*code)];
    post(&server, &owner, "/settings/second-factor/set", &fields)
        .await
        .ok(303);
    assert!(mail.next().await.subject.contains("app was added"));
    let page = get(&server, &owner, PAGE).await.ok(200).text();
    assert!(page.contains("9 recovery codes are left"), "{page}");
    let code = crate::second_factor::code(&server, &secret, 1);
    second_step(&server, &pending, &code).await.ok(303);
    step_with(&server, &pending, &mut device).await.ok(303);
    let gone = post(&server, &owner, "/settings/second-factor/app/remove", &[]).await;
    gone.ok(303);
    let owner = session(&step_with(&server, &pending, &mut device).await.ok(303));
    let code = crate::second_factor::code(&server, &secret, 2);
    says(
        second_step(&server, &pending, &code).await,
        "Incorrect code.",
    );
    second_step(&server, &pending, &codes[1]).await.ok(303);
    // All at once, by the person and by an operator.
    post(&server, &owner, "/settings/second-factor/remove", &[])
        .await
        .ok(303);
    let owner = signed_in(&server, OWNER).await;
    add_first(&server, &owner, &mut device).await;
    let operator = Caller::operator("test");
    server
        .services
        .reset_second_factor(&operator, OWNER)
        .await
        .unwrap();
    get(&server, &owner, "/billing/usage").await.ok(303);
    signed_in(&server, OWNER).await;
}

#[tokio::test]
async fn a_passkey_fulfils_what_an_account_demands() {
    let (server, _) = server().await;
    let (owner, client) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, CLIENT).await,
    );
    let demand = [("account", "northwind"), ("role_client", "on")];
    post(&server, &owner, "/settings/members/second-factor", &demand)
        .await
        .ok(303);
    get(&server, &client, "/billing/usage").await.ok(303);
    add_first(&server, &client, &mut Device::new(1)).await;
    get(&server, &client, "/billing/usage").await.ok(200);
}

#[tokio::test]
async fn a_change_of_address_that_is_taken_back_takes_along_passkeys_added_since() {
    let (server, mail) = server().await;
    let eve = signed_in(&server, OWNER).await;
    let before = Device::new(1);
    add_first(&server, &eve, &mut before.clone()).await;
    mail.next().await;
    server.clock.advance(1);
    let undo = change_address(&server, &mail, &eve, "eve@evil.example").await;
    add(&server, &eve, &mut Device::new(2), "Eve's")
        .await
        .ok(303);
    post(&server, "", &undo, &[]).await.ok(303);
    let operator = Caller::operator("test");
    let users = server.services.users(&operator, None, 10).await.unwrap();
    let owner = users.iter().find(|user| user.email == OWNER).unwrap();
    assert_eq!(owner.second_factor.passkeys, 1);
}

#[tokio::test]
async fn what_somebody_set_up_for_the_address_of_another_ends_with_its_passkeys() {
    let (server, mail) = server().await;
    let (shown, _) = invited(&server, &mail).await;
    let eve = accept(&server, &shown, GOOD).await;
    add_first(&server, &eve, &mut Device::new(1)).await;
    let ada = by_provider(&server).await;
    assert_eq!(ada.second_factor, SecondFactor::default());
    assert!(server.store.passkeys(ada.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn passkeys_that_were_made_for_another_address_are_not_offered() {
    let (mut server, _mail) = server().await;
    let owner = signed_in(&server, OWNER).await;
    let codes = add_first(&server, &owner, &mut Device::new(1)).await;
    let step = async |server: &TestServer| {
        let pending = first_step(server, OWNER, PASSWORD).await;
        get(server, &pending, "/sign-in/code").await.ok(200).text()
    };
    assert!(step(&server).await.contains("Use a passkey"));
    server.state.origin.url = Some("https://credits.example".to_owned());
    server.router = server::router(&server.state);
    let page = step(&server).await;
    assert!(!page.contains("Use a passkey"), "{page}");
    assert!(page.contains("ecovery code"), "{page}");
    assert_eq!(codes.len(), 10);
}

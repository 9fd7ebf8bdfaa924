//! Passkeys: added, used after the password and before sensitive acts, refused, removed.

use axum::{body::Body, http::Method};
use domain::time::MINUTE_US;
use serde_json::Value;
use server::state::Origin;
use service::{Caller, ports::SecondFactor};

use crate::{
    confirm::{asks, send_on},
    device::{Device, SITE},
    joining::{GOOD, get, post, signed_in},
    pages::{PASSWORD, add_people, cookie, form, sign_in},
    recovery::{Mailbox, change_address, reading},
    second_factor::{codes_of, first_step, second_step, session, set_up},
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
    let codes = codes_of(&add(server, cookie, device, "Laptop").await.ok(200).text());
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

const WRONG: &str = "The passkey did not work.";
const STALE: &str = "That took too long.";
const UNKNOWN: &str = "not one of yours";

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
async fn an_answer_is_good_once_for_one_person_one_purpose_and_five_minutes() {
    let (server, _) = server().await;
    let (owner, client) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, CLIENT).await,
    );
    let (mut device, mut others) = (Device::new(1), Device::new(2));
    add_first(&server, &owner, &mut device).await;
    add_first(&server, &client, &mut others).await;
    let pending = first_step(&server, OWNER, PASSWORD).await;
    let send = async |answer: &str| {
        let fields = [("passkey", answer)];
        post(&server, &pending, "/sign-in/code", &fields).await
    };
    let options = async |cookie: &str, path: &str| ask(&server, cookie, path).await.ok(200).json();
    // Twice.
    let asked = options(&pending, "/sign-in/passkey").await;
    let answer = device.sign(&asked);
    let (one, two) = tokio::join!(send(&answer), send(&answer));
    let let_in = [&one, &two].map(|reply| u32::from(reply.status == 303));
    assert_eq!(let_in.iter().sum::<u32>(), 1);
    says(send(&device.sign(&asked)).await, STALE);
    // For another purpose.
    let asked = options(&owner, ASK).await;
    says(send(&device.sign(&asked)).await, STALE);
    // Of somebody else.
    let asked = options(&client, ASK).await;
    says(send(&device.sign(&asked)).await, STALE);
    let theirs = first_step(&server, CLIENT, PASSWORD).await;
    let asked = options(&theirs, "/sign-in/passkey").await;
    says(send(&device.sign(&asked)).await, STALE);
    server.clock.advance(5 * MINUTE_US);
    let pending = first_step(&server, OWNER, PASSWORD).await;
    let asked = options(&pending, "/sign-in/passkey").await;
    server.clock.advance(5 * MINUTE_US);
    // Too late, although the password was shown again.
    let pending = first_step(&server, OWNER, PASSWORD).await;
    let fields = [("passkey", &*device.sign(&asked))];
    says(
        post(&server, &pending, "/sign-in/code", &fields).await,
        STALE,
    );
    step_with(&server, &pending, &mut device).await.ok(303);
}

#[tokio::test]
async fn a_passkey_of_somebody_else_or_for_another_site_is_refused() {
    let (server, _) = server().await;
    let (owner, client) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, CLIENT).await,
    );
    let (mut device, mut others) = (Device::new(1), Device::new(2));
    add_first(&server, &owner, &mut device).await;
    add_first(&server, &client, &mut others).await;
    let pending = first_step(&server, OWNER, PASSWORD).await;
    says(step_with(&server, &pending, &mut others).await, UNKNOWN);
    // Under the name of the right one.
    let mut forged = others.clone();
    forged.id.clone_from(&device.id);
    says(step_with(&server, &pending, &mut forged).await, WRONG);
    device.origin = "https://localhost.evil.example".to_owned();
    says(step_with(&server, &pending, &mut device).await, WRONG);
    for garbage in ["x", "{}", "{\"id\":\"AA\"}", "null"] {
        let fields = [("passkey", garbage)];
        let page = post(&server, &pending, "/sign-in/code", &fields)
            .await
            .ok(200);
        assert!(page.headers.get("set-cookie").is_none());
    }
    // What is somebody's is not added a second time, by whomever.
    let again = add(&server, &owner, &mut others, "Copy").await;
    says(again, "added already");
    let mut elsewhere = Device::new(3);
    elsewhere.origin = "https://evil.example".to_owned();
    says(
        add(&server, &owner, &mut elsewhere, "Elsewhere").await,
        WRONG,
    );
    let page = get(&server, &owner, PAGE).await.ok(200).text();
    assert_eq!(page.matches("name=\"passkey\"").count(), 1);
}

#[tokio::test]
async fn a_passkey_whose_counter_goes_back_is_refused_and_told() {
    let (server, mail) = server().await;
    let owner = signed_in(&server, OWNER).await;
    let mut device = Device::new(1);
    add_first(&server, &owner, &mut device).await;
    mail.next().await;
    let mut copy = device.clone();
    let pending = first_step(&server, OWNER, PASSWORD).await;
    step_with(&server, &pending, &mut device).await.ok(303);
    says(
        step_with(&server, &pending, &mut copy).await,
        "may have been copied",
    );
    let told = mail.next().await;
    assert!(told.subject.contains("copied") && told.text.contains("Laptop"));
    step_with(&server, &pending, &mut device).await.ok(303);
    // Devices that do not count are not suspected.
    let mut plain = Device::new(2);
    plain.counter = None;
    add(&server, &owner, &mut plain, "Phone").await.ok(303);
    for _ in 0..2 {
        step_with(&server, &pending, &mut plain).await.ok(303);
    }
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
    post(&beside, &owner, ADD, &fields).await.ok(200);
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
async fn wrong_passkeys_are_counted_with_wrong_codes_and_told() {
    let (server, mail) = server().await;
    let owner = signed_in(&server, OWNER).await;
    let (mut device, mut wrong) = (Device::new(1), Device::new(2));
    let codes = add_first(&server, &owner, &mut device).await;
    mail.next().await;
    for number in 0..5 {
        let pending = first_step(&server, OWNER, PASSWORD).await;
        let refused = if number % 2 == 0 {
            step_with(&server, &pending, &mut wrong).await
        } else {
            second_step(&server, &pending, "000000").await
        };
        refused.ok(200);
    }
    assert!(mail.next().await.subject.contains("wrong codes"));
    let pending = first_step(&server, OWNER, PASSWORD).await;
    says(
        step_with(&server, &pending, &mut device).await,
        "Too many attempts",
    );
    says(
        second_step(&server, &pending, &codes[0]).await,
        "Too many attempts",
    );
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
async fn passkeys_are_not_offered_where_browsers_make_none() {
    for url in [
        None,
        Some("http://credits.example.com"),
        Some("https://192.0.2.1"),
    ] {
        let origin = Origin {
            url: url.map(str::to_owned),
            local: None,
        };
        let server = TestServer::start_at(origin).await;
        add_people(&server).await;
        let owner = sign_in(&server, OWNER, PASSWORD, "/").await.ok(303);
        let owner = cookie(&owner);
        let page = get(&server, &owner, PAGE).await.ok(200).text();
        assert!(page.contains("Passkeys are not available"), "{page}");
        assert!(!page.contains(NEW));
        says(post(&server, &owner, NEW, &[]).await, "not available");
        ask(&server, &owner, ASK).await.problem(409);
        set_up(&server, &owner).await;
    }
}

#[tokio::test]
async fn what_a_passkey_signs_is_told_to_whom_it_concerns_alone() {
    let (server, _) = server().await;
    let owner = signed_in(&server, OWNER).await;
    ask(&server, "", "/sign-in/passkey").await.problem(401);
    ask(&server, &owner, "/sign-in/passkey").await.problem(401);
    let stranger = form(ASK).body(Body::empty()).unwrap();
    assert_eq!(stranger.method(), Method::POST);
    server.send(stranger).await.ok(303);
    // Who has none is asked for none.
    ask(&server, &owner, ASK).await.problem(404);
    let pending = first_step_of_app(&server, &owner).await;
    ask(&server, &pending, "/sign-in/passkey")
        .await
        .problem(404);
    let step = get(&server, &pending, "/sign-in/code").await.ok(200).text();
    assert!(!step.contains("Use a passkey"), "{step}");
}

async fn first_step_of_app(server: &TestServer, owner: &str) -> String {
    set_up(server, owner).await;
    first_step(server, OWNER, PASSWORD).await
}

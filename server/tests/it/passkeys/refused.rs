//! Passkeys that are refused, and where there are none.

use axum::{body::Body, http::Method};
use domain::time::MINUTE_US;
use server::state::Origin;

use super::{ASK, CLIENT, NEW, OWNER, PAGE, add, add_first, ask, says, server, step_with};
use crate::{
    device::Device,
    joining::{get, post, signed_in},
    pages::{PASSWORD, add_people, cookie, form, sign_in},
    second_factor::{first_step, second_step, set_up},
    support::TestServer,
};

const WRONG: &str = "The passkey did not work.";
const STALE: &str = "That took too long.";
const UNKNOWN: &str = "not one of yours";

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

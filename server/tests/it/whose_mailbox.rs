//! Whoever sets up a sign-in for an address of somebody else loses it once that person shows that the mailbox is theirs.

use service::{
    ports::{EmailProof, Identity, User},
    single_sign_on::Claims,
};

use crate::{
    joining::{GOOD, get, invite, post, signed_in},
    pages::{cookie, sign_in},
    recovery::{Mailbox, change_address, choose, link, with_mail},
    second_factor::set_up,
    support::TestServer,
};

const OWNER: &str = "owner@northwind.example";
const ADA: &str = "ada@example.com";
const OTHER: &str = "another good lantern song";

/// Has Ada invited; the link that whoever invites is shown, and the one that is mailed.
pub async fn invited(server: &TestServer, mail: &Mailbox) -> (String, String) {
    let owner = signed_in(server, OWNER).await;
    let shown = invite(server, &owner, ADA, "analyst", "").await;
    let mailed = link(&mail.next().await, "/invitations/");
    assert_ne!(shown, mailed);
    (shown, mailed)
}

/// Accepts an invitation as somebody new; the session.
pub async fn accept(server: &TestServer, link: &str, password: &str) -> String {
    let fields = [("name", "Ada"), ("password", password)];
    cookie(&post(server, "", link, &fields).await.ok(303))
}

/// The provider vouches for Ada.
pub async fn by_provider(server: &TestServer) -> User {
    let claims = Claims {
        identity: Identity {
            issuer: "https://id.example".to_owned(),
            subject: "1".to_owned(),
        },
        verified_email: Some(ADA.to_owned()),
        name: None,
        place: None,
    };
    server.services.sign_in_with(claims, None).await.unwrap()
}

async fn is_in(server: &TestServer, password: &str) -> bool {
    sign_in(server, ADA, password, "/").await.status == 303
}

async fn entries(server: &TestServer, action: &str) -> Vec<String> {
    let operator = service::Caller::operator("test");
    let ask = service::audit::AuditAsk {
        action: action.to_owned(),
        ..service::audit::AuditAsk::default()
    };
    let found = server.services.platform_audit(&operator, &ask);
    let found = found.await.unwrap().into_iter();
    found.map(|entry| entry.detail).collect()
}

#[tokio::test]
async fn what_an_inviter_set_up_ends_when_the_person_is_recognised_by_single_sign_on() {
    let (server, mail) = with_mail().await;
    let (shown, mailed) = invited(&server, &mail).await;
    let eve = accept(&server, &shown, GOOD).await;
    server.get(&mailed, "").await.ok(404);
    set_up(&server, &eve).await;
    mail.next().await;
    let fields = [("email", "eve@example.com"), ("password", GOOD)];
    post(&server, &eve, "/settings/you/email", &fields)
        .await
        .ok(303);
    let change = link(&mail.next().await, "/new-email/");
    let ada = by_provider(&server).await;
    assert_eq!(ada.email_proof, Some(EmailProof::SignOn));
    assert!(ada.password_hash.is_empty() && !ada.second_factor.is_set);
    get(&server, &eve, "/billing/usage").await.ok(303);
    post(&server, &eve, &change, &[]).await.ok(303);
    assert!(!is_in(&server, GOOD).await);
    let told = mail.next().await;
    assert_eq!(told.to, ADA);
    assert!(told.subject.contains("removed"), "{}", told.subject);
    let noted = entries(&server, "email.proved").await;
    assert!(noted[0].contains("lets nobody in any more"), "{noted:?}");
    // Once: what is set up from now on is theirs.
    by_provider(&server).await;
    assert_eq!(mail.waiting().await, 0);
}

#[tokio::test]
async fn who_followed_the_link_in_their_mailbox_keeps_their_password() {
    let (server, mail) = with_mail().await;
    let (shown, mailed) = invited(&server, &mail).await;
    let ada = accept(&server, &mailed, GOOD).await;
    server.get(&shown, "").await.ok(404);
    assert_eq!(entries(&server, "email.proved").await.len(), 1);
    by_provider(&server).await;
    get(&server, &ada, "/billing/usage").await.ok(200);
    assert!(is_in(&server, GOOD).await);
    assert_eq!(mail.waiting().await, 0);
}

#[tokio::test]
async fn whom_the_operator_vouches_for_keeps_their_password() {
    let (server, mail) = with_mail().await;
    let before = signed_in(&server, OWNER).await;
    let claims = Claims {
        identity: Identity {
            issuer: "https://id.example".to_owned(),
            subject: "2".to_owned(),
        },
        verified_email: Some(OWNER.to_owned()),
        name: None,
        place: None,
    };
    let owner = server.services.sign_in_with(claims, None).await.unwrap();
    assert_eq!(owner.email_proof, Some(EmailProof::Operator));
    get(&server, &before, "/billing/usage").await.ok(200);
    signed_in(&server, OWNER).await;
    assert_eq!(mail.waiting().await, 0);
}

#[tokio::test]
async fn the_first_password_that_is_reset_by_mail_ends_what_lets_in_but_goes_around_no_second_factor()
 {
    let (server, mail) = with_mail().await;
    let (shown, _) = invited(&server, &mail).await;
    let eve = accept(&server, &shown, GOOD).await;
    let (_, codes) = set_up(&server, &eve).await;
    mail.next().await;
    let reset = async || {
        post(&server, "", "/forgot-password", &[("email", ADA)])
            .await
            .ok(200);
        link(&mail.next().await, "/reset-password/")
    };
    let first = reset().await;
    choose(&server, &first, OTHER).await.ok(303);
    let told = mail.next().await;
    assert!(told.text.contains("ask the operator"), "{}", told.text);
    get(&server, &eve, "/billing/usage").await.ok(303);
    assert!(!is_in(&server, GOOD).await);
    // It was set up before anybody had shown whose the address is: it is asked for all the same, and so are its codes.
    let step = crate::second_factor::first_step(&server, ADA, OTHER).await;
    let code = [("code", &*codes[0])];
    let ada = post(&server, &step, "/sign-in/code", &code).await.ok(303);
    assert_eq!(ada.header("location"), "/companies");
    mail.next().await;
    // The address is known to be theirs now: single sign-on takes nothing along.
    let known = by_provider(&server).await;
    assert_eq!(known.email_proof, Some(EmailProof::Mail));
    assert!(known.second_factor.is_set && !known.password_hash.is_empty());
    let second = reset().await;
    choose(&server, &second, GOOD).await.ok(303);
    let told = mail.next().await;
    assert!(!told.text.contains("ask the operator"), "{}", told.text);
}

#[tokio::test]
async fn who_takes_an_address_back_that_they_never_had_is_kept_out_by_a_second_factor_alone() {
    let (server, mail) = with_mail().await;
    let (shown, _) = invited(&server, &mail).await;
    let eve = accept(&server, &shown, crate::pages::PASSWORD).await;
    set_up(&server, &eve).await;
    mail.next().await;
    server.clock.advance(domain::time::MINUTE_US);
    let undo = change_address(&server, &mail, &eve, "eve@example.com").await;
    let next = post(&server, "", &undo, &[]).await.ok(303);
    let told = mail.next().await;
    assert!(told.subject.contains("recovery codes"), "{}", told.subject);
    choose(&server, next.header("location"), OTHER)
        .await
        .ok(303);
    get(&server, &eve, "/billing/usage").await.ok(303);
    let ada = sign_in(&server, ADA, OTHER, "/companies").await.ok(303);
    assert_eq!(ada.header("location"), "/sign-in/code");
    let operator = service::Caller::operator("test");
    let reset = server.services.reset_second_factor(&operator, ADA);
    reset.await.unwrap();
    let ada = sign_in(&server, ADA, OTHER, "/companies").await.ok(303);
    assert_eq!(ada.header("location"), "/companies");
}

#[tokio::test]
async fn an_operator_who_replaces_somebody_vouches_for_the_address_and_takes_along_what_was_there()
{
    let (server, mail) = with_mail().await;
    let (shown, _) = invited(&server, &mail).await;
    let eve = accept(&server, &shown, GOOD).await;
    set_up(&server, &eve).await;
    let ada = service::users::PutUser {
        email: ADA.to_owned(),
        name: "Ada".to_owned(),
        password: OTHER.to_owned(),
        platform_role: None,
        memberships: vec![service::users::Joining {
            account: "northwind".to_owned(),
            role: domain::tenancy::Role::Analyst,
            companies: vec![],
        }],
    };
    let operator = service::Caller::operator("test");
    let ada = server.services.put_user(&operator, ada).await.unwrap();
    assert_eq!(ada.email_proof, Some(EmailProof::Operator));
    assert!(!ada.second_factor.is_set);
    assert!(is_in(&server, OTHER).await);
}

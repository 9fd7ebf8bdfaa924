//! A second factor: set up, asked for, demanded, lost.

use domain::{
    tenancy::{PlatformRole, Role},
    time::{MINUTE_US, SECOND_US},
};
use service::{
    Caller, Permission,
    users::{Joining, PutUser},
};
use totp_rs::{Builder, Secret};

use crate::{
    joining::{GOOD, follow, get, post, signed_in},
    own_sessions::replace_password,
    pages::{PASSWORD, cookie, sign_in, with_people},
    recovery::with_mail,
    support::{Reply, TestServer},
};

const OWNER: &str = "owner@northwind.example";
const CLIENT: &str = "client@acme.example";
const PAGE: &str = "/settings/second-factor";
const STEP_US: i64 = 30 * SECOND_US;

/// What is between two texts.
pub fn between(text: &str, before: &str, end: &str) -> String {
    let rest = text.split(before).nth(1);
    let rest = rest.unwrap_or_else(|| panic!("{before} in {text}"));
    rest.split(end).next().unwrap().to_owned()
}

/// The code that an app shows, some steps from now.
pub fn code(server: &TestServer, secret: &str, steps: i64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    let at = server.services.now().plus_micros(steps * STEP_US).micros();
    app.generate(u64::try_from(at / SECOND_US).unwrap())
        .to_string()
}

pub async fn offered(server: &TestServer, cookie: &str) -> String {
    let page = get(server, cookie, PAGE).await.ok(200);
    assert_eq!(page.header("cache-control"), "no-store");
    between(&page.text(), "name=\"secret\" value=\"", "\"")
}

async fn set(server: &TestServer, cookie: &str, secret: &str, code: &str) -> String {
    let fields = [("secret", secret), ("code", code)];
    let reply = post(server, cookie, &format!("{PAGE}/set"), &fields).await;
    if reply.status == 303 {
        return follow(server, cookie, &reply).await.ok(200).text();
    }
    reply.ok(200).text()
}

pub fn codes_of(page: &str) -> Vec<String> {
    let parts = page.split("<code>").skip(1);
    parts
        .map(|part| part.split("</code>").next().unwrap())
        .map(|code| code.trim_end_matches("<!>").to_owned())
        .collect()
}

/// Sets up an app, whose secret and recovery codes are returned. The code of now is used up.
pub async fn set_up(server: &TestServer, cookie: &str) -> (String, Vec<String>) {
    let secret = offered(server, cookie).await;
    let page = set(server, cookie, &secret, &code(server, &secret, 0)).await;
    let codes = codes_of(&page);
    assert_eq!(codes.len(), 10, "{page}");
    (secret, codes)
}

/// The first step; the cookie that is kept for the second.
pub async fn first_step(server: &TestServer, email: &str, password: &str) -> String {
    let reply = sign_in(server, email, password, "/companies").await.ok(303);
    assert_eq!(reply.header("location"), "/sign-in/code");
    assert_eq!(reply.headers.get_all("set-cookie").iter().count(), 1);
    cookie(&reply)
}

pub async fn second_step(server: &TestServer, pending: &str, code: &str) -> Reply {
    post(server, pending, "/sign-in/code", &[("code", code)]).await
}

/// The session that a second step began.
pub fn session(reply: &Reply) -> String {
    let set = reply.headers.get_all("set-cookie").iter();
    let mut set = set.map(|value| value.to_str().unwrap());
    let session = set.find(|set| set.starts_with("creditscope_session="));
    session.unwrap().split(';').next().unwrap().to_owned()
}

async fn is_refused(server: &TestServer, pending: &str, code: &str) {
    let page = second_step(server, pending, code).await.ok(200);
    assert!(page.text().contains("Incorrect code."), "{}", page.text());
    assert!(page.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn a_code_is_asked_for_after_the_password_and_nobody_is_signed_in_before_it() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let (secret, _) = set_up(&server, &owner).await;
    get(&server, &owner, "/billing/usage").await.ok(200);
    server.clock.advance(MINUTE_US);
    // A wrong password is answered as ever.
    let wrong = sign_in(&server, OWNER, "wrong horse", "/").await.ok(422);
    assert!(wrong.text().contains("Incorrect email or password."));
    let pending = first_step(&server, OWNER, PASSWORD).await;
    get(&server, &pending, "/billing/usage").await.ok(303);
    get(&server, &pending, "/api/v1/balance").await.problem(401);
    get(&server, &pending, "/sign-in/code").await.ok(200);
    is_refused(&server, &pending, "000000").await;
    is_refused(&server, &pending, "").await;
    let done = second_step(&server, &pending, &code(&server, &secret, 0)).await;
    let done = done.ok(303);
    assert_eq!(done.header("location"), "/companies");
    get(&server, &session(&done), "/billing/usage")
        .await
        .ok(200);
    // Whoever comes without the first step is sent to it.
    for stranger in [
        "",
        "creditscope_second_step=x.y",
        "creditscope_second_step=x",
    ] {
        let away = second_step(&server, stranger, "000000").await.ok(303);
        assert_eq!(away.header("location"), "/sign-in");
        get(&server, stranger, "/sign-in/code").await.ok(303);
    }
}

#[tokio::test]
async fn a_code_is_good_for_once_and_within_a_step_of_its_time() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let (secret, _) = set_up(&server, &owner).await;
    let pending = first_step(&server, OWNER, PASSWORD).await;
    // The one that proved the app is used up, and so is what is older.
    is_refused(&server, &pending, &code(&server, &secret, 0)).await;
    is_refused(&server, &pending, &code(&server, &secret, -1)).await;
    is_refused(&server, &pending, &code(&server, &secret, 2)).await;
    let next = code(&server, &secret, 1);
    let (one, two) = tokio::join!(
        second_step(&server, &pending, &next),
        second_step(&server, &pending, &next)
    );
    let let_in = [&one, &two].map(|reply| u32::from(reply.status == 303));
    assert_eq!(let_in.iter().sum::<u32>(), 1);
    server.clock.advance(4 * STEP_US);
    let spaced = code(&server, &secret, -1);
    let spaced = format!(" {} {} ", &spaced[..3], &spaced[3..]);
    second_step(&server, &pending, &spaced).await.ok(303);
}

#[tokio::test]
async fn recovery_codes_are_good_for_once_each_and_kept_as_hashes() {
    let (server, mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    let (_, codes) = set_up(&server, &owner).await;
    assert!(mail.next().await.subject.contains("is on"));
    let pending = first_step(&server, OWNER, PASSWORD).await;
    let first = second_step(&server, &pending, &codes[0].to_uppercase()).await;
    let again = session(&first.ok(303));
    assert!(mail.next().await.text.contains("9 of 10"));
    is_refused(&server, &pending, &codes[0]).await;
    second_step(&server, &pending, &codes[1]).await.ok(303);
    mail.next().await;
    let page = get(&server, &again, PAGE).await.ok(200).text();
    assert!(page.contains("8 recovery codes are left"), "{page}");
    assert!(!page.contains(&codes[2]));
    // Others replace them all.
    // A code is asked for, however lately they signed in, and a password does not do.
    let path = format!("{PAGE}/codes");
    for proof in [vec![], vec![("confirm_password", PASSWORD)]] {
        let page = post(&server, &again, &path, &proof).await.ok(200).text();
        assert!(
            page.contains("This needs your second factor each time"),
            "{page}"
        );
        assert!(codes_of(&page).is_empty());
    }
    let page = post(&server, &again, &path, &[("confirm_code", &codes[3])]).await;
    let others = codes_of(&follow(&server, &again, &page).await.ok(200).text());
    assert!(mail.next().await.text.contains("recovery code"));
    let told = mail.next().await;
    assert!(
        told.subject.contains("recovery codes are new"),
        "{}",
        told.subject
    );
    assert_eq!(others.len(), 10);
    is_refused(&server, &pending, &codes[2]).await;
    second_step(&server, &pending, &others[0]).await.ok(303);
    mail.next().await;
    server.services.close().await;
    let stored = server.stored_bytes();
    for code in codes.iter().chain(&others) {
        for typed in [code.clone(), code.replace('-', "").to_uppercase()] {
            let is_there = stored
                .windows(typed.len())
                .any(|bytes| bytes == typed.as_bytes());
            assert!(!is_there, "{typed} is stored");
        }
    }
}

#[tokio::test]
async fn guesses_are_counted_for_the_person_and_told_to_them() {
    let (server, mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    let (secret, codes) = set_up(&server, &owner).await;
    mail.next().await;
    // Another sign-in does not begin the count anew.
    for number in 0..5 {
        let pending = first_step(&server, OWNER, PASSWORD).await;
        is_refused(&server, &pending, &format!("00000{number}")).await;
    }
    let told = mail.next().await;
    assert!(told.subject.contains("wrong codes"), "{}", told.subject);
    let pending = first_step(&server, OWNER, PASSWORD).await;
    for right in [&code(&server, &secret, 1), &codes[0]] {
        let page = second_step(&server, &pending, right).await.ok(200).text();
        assert!(page.contains("Too many attempts"), "{page}");
    }
    server.clock.advance(5 * MINUTE_US);
    let pending = first_step(&server, OWNER, PASSWORD).await;
    second_step(&server, &pending, &code(&server, &secret, 0))
        .await
        .ok(303);
}

/// How many codes were looked at and not right.
async fn refused_codes(server: &TestServer) -> usize {
    let ask = service::audit::AuditAsk {
        action: "user.code_refused".to_owned(),
        ..service::audit::AuditAsk::default()
    };
    let operator = Caller::operator("test");
    let found = server.services.platform_audit(&operator, &ask).await;
    found.unwrap().len()
}

#[tokio::test]
async fn of_a_hundred_wrong_codes_at_once_five_are_looked_at_and_the_person_is_told_once() {
    let (server, mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    let (secret, _) = set_up(&server, &owner).await;
    mail.next().await;
    let pending = first_step(&server, OWNER, PASSWORD).await;
    let all = (0..100).map(|number| {
        let (server, pending) = (&server, &pending);
        let code = format!("{number:06}");
        async move { second_step(server, pending, &code).await.ok(200).text() }
    });
    let pages = futures::future::join_all(all).await;
    let waits = pages
        .iter()
        .filter(|page| page.contains("Too many attempts"));
    assert_eq!((waits.count(), refused_codes(&server).await), (95, 5));
    assert!(mail.next().await.subject.contains("Several wrong codes"));
    // A right one is not looked at either.
    let page = second_step(&server, &pending, &code(&server, &secret, 1)).await;
    assert!(page.ok(200).text().contains("Too many attempts"));
    assert_eq!(mail.waiting().await, 0);
}

#[tokio::test]
async fn wrong_codes_are_counted_over_a_day_whatever_was_right_between_them() {
    let (server, mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    let (secret, codes) = set_up(&server, &owner).await;
    mail.next().await;
    let mut wrong = 0;
    let mut guess = async |server: &TestServer, times: u32| {
        let pending = first_step(server, OWNER, PASSWORD).await;
        for _ in 0..times {
            wrong += 1;
            is_refused(server, &pending, &format!("{wrong:06}")).await;
        }
        server.clock.advance(5 * MINUTE_US);
        pending
    };
    // Never five in five minutes, and right ones between them.
    for _ in 0..2 {
        guess(&server, 2).await;
        let pending = first_step(&server, OWNER, PASSWORD).await;
        second_step(&server, &pending, &code(&server, &secret, 0))
            .await
            .ok(303);
    }
    assert_eq!(mail.waiting().await, 0);
    guess(&server, 1).await;
    assert!(mail.next().await.subject.contains("Several wrong codes"));
    for _ in 0..5 {
        guess(&server, 5).await;
    }
    // The next ones are too many in the day, of which the person is told once more.
    let told = mail.next().await;
    assert!(
        told.subject.contains("Too many wrong codes"),
        "{}",
        told.subject
    );
    let pending = first_step(&server, OWNER, PASSWORD).await;
    let right = code(&server, &secret, 0);
    let page = second_step(&server, &pending, &right).await.ok(200).text();
    assert!(page.contains("Too many attempts today"), "{page}");
    assert_eq!(
        (refused_codes(&server).await, mail.waiting().await),
        (30, 0)
    );
    // A recovery code cannot be guessed.
    second_step(&server, &pending, &codes[0]).await.ok(303);
    mail.next().await;
    server.clock.advance(domain::time::DAY_US);
    let pending = first_step(&server, OWNER, PASSWORD).await;
    second_step(&server, &pending, &code(&server, &secret, 0))
        .await
        .ok(303);
}

#[tokio::test]
async fn between_the_steps_are_five_minutes_and_one_password() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let (secret, _) = set_up(&server, &owner).await;
    let pending = first_step(&server, OWNER, PASSWORD).await;
    server.clock.advance(5 * MINUTE_US);
    let late = second_step(&server, &pending, &code(&server, &secret, 0)).await;
    assert_eq!(late.ok(303).header("location"), "/sign-in");
    let pending = first_step(&server, OWNER, PASSWORD).await;
    replace_password(&server, OWNER).await;
    let other = second_step(&server, &pending, &code(&server, &secret, 0)).await;
    assert_eq!(other.ok(303).header("location"), "/sign-in");
    // The second factor stays when the password is replaced.
    let pending = first_step(&server, OWNER, GOOD).await;
    second_step(&server, &pending, &code(&server, &secret, 0))
        .await
        .ok(303);
}

#[tokio::test]
async fn setting_it_up_needs_a_code_and_ends_other_sessions_and_so_does_removing_it() {
    let server = with_people().await;
    let (owner, other) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, OWNER).await,
    );
    let secret = offered(&server, &owner).await;
    let page = set(&server, &owner, &secret, "000000").await;
    assert!(page.contains("ode is not right"), "{page}");
    // The same app may try again.
    assert_eq!(between(&page, "name=\"secret\" value=\"", "\""), secret);
    for weak in ["", "ABC", "MFRGG", "MFRGGZDFMZTWQ2LKMFRGGZDF"] {
        let page = set(&server, &owner, weak, "000000").await;
        assert!(page.contains("is not ours"), "{weak}: {page}");
    }
    get(&server, &other, "/billing/usage").await.ok(200);
    set_up(&server, &owner).await;
    get(&server, &other, "/billing/usage").await.ok(303);
    // There is one: another needs it to be removed.
    let page = get(&server, &owner, PAGE).await.ok(200).text();
    assert!(page.contains("is on") && !page.contains("name=\"secret\""));
    let another = service::Services::new_authenticator_secret();
    let page = set(&server, &owner, &another, &code(&server, &another, 0)).await;
    assert!(page.contains("remove it first"), "{page}");
    post(&server, &owner, &format!("{PAGE}/remove"), &[])
        .await
        .ok(303);
    let reply = sign_in(&server, OWNER, PASSWORD, "/").await.ok(303);
    assert_eq!(reply.header("location"), "/");
    set_up(&server, &owner).await;
    get(&server, &cookie(&reply), "/billing/usage")
        .await
        .ok(303);
}

/// Everything somebody who owes a second factor is kept from.
async fn is_kept_out(server: &TestServer, cookie: &str) {
    for page in [
        "/billing/usage",
        "/settings/you",
        "/companies",
        "/platform/trends",
        "/",
    ] {
        let away = get(server, cookie, page).await.ok(303);
        assert_eq!(away.header("location"), PAGE, "{page}");
    }
    for path in ["/api/v1/balance", "/api/v1/events", "/api/v1/accounts"] {
        get(server, cookie, path).await.problem(403);
    }
    let invite = [
        ("account", "northwind"),
        ("email", "x@example.com"),
        ("role", "owner"),
    ];
    let away = post(server, cookie, "/settings/members/invite", &invite).await;
    assert_eq!(away.ok(303).header("location"), PAGE);
}

#[tokio::test]
async fn an_account_demands_it_of_roles_whose_members_do_nothing_else_before() {
    let server = with_people().await;
    let (owner, client) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, CLIENT).await,
    );
    let demand = [("account", "northwind"), ("role_client", "on")];
    post(&server, &client, "/settings/members/second-factor", &demand)
        .await
        .ok(403);
    get(&server, &client, "/billing/usage").await.ok(200);
    let users = server
        .services
        .users(&Caller::operator("test"), None, 10)
        .await
        .unwrap();
    let watched = users.iter().find(|user| user.email == CLIENT).unwrap();
    let (watched, owes) = server.services.caller_of(watched, false);
    assert!(!owes);
    let ended = server.services.until_changed(watched);
    let done = post(&server, &owner, "/settings/members/second-factor", &demand);
    let (_, done) = tokio::join!(ended, done);
    assert!(crate::joining::outcome(&done.ok(303)).contains("done="));
    let members = get(&server, &owner, "/settings/members")
        .await
        .ok(200)
        .text();
    let of = |role: &str| between(&members, &format!("name=\"role_{role}\""), ">");
    assert!(of("client").contains("checked") && !of("owner").contains("checked"));
    // At once, on pages that are open, and after signing in.
    is_kept_out(&server, &client).await;
    get(&server, &owner, "/billing/usage").await.ok(200);
    let again = signed_in(&server, CLIENT).await;
    is_kept_out(&server, &again).await;
    let page = get(&server, &again, PAGE).await.ok(200).text();
    assert!(page.contains("Your role needs a second factor"), "{page}");
    set_up(&server, &again).await;
    get(&server, &again, "/billing/usage").await.ok(200);
    // Nobody gets around it by removing it.
    post(&server, &again, &format!("{PAGE}/remove"), &[])
        .await
        .ok(303);
    is_kept_out(&server, &again).await;
    let nobody = [("account", "northwind")];
    post(&server, &owner, "/settings/members/second-factor", &nobody)
        .await
        .ok(303);
    get(&server, &again, "/billing/usage").await.ok(200);
}

async fn operator(server: &TestServer) -> String {
    let user = PutUser {
        email: "op@platform.example".to_owned(),
        name: "Op".to_owned(),
        password: PASSWORD.to_owned(),
        platform_role: Some(PlatformRole::Operator),
        memberships: vec![Joining {
            account: "northwind".to_owned(),
            role: Role::Analyst,
            companies: vec![],
        }],
    };
    let caller = Caller::operator("test");
    server.services.put_user(&caller, user).await.unwrap();
    signed_in(server, "op@platform.example").await
}

#[tokio::test]
async fn staff_need_it_where_the_platform_says_so() {
    let mut server = with_people().await;
    let before = operator(&server).await;
    get(&server, &before, "/platform/trends").await.ok(200);
    let services = server.services.clone().requiring_second_factor(true);
    server.services = services.clone();
    server.state.services = services.clone();
    server.router = server::router(&server.state);
    is_kept_out(&server, &before).await;
    // Members who are no staff are not concerned.
    let owner = signed_in(&server, OWNER).await;
    get(&server, &owner, "/billing/usage").await.ok(200);
    set_up(&server, &before).await;
    get(&server, &before, "/platform/trends").await.ok(200);
}

#[tokio::test]
async fn who_lost_it_is_helped_by_an_operator_alone() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    set_up(&server, &owner).await;
    let caller = Caller::operator("test");
    let services = &server.services;
    let scope = services
        .scope(&caller, Some("northwind"), Permission::Manage)
        .await;
    let members = services.members(&scope.unwrap()).await.unwrap();
    let own = members.iter().find(|member| member.email == OWNER).unwrap();
    let user = services.signed_in(own.id).await.unwrap().unwrap();
    assert!(user.second_factor.is_set);
    let themselves = services
        .reset_second_factor(&Caller::from_user(&user), OWNER)
        .await;
    assert!(themselves.is_err());
    services.reset_second_factor(&caller, OWNER).await.unwrap();
    get(&server, &owner, "/billing/usage").await.ok(303);
    signed_in(&server, OWNER).await;
}

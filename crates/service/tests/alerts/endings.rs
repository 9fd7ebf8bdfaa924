//! Keys and endpoints that will end are told to those who run them, each time once.

use domain::{Time, tenancy::PlatformRole, time::DAY_US};
use service::{keys::KeyAsk, mail::Email, ports::KeyScope, users::PutUser};

use super::Watched;
use crate::support::world::{NOW, World, time};

fn after_days(days: i64) -> Time {
    time(NOW).plus_micros(days * DAY_US)
}

async fn operator(world: &World, email: &str) {
    let user = PutUser {
        email: email.to_owned(),
        name: "Operator".to_owned(),
        password: "seven green lanterns hum".to_owned(),
        platform_role: Some(PlatformRole::Operator),
        memberships: vec![],
    };
    world
        .services
        .put_user(&world.operator, user)
        .await
        .unwrap();
}

impl Watched {
    async fn key(&self, account: Option<&str>, name: &str, days: u32) -> String {
        let scope = account.map_or(KeyScope::Platform, |_| KeyScope::Ingest);
        let ask = KeyAsk {
            scopes: vec![scope],
            name: name.to_owned(),
            expires_in_s: Some(days * 86_400),
        };
        let made = self.services.make_key(&self.world.operator, account, ask);
        made.await.unwrap().token
    }

    /// What is told on a day, to whom.
    async fn told_on(&self, day: i64) -> Vec<Email> {
        self.world.clock.set(after_days(day));
        self.endings_told().await
    }

    async fn endings_told(&self) -> Vec<Email> {
        self.services.tell_endings().await.unwrap();
        while self.services.send_due().await.unwrap() > 0 {}
        std::mem::take(&mut *self.letters.0.lock().unwrap())
    }
}

fn addresses(emails: &[Email]) -> Vec<&str> {
    let mut to: Vec<_> = emails.iter().map(|email| email.to.as_str()).collect();
    to.sort_unstable();
    to
}

#[tokio::test]
async fn a_key_that_will_expire_is_told_to_owners_once_at_each_stage() {
    let watched = Watched::new().await;
    for (email, role) in [
        ("ada@north.example", "owner"),
        ("ben@north.example", "owner"),
        ("cleo@north.example", "billing_admin"),
        ("dan@north.example", "analyst"),
    ] {
        watched.world.member(email, role).await;
    }
    operator(&watched.world, "olga@platform.example").await;
    let token = watched.key(Some("north"), "voice gateway", 30).await;
    let owners = ["ada@north.example", "ben@north.example"];
    assert_eq!(addresses(&watched.told_on(15).await), [""; 0]);
    let early = watched.told_on(16).await;
    assert_eq!(addresses(&early), owners);
    let email = &early[0];
    assert_eq!(
        email.subject,
        "north account: API key “voice gateway” (cs_…_…) expires 23 Dec 2026, 15:03 (Europe/Berlin)"
            .replace("cs_…_", &token[..=token.rfind('_').unwrap()])
    );
    assert!(
        email.text.contains("It has not been used yet."),
        "{}",
        email.text
    );
    let link = "https://credits.example/settings/keys?account=north";
    assert!(email.text.contains(link), "{}", email.text);
    assert_eq!(email.unsubscribe, None);
    for (day, told) in [
        (17, false),
        (26, false),
        (27, true),
        (28, false),
        (29, true),
    ] {
        let to: &[&str] = if told { &owners } else { &[] };
        assert_eq!(addresses(&watched.told_on(day).await), to, "day {day}");
    }
    // It is used on its last day, so that somebody misses it.
    watched.services.caller_of_token(&token).await.unwrap();
    watched.services.note_used_keys().await.unwrap();
    let over = watched.told_on(30).await;
    assert_eq!(addresses(&over), owners);
    assert!(over[0].subject.contains("expired"), "{}", over[0].subject);
    assert_eq!(addresses(&watched.told_on(31).await), [""; 0]);
}

#[tokio::test]
async fn a_platform_key_is_told_to_operators_and_one_nobody_owns_too() {
    let watched = Watched::new().await;
    operator(&watched.world, "olga@platform.example").await;
    watched.world.member("ada@north.example", "owner").await;
    watched.key(None, "billing system", 10).await;
    watched.key(Some("south"), "shop", 10).await;
    let told = watched.endings_told().await;
    assert_eq!(addresses(&told), ["olga@platform.example"; 2]);
    let mut subjects: Vec<_> = told.iter().map(|email| email.subject.as_str()).collect();
    subjects.sort_unstable();
    assert!(subjects[0].starts_with("Platform: API key “billing system”"));
    assert!(subjects[1].starts_with("south account: API key “shop”"));
}

#[tokio::test]
async fn a_key_that_is_revoked_or_lives_for_a_day_is_told_to_nobody() {
    let watched = Watched::new().await;
    watched.world.member("ada@north.example", "owner").await;
    watched.key(Some("north"), "job", 1).await;
    let token = watched.key(Some("north"), "old", 5).await;
    let prefix = token.split('_').nth(1).unwrap();
    let operator = &watched.world.operator;
    let revoked = watched.services.revoke_key(operator, Some("north"), prefix);
    revoked.await.unwrap();
    assert_eq!(addresses(&watched.endings_told().await), [""; 0]);
    assert_eq!(addresses(&watched.told_on(1).await), [""; 0]);
}

#[tokio::test]
async fn an_owner_who_left_meanwhile_is_not_written_to() {
    let watched = Watched::new().await;
    watched.world.member("ada@north.example", "owner").await;
    watched.world.member("ben@north.example", "owner").await;
    watched.key(Some("north"), "gateway", 5).await;
    watched.services.tell_endings().await.unwrap();
    let ada = watched.world.person("ada@north.example").await;
    let gone = watched
        .services
        .remove_member(&watched.scope, ada.user().unwrap());
    gone.await.unwrap();
    assert_eq!(
        addresses(&watched.endings_told().await),
        ["ben@north.example"]
    );
}

#[tokio::test]
async fn an_endpoint_that_accepts_nothing_is_told_before_it_is_disabled_and_then() {
    let watched = Watched::new().await;
    watched.world.member("ada@north.example", "owner").await;
    let (services, scope) = (&watched.services, &watched.scope);
    let hook = services
        .make_webhook(scope, "https://hooks.example/north?token=s3cret")
        .await
        .unwrap();
    // It is tried at once, after about 10 seconds, and after about 100 more.
    watched.desk.answers.lock().unwrap().extend([500; 20]);
    services.test_webhook(scope, &hook.id).await.unwrap();
    let at = async |seconds: i64| {
        let now = time(NOW).plus_micros(seconds * 1_000_000);
        watched.world.clock.set(now);
        services.send_due().await.unwrap();
        watched.endings_told().await
    };
    assert_eq!(addresses(&at(0).await), [""; 0]);
    assert_eq!(addresses(&at(12).await), [""; 0]);
    let warned = at(50).await;
    assert_eq!(addresses(&warned), ["ada@north.example"]);
    let text = &warned[0].text;
    assert!(text.contains("accepts no events"), "{text}");
    assert!(text.contains("The last response was: 500."), "{text}");
    assert!(
        text.contains("https://credits.example/billing/alerts?account=north"),
        "{text}"
    );
    let failing = services.failing_endpoints(scope).await.unwrap();
    assert_eq!((failing.len(), failing[0].since), (1, time(NOW)));
    assert_eq!(addresses(&at(51).await), [""; 0]);
    assert_eq!(addresses(&at(98).await), ["ada@north.example"]);
    assert_eq!(addresses(&at(99).await), [""; 0]);
    let disabled = at(125).await;
    assert_eq!(addresses(&disabled), ["ada@north.example"]);
    let subject = &disabled[0].subject;
    assert!(
        subject.ends_with("Endpoint hooks.example is disabled"),
        "{subject}"
    );
    // What else stands in an address is often a secret of the receiver.
    for email in [&warned[0], &disabled[0]] {
        let all = format!("{} {}", email.subject, email.text);
        assert!(!all.contains("north?") && !all.contains("s3cret"), "{all}");
    }
    assert!(
        services.webhooks(scope).await.unwrap()[0]
            .disabled_at
            .is_some()
    );
    assert_eq!(services.failing_endpoints(scope).await.unwrap(), []);
    assert_eq!(addresses(&at(500).await), [""; 0]);
}

#[tokio::test]
async fn an_endpoint_that_accepts_again_is_not_told_of() {
    let watched = Watched::new().await;
    watched.world.member("ada@north.example", "owner").await;
    let (services, scope) = (&watched.services, &watched.scope);
    let hook = services
        .make_webhook(scope, "https://hooks.example/north")
        .await
        .unwrap();
    watched.desk.answers.lock().unwrap().push(500);
    services.test_webhook(scope, &hook.id).await.unwrap();
    services.send_due().await.unwrap();
    // Another message arrives, so it is the first one that is wrong, not the endpoint.
    watched.world.clock.set(time(NOW).plus_micros(1_000_000));
    services.test_webhook(scope, &hook.id).await.unwrap();
    services.send_due().await.unwrap();
    watched.world.clock.set(time(NOW).plus_micros(100_000_000));
    assert_eq!(services.failing_endpoints(scope).await.unwrap(), []);
    assert_eq!(addresses(&watched.endings_told().await), [""; 0]);
}

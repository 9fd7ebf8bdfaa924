//! An email a week, to those who pay, once.

use std::sync::Arc;

use service::{Permission, ServiceError, mail::Pages};

use crate::{
    alerts::Letters,
    spikes,
    support::world::{NOW, time},
};

/// Two weeks of ten credits a day, but for the last days; and an hour of calls that nobody expected.
const EMAIL: &str = "\
north account: your week in AI credits

23 Nov to 29 Nov 2026 (Europe/Berlin)

130 credits used, 86% more than in the previous week (70).

By agent
- Voice Outbound: 120 credits, none in the previous week
- Chat: 10 credits, 86% less than in the previous week

By company
- harbor company: 120 credits, none in the previous week
- acme company: 10 credits, 86% less than in the previous week

Spikes
- Mon 23 Nov, 13:00: 120 credits vs 0 expected, all of the increase from harbor company, Voice Outbound

This billing cycle
- Lasts to the end of the cycle

Open weekly review:
https://credits.example/billing/review?account=north&week=2026-11-23

You receive this email because you are an owner or billing admin of north account.
";

fn pages() -> Pages {
    let page = |path: &str| format!("https://credits.example/billing/{path}");
    Pages {
        alerts: page("alerts"),
        keys: page("keys"),
        review: page("review"),
        unsubscribe: page("unsubscribe"),
    }
}

#[tokio::test]
async fn a_week_is_told_once_in_the_morning_after_it_to_those_who_pay() {
    let mut world = spikes::busy().await;
    let letters = Letters::default();
    world.services = world
        .services
        .with_mail(Arc::new(letters.clone()))
        .with_pages(pages());
    world.member("ada@north.example", "owner").await;
    world.member("ben@north.example", "analyst").await;
    let services = &world.services;
    let scope = services
        .scope(&world.operator, Some("north"), Permission::Bill)
        .await
        .unwrap();
    assert!(!services.weekly_digest(&scope).await.unwrap());
    services.set_weekly_digest(&scope, true).await.unwrap();
    assert!(services.weekly_digest(&scope).await.unwrap());
    // The running week is the first that is told, at six on the Monday after it.
    for (at, told) in [
        (NOW, 0),
        ("2026-11-30T04:59:59Z", 0),
        ("2026-11-30T05:00:00Z", 1),
        ("2026-11-30T09:00:00Z", 0),
        ("2026-12-06T22:59:59Z", 0),
    ] {
        world.clock.set(time(at));
        assert_eq!(services.tell_weeks().await.unwrap(), told, "{at}");
    }
    services.send_due().await.unwrap();
    let sent = letters.0.lock().unwrap().clone();
    let [letter] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!(letter.to, "ada@north.example");
    assert_eq!(
        letter.subject,
        "north account: 130 credits last week, 86% more than in the previous week"
    );
    let (text, link) = letter.text.split_once("\nUnsubscribe: ").unwrap();
    assert_eq!(text, EMAIL);
    assert_eq!(Some(link.trim_end()), letter.unsubscribe.as_deref());
    assert!(
        letter
            .html
            .contains("<li>Chat: 10 credits, 86% less than in the previous week</li>")
    );
    // Weeks in which nobody could be told are not told one after the other.
    world.clock.set(time("2026-12-28T12:00:00Z"));
    assert_eq!(services.tell_weeks().await.unwrap(), 1);
    services.set_weekly_digest(&scope, false).await.unwrap();
    world.clock.set(time("2027-01-04T12:00:00Z"));
    assert_eq!(services.tell_weeks().await.unwrap(), 0);
}

#[tokio::test]
async fn a_reader_of_some_companies_has_no_say_in_it() {
    let world = spikes::busy().await;
    let client = world.client(&["acme"]).await;
    let scope = world.scope(&client, "north").await;
    let asked = world.services.weekly_digest(&scope).await;
    assert!(matches!(asked, Err(ServiceError::NotFound)));
    let refused = world.services.set_weekly_digest(&scope, true).await;
    assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
}

//! Emails: who gets them, who wants them no more, and in whose zone and name they are written.

use domain::{brand::Brand, tenancy::Role};
use service::{ServiceError, members::Place, ports::EmailKind};

use super::Watched;
use crate::support::world::{World, time};

#[tokio::test]
async fn a_person_unsubscribes_by_the_link_of_their_email_and_the_others_do_not() {
    let watched = Watched::new().await;
    let services = &watched.services;
    for email in ["ada@north.example", "ben@north.example"] {
        watched.world.member(email, "owner").await;
    }
    watched.spend("e1", "acme", "750").await;
    services.send_due().await.unwrap();
    let sent = watched.letters.0.lock().unwrap().clone();
    let to_ada = sent.iter().find(|email| email.to == "ada@north.example");
    let link = to_ada.unwrap().unsubscribe.clone().unwrap();
    let token = link.strip_prefix("https://credits.example/unsubscribe/");
    let token = token.unwrap();
    // Looking at it changes nothing.
    let found = services.subscription(token).await.unwrap();
    assert_eq!(
        (found.email.as_str(), found.is_on),
        ("ada@north.example", true)
    );
    assert!(services.subscription(token).await.unwrap().is_on);
    for wrong in [
        "",
        "x",
        &token[1..],
        &format!("{token}A"),
        &token.replace("alerts", "digest"),
    ] {
        let refused = services.unsubscribe(wrong, None).await;
        assert!(matches!(refused, Err(ServiceError::NotFound)), "{wrong}");
    }
    // Twice is like once.
    for _ in 0..2 {
        assert!(!services.unsubscribe(token, None).await.unwrap().is_on);
    }
    watched.spend("e2", "acme", "150").await;
    services.send_due().await.unwrap();
    let sent = watched.letters.0.lock().unwrap().clone();
    let to: Vec<_> = sent[2..].iter().map(|email| email.to.as_str()).collect();
    assert_eq!(to, ["ben@north.example"]);
    // Each email of a message has an id of its own.
    assert_ne!(sent[0].id, sent[1].id);
    // She takes it back on her own page; somebody who is written to nothing has no say.
    let ada = watched.world.person("ada@north.example").await;
    let scope = watched.world.scope(&ada, "north").await;
    let choices = [(EmailKind::Alerts, false), (EmailKind::Digest, true)];
    assert_eq!(services.own_emails(&scope).await.unwrap(), choices);
    let on = services.set_own_email(&scope, EmailKind::Alerts, true);
    on.await.unwrap();
    assert!(services.subscription(token).await.unwrap().is_on);
    assert_eq!(services.own_emails(&watched.scope).await.unwrap(), []);
    let refused = services.set_own_email(&watched.scope, EmailKind::Alerts, false);
    assert!(matches!(refused.await, Err(ServiceError::NotFound)));
}

#[tokio::test]
async fn an_email_is_not_sent_to_who_unsubscribed_while_it_was_on_its_way() {
    let watched = Watched::new().await;
    watched.world.member("ada@north.example", "owner").await;
    watched.spend("e1", "acme", "750").await;
    let ada = watched.world.person("ada@north.example").await;
    let scope = watched.world.scope(&ada, "north").await;
    let off = watched
        .services
        .set_own_email(&scope, EmailKind::Alerts, false);
    off.await.unwrap();
    watched.services.send_due().await.unwrap();
    assert_eq!(watched.letters.0.lock().unwrap().len(), 0);
    assert_eq!(watched.services.send_due().await.unwrap(), 0);
}

#[tokio::test]
async fn a_day_in_an_email_is_that_of_the_account() {
    for (zone, day) in [
        ("Pacific/Niue", "22 Nov 2026, 13:03"),
        ("Pacific/Kiritimati", "23 Nov 2026, 14:03"),
    ] {
        let world = World::in_zone(zone, "2026-10-01T00:00:00Z").await;
        let watched = Watched::over(world).await;
        watched.world.clock.set(time("2026-11-16T00:03:00Z"));
        let place = Place {
            role: Role::Analyst,
            companies: vec![],
        };
        let (scope, origin) = (&watched.scope, "https://credits.example");
        let invited = watched
            .services
            .invite(scope, "ada@north.example", &place, origin);
        invited.await.unwrap();
        let sent = watched.letters.0.lock().unwrap().clone();
        let until = format!("until {day} ({zone}).");
        assert!(sent[0].text.contains(&until), "{}", sent[0].text);
        assert_eq!(sent[0].unsubscribe, None);
    }
}

#[tokio::test]
async fn a_client_is_invited_in_the_name_of_the_agencys_brand() {
    let watched = Watched::new().await;
    let brand = Brand {
        name: "Brightside AI".to_owned(),
        ..Brand::default()
    };
    watched
        .services
        .set_brand(&watched.scope, brand)
        .await
        .unwrap();
    for (role, companies) in [
        (Role::Client, vec!["acme".to_owned()]),
        (Role::Analyst, vec![]),
    ] {
        let place = Place { role, companies };
        let email = format!("{role}@north.example");
        let invited = watched
            .services
            .invite(&watched.scope, &email, &place, "https://x.example");
        invited.await.unwrap();
    }
    let sent = watched.letters.0.lock().unwrap().clone();
    assert_eq!(sent[0].sender.as_deref(), Some("Brightside AI"));
    assert_eq!(sent[0].subject, "Join north account on Brightside AI");
    assert!(!sent[0].html.contains("Creditscope"), "{}", sent[0].html);
    assert_eq!(sent[1].sender, None);
    assert_eq!(sent[1].subject, "Join north account on Creditscope");
}

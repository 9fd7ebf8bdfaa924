//! How many sessions somebody has, and links to begin one.

use std::sync::Arc;

use domain::{UserId, tenancy::Role, time::DAY_US};
use service::{
    ports::{PortalGrant, SavedSession},
    sessions::MOST_SESSIONS,
};

use super::{
    backend::Backend,
    world::{NOW, World},
};

pub async fn a_person_has_so_many_sessions_and_the_one_used_longest_ago_ends(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let store = &world.store;
    let most = i64::from(MOST_SESSIONS);
    let session = |name: &str, number: i64, user: Option<i64>, data: &str| SavedSession {
        id_hash: format!("{name}-{number}").into_bytes(),
        user: user.map(UserId),
        data: data.to_owned(),
        expires_at: NOW.plus_micros(DAY_US + number),
    };
    let (ada, eve) = (
        r#"{"account":1,"user":"ada"}"#,
        r#"{"account":2,"user":"ada"}"#,
    );
    let is_there = async |name: &str, number: i64| {
        let hash = format!("{name}-{number}").into_bytes();
        store.session(&hash, NOW).await.unwrap().is_some()
    };
    for (name, user, data) in [
        ("person", Some(1), "{}"),
        ("other", Some(2), "{}"),
        ("ada", None, ada),
        ("eve", None, eve),
        ("nobody", None, "{}"),
    ] {
        for number in 0..most {
            let session = session(name, number, user, data);
            assert!(store.save_session(&session, true).await.unwrap());
        }
    }
    for (name, user, data) in [("person", Some(1), "{}"), ("ada", None, ada)] {
        let newest = session(name, most, user, data);
        assert!(store.save_session(&newest, true).await.unwrap());
        assert!(!is_there(name, 0).await, "{name}");
        for number in 1..=most {
            assert!(is_there(name, number).await, "{name} {number}");
        }
    }
    // A session of nobody that a person signs in to is theirs from then on.
    let taken = session("nobody", 0, Some(1), "{}");
    assert!(store.save_session(&taken, false).await.unwrap());
    assert!(is_there("nobody", 0).await && !is_there("person", 1).await);
    for name in ["other", "eve"] {
        for number in 0..most {
            assert!(is_there(name, number).await, "{name} {number}");
        }
    }
}

pub async fn a_platforms_user_has_so_many_links_and_the_oldest_does_nothing_any_more(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let store = &world.store;
    let grant = |user: &str| PortalGrant {
        account: world.account.id,
        user: user.to_owned(),
        role: Role::Analyst,
        companies: vec![],
        ends_at: NOW.plus_micros(DAY_US),
    };
    let eve = grant("eve");
    let other = store.put_portal_link(b"other", &eve, NOW.plus_micros(1));
    other.await.unwrap();
    let most = i64::from(MOST_SESSIONS);
    for number in 0..=most {
        let hash = format!("link-{number}").into_bytes();
        let ends = NOW.plus_micros(10 + number);
        store
            .put_portal_link(&hash, &grant("ada"), ends)
            .await
            .unwrap();
    }
    let is_open = async |hash: &[u8]| store.portal_link(hash, NOW).await.unwrap().is_some();
    assert!(!is_open(b"link-0").await && is_open(b"link-1").await);
    assert!(is_open(format!("link-{most}").as_bytes()).await && is_open(b"other").await);
}

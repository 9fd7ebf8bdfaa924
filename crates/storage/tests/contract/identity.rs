//! People, sessions, remembered answers.

use std::sync::Arc;

use domain::{
    UserId,
    tenancy::{PlatformRole, Role},
    time::DAY_US,
};
use service::ports::{Membership, NewUser, Remembered, SavedSession};

use super::{
    backend::Backend,
    world::{NOW, World},
};

fn user(email: &str, memberships: Vec<Membership>) -> NewUser {
    NewUser {
        email: email.to_owned(),
        name: "Ann".to_owned(),
        password_hash: "$argon2id$x".to_owned(),
        platform_role: None,
        memberships,
    }
}

pub async fn a_user_comes_back_with_memberships(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let memberships = vec![
        Membership {
            account: world.account.id,
            role: Role::Client,
            companies: world.companies[1..].to_vec(),
        },
        Membership {
            account: world.other.id,
            role: Role::BillingAdmin,
            companies: vec![],
        },
    ];
    let ann = world
        .store
        .put_user(&user("ann@example.org", memberships.clone()), NOW)
        .await
        .unwrap();
    assert_eq!(ann.memberships, memberships);
    assert_eq!((ann.platform_role, ann.disabled), (None, false));
    assert_eq!(world.store.user(ann.id).await.unwrap().as_ref(), Some(&ann));
    assert_eq!(
        world
            .store
            .user_by_email("ann@example.org")
            .await
            .unwrap()
            .as_ref(),
        Some(&ann)
    );
    assert_eq!(
        world.store.user_by_email("Ann@example.org").await.unwrap(),
        None
    );
    assert_eq!(world.store.user(UserId(99)).await.unwrap(), None);
    let bob = world
        .store
        .put_user(&user("bob@example.org", vec![]), NOW)
        .await
        .unwrap();
    assert_eq!(
        world.store.users(None, 9).await.unwrap(),
        [ann, bob.clone()]
    );
    assert_eq!(
        world.store.users(Some("ann@example.org"), 9).await.unwrap(),
        [bob]
    );
}

pub async fn putting_a_user_again_replaces_memberships(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let client = Membership {
        account: world.account.id,
        role: Role::Client,
        companies: vec![world.companies[0]],
    };
    let before = world
        .store
        .put_user(&user("ann@example.org", vec![client]), NOW)
        .await
        .unwrap();
    let owner = Membership {
        account: world.account.id,
        role: Role::Owner,
        companies: vec![],
    };
    let new = NewUser {
        platform_role: Some(PlatformRole::ProductManager),
        password_hash: "other".to_owned(),
        ..user("ann@example.org", vec![owner.clone()])
    };
    let after = world.store.put_user(&new, NOW).await.unwrap();
    assert_eq!((after.id, &after.memberships), (before.id, &vec![owner]));
    assert_eq!(
        (after.platform_role, after.password_hash.as_str()),
        (Some(PlatformRole::ProductManager), "other")
    );
}

pub async fn companies_of_other_accounts_are_no_part_of_a_membership(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let companies = vec![world.companies[0], world.other_companies[0]];
    let client = Membership {
        account: world.account.id,
        role: Role::Client,
        companies,
    };
    let error = world
        .store
        .put_user(&user("ann@example.org", vec![client]), NOW)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("it names something that is not there"),
        "{error}"
    );
    assert_eq!(
        world.store.user_by_email("ann@example.org").await.unwrap(),
        None
    );
}

pub async fn sessions_end(backend: Arc<dyn Backend>) {
    let store = backend.open().await;
    let session = |hash: u8, days: i64| SavedSession {
        user: None,
        id_hash: vec![hash; 32],
        data: "{}".to_owned(),
        expires_at: NOW.plus_micros(days * DAY_US),
    };
    assert!(store.save_session(&session(1, 1), true).await.unwrap());
    assert!(!store.save_session(&session(1, 3), true).await.unwrap());
    assert_eq!(
        store.session(&[1; 32], NOW).await.unwrap(),
        Some(session(1, 1))
    );
    assert!(store.save_session(&session(1, 2), false).await.unwrap());
    assert_eq!(
        store.session(&[1; 32], NOW).await.unwrap(),
        Some(session(1, 2))
    );
    let end = NOW.plus_micros(2 * DAY_US);
    assert_eq!(store.session(&[1; 32], end).await.unwrap(), None);
    // What has ended is not brought back by a request that began before.
    assert!(!store.save_session(&session(2, 9), false).await.unwrap());
    assert!(store.save_session(&session(2, 9), true).await.unwrap());
    assert_eq!(store.delete_expired_sessions(end).await.unwrap(), 1);
    assert_eq!(store.delete_expired_sessions(end).await.unwrap(), 0);
    store.delete_session(&[2; 32]).await.unwrap();
    store.delete_session(&[2; 32]).await.unwrap();
    assert_eq!(store.session(&[2; 32], NOW).await.unwrap(), None);
}

pub async fn an_answer_is_remembered_once(backend: Arc<dyn Backend>) {
    let store = backend.open().await;
    let answer = |status| Remembered {
        request_hash: vec![1, 2],
        status,
        body: b"{\"a\":\xff}".to_vec(),
    };
    assert_eq!(store.remembered("key p1", "k").await.unwrap(), None);
    store
        .remember("key p1", "k", &answer(201), NOW)
        .await
        .unwrap();
    store
        .remember("key p1", "k", &answer(500), NOW)
        .await
        .unwrap();
    store
        .remember("key p2", "k", &answer(409), NOW)
        .await
        .unwrap();
    assert_eq!(
        store.remembered("key p1", "k").await.unwrap(),
        Some(answer(201))
    );
    assert_eq!(
        store.remembered("key p2", "k").await.unwrap(),
        Some(answer(409))
    );
    // Old answers are forgotten in time, recent ones are not.
    store
        .remember("key p1", "later", &answer(200), NOW.plus_micros(8 * DAY_US))
        .await
        .unwrap();
    assert_eq!(store.remembered("key p1", "k").await.unwrap(), None);
    assert_eq!(
        store.remembered("key p1", "later").await.unwrap(),
        Some(answer(200))
    );
}

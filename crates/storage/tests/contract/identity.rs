//! People, sessions, remembered answers.

use std::sync::Arc;

use domain::{
    UserId,
    tenancy::{PlatformRole, Role},
    time::DAY_US,
};
use service::{
    ports::{
        Expected, KnownRequest, Membership, NewUser, PutCompany, Remembered, SavedSession, Store,
        Stored,
    },
    request::{Keyed, RequestName, Seal},
};

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

fn request(caller: &str, key: &str) -> RequestName {
    RequestName {
        account: None,
        caller: caller.to_owned(),
        key: key.to_owned(),
    }
}

pub async fn an_answer_is_remembered_once(backend: Arc<dyn Backend>) {
    let store = backend.open().await;
    let answer = |status| Remembered {
        request_hash: vec![1, 2],
        status,
        body: b"{\"a\":\xff}".to_vec(),
    };
    let (one, two) = (request("key p1", "k"), request("key p2", "k"));
    let known = async |name: &RequestName| store.request(name).await.unwrap().answer;
    assert_eq!(known(&one).await, None);
    store.remember(&one, &answer(201), NOW).await.unwrap();
    store.remember(&one, &answer(500), NOW).await.unwrap();
    store.remember(&two, &answer(409), NOW).await.unwrap();
    assert_eq!(known(&one).await, Some(answer(201)));
    assert_eq!(known(&two).await, Some(answer(409)));
    // Old answers are forgotten in time, recent ones are not.
    let (later, name) = (NOW.plus_micros(8 * DAY_US), request("key p1", "later"));
    store.remember(&name, &answer(200), later).await.unwrap();
    assert_eq!(known(&one).await, None);
    assert_eq!(known(&name).await, Some(answer(200)));
}

async fn keyed(store: &dyn Store, name: &RequestName) -> Arc<Keyed> {
    let known = store.request(name).await.unwrap();
    let seal = Seal::new("token", &name.key);
    Keyed::new(name.clone(), vec![1], NOW, seal, &known.parts).unwrap()
}

fn named(name: &str) -> PutCompany {
    PutCompany::named("fresh", name)
}

pub async fn a_write_of_a_request_is_done_once_and_stored_with_what_it_came_to(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let (store, account) = (world.store.as_ref(), world.account.id);
    let name = request("key p1", "k");
    let put = async |name: &str| {
        store
            .put_company(account, &named(name), &Expected::Any, 10_000, NOW)
            .await
    };
    // Two processes begin the same request at the same time.
    let first = keyed(store, &name).await;
    let second = keyed(store, &name).await;
    let made = first.run(put("First")).await.unwrap();
    assert!(matches!(made, Stored::Created(_)), "{made:?}");
    // Somebody changes it before the request is sent again.
    put("Changed").await.unwrap();
    second.run(put("First")).await.unwrap_err();
    assert!(second.is_overtaken() && !first.is_overtaken());
    let again = keyed(store, &name).await;
    assert_eq!(again.run(put("First")).await.unwrap(), made);
    assert!(!again.is_overtaken());
    let now = store.companies_by_key(account, &["fresh".to_owned()]).await;
    assert_eq!(now.unwrap()[0].name, "Changed");
    // Another request is done.
    let other = keyed(store, &request("key p2", "k")).await;
    let put_again = other.run(put("Second")).await.unwrap();
    assert!(matches!(put_again, Stored::Replaced(_)), "{put_again:?}");
}

pub async fn what_changed_nothing_is_not_stored_of_a_request(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (store, account) = (world.store.as_ref(), world.account.id);
    let name = request("key p1", "k");
    let delete = async || store.delete_alert_rule(account, "budget").await.unwrap();
    assert!(!keyed(store, &name).await.run(delete()).await);
    let known = store.request(&name).await.unwrap();
    assert_eq!(known, KnownRequest::default());
}

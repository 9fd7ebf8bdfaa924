//! Many hands at once, in two programs: what may be so often, or changed once, is held by the database.
//!
//! `HANDS` is how often each race is run (3 unless told otherwise).

use std::sync::Arc;

use domain::{AccountId, Credits, UserId, alert::Rule, tenancy::Role, time::DAY_US};
use futures::future::join_all;
use service::ports::{
    ApiKey, Edited, Expected, Invitation, KeyScope, Membership, NewPerson, NewUser, PutCompany,
    Stored, Versioned as _, Webhook,
};
use storage::Database;

use super::{
    backend::Backend,
    world::{NOW, World},
};

/// How many try at once.
const TRIES: usize = 12;
/// How many may be.
const MOST: u32 = 3;

fn rounds() -> usize {
    std::env::var("HANDS").map_or(3, |text| text.parse().unwrap())
}

fn place(account: AccountId, role: Role) -> Membership {
    Membership {
        account,
        role,
        companies: vec![],
    }
}

async fn owner(world: &World, name: &str) -> UserId {
    let new = NewUser {
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        password_hash: "hash".to_owned(),
        platform_role: None,
        memberships: vec![place(world.account.id, Role::Owner)],
    };
    world.store.put_user(&new, NOW).await.unwrap().id
}

async fn owners(world: &World) -> usize {
    let members = world.store.members(world.account.id).await.unwrap();
    let mut places = members.iter().flat_map(|user| &user.memberships);
    places
        .by_ref()
        .filter(|one| one.role == Role::Owner)
        .count()
}

/// Two programs on one database.
async fn two(world: &World) -> [Arc<dyn Database>; 2] {
    [Arc::clone(&world.store), world.backend.open().await]
}

pub async fn owners_who_remove_each_other_leave_one(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let [one, other] = two(&world).await;
    let account = world.account.id;
    for round in 0..rounds() {
        let (ada, bob) = (owner(&world, "ada").await, owner(&world, "bob").await);
        let lesser = place(account, Role::Analyst);
        let made = if round % 2 == 0 {
            tokio::join!(
                one.remove_member(account, bob),
                other.remove_member(account, ada)
            )
        } else {
            tokio::join!(
                one.put_member(bob, &lesser, &Expected::Present),
                other.put_member(ada, &lesser, &Expected::Present),
            )
        };
        let mut made = [made.0.unwrap(), made.1.unwrap()];
        made.sort_by_key(|change| !change.is_made());
        assert_eq!(made, [Edited::Made(()), Edited::Over], "round {round}");
        assert_eq!(owners(&world).await, 1, "round {round}");
    }
    // An owner who cannot sign in is none.
    let (ada, bob) = (owner(&world, "ada").await, owner(&world, "bob").await);
    assert!(one.set_disabled(ada, true, NOW).await.unwrap());
    assert_eq!(
        other.remove_member(account, bob).await.unwrap(),
        Edited::Over
    );
    assert_eq!(
        other.remove_member(account, ada).await.unwrap(),
        Edited::Made(())
    );
}

pub async fn an_owner_who_is_invited_as_less_stays_the_only_owner(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (store, open) = (&world.store, invitation(&world, "ada"));
    let invited = store.put_invitation(&open, MOST).await.unwrap();
    assert_eq!(invited, Edited::Made(()));
    let ada = owner(&world, "ada").await;
    let accepted = store.accept_invitation(&open.token_hash, None, NOW).await;
    assert_eq!(accepted.unwrap(), None);
    let kept = store.user(ada).await.unwrap().unwrap();
    assert_eq!(kept.memberships, [place(world.account.id, Role::Owner)]);
    // And who is a member by now is not invited.
    let again = store.put_invitation(&invitation(&world, "ada"), MOST).await;
    assert_eq!(again.unwrap(), Edited::Stale);
}

fn invitation(world: &World, name: &str) -> Invitation {
    Invitation {
        id: name.to_owned(),
        account: world.account.id,
        token_hash: format!("hash of {name}").into_bytes(),
        mailed_hash: None,
        email: format!("{name}@example.com"),
        role: Role::Analyst,
        companies: vec![],
        invited_by: "owner@example.com".to_owned(),
        created_at: NOW,
        expires_at: NOW.plus_micros(DAY_US),
    }
}

fn key(account: AccountId, name: &str) -> ApiKey {
    ApiKey {
        prefix: name.to_owned(),
        secret_hash: vec![1; 32],
        account: Some(account),
        scopes: vec![KeyScope::Read],
        name: String::new(),
        created_at: NOW,
        revoked_at: None,
        expires_at: None,
        used_at: None,
    }
}

fn webhook(name: &str) -> Webhook {
    Webhook {
        id: name.to_owned(),
        url: "https://example.com/".to_owned(),
        secret: "whsec_x".to_owned(),
        created_at: NOW,
        disabled_at: None,
    }
}

/// Runs tries in both programs at once; how many of them came to something.
async fn count<F: Future<Output = bool> + Send + 'static>(
    stores: &[Arc<dyn Database>; 2],
    name: &str,
    attempt: impl Fn(Arc<dyn Database>, String) -> F,
) -> u32 {
    let tries = (0..TRIES).map(|number| {
        let store = Arc::clone(&stores[number % 2]);
        tokio::spawn(attempt(store, format!("{name}-{number}")))
    });
    let made = join_all(tries).await;
    u32::try_from(
        made.into_iter()
            .filter(|made| *made.as_ref().unwrap())
            .count(),
    )
    .unwrap()
}

pub async fn many_hands_add_no_more_than_may_be(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let stores = two(&world).await;
    let account = world.account.id;
    let most_companies = u32::try_from(world.companies.len()).unwrap() + MOST;
    let webhooks = count(&stores, "hook", move |store, name| async move {
        let added = store.add_webhook(account, &webhook(&name), MOST).await;
        added.unwrap().is_made()
    });
    assert_eq!(webhooks.await, MOST);
    let rules = count(&stores, "rule", move |store, key| async move {
        let rule = Rule {
            key,
            ..Rule::usual()
        };
        let put = store
            .put_alert_rule(account, &rule, &Expected::Any, MOST)
            .await;
        matches!(put.unwrap(), Stored::Created(_))
    });
    assert_eq!(rules.await, MOST);
    let keys = count(&stores, "key", move |store, name| async move {
        let put = store.put_api_key(&key(account, &name), MOST).await;
        put.unwrap().is_made()
    });
    assert_eq!(keys.await, MOST);
    let companies = count(&stores, "company", move |store, name| async move {
        let company = PutCompany::named(&name, &name);
        let put = store.put_company(account, &company, &Expected::Any, most_companies, NOW);
        matches!(put.await.unwrap(), Stored::Created(_))
    });
    assert_eq!(companies.await, MOST);
    let base = invitation(&world, "none");
    let invitations = count(&stores, "person", move |store, name| {
        let open = Invitation {
            token_hash: name.clone().into_bytes(),
            email: format!("{name}@example.com"),
            id: name,
            ..base.clone()
        };
        async move {
            let put = store.put_invitation(&open, MOST).await;
            put.unwrap().is_made()
        }
    });
    assert_eq!(invitations.await, MOST);
    // A link is for one person, once.
    let open = invitation(&world, "new");
    let put = world.store.put_invitation(&open, MOST + 1).await;
    assert!(put.unwrap().is_made());
    let accepted = count(&stores, "new", move |store, _| {
        let hash = open.token_hash.clone();
        async move {
            let person = NewPerson {
                email: "new@example.com".to_owned(),
                name: "New".to_owned(),
                password_hash: "hash".to_owned(),
                proof: None,
            };
            let accepted = store.accept_invitation(&hash, Some(&person), NOW).await;
            accepted.unwrap().is_some()
        }
    });
    assert_eq!(accepted.await, 1);
}

pub async fn of_many_changes_of_one_version_one_is_made(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let stores = two(&world).await;
    let account = world.account.id;
    for round in 0..rounds() {
        let asked = ["acme".to_owned()];
        let found = world.store.companies_by_key(account, &asked);
        let seen = found.await.unwrap()[0].version();
        let made = count(&stores, "acme", move |store, name| async move {
            let number: i64 = name.rsplit('-').next().unwrap().parse().unwrap();
            let company = PutCompany {
                budget: Some(Credits::from_micro(1 + number)),
                ..PutCompany::named("acme", &format!("{name} of {round}"))
            };
            let expected = Expected::version(seen);
            let put = store
                .put_company(account, &company, &expected, 10, NOW)
                .await;
            match put.unwrap() {
                Stored::Replaced(_) => true,
                Stored::Stale => false,
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(made.await, 1, "round {round}");
    }
    let rule = Rule::usual();
    let absent = world
        .store
        .put_alert_rule(account, &rule, &Expected::Absent, 50);
    assert!(matches!(absent.await.unwrap(), Stored::Created(_)));
    let absent = world
        .store
        .put_alert_rule(account, &rule, &Expected::Absent, 50);
    assert_eq!(absent.await.unwrap(), Stored::Stale);
}

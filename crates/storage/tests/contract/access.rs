//! Members, invitations, single sign-on, portal links, brands and the audit log.

use std::sync::Arc;

use domain::{AccountId, UserId, brand::Brand, tenancy::Role, time::DAY_US};
use service::ports::{
    ApiKey, AuditEntry, AuditFilter, Edited, Expected, Identity, Invitation, KeyScope, Membership,
    NewPerson, NewUser, PortalGrant, SavedSession, User, Versioned as _,
};

use super::{
    backend::Backend,
    world::{NOW, World},
};

fn invitation(world: &World, id: &str, email: &str) -> Invitation {
    Invitation {
        id: id.to_owned(),
        account: world.account.id,
        token_hash: format!("hash of {id}").into_bytes(),
        mailed_hash: None,
        email: email.to_owned(),
        role: Role::Client,
        companies: vec![world.companies[0]],
        invited_by: "owner@example.com".to_owned(),
        created_at: NOW,
        expires_at: NOW.plus_micros(DAY_US),
    }
}

fn person(email: &str) -> NewPerson {
    NewPerson {
        email: email.to_owned(),
        name: "Ada".to_owned(),
        password_hash: "hash".to_owned(),
        proof: None,
    }
}

async fn joined(world: &World, email: &str) -> User {
    let invitation = invitation(world, email, email);
    world.store.put_invitation(&invitation, 500).await.unwrap();
    let hash = &invitation.token_hash;
    let user = world
        .store
        .accept_invitation(hash, Some(&person(email)), NOW)
        .await;
    user.unwrap().unwrap()
}

pub async fn an_invitation_is_used_once_by_whom_it_is_for(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (store, open) = (&world.store, invitation(&world, "one", "ada@example.com"));
    store.put_invitation(&open, 500).await.unwrap();
    assert_eq!(
        store.invitation(&open.token_hash, NOW).await.unwrap(),
        Some(open.clone())
    );
    let accepted = async || {
        let accepted = store.accepted_invitation(&open.token_hash).await;
        accepted.unwrap()
    };
    assert_eq!(accepted().await, None);
    assert_eq!(
        store.invitations(world.account.id, NOW).await.unwrap(),
        std::slice::from_ref(&open)
    );
    assert_eq!(store.invitations(world.other.id, NOW).await.unwrap(), []);
    // Nobody has that address, and nobody is given.
    assert_eq!(
        store
            .accept_invitation(&open.token_hash, None, NOW)
            .await
            .unwrap(),
        None
    );
    let new = person("ada@example.com");
    let (first, second) = tokio::join!(
        store.accept_invitation(&open.token_hash, Some(&new), NOW),
        store.accept_invitation(&open.token_hash, Some(&new), NOW),
    );
    let both: Vec<_> = [first.unwrap(), second.unwrap()]
        .into_iter()
        .flatten()
        .collect();
    let [user] = &both[..] else {
        panic!("{both:?}");
    };
    let place = Membership {
        account: world.account.id,
        role: Role::Client,
        companies: vec![world.companies[0]],
    };
    assert_eq!(
        (&*user.email, &user.memberships[..]),
        ("ada@example.com", &[place][..])
    );
    assert_eq!(accepted().await, Some(open.clone()));
    // Somebody known joins as they are.
    let mut again = invitation(&world, "two", "ada@example.com");
    again.account = world.other.id;
    again.companies = vec![];
    again.role = Role::Owner;
    store.put_invitation(&again, 500).await.unwrap();
    let taken = store
        .accept_invitation(&again.token_hash, Some(&new), NOW)
        .await;
    assert_eq!(taken.unwrap(), None);
    let known = store.accept_invitation(&again.token_hash, None, NOW).await;
    let known = known.unwrap().unwrap();
    assert_eq!((known.id, known.memberships.len()), (user.id, 2));
    assert_eq!(known.password_hash, "hash");
}

pub async fn an_invitation_that_is_taken_back_replaced_or_old_does_nothing(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let store = &world.store;
    let (one, two) = (
        invitation(&world, "one", "ada@example.com"),
        invitation(&world, "two", "ada@example.com"),
    );
    store.put_invitation(&one, 500).await.unwrap();
    store.put_invitation(&two, 500).await.unwrap();
    assert_eq!(
        store.invitations(world.account.id, NOW).await.unwrap(),
        std::slice::from_ref(&two)
    );
    let late = NOW.plus_micros(DAY_US);
    assert_eq!(store.invitation(&two.token_hash, late).await.unwrap(), None);
    assert!(
        !store
            .revoke_invitation(world.other.id, "two")
            .await
            .unwrap()
    );
    assert!(
        store
            .revoke_invitation(world.account.id, "two")
            .await
            .unwrap()
    );
    assert!(
        !store
            .revoke_invitation(world.account.id, "two")
            .await
            .unwrap()
    );
    let new = person("ada@example.com");
    for (hash, time) in [
        (&one.token_hash, NOW),
        (&two.token_hash, NOW),
        (&two.token_hash, late),
    ] {
        let accepted = store.accept_invitation(hash, Some(&new), time).await;
        assert_eq!(accepted.unwrap(), None);
    }
    assert_eq!(store.user_by_email("ada@example.com").await.unwrap(), None);
}

pub async fn members_are_listed_changed_and_removed(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let store = &world.store;
    let (bob, ada) = (
        joined(&world, "bob@example.com").await,
        joined(&world, "ada@example.com").await,
    );
    let emails = async |account: AccountId| -> Vec<String> {
        let members = store.members(account).await.unwrap();
        members.into_iter().map(|user| user.email).collect()
    };
    assert_eq!(
        emails(world.account.id).await,
        ["ada@example.com", "bob@example.com"]
    );
    assert_eq!(emails(world.other.id).await, [""; 0]);
    let place = Membership {
        account: world.account.id,
        role: Role::Analyst,
        companies: vec![],
    };
    store
        .put_member(ada.id, &place, &Expected::Any)
        .await
        .unwrap();
    let changed = store.user(ada.id).await.unwrap().unwrap();
    assert_eq!(changed.memberships, [place]);
    // A company of another account is not one of this.
    let foreign = Membership {
        account: world.account.id,
        role: Role::Client,
        companies: vec![world.other_companies[0]],
    };
    assert!(
        store
            .put_member(ada.id, &foreign, &Expected::Any)
            .await
            .is_err()
    );
    let remove = async |account: AccountId| store.remove_member(account, bob.id).await.unwrap();
    assert_eq!(remove(world.other.id).await, Edited::Missing);
    assert_eq!(remove(world.account.id).await, Edited::Made(()));
    assert_eq!(remove(world.account.id).await, Edited::Missing);
    assert_eq!(emails(world.account.id).await, ["ada@example.com"]);
}

async fn session(world: &World, user: UserId, hash: u8) -> SavedSession {
    let session = SavedSession {
        id_hash: vec![hash; 32],
        user: Some(user),
        data: "{}".to_owned(),
        expires_at: NOW.plus_micros(DAY_US),
    };
    assert!(world.store.save_session(&session, true).await.unwrap());
    session
}

pub async fn disabling_and_a_new_password_end_sessions(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let store = &world.store;
    let ada = joined(&world, "ada@example.com").await;
    let bob = joined(&world, "bob@example.com").await;
    let (one, two) = (
        session(&world, ada.id, 1).await,
        session(&world, ada.id, 2).await,
    );
    let theirs = session(&world, bob.id, 3).await;
    assert_eq!(
        store.sessions_of(ada.id, NOW).await.unwrap(),
        [one.clone(), two.clone()]
    );
    let keep = Some(&two.id_hash[..]);
    // Who knows a password that is no longer theirs changes nothing.
    let stale = store.set_password(ada.id, "older", "mine", None, NOW).await;
    assert_eq!(stale.unwrap(), Edited::Stale);
    let set = store.set_password(ada.id, "hash", "other", keep, NOW).await;
    assert_eq!(set.unwrap(), Edited::Made(()));
    assert_eq!(store.sessions_of(ada.id, NOW).await.unwrap(), [two]);
    let three = session(&world, ada.id, 4).await;
    assert_eq!(
        store
            .end_sessions_of(ada.id, Some(&three.id_hash))
            .await
            .unwrap(),
        1
    );
    assert_eq!(store.sessions_of(ada.id, NOW).await.unwrap(), [three]);
    assert!(store.set_disabled(ada.id, true, NOW).await.unwrap());
    assert_eq!(store.sessions_of(ada.id, NOW).await.unwrap(), []);
    let kept = store.user(ada.id).await.unwrap().unwrap();
    assert!(kept.disabled && kept.password_hash == "other");
    assert!(store.set_disabled(ada.id, false, NOW).await.unwrap());
    session(&world, ada.id, 5).await;
    let replaced = NewUser {
        email: ada.email.clone(),
        name: ada.name.clone(),
        password_hash: "replaced".to_owned(),
        platform_role: None,
        memberships: ada.memberships.clone(),
    };
    store.put_user(&replaced, NOW).await.unwrap();
    assert_eq!(store.sessions_of(ada.id, NOW).await.unwrap(), []);
    assert_eq!(store.sessions_of(bob.id, NOW).await.unwrap(), [theirs]);
    assert!(!store.set_disabled(UserId(999), true, NOW).await.unwrap());
}

pub async fn of_many_those_who_are_there_are_told_at_once(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let store = &world.store;
    let ada = joined(&world, "ada@example.com").await;
    let bob = joined(&world, "bob@example.com").await;
    for hash in [1, 2] {
        session(&world, ada.id, hash).await;
    }
    let sessions = [vec![1; 32], vec![2; 32], vec![9; 32]];
    let users = [ada.id, bob.id, UserId(999)];
    let asked = async |now| store.standing(&sessions, &users, now).await.unwrap();
    let standing = asked(NOW).await;
    assert_eq!(standing.sessions, sessions[..2].iter().cloned().collect());
    let people = [(ada.id, ada.clone()), (bob.id, bob.clone())];
    assert_eq!(standing.users, people.into_iter().collect());
    // Who is disabled is there, and is said to be; their sessions are not.
    store.set_disabled(ada.id, true, NOW).await.unwrap();
    let standing = asked(NOW).await;
    assert!(standing.sessions.is_empty() && standing.users[&ada.id].disabled);
    session(&world, bob.id, 2).await;
    assert_eq!(asked(NOW).await.sessions.len(), 1);
    assert!(asked(NOW.plus_micros(DAY_US)).await.sessions.is_empty());
    let nobody = store.standing(&[], &[], NOW).await.unwrap();
    assert!(nobody.sessions.is_empty() && nobody.users.is_empty());
}

pub async fn an_identity_is_of_one_person(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let store = &world.store;
    let identity = |subject: &str| Identity {
        issuer: "https://id.example".to_owned(),
        subject: subject.to_owned(),
    };
    assert_eq!(store.user_of_identity(&identity("1")).await.unwrap(), None);
    let linked = store
        .link_identity(&identity("1"), &person("ada@example.com"), NOW)
        .await;
    let ada = linked.unwrap().user;
    assert_eq!(
        store.user_of_identity(&identity("1")).await.unwrap(),
        Some(ada.clone())
    );
    assert_eq!(store.user_of_identity(&identity("2")).await.unwrap(), None);
    // Another identity of the same address is the same person, as they are.
    let other = NewPerson {
        name: "Someone else".to_owned(),
        ..person("ada@example.com")
    };
    let again = store
        .link_identity(&identity("2"), &other, NOW)
        .await
        .unwrap();
    assert_eq!((again.user, again.has_lost), (ada, false));
}

pub async fn a_portal_link_works_once(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let store = &world.store;
    let grant = PortalGrant {
        account: world.account.id,
        user: "ada".to_owned(),
        role: Role::Client,
        companies: vec![world.companies[1]],
        ends_at: NOW.plus_micros(DAY_US),
    };
    let end = NOW.plus_micros(60_000_000);
    store.put_portal_link(b"one", &grant, end).await.unwrap();
    store.put_portal_link(b"two", &grant, end).await.unwrap();
    // Looking uses nothing up.
    let open = async |hash: &[u8], now| store.portal_link(hash, now).await.unwrap();
    for _ in 0..2 {
        assert_eq!(open(b"one", NOW).await, Some(grant.clone()));
    }
    assert_eq!(
        (open(b"one", end).await, open(b"other", NOW).await),
        (None, None)
    );
    let session = |id: &[u8]| SavedSession {
        id_hash: id.to_vec(),
        user: None,
        data: "{}".to_owned(),
        expires_at: end,
    };
    let (one, other) = (session(b"1"), session(b"2"));
    assert!(!store.take_portal_link(b"other", &one, NOW).await.unwrap());
    assert!(!store.take_portal_link(b"two", &one, end).await.unwrap());
    assert_eq!(store.session(b"1", NOW).await.unwrap(), None);
    let (first, second) = tokio::join!(
        store.take_portal_link(b"one", &one, NOW),
        store.take_portal_link(b"one", &other, NOW)
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(first != second, "one of two begins a session");
    for (saved, is_begun) in [(one, first), (other, second)] {
        let found = store.session(&saved.id_hash, NOW).await.unwrap();
        assert_eq!(found, is_begun.then_some(saved));
    }
    // What cannot begin a session uses no link up.
    let taken = session(if first { b"1" } else { b"2" });
    assert!(!store.take_portal_link(b"two", &taken, NOW).await.unwrap());
    assert!(open(b"two", NOW).await.is_some());
    assert_eq!(open(b"one", NOW).await, None);
}

pub async fn keys_end_and_say_when_they_were_used(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let store = &world.store;
    let key = |prefix: &str, expires_at| ApiKey {
        prefix: prefix.to_owned(),
        secret_hash: vec![1; 32],
        account: Some(world.account.id),
        scopes: vec![KeyScope::Read],
        name: String::new(),
        created_at: NOW,
        revoked_at: None,
        expires_at,
        used_at: None,
    };
    let (soon, late) = (NOW.plus_micros(10), NOW.plus_micros(DAY_US));
    store.put_api_key(&key("a", None), 200).await.unwrap();
    store.put_api_key(&key("b", Some(soon)), 200).await.unwrap();
    for (before, after) in [("a", "c"), ("b", "d")] {
        let rotated = store
            .rotate_api_key(before, &key(after, None), late, 200)
            .await;
        assert_eq!(rotated.unwrap(), Edited::Made(()));
    }
    // One that has a successor that works has no other.
    let next = key("e", None);
    let again = store.rotate_api_key("a", &next, late, 200);
    assert_eq!(again.await.unwrap(), Edited::Stale);
    // A key that works no more has no successor.
    let revoked = store.revoke_api_key(Some(world.account.id), "d", NOW).await;
    assert!(revoked.unwrap());
    for before in ["d", "gone"] {
        let rotated = store
            .rotate_api_key(before, &key("e", None), late, 200)
            .await;
        assert_eq!(rotated.unwrap(), Edited::Missing);
    }
    assert_eq!(store.api_key("e").await.unwrap(), None);
    // Whose successor was lost and revoked is rotated once more.
    let revoked = store.revoke_api_key(Some(world.account.id), "c", NOW).await;
    assert!(revoked.unwrap());
    let next = key("f", None);
    let again = store.rotate_api_key("a", &next, late, 200);
    assert_eq!(again.await.unwrap(), Edited::Made(()));
    let used = [("a".to_owned(), soon), ("gone".to_owned(), soon)];
    store.touch_api_keys(&used).await.unwrap();
    let (a, b) = (
        store.api_key("a").await.unwrap().unwrap(),
        store.api_key("b").await.unwrap().unwrap(),
    );
    assert_eq!((a.expires_at, a.used_at), (Some(late), Some(soon)));
    assert_eq!((b.expires_at, b.used_at), (Some(soon), None));
    assert!(b.works_at(NOW) && !b.works_at(soon));
}

pub async fn a_brand_is_kept_and_removed(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (store, id) = (&world.store, world.account.id);
    assert_eq!(store.brand(id).await.unwrap(), None);
    let brand = Brand {
        name: "Northwind".to_owned(),
        colour: "#2f6f4f".to_owned(),
        logo: String::new(),
    };
    let set = async |new: Option<&Brand>, expected: &Expected| {
        store.set_brand(id, new, expected, NOW).await.unwrap()
    };
    let plain = Expected::version(Brand::default().version());
    assert_eq!(set(Some(&brand), &plain).await, Edited::Made(()));
    assert_eq!(set(None, &plain).await, Edited::Stale);
    assert_eq!(store.brand(id).await.unwrap(), Some(brand));
    assert_eq!(store.brand(world.other.id).await.unwrap(), None);
    assert_eq!(set(None, &Expected::Any).await, Edited::Made(()));
    assert_eq!(store.brand(id).await.unwrap(), None);
}

pub async fn the_audit_log_is_read_by_account_and_never_changed(backend: Arc<dyn Backend>) {
    let world = World::new(Arc::clone(&backend)).await;
    let store = &world.store;
    let entry = |account: Option<AccountId>, action: &str, actor: &str| AuditEntry {
        number: 0,
        at: NOW,
        account,
        actor: actor.to_owned(),
        address: Some("192.0.2.1".to_owned()),
        action: action.to_owned(),
        target: "x".to_owned(),
        detail: String::new(),
    };
    let (ours, theirs) = (Some(world.account.id), Some(world.other.id));
    let all = [
        entry(ours, "member.invited", "Ada@example.com"),
        entry(ours, "key.made", "bob@example.com"),
        entry(theirs, "key.made", "eve@example.com"),
        entry(None, "plan.put", "key abc"),
    ];
    for entry in &all {
        store.record(entry).await.unwrap();
    }
    let read = async |filter: AuditFilter<'_>| -> Vec<String> {
        let entries = store.audit(filter, 10).await.unwrap();
        entries
            .into_iter()
            .map(|entry| format!("{} {}", entry.actor, entry.action))
            .collect()
    };
    let of = |account| AuditFilter {
        account,
        ..AuditFilter::default()
    };
    assert_eq!(
        read(of(ours)).await,
        ["bob@example.com key.made", "Ada@example.com member.invited"]
    );
    assert_eq!(read(of(None)).await.len(), 4);
    let by = AuditFilter {
        actor: Some("ada@"),
        action: Some("member"),
        ..of(ours)
    };
    assert_eq!(read(by).await, ["Ada@example.com member.invited"]);
    let action = Some("ember");
    assert_eq!(read(AuditFilter { action, ..of(ours) }).await, [""; 0]);
    let newest = store.audit(of(ours), 1).await.unwrap().remove(0);
    assert_eq!(
        (newest.at, newest.address.as_deref()),
        (NOW, Some("192.0.2.1"))
    );
    let before = Some(newest.number);
    assert_eq!(read(AuditFilter { before, ..of(ours) }).await.len(), 1);
    for sql in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"] {
        let refused = backend.meddle(sql).await.unwrap_err();
        assert!(refused.contains("append-only"), "{refused}");
    }
}

pub async fn actors_are_found_however_they_are_written(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    for (actor, account) in [
        ("Ada@example.com", Some(world.account.id)),
        ("ju\u{308}rgen@example.com", Some(world.other.id)),
        ("key abc", None),
    ] {
        let entry = AuditEntry {
            number: 0,
            at: NOW,
            account,
            actor: actor.to_owned(),
            address: None,
            action: "key.made".to_owned(),
            target: String::new(),
            detail: String::new(),
        };
        world.store.record(&entry).await.unwrap();
    }
    for (typed, found) in [
        (" ADA@Example.COM ", 1),
        ("J\u{DC}RGEN", 1),
        ("jurgen", 0),
        ("KEY  ABC", 1),
        ("@example", 2),
        ("_", 0),
    ] {
        let filter = AuditFilter {
            actor: Some(typed),
            ..AuditFilter::default()
        };
        let entries = world.store.audit(filter, 10).await.unwrap();
        assert_eq!(entries.len(), found, "{typed}");
    }
}

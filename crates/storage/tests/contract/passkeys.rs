//! Passkeys, and what they are asked.

use std::sync::Arc;

use domain::{UserId, time::MINUTE_US};
use service::ports::{
    FactorOutcome, NewAuthenticator, NewUser, Passkey, PasskeyChallenge, PasskeyPurpose,
    SavedSession,
};

use super::{
    backend::Backend,
    world::{NOW, World},
};

async fn somebody(world: &World, email: &str) -> UserId {
    let new = NewUser {
        email: email.to_owned(),
        name: "Ann".to_owned(),
        password_hash: "hash".to_owned(),
        platform_role: None,
        memberships: vec![],
    };
    world.store.put_user(&new, NOW).await.unwrap().id
}

fn passkey(user: UserId, number: u8) -> Passkey {
    Passkey {
        id: format!("{}-{number:02}", user.0),
        user,
        credential: vec![number; 16],
        host: "credits.example.com".to_owned(),
        handle: [7; 16],
        transports: 32,
        key: vec![1, 2, 3],
        state: [0; 7],
        name: format!("Key {number}"),
        created_at: NOW.plus_micros(i64::from(number)),
        last_used_at: None,
    }
}

fn challenge(user: UserId, number: u8, purpose: PasskeyPurpose) -> PasskeyChallenge {
    PasskeyChallenge {
        challenge: vec![number; 16],
        user,
        purpose,
        state: vec![number],
        created_at: NOW.plus_micros(i64::from(number)),
        expires_at: NOW.plus_micros(5 * MINUTE_US),
    }
}

fn codes(letter: u8) -> Vec<Vec<u8>> {
    vec![vec![letter; 32], vec![letter + 1; 32]]
}

async fn session_of(world: &World, user: UserId, name: &str) -> Vec<u8> {
    let session = SavedSession {
        id_hash: name.as_bytes().to_vec(),
        user: Some(user),
        data: "{}".to_owned(),
        expires_at: NOW.plus_micros(MINUTE_US),
    };
    assert!(world.store.save_session(&session, true).await.unwrap());
    session.id_hash
}

pub async fn a_challenge_is_answered_once_by_whom_and_for_what_it_was_made(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let (ann, bob) = (
        somebody(&world, "ann@example.com").await,
        somebody(&world, "bob@example.com").await,
    );
    let stores = [world.store.clone(), world.backend.open().await];
    let asked = challenge(ann, 1, PasskeyPurpose::SignIn);
    stores[0].put_challenge(&asked, 5).await.unwrap();
    let take = async |user, purpose, at| {
        let taken = stores[1].take_challenge(user, purpose, &asked.challenge, at);
        taken.await.unwrap()
    };
    assert_eq!(take(bob, PasskeyPurpose::SignIn, NOW).await, None);
    assert_eq!(take(ann, PasskeyPurpose::Confirm, NOW).await, None);
    assert_eq!(take(ann, PasskeyPurpose::Add, NOW).await, None);
    assert_eq!(
        take(ann, PasskeyPurpose::SignIn, asked.expires_at).await,
        None
    );
    let mut taking = Vec::new();
    for number in 0..24 {
        let (store, asked) = (Arc::clone(&stores[number % 2]), asked.clone());
        taking.push(tokio::spawn(async move {
            let taken = store.take_challenge(ann, asked.purpose, &asked.challenge, NOW);
            taken.await.unwrap()
        }));
    }
    let mut taken = Vec::new();
    for one in taking {
        taken.extend(one.await.unwrap());
    }
    assert_eq!(taken, [asked.state]);
}

pub async fn a_person_has_few_challenges_for_a_purpose_and_old_ones_go(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (ann, bob) = (
        somebody(&world, "ann@example.com").await,
        somebody(&world, "bob@example.com").await,
    );
    let store = &world.store;
    let of_bob = challenge(bob, 100, PasskeyPurpose::Add);
    store.put_challenge(&of_bob, 5).await.unwrap();
    let other = challenge(ann, 101, PasskeyPurpose::Confirm);
    store.put_challenge(&other, 5).await.unwrap();
    for number in 1..=7 {
        let asked = challenge(ann, number, PasskeyPurpose::Add);
        store.put_challenge(&asked, 5).await.unwrap();
    }
    let take = async |user, purpose, number: u8| {
        let challenge = [number; 16];
        let taken = store.take_challenge(user, purpose, &challenge, NOW);
        taken.await.unwrap().is_some()
    };
    let mut left = vec![];
    for number in 1..=7 {
        if take(ann, PasskeyPurpose::Add, number).await {
            left.push(number);
        }
    }
    assert_eq!(left, [3, 4, 5, 6, 7]);
    assert!(take(ann, PasskeyPurpose::Confirm, 101).await);
    // What has expired goes with the next one, of whomever.
    let mut late = challenge(ann, 8, PasskeyPurpose::Add);
    late.created_at = of_bob.expires_at;
    late.expires_at = late.created_at.plus_micros(MINUTE_US);
    store.put_challenge(&late, 5).await.unwrap();
    assert!(!take(bob, PasskeyPurpose::Add, 100).await);
}

pub async fn a_person_has_so_many_passkeys_and_one_is_one_persons(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (ann, bob) = (
        somebody(&world, "ann@example.com").await,
        somebody(&world, "bob@example.com").await,
    );
    let stores = [world.store.clone(), world.backend.open().await];
    let mut putting = Vec::new();
    for number in 0..24_u8 {
        let store = Arc::clone(&stores[usize::from(number) % 2]);
        putting.push(tokio::spawn(async move {
            let (new, codes) = (passkey(ann, number), codes(number));
            store.put_passkey(&new, &codes, None, 10).await.unwrap()
        }));
    }
    let mut outcomes = Vec::new();
    for one in putting {
        outcomes.push(one.await.unwrap());
    }
    let count = |wanted| outcomes.iter().filter(|one| **one == wanted).count();
    assert_eq!(
        (
            count(FactorOutcome::First),
            count(FactorOutcome::Further),
            count(FactorOutcome::TooMany)
        ),
        (1, 9, 14)
    );
    let own = stores[0].passkeys(ann).await.unwrap();
    assert_eq!(own.len(), 10);
    assert_eq!(stores[0].recovery_codes(ann).await.unwrap(), 2);
    let user = stores[1].user(ann).await.unwrap().unwrap().second_factor;
    assert!(user.is_set && !user.has_app);
    assert_eq!(user.passkeys, 10);
    // Whoever brings what is somebody's already.
    let mut again = passkey(bob, 50);
    again.credential = own[0].credential.clone();
    let put = stores[0].put_passkey(&again, &codes(60), None, 10).await;
    assert_eq!(put.unwrap(), FactorOutcome::Taken);
    assert_eq!(stores[0].passkeys(bob).await.unwrap(), []);
    assert!(
        !stores[0]
            .user(bob)
            .await
            .unwrap()
            .unwrap()
            .second_factor
            .is_set
    );
}

pub async fn a_use_of_a_passkey_is_not_overwritten_by_another(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (ann, store) = (somebody(&world, "ann@example.com").await, &world.store);
    let new = passkey(ann, 1);
    store.put_passkey(&new, &[], None, 10).await.unwrap();
    let (one, two) = tokio::join!(
        store.use_passkey(&new, [1; 7], NOW),
        store.use_passkey(&new, [2; 7], NOW)
    );
    assert_ne!(one.unwrap(), two.unwrap());
    let read = store.passkeys(ann).await.unwrap().remove(0);
    assert_eq!(read.last_used_at, Some(NOW));
    assert_ne!(read.state, new.state);
    // Of devices that do not count, nothing changes but the time.
    let later = NOW.plus_micros(1);
    assert!(store.use_passkey(&read, read.state, later).await.unwrap());
    let read = store.passkeys(ann).await.unwrap().remove(0);
    assert_eq!(read.last_used_at, Some(later));
    store
        .remove_passkey(ann, &read.id, None)
        .await
        .unwrap()
        .unwrap();
    assert!(!store.use_passkey(&read, [3; 7], NOW).await.unwrap());
}

pub async fn recovery_codes_come_with_the_first_second_factor_and_go_with_the_last(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let (ann, bob) = (
        somebody(&world, "ann@example.com").await,
        somebody(&world, "bob@example.com").await,
    );
    let store = &world.store;
    let app = NewAuthenticator {
        user: ann,
        secret: vec![1; 20],
        step: 1,
        recovery: codes(10),
    };
    let is_there = async |session: &[u8]| store.session(session, NOW).await.unwrap().is_some();
    let (kept, other) = (
        session_of(&world, ann, "kept").await,
        session_of(&world, ann, "other").await,
    );
    let (new, given) = (passkey(ann, 1), codes(1));
    let first = store.put_passkey(&new, &given, Some(&kept), 10).await;
    assert_eq!(first.unwrap(), FactorOutcome::First);
    assert!(is_there(&kept).await && !is_there(&other).await);
    let other = session_of(&world, ann, "third").await;
    let further = store.put_authenticator(&app, Some(&kept), NOW).await;
    assert_eq!(further.unwrap(), FactorOutcome::Further);
    assert!(is_there(&other).await);
    // The codes are those of before.
    let used = store.use_recovery_code(ann, &codes(10)[0]).await;
    assert_eq!(used.unwrap(), None);
    let used = store.use_recovery_code(ann, &codes(1)[0]).await;
    assert_eq!(used.unwrap(), Some(1));
    let twice = store.put_authenticator(&app, None, NOW).await.unwrap();
    assert_eq!(twice, FactorOutcome::Taken);
    assert!(is_there(&kept).await);
    // Nobody removes another's.
    let foreign = passkey(ann, 1).id;
    let none = store.remove_passkey(bob, &foreign, None).await.unwrap();
    assert_eq!(none, None);
    let removed = store.remove_passkey(ann, &foreign, Some(&kept)).await;
    let removed = removed.unwrap().unwrap();
    assert_eq!((&*removed.name, removed.was_last), ("Key 1", false));
    assert!(is_there(&kept).await && !is_there(&other).await);
    assert_eq!(store.recovery_codes(ann).await.unwrap(), 1);
    let removed = store.remove_authenticator(ann, None).await.unwrap();
    assert!(removed.unwrap().was_last);
    assert_eq!(store.recovery_codes(ann).await.unwrap(), 0);
    assert_eq!(store.remove_authenticator(ann, None).await.unwrap(), None);
    // All at once.
    store.put_authenticator(&app, None, NOW).await.unwrap();
    store
        .put_passkey(&passkey(ann, 2), &codes(1), None, 10)
        .await
        .unwrap();
    assert!(store.put_recovery_codes(ann, &codes(20)).await.unwrap());
    assert!(store.remove_second_factor(ann, None).await.unwrap());
    assert_eq!(store.passkeys(ann).await.unwrap(), []);
    assert!(!store.user(ann).await.unwrap().unwrap().second_factor.is_set);
    assert!(!store.put_recovery_codes(ann, &codes(20)).await.unwrap());
    assert!(!store.remove_second_factor(ann, None).await.unwrap());
}

//! Keys and endpoints that will end.

use std::sync::Arc;

use domain::{AccountId, Time, ending::Stage};
use service::ports::{
    ApiKey, DueAsk, EndingMark, FailingEndpoint, KeyScope, Message, Outcome, PLATFORM, Reached,
    Target, Webhook,
};

use super::{
    backend::Backend,
    world::{NOW, World},
};

const HOOK: &str = "hook";

/// Everything that is due.
const fn all(by_mail: bool) -> DueAsk<'static> {
    DueAsk {
        by_mail,
        most: 100,
        of_account: 100,
        to_target: 100,
        rest_after: 100,
        running: &[],
    }
}

fn message(id: &str, target: Target) -> Message {
    Message {
        id: id.to_owned(),
        kind: "creditscope.key.expires".to_owned(),
        subject: "It ends".to_owned(),
        body: "{}".to_owned(),
        targets: vec![target],
    }
}

fn to_ada() -> Target {
    Target::Mail("ada@example.com".to_owned())
}

fn mark(account: AccountId, stage: Stage) -> EndingMark {
    EndingMark {
        account,
        subject: "key:ab".to_owned(),
        epoch: NOW,
        stage,
    }
}

pub async fn an_ending_is_told_once_however_many_programs_tell_it(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let stores = [world.store.clone(), world.backend.open().await];
    let north = world.account.id;
    let marks = [
        mark(north, Stage::Early),
        mark(north, Stage::Last),
        mark(PLATFORM, Stage::Early),
    ];
    let mut telling = Vec::new();
    for number in 0..24 {
        let store = Arc::clone(&stores[number % 2]);
        let mark = marks[number / 2 % marks.len()].clone();
        telling.push(tokio::spawn(async move {
            let message = message(&format!("msg_{number:02}"), to_ada());
            store.tell_ending(&mark, &message, NOW).await.unwrap()
        }));
    }
    let mut told = 0;
    for one in telling {
        told += usize::from(one.await.unwrap());
    }
    assert_eq!(told, marks.len());
    let until = NOW.plus_micros(1_000_000);
    let mut due = stores[1].take_due(NOW, until, all(true)).await.unwrap();
    due.extend(stores[1].take_due(NOW, until, all(false)).await.unwrap());
    assert_eq!(due.len(), marks.len());
    assert!(due.iter().any(|one| one.account == PLATFORM));
    // An end that is moved is another.
    assert!(stores[0].is_ending_told(&marks[0]).await.unwrap());
    let moved = EndingMark {
        epoch: NOW.plus_micros(1),
        ..marks[0].clone()
    };
    assert!(!stores[0].is_ending_told(&moved).await.unwrap());
}

pub async fn keys_are_found_by_when_they_end(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let store = &world.store;
    let in_s = |seconds: i64| NOW.plus_micros(seconds * 1_000_000);
    let key = |prefix: &str, account, expires_at: Option<Time>| ApiKey {
        prefix: prefix.to_owned(),
        secret_hash: vec![1; 32],
        account,
        scopes: vec![KeyScope::Read],
        name: String::new(),
        created_at: NOW,
        revoked_at: None,
        expires_at,
        used_at: None,
    };
    let north = Some(world.account.id);
    for key in [
        key("late", north, Some(in_s(11))),
        key("last", None, Some(in_s(10))),
        key("first", north, Some(in_s(1))),
        key("past", north, Some(in_s(0))),
        key("never", north, None),
        key("gone", north, Some(in_s(5))),
    ] {
        store.put_api_key(&key, 200).await.unwrap();
    }
    store.revoke_api_key(north, "gone", NOW).await.unwrap();
    let found = store.keys_ending(NOW, in_s(10)).await.unwrap();
    let found: Vec<_> = found.iter().map(|key| key.prefix.as_str()).collect();
    assert_eq!(found, ["first", "last"]);
}

fn webhook() -> Webhook {
    Webhook {
        id: HOOK.to_owned(),
        url: "https://example.com/".to_owned(),
        secret: "whsec_x".to_owned(),
        created_at: NOW,
        disabled_at: None,
    }
}

pub async fn endpoints_that_accept_nothing_are_found_until_they_are_disabled(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let (store, account) = (&world.store, world.account.id);
    let target = || Target::Webhook(HOOK.to_owned());
    store.add_webhook(account, &webhook(), 10).await.unwrap();
    let at = |seconds: i64| NOW.plus_micros(seconds * 1_000_000);
    let put = async |id: &str, now: Time| {
        let message = message(id, target());
        store.put_message(account, &message, now).await.unwrap();
        let due = store
            .take_due(now, now.plus_micros(1), all(false))
            .await
            .unwrap();
        due.into_iter().find(|one| one.message == id).unwrap()
    };
    let first = put("msg_1", NOW).await;
    assert_eq!(
        store.failing_endpoints().await.unwrap(),
        [],
        "it was not tried yet"
    );
    let retry = Outcome::Retry(at(60));
    store
        .note_attempt(&first, &retry, "500", Reached::Unasked, NOW)
        .await
        .unwrap();
    let failing = FailingEndpoint {
        account,
        webhook: HOOK.to_owned(),
        url: "https://example.com/".to_owned(),
        since: NOW,
        attempts: 1,
        due_at: at(60),
        answer: "500".to_owned(),
    };
    assert_eq!(
        store.failing_endpoints().await.unwrap(),
        std::slice::from_ref(&failing)
    );
    // Another arrives: it is not the endpoint that is wrong.
    let second = put("msg_2", at(1)).await;
    let arrived = store.note_attempt(&second, &Outcome::Delivered, "204", Reached::Yes, at(2));
    arrived.await.unwrap();
    assert_eq!(store.failing_endpoints().await.unwrap(), []);
    let third = put("msg_3", at(3)).await;
    store
        .note_attempt(&third, &retry, "500", Reached::Unasked, at(3))
        .await
        .unwrap();
    let later = FailingEndpoint {
        since: at(3),
        ..failing
    };
    assert_eq!(store.failing_endpoints().await.unwrap(), [later]);
    let disable = async |store: &Arc<dyn storage::Database>, id: &str| {
        let message = message(id, to_ada());
        let done = store.disable_webhook(account, HOOK, &message, at(4));
        done.await.unwrap()
    };
    // Two programs give it up at once: one tells.
    let other = world.backend.open().await;
    let (one, two) = tokio::join!(disable(store, "msg_4"), disable(&other, "msg_5"));
    assert!(one != two, "{one} {two}");
    assert_eq!(
        store.webhooks(account).await.unwrap()[0].disabled_at,
        Some(at(4))
    );
    assert_eq!(store.failing_endpoints().await.unwrap(), []);
    let letters = store.deliveries(account, &to_ada(), None, 9).await.unwrap();
    assert_eq!(letters.len(), 1);
}

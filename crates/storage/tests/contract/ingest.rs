//! Storing events once, whole, and for good.

use std::sync::Arc;

use domain::{Agent, Credits, Quantity, bounds::MOST_COUNTED};
use service::ports::{CommitOutcome, EventName, KnownEvent, NewEvent, StoreError};

use super::{
    backend::Backend,
    world::{NOW, World, stored},
};

pub async fn the_same_event_again_is_a_duplicate(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (one, two) = (world.event(1), world.event(2));
    assert_eq!(
        world.commit(&[vec![one.clone(), one.clone()]]).await,
        [stored(1, 1)]
    );
    assert_eq!(
        world.commit(&[vec![one.clone(), two.clone()]]).await,
        [stored(1, 1)]
    );
    assert_eq!(
        world.commit(&[vec![one.clone(), two]]).await,
        [stored(0, 2)]
    );
    assert_eq!(
        world.used(world.account.id, one.time).await,
        Credits::from_micro(3_000_000)
    );
    world.healthy().await;
}

pub async fn what_is_stored_under_names_is_told_for_each(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let one = world.event(1);
    let placed = |number| NewEvent {
        fingerprint: 77,
        id: format!("{number:010}-0123456789abcdef"),
        ..world.event(number)
    };
    let (two, three) = (placed(2), placed(3));
    world.add(vec![one.clone(), two.clone(), three]).await;
    let name = |id: &str| EventName {
        account: world.account.id,
        source: one.source.clone(),
        id: id.to_owned(),
    };
    let elsewhere = EventName {
        account: world.other.id,
        ..name(&one.id)
    };
    let names = [name(&two.id), name("nobody"), elsewhere, name(&one.id)];
    let known = |event: &NewEvent| {
        Some(KnownEvent {
            fingerprint: event.fingerprint,
            credits: event.credits,
        })
    };
    assert_eq!(
        world.store.known(&names).await.unwrap(),
        [known(&two), None, None, known(&one)]
    );
    assert_eq!(world.store.known(&[]).await.unwrap(), []);
    let rows = world
        .store
        .placed_rows(world.account.id, &[one.fingerprint, 77])
        .await
        .unwrap();
    let counts: Vec<_> = rows.iter().map(|rows| rows.count).collect();
    assert_eq!(counts, [0, 2], "only ids of a line and a hash count");
}

pub async fn the_same_identity_with_other_content_is_a_conflict_and_stores_nothing(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let one = world.event(1);
    let changed = NewEvent {
        fingerprint: i64::MIN,
        ..one.clone()
    };
    assert_eq!(
        world
            .commit(&[vec![world.event(9), one.clone(), changed.clone()]])
            .await,
        [CommitOutcome::Conflict(vec![2])]
    );
    world.add(vec![one.clone()]).await;
    let batch = vec![world.event(2), changed.clone(), one.clone(), changed];
    assert_eq!(
        world.commit(&[batch]).await,
        [CommitOutcome::Conflict(vec![1, 3])]
    );
    assert_eq!(
        world
            .store
            .event(world.account.id, "gateway", "event-2")
            .await
            .unwrap(),
        None
    );
    assert_eq!(world.used(world.account.id, one.time).await, one.credits);
    world.healthy().await;
}

pub async fn a_refused_batch_does_not_touch_the_others(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    world.add(vec![world.event(1)]).await;
    let changed = NewEvent {
        fingerprint: 77,
        ..world.event(1)
    };
    let group = [
        vec![world.event(2)],
        vec![world.event(3), changed],
        vec![world.event(4), world.event(1)],
    ];
    assert_eq!(
        world.commit(&group).await,
        [stored(1, 0), CommitOutcome::Conflict(vec![1]), stored(1, 1)]
    );
    let mut there = Vec::new();
    for number in 1..=4 {
        there.push(
            world
                .store
                .event(world.account.id, "gateway", &format!("event-{number}"))
                .await
                .unwrap()
                .is_some(),
        );
    }
    assert_eq!(there, [true, true, false, true]);
    world.healthy().await;
}

pub async fn batches_of_one_group_are_judged_in_order(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let changed = NewEvent {
        fingerprint: 77,
        ..world.event(1)
    };
    let group = [
        vec![world.event(1)],
        vec![world.event(1), world.event(2)],
        vec![world.event(3), changed.clone()],
        vec![world.event(3)],
    ];
    assert_eq!(
        world.commit(&group).await,
        [
            stored(1, 0),
            stored(1, 1),
            CommitOutcome::Conflict(vec![1]),
            stored(1, 0)
        ]
    );
    // A batch that is refused for what is stored leaves its events to the next batch.
    let group = [vec![world.event(4), changed], vec![world.event(4)]];
    assert_eq!(
        world.commit(&group).await,
        [CommitOutcome::Conflict(vec![1]), stored(1, 0)]
    );
    world.healthy().await;
}

pub async fn identities_are_separate_by_account_and_source(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let one = world.event(1);
    let elsewhere = NewEvent {
        source: "other".to_owned(),
        fingerprint: 5,
        ..one.clone()
    };
    let foreign = NewEvent {
        fingerprint: 6,
        ..world.in_other(&one)
    };
    assert_eq!(
        world.commit(&[vec![one.clone(), elsewhere, foreign]]).await,
        [stored(3, 0)]
    );
    let found = world
        .store
        .event(world.other.id, "gateway", &one.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.company, world.other_companies[0]);
    assert_eq!(
        world
            .store
            .event(world.other.id, "other", &one.id)
            .await
            .unwrap(),
        None
    );
    world.healthy().await;
}

pub async fn an_event_comes_back_as_it_was_sent(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let full = NewEvent {
        source: "voice \"gw\" \\ 2 ☎".to_owned(),
        id: "{\"a\": [1]} ' \u{1F600}".to_owned(),
        fingerprint: i64::MIN,
        kind: "org.example.call".to_owned(),
        agent: Agent::Nox,
        activity: "question".to_owned(),
        credits: MOST_COUNTED,
        quantity: Some(Quantity::from_micro(i64::MAX)),
        unit: Some("second".to_owned()),
        rate_version: Some(u32::MAX),
        reference: Some("Zoë's \"call\"".to_owned()),
        metadata: Some("{\"text\":\"a\\u0000b\\n\",\"n\":1e3}".to_owned()),
        ..world.event(1)
    };
    world.add(vec![full.clone()]).await;
    let row = world
        .store
        .event(world.account.id, &full.source, &full.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (
            row.company,
            row.company_key.as_str(),
            row.company_name.as_str()
        ),
        (full.company, "acme", "acme")
    );
    assert_eq!(
        (&row.source, &row.id, &row.kind, &row.activity),
        (&full.source, &full.id, &full.kind, &full.activity)
    );
    assert_eq!(
        (row.time, row.recorded_at, row.agent),
        (full.time, NOW, full.agent)
    );
    assert_eq!(
        (row.credits, row.quantity, &row.unit),
        (full.credits, full.quantity, &full.unit)
    );
    assert_eq!(
        (row.rate_version, &row.reference, &row.metadata),
        (full.rate_version, &full.reference, &full.metadata)
    );
    // The fingerprint is kept exactly too.
    assert_eq!(world.commit(&[vec![full]]).await, [stored(0, 1)]);
}

pub async fn what_was_answered_is_there_after_opening_again(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    world
        .add((0..50).map(|number| world.event(number)).collect())
        .await;
    // Not closed: as after a crash of the process.
    let again = world.backend.open().await;
    assert!(
        again
            .event(world.account.id, "gateway", "event-49")
            .await
            .unwrap()
            .is_some()
    );
    world.store.close().await.unwrap();
    again.close().await.unwrap();
    let again = world.backend.open().await;
    assert!(
        again
            .event(world.account.id, "gateway", "event-0")
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(again.doctor().await.unwrap().events, 50);
}

pub async fn two_handles_on_one_database_may_both_commit(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let second = world.backend.open().await;
    let commit = |store: Arc<dyn storage::Database>, from: i64| {
        let batches: Vec<_> = (from..from + 40)
            .map(|number| {
                vec![NewEvent {
                    activity: format!("activity_{}", number % 7),
                    ..world.event(number)
                }]
            })
            .collect();
        async move {
            let mut outcomes = Vec::new();
            for batch in batches {
                outcomes.extend(store.commit_events(&[batch], NOW).await.unwrap());
            }
            outcomes
        }
    };
    // Half of what the two send is the same.
    let (first, second) = tokio::join!(
        tokio::spawn(commit(Arc::clone(&world.store), 0)),
        tokio::spawn(commit(second, 20)),
    );
    let accepted = first
        .unwrap()
        .into_iter()
        .chain(second.unwrap())
        .filter(|outcome| *outcome == stored(1, 0))
        .count();
    assert_eq!(accepted, 60);
    world.healthy().await;
}

pub async fn a_total_too_large_to_count_stores_nothing(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let huge = |number| NewEvent {
        credits: MOST_COUNTED,
        ..world.event(number)
    };
    world.add(vec![huge(1)]).await;
    for group in [[vec![huge(2)]], [vec![huge(3), huge(4)]]] {
        let error = world.store.commit_events(&group, NOW).await.unwrap_err();
        assert!(matches!(error, StoreError::OutOfRange(_)), "{error}");
    }
    let small = NewEvent {
        credits: Credits::ZERO,
        ..world.event(5)
    };
    assert_eq!(world.commit(&[vec![small]]).await, [stored(1, 0)]);
    assert_eq!(world.store.doctor().await.unwrap().events, 2);
    world.healthy().await;
}

pub async fn a_commit_that_is_given_up_leaves_the_writer_usable(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let events: Vec<_> = (0..2_000).map(|number| world.event(number)).collect();
    for micros in [0, 50, 500, 5_000, 20_000] {
        let group = [events.clone()];
        let commit = world.store.commit_events(&group, NOW);
        let _ = tokio::time::timeout(std::time::Duration::from_micros(micros), commit).await;
    }
    // Whether or not one of them came through, this one does, and nothing is counted twice.
    world.add(events).await;
    assert_eq!(world.store.doctor().await.unwrap().events, 2_000);
    world.healthy().await;
}

pub async fn nothing_to_store_is_stored(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    assert_eq!(world.commit(&[]).await, []);
    assert_eq!(
        world.commit(&[vec![], vec![]]).await,
        [stored(0, 0), stored(0, 0)]
    );
}

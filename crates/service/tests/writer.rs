//! The writer: durable before it says so, and honest when it cannot keep up.

use std::sync::{Arc, Mutex, atomic::Ordering};

use domain::{bounds::MOST_CREDITS, event::AgeLimit};
use futures::future::join_all;
use service::{Caller, ServiceError, Services, Unready, writer::CommitSeen};
use tokio::task::JoinHandle;

use crate::support::world::{NOW, World, usage};

/// Requests that may wait while one is written.
const QUEUE: usize = 4_096;

fn spawn_ingest(world: &Arc<World>, id: usize) -> JoinHandle<Result<u32, ServiceError>> {
    let world = Arc::clone(world);
    tokio::spawn(async move {
        let event = usage(&format!("e{id}"), "acme", NOW, "1");
        world
            .ingest(vec![event])
            .await
            .map(|committed| committed.accepted)
    })
}

/// Spawns a request and waits until it is with the disk; whatever comes after it has to wait.
async fn occupy(world: &Arc<World>) -> JoinHandle<Result<u32, ServiceError>> {
    let before = world.store.commits.load(Ordering::SeqCst);
    let first = spawn_ingest(world, 0);
    wait_until(|| world.store.commits.load(Ordering::SeqCst) > before).await;
    first
}

async fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_full_queue_says_when_to_try_again_and_loses_nothing_it_took() {
    let world = Arc::new(World::new().await);
    let slow = world.store.disk.lock().await;
    let first = occupy(&world).await;
    let waiting: Vec<_> = (1..=QUEUE).map(|id| spawn_ingest(&world, id)).collect();
    wait_until(|| world.services.queue_depth() == QUEUE).await;
    let refused = spawn_ingest(&world, QUEUE + 1).await.unwrap();
    assert!(
        matches!(refused, Err(ServiceError::Busy { retry_after_s: 1 })),
        "{refused:?}"
    );
    assert!(matches!(world.services.ready().await, Err(Unready::Busy)));
    drop(slow);
    assert_eq!(first.await.unwrap().unwrap(), 1);
    for answer in join_all(waiting).await {
        assert_eq!(answer.unwrap().unwrap(), 1);
    }
    assert_eq!(world.store.state().events.len(), QUEUE + 1);
    world.services.ready().await.unwrap();
}

#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_durable() {
    let world = Arc::new(World::new().await);
    let slow = world.store.disk.lock().await;
    let answer = spawn_ingest(&world, 0);
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(!answer.is_finished() && world.store.state().events.is_empty());
    drop(slow);
    assert_eq!(answer.await.unwrap().unwrap(), 1);
    assert_eq!(world.store.state().events.len(), 1);
}

#[tokio::test]
async fn a_broken_disk_is_told_and_the_writer_goes_on_when_it_heals() {
    let world = Arc::new(World::new().await);
    world.store.is_broken.store(true, Ordering::SeqCst);
    let answer = spawn_ingest(&world, 0).await.unwrap();
    assert!(matches!(answer, Err(ServiceError::Store(_))), "{answer:?}");
    world.store.is_broken.store(false, Ordering::SeqCst);
    assert_eq!(spawn_ingest(&world, 0).await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn requests_that_wait_become_one_transaction_and_one_refusal_spares_the_others() {
    let world = World::new().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observer = {
        let seen = Arc::clone(&seen);
        Arc::new(move |commit: CommitSeen| {
            seen.lock().unwrap().push((commit.requests, commit.events));
        })
    };
    let services = Services::start_observed(
        Arc::clone(&world.store) as _,
        Arc::clone(&world.clock) as _,
        observer,
    );
    let world = Arc::new(World { services, ..world });
    world
        .ingest(vec![usage("taken", "acme", NOW, "1")])
        .await
        .unwrap();
    let slow = world.store.disk.lock().await;
    let first = occupy(&world).await;
    let conflicting = {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            world
                .ingest(vec![
                    usage("new", "acme", NOW, "1"),
                    usage("taken", "acme", NOW, "2"),
                ])
                .await
                .is_err()
        })
    };
    let waiting: Vec<_> = (1..=9).map(|id| spawn_ingest(&world, id)).collect();
    wait_until(|| world.services.queue_depth() == 10).await;
    drop(slow);
    assert!(conflicting.await.unwrap());
    join_all(waiting.into_iter().chain([first]))
        .await
        .into_iter()
        .for_each(|answer| assert_eq!(answer.unwrap().unwrap(), 1));
    assert_eq!(*seen.lock().unwrap(), [(1, 1), (1, 1), (10, 11)]);
    assert_eq!(world.store.state().events.len(), 11);
}

#[tokio::test]
async fn a_total_too_large_to_count_is_refused_and_spares_what_waits_beside_it() {
    let world = Arc::new(World::new().await);
    let slow = world.store.disk.lock().await;
    let first = occupy(&world).await;
    let before: Vec<_> = (1..5).map(|id| spawn_ingest(&world, id)).collect();
    wait_until(|| world.services.queue_depth() == 4).await;
    let too_large = {
        let world = Arc::clone(&world);
        // Each is as large as one may be, and together they are more than is counted.
        let events = (0..=1_000).map(|number| {
            let id = format!("huge-{number}");
            usage(&id, "acme", NOW, &MOST_CREDITS.to_string())
        });
        let events = events.collect();
        tokio::spawn(async move { world.ingest(events).await })
    };
    wait_until(|| world.services.queue_depth() == 5).await;
    let after: Vec<_> = (5..9).map(|id| spawn_ingest(&world, id)).collect();
    wait_until(|| world.services.queue_depth() == 9).await;
    drop(slow);
    let refused = too_large.await.unwrap();
    let Err(ServiceError::Invalid(invalid)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(invalid.0[0].field, "data.credits");
    join_all(before.into_iter().chain(after).chain([first]))
        .await
        .into_iter()
        .for_each(|answer| assert_eq!(answer.unwrap().unwrap(), 1));
    assert_eq!(world.store.state().events.len(), 9);
}

#[tokio::test]
async fn what_is_known_already_does_not_count_against_the_largest_total_again() {
    let world = World::new().await;
    let huge = |number: usize, credits: &str| {
        let id = format!("huge-{number}");
        usage(&id, "acme", NOW, credits)
    };
    let most = MOST_CREDITS.to_string();
    let events: Vec<_> = (0..1_000).map(|number| huge(number, &most)).collect();
    let stored = world.ingest(events.clone()).await.unwrap();
    assert_eq!((stored.accepted, stored.duplicates), (1_000, 0));
    let again = world.ingest(events).await.unwrap();
    assert_eq!((again.accepted, again.duplicates), (0, 1_000));
    assert!(world.ingest(vec![huge(1_000, "1")]).await.is_err());
    assert!(world.ingest(vec![huge(1_001, "0")]).await.is_ok());
}

#[tokio::test]
async fn closing_waits_for_what_was_taken() {
    let world = Arc::new(World::new().await);
    let slow = world.store.disk.lock().await;
    let first = occupy(&world).await;
    let waiting: Vec<_> = (1..3).map(|id| spawn_ingest(&world, id)).collect();
    wait_until(|| world.services.queue_depth() == 2).await;
    let closing = {
        let services = world.services.clone();
        tokio::spawn(async move { services.close().await })
    };
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(!closing.is_finished());
    drop(slow);
    closing.await.unwrap();
    assert_eq!(world.store.state().events.len(), 3);
    join_all(waiting.into_iter().chain([first]))
        .await
        .into_iter()
        .for_each(|answer| assert_eq!(answer.unwrap().unwrap(), 1));
}

#[tokio::test]
async fn only_operators_may_ask_the_doctor() {
    let world = World::new().await;
    world
        .ingest(vec![usage("e1", "acme", NOW, "1")])
        .await
        .unwrap();
    assert_eq!(
        world.services.doctor(&world.operator).await.unwrap().events,
        1
    );
    let client: Caller = world.client(&["acme"]).await;
    assert!(matches!(
        world.services.doctor(&client).await,
        Err(ServiceError::Forbidden(_))
    ));
    assert!(
        world
            .ingest_as(
                &client,
                None,
                AgeLimit::Enforced,
                vec![usage("e2", "acme", NOW, "1")]
            )
            .await
            .is_err()
    );
}

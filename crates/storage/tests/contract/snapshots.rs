//! One moment of the database.

use std::sync::Arc;

use domain::{Credits, Seq, Time, TimeRange, time::DAY_US};
use service::ports::{Direction, Grain, GroupBy, LogRange, Selection};

use super::{
    backend::Backend,
    world::{NOW, World},
};

pub async fn a_commit_after_a_snapshot_is_not_in_it(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let all = Selection::default();
    let range = TimeRange::new(NOW.bucket(), NOW.bucket().plus_micros(DAY_US));
    let log = LogRange {
        range,
        from: None,
        direction: Direction::Older,
    };
    let account = world.account.id;
    world.add(vec![world.event(1)]).await;
    let mut before = world.store.snapshot().await.unwrap();
    world.add(vec![world.event(2)]).await;
    let mut after = world.store.snapshot().await.unwrap();
    for (snapshot, events) in [(&mut before, 1), (&mut after, 2)] {
        assert_eq!(
            snapshot.log(account, &all, log, 10).await.unwrap().len(),
            events
        );
        let cells = snapshot
            .cells(account, &all, range, Grain::Bucket, GroupBy::All)
            .await
            .unwrap();
        let counted: u64 = cells.iter().map(|cell| cell.totals.events).sum();
        assert_eq!(counted, events as u64);
        let used = snapshot
            .cycle_used(account, world.cycles.at(NOW).range.start)
            .await
            .unwrap();
        assert_eq!(
            used,
            Credits::from_micro(1_500_000 * i64::try_from(events).unwrap())
        );
        assert_eq!(
            snapshot.activities(account, 100).await.unwrap(),
            ["chat_reply"]
        );
    }
    let (before, after) = (before.as_of().await.unwrap(), after.as_of().await.unwrap());
    assert!(Seq::ZERO < before && before < after);
}

pub async fn how_far_accounts_are_is_asked_at_once(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (one, other) = (world.account.id, world.other.id);
    let asked = async || world.store.changes(&[one, other]).await.unwrap();
    let [before, quiet] = asked().await.try_into().unwrap();
    assert_eq!((before.account, quiet.account), (one, other));
    assert_eq!(
        (before.far.newest, quiet.far.newest),
        (Seq::ZERO, Seq::ZERO)
    );
    world.add(vec![world.event(1), world.event(2)]).await;
    let [after, still] = asked().await.try_into().unwrap();
    assert_eq!(still, quiet);
    let newest = world.store.snapshot().await.unwrap().as_of().await.unwrap();
    assert_eq!(after.far.newest, newest);
    assert!(world.store.changes(&[]).await.unwrap().is_empty());
}

pub async fn many_dropped_snapshots_leave_connections_free(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    for number in 0..50 {
        let mut snapshot = world.store.snapshot().await.unwrap();
        world.add(vec![world.event(number)]).await;
        assert_eq!(snapshot.as_of().await.unwrap(), Seq(number));
    }
    world.store.ping().await.unwrap();
}

pub async fn cycle_totals_equal_the_events(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let edge = world.cycles.at(NOW).range.start;
    let at = |number: i64, time: Time| world.event_at(number, time);
    world
        .add(vec![
            at(1, edge),
            at(2, edge.plus_micros(-1)),
            at(3, edge.plus_micros(1)),
        ])
        .await;
    assert_eq!(
        world.used(world.account.id, edge).await,
        Credits::from_micro(3_000_000)
    );
    assert_eq!(
        world.used(world.account.id, edge.plus_micros(-1)).await,
        Credits::from_micro(1_500_000)
    );
    assert_eq!(world.used(world.other.id, edge).await, Credits::ZERO);
}

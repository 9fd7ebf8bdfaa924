//! Sources, and how long each is silent.

use std::sync::Arc;

use domain::{Time, time::HOUR_US};
use service::ports::NewEvent;

use super::{
    backend::Backend,
    world::{NOW, World},
};

fn at(hours: i64) -> Time {
    NOW.plus_micros(hours * HOUR_US)
}

pub async fn the_longest_silence_of_two_weeks_is_known(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let report = async |number: i64, source: &str, now: Time| {
        let event = NewEvent {
            source: source.to_owned(),
            ..world.event_at(number, now.plus_micros(-1))
        };
        let stored = world.store.commit_events(&[vec![event]], now).await;
        stored.unwrap();
    };
    let longest = async || {
        let mut snapshot = world.store.snapshot().await.unwrap();
        let sources = snapshot.sources(world.account.id).await.unwrap();
        let source = sources
            .into_iter()
            .find(|one| one.name == "gateway")
            .unwrap();
        (source.longest_silence_us / HOUR_US, source.events)
    };
    report(1, "gateway", at(0)).await;
    assert_eq!(longest().await, (0, 1));
    report(2, "gateway", at(9)).await;
    report(3, "gateway", at(10)).await;
    report(4, "other", at(11)).await;
    report(5, "creditscope:holds", at(11)).await;
    assert_eq!(longest().await, (9, 3));
    // A duplicate says nothing new.
    report(3, "gateway", at(10)).await;
    assert_eq!(longest().await, (9, 3));
    // Every two hours for two weeks: the long night is forgotten in the third week.
    for step in 1..=12 * 14 {
        report(100 + step, "gateway", at(10 + 2 * step)).await;
    }
    assert_eq!(longest().await.0, 2);
    let mut snapshot = world.store.snapshot().await.unwrap();
    let sources = snapshot.sources(world.account.id).await.unwrap();
    let names: Vec<_> = sources.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["gateway", "other"]);
    assert_eq!(sources[0].last_time, at(10 + 2 * 12 * 14).plus_micros(-1));
    assert_eq!(snapshot.sources(world.other.id).await.unwrap(), []);
}

//! Weeks that were looked through, and the parts that spikes are taken apart into.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Agent, TimeRange,
    time::{BUCKET_US, DAY_US},
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use service::ports::{NewEvent, Selection};

use super::{
    backend::Backend,
    model::sketches,
    world::{NOW, World},
};

pub async fn a_week_is_looked_through_once(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (store, account) = (&world.store, world.account.id);
    assert_eq!(store.review(account, NOW).await.unwrap(), None);
    for (who, later_us, is_first) in [("ada", 1, true), ("bob", 2, false)] {
        let at = NOW.plus_micros(later_us);
        let marked = store.mark_reviewed(account, NOW, who, at);
        assert_eq!(marked.await.unwrap(), is_first, "{who}");
    }
    let by = Some((NOW.plus_micros(1), "ada".to_owned()));
    assert_eq!(store.review(account, NOW).await.unwrap(), by);
    assert_eq!(store.review(world.other.id, NOW).await.unwrap(), None);
    // Who did not say it cannot take it back.
    let undo = async |who: &str| store.unmark_reviewed(account, NOW, who).await.unwrap();
    assert!(!undo("bob").await && undo("ada").await && !undo("ada").await);
    assert_eq!(store.review(account, NOW).await.unwrap(), None);
    let week_after = NOW.plus_micros(7 * DAY_US);
    assert_eq!(store.review(account, week_after).await.unwrap(), None);
}

pub async fn parts_are_those_of_the_events(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let mut runner = TestRunner::deterministic();
    let drawn = sketches(150..151).new_tree(&mut runner).unwrap().current();
    let events = world.drawn(&drawn);
    world.add(events.clone()).await;
    world.add(vec![world.in_other(&events[0])]).await;
    let start = NOW.plus_micros(-2 * DAY_US).bucket();
    let range = TimeRange::new(start, start.plus_micros(300 * BUCKET_US));
    let some = Selection {
        companies: Some(world.companies[..2].to_vec()),
        agents: vec![Agent::Chat, Agent::VoiceInbound],
        ..Selection::default()
    };
    let mut snapshot = world.store.snapshot().await.unwrap();
    for selection in [Selection::default(), some] {
        let parts = snapshot.parts(world.account.id, &selection, range);
        let mut found = BTreeMap::new();
        for part in parts.await.unwrap() {
            let key = (part.start, part.company.0, part.agent, part.activity);
            *found.entry(key).or_insert(0) += part.credits.micro();
        }
        let is_of = |event: &&NewEvent| {
            let companies = selection.companies.as_ref();
            range.contains(event.time)
                && companies.is_none_or(|all| all.contains(&event.company))
                && (selection.agents.is_empty() || selection.agents.contains(&event.agent))
        };
        let mut right = BTreeMap::new();
        for event in events.iter().filter(is_of) {
            let activity = event.activity.clone();
            let key = (event.time.bucket(), event.company.0, event.agent, activity);
            *right.entry(key).or_insert(0) += event.credits.micro();
        }
        assert!(!right.is_empty());
        assert_eq!(found, right);
    }
}

//! Totals equal the sum of the events, however they are asked for.

use std::sync::Arc;

use domain::{
    Agent, TimeRange,
    time::{BUCKET_US, DAY_US},
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use service::ports::{Expected, Grain, GroupBy, NewEvent, PutCompany, Selection};

use super::{
    backend::Backend,
    model::{self, Sketch, sketches, sorted},
    world::{NOW, World, created},
};

const GRAINS: [Grain; 3] = [Grain::Day, Grain::Bucket, Grain::Event];
const GROUPS: [GroupBy; 4] = [
    GroupBy::All,
    GroupBy::Agent,
    GroupBy::Company,
    GroupBy::Activity,
];

fn draw(count: usize) -> Vec<Sketch> {
    let mut runner = TestRunner::deterministic();
    sketches(count..count + 1)
        .new_tree(&mut runner)
        .unwrap()
        .current()
}

fn everything(world: &World) -> TimeRange {
    let days = |count: i64| world.cycles.zone().day_of(NOW.plus_micros(count * DAY_US));
    TimeRange::new(days(-10), days(10))
}

fn selections(world: &World) -> Vec<Selection> {
    vec![
        Selection::default(),
        Selection {
            companies: Some(vec![world.companies[1]]),
            ..Selection::default()
        },
        Selection {
            companies: Some(vec![world.companies[2], world.companies[0]]),
            ..Selection::default()
        },
        Selection {
            agents: vec![Agent::VoiceWeb, Agent::Chat],
            ..Selection::default()
        },
        Selection {
            activities: vec!["question".into(), "never".into()],
            ..Selection::default()
        },
        Selection {
            companies: Some(vec![world.companies[0]]),
            agents: vec![Agent::Nox],
            activities: vec!["voice_call".into(), "chat_reply".into()],
            reference_prefix: None,
        },
        // A company of another account is nothing.
        Selection {
            companies: Some(vec![world.other_companies[0]]),
            ..Selection::default()
        },
    ]
}

async fn agree(world: &World, events: &[NewEvent], range: TimeRange, grains: &[Grain]) {
    let mut snapshot = world.store.snapshot().await.unwrap();
    for selection in selections(world) {
        for (grain, group_by) in grains
            .iter()
            .flat_map(|grain| GROUPS.map(|group| (*grain, group)))
        {
            let found = snapshot
                .cells(world.account.id, &selection, range, grain, group_by)
                .await
                .unwrap();
            let right = model::cells(events, &selection, range, grain, group_by);
            assert_eq!(sorted(found), right, "{selection:?} {grain:?} {group_by:?}");
        }
    }
}

pub async fn every_grain_and_group_equals_the_sum_of_the_events(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let events = world.drawn(&draw(400));
    let foreign = events.iter().map(|event| world.in_other(event)).collect();
    world.commit(&[events.clone(), foreign]).await;
    agree(&world, &events, everything(&world), &GRAINS).await;
    let buckets = TimeRange::new(NOW.bucket().plus_micros(-20 * BUCKET_US), NOW.bucket());
    agree(&world, &events, buckets, &[Grain::Bucket, Grain::Event]).await;
    let odd = TimeRange::new(NOW.plus_micros(-12_345_678_901), NOW.plus_micros(1));
    agree(&world, &events, odd, &[Grain::Event]).await;
    world.healthy().await;
}

pub async fn any_order_and_repetition_gives_the_same_totals(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let mut runner = TestRunner::deterministic();
    let cases = (
        sketches(1..60),
        proptest::collection::vec((0..60_usize, 0..12_usize), 0..120),
        proptest::bits::u8::ANY,
    );
    let mut all: Vec<NewEvent> = Vec::new();
    for case in 0..12 {
        let (sketches, repeats, shuffle) = cases.new_tree(&mut runner).unwrap().current();
        let events: Vec<_> = world
            .drawn(&sketches)
            .into_iter()
            .map(|event| NewEvent {
                id: format!("{case}/{}", event.id),
                ..event
            })
            .collect();
        let mut sent = events.clone();
        sent.extend(
            repeats
                .iter()
                .filter_map(|(index, _)| events.get(*index).cloned()),
        );
        let length = sent.len();
        sent.rotate_left(usize::from(shuffle) % length);
        for (index, (from, _)) in repeats.iter().enumerate() {
            sent.swap(index % length, from % length);
        }
        let size = repeats.first().map_or(5, |(_, size)| size + 1);
        let batches: Vec<Vec<_>> = sent.chunks(size).map(<[_]>::to_vec).collect();
        for group in batches.chunks(3) {
            world.commit(group).await;
        }
        all.extend(events);
    }
    agree(&world, &all, everything(&world), &GRAINS).await;
    world.healthy().await;
}

pub async fn all_companies_but_a_few_are_read_right(backend: Arc<dyn Backend>) {
    let mut world = World::new(backend).await;
    for number in 0..400 {
        let key = format!("company-{number}");
        world.companies.push(
            created(
                world
                    .store
                    .put_company(
                        world.account.id,
                        &PutCompany::named(&key, &key),
                        &Expected::Any,
                        10_000,
                        NOW,
                    )
                    .await
                    .unwrap(),
            )
            .id,
        );
    }
    let companies = world.companies.clone();
    let events: Vec<_> = world
        .drawn(&draw(300))
        .into_iter()
        .enumerate()
        .map(|(number, event)| NewEvent {
            company: companies[number * 7 % 61],
            ..event
        })
        .collect();
    world.add(events.clone()).await;
    let range = everything(&world);
    let mut snapshot = world.store.snapshot().await.unwrap();
    for left_out in [0, 1, 30, 300] {
        let chosen = companies[left_out..].to_vec();
        for agents in [vec![], vec![Agent::Chat]] {
            let selection = Selection {
                companies: Some(chosen.clone()),
                agents,
                ..Selection::default()
            };
            for (grain, group_by) in GRAINS
                .iter()
                .flat_map(|grain| GROUPS.map(|group| (*grain, group)))
            {
                let found = snapshot
                    .cells(world.account.id, &selection, range, grain, group_by)
                    .await
                    .unwrap();
                let right = model::cells(&events, &selection, range, grain, group_by);
                assert_eq!(sorted(found), right, "{left_out} {grain:?} {group_by:?}");
            }
        }
    }
}

pub async fn selections_of_nothing_have_no_totals(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    world.add(vec![world.event(0)]).await;
    let nothing = [
        Selection {
            companies: Some(vec![]),
            ..Selection::default()
        },
        Selection {
            activities: vec!["never".into()],
            ..Selection::default()
        },
        Selection {
            reference_prefix: Some("x".into()),
            ..Selection::default()
        },
    ];
    let range = everything(&world);
    let mut snapshot = world.store.snapshot().await.unwrap();
    for selection in nothing {
        let cells = snapshot
            .cells(
                world.account.id,
                &selection,
                range,
                Grain::Event,
                GroupBy::All,
            )
            .await
            .unwrap();
        assert_eq!(cells, [], "{selection:?}");
    }
    let empty = TimeRange::new(range.end, range.start);
    let cells = snapshot
        .cells(
            world.account.id,
            &Selection::default(),
            empty,
            Grain::Bucket,
            GroupBy::All,
        )
        .await
        .unwrap();
    assert_eq!(cells, []);
}

pub async fn buckets_of_events_are_cut_where_the_range_begins(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let bucket = NOW.bucket();
    let at = |number, micros| world.event_at(number, bucket.plus_micros(micros));
    world
        .add(vec![
            at(1, 10),
            at(2, 20),
            at(3, BUCKET_US),
            at(4, BUCKET_US + 20),
        ])
        .await;
    let range = TimeRange::new(bucket.plus_micros(20), bucket.plus_micros(BUCKET_US + 20));
    let mut snapshot = world.store.snapshot().await.unwrap();
    let cells = snapshot
        .cells(
            world.account.id,
            &Selection::default(),
            range,
            Grain::Event,
            GroupBy::All,
        )
        .await
        .unwrap();
    let starts: Vec<_> = cells
        .iter()
        .map(|cell| (cell.start, cell.totals.events))
        .collect();
    assert_eq!(
        starts,
        [(range.start, 1), (bucket.plus_micros(BUCKET_US), 1)]
    );
}

pub async fn a_reference_is_found_by_its_beginning(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let events = world.drawn(&draw(300));
    world.add(events.clone()).await;
    let range = everything(&world);
    let mut snapshot = world.store.snapshot().await.unwrap();
    for prefix in [
        "call",
        "CALL_1",
        "call_12",
        "call%",
        "_",
        "Ünï",
        "ünï",
        "ticket-9x",
        "",
    ] {
        for (companies, agents) in [
            (None, vec![]),
            (
                Some(vec![world.companies[1]]),
                vec![Agent::Chat, Agent::Nox],
            ),
        ] {
            let selection = Selection {
                companies,
                agents,
                reference_prefix: Some(prefix.into()),
                ..Selection::default()
            };
            for group_by in GROUPS {
                let found = snapshot
                    .cells(world.account.id, &selection, range, Grain::Event, group_by)
                    .await
                    .unwrap();
                let right = model::cells(&events, &selection, range, Grain::Event, group_by);
                assert_eq!(sorted(found), right, "{selection:?} {group_by:?}");
            }
        }
    }
}

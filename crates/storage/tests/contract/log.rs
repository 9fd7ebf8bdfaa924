//! Pages of the log, in both directions, with filters.

use std::sync::Arc;

use domain::{Agent, Seq, Time, TimeRange, time::BUCKET_US};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use service::ports::{
    Direction, Grain, GroupBy, LogRange, NewEvent, Selection, Snapshot, StoredEvent,
};

use super::{
    backend::Backend,
    model::{self, cursor, selects, sketches},
    world::{NOW, World},
};

const ALL: TimeRange = TimeRange::new(Time::MIN, Time::MAX);
const DIRECTIONS: [Direction; 2] = [Direction::Older, Direction::Newer];

/// Everything stored, as an unfiltered log says.
async fn everything(world: &World) -> Vec<StoredEvent> {
    let range = LogRange {
        range: ALL,
        from: None,
        direction: Direction::Older,
    };
    let mut snapshot = world.store.snapshot().await.unwrap();
    snapshot
        .log(world.account.id, &Selection::default(), range, 1_000_000)
        .await
        .unwrap()
}

fn matching(events: &[NewEvent], selection: &Selection) -> Vec<String> {
    events
        .iter()
        .filter(|event| selects(selection, event))
        .map(|event| event.id.clone())
        .collect()
}

/// Reads page after page until one is not full.
async fn walk(
    snapshot: &mut dyn Snapshot,
    world: &World,
    selection: &Selection,
    mut range: LogRange,
    limit: u32,
) -> Vec<Vec<StoredEvent>> {
    let mut pages = Vec::new();
    loop {
        let page = snapshot
            .log(world.account.id, selection, range, limit)
            .await
            .unwrap();
        let edge = if range.direction == Direction::Older {
            page.last()
        } else {
            page.first()
        };
        range.from = edge.map(cursor).or(range.from);
        let is_last = page.len() < limit as usize;
        pages.push(page);
        if is_last {
            return pages;
        }
    }
}

async fn agree(
    world: &World,
    events: &[NewEvent],
    selection: &Selection,
    range: TimeRange,
    limit: u32,
) {
    let all = everything(world).await;
    let ids = matching(events, selection);
    let mut snapshot = world.store.snapshot().await.unwrap();
    for direction in DIRECTIONS {
        let mut asked = LogRange {
            range,
            from: None,
            direction,
        };
        for page in walk(snapshot.as_mut(), world, selection, asked, limit).await {
            let right = model::page(&all, &ids, asked, limit as usize);
            let found: Vec<_> = page.iter().map(|row| row.id.clone()).collect();
            assert_eq!(found, right, "{selection:?} {asked:?}");
            let edge = if direction == Direction::Older {
                page.last()
            } else {
                page.first()
            };
            asked.from = edge.map(cursor);
        }
    }
}

fn selections(world: &World) -> Vec<Selection> {
    let companies = Some(vec![world.companies[0], world.companies[2]]);
    vec![
        Selection::default(),
        Selection {
            companies: companies.clone(),
            ..Selection::default()
        },
        Selection {
            agents: vec![Agent::AutoTrigger],
            ..Selection::default()
        },
        Selection {
            activities: vec!["question".into()],
            ..Selection::default()
        },
        Selection {
            reference_prefix: Some("CALL_".into()),
            ..Selection::default()
        },
        Selection {
            companies,
            agents: vec![Agent::Chat, Agent::Nox],
            reference_prefix: Some("c".into()),
            ..Selection::default()
        },
        Selection {
            reference_prefix: Some(" call_\u{E9}".into()),
            ..Selection::default()
        },
        Selection {
            reference_prefix: Some("u\u{308}NI\u{308}".into()),
            ..Selection::default()
        },
        Selection {
            companies: Some(vec![]),
            ..Selection::default()
        },
    ]
}

pub async fn pages_in_both_directions_equal_the_sorted_events(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let mut runner = TestRunner::deterministic();
    let events = world.drawn(&sketches(300..301).new_tree(&mut runner).unwrap().current());
    for batch in events.chunks(37) {
        world.add(batch.to_vec()).await;
    }
    world
        .add(events.iter().map(|event| world.in_other(event)).collect())
        .await;
    let odd = TimeRange::new(
        NOW.plus_micros(-3 * BUCKET_US + 7),
        NOW.plus_micros(9 * BUCKET_US),
    );
    for selection in selections(&world) {
        for (range, limit) in [(ALL, 7), (ALL, 1_000), (odd, 5)] {
            agree(&world, &events, &selection, range, limit).await;
        }
    }
}

pub async fn rare_rows_are_found_in_a_long_log(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    // Far more rows than are looked through one by one; every 1,700th is rare in each respect.
    let events: Vec<_> = (0..9_000)
        .map(|number| {
            let rare = number % 1_700 == 3;
            NewEvent {
                company: world.companies[usize::from(rare)],
                agent: if rare { Agent::Nox } else { Agent::Chat },
                activity: if rare { "question" } else { "chat_reply" }.to_owned(),
                reference: rare.then(|| format!("rare-{number}")),
                ..world.event_at(number, NOW.plus_micros(-(number / 2) * 97_000_000))
            }
        })
        .collect();
    world.add(events.clone()).await;
    let rare = [
        Selection {
            companies: Some(vec![world.companies[1]]),
            ..Selection::default()
        },
        Selection {
            companies: Some(vec![world.companies[2]]),
            ..Selection::default()
        },
        Selection {
            agents: vec![Agent::Nox],
            ..Selection::default()
        },
        Selection {
            activities: vec!["question".into()],
            ..Selection::default()
        },
        Selection {
            reference_prefix: Some("RARE-1".into()),
            ..Selection::default()
        },
        Selection {
            companies: Some(vec![world.companies[0]]),
            agents: vec![Agent::Nox],
            ..Selection::default()
        },
    ];
    let odd = TimeRange::new(
        NOW.plus_micros(-400_000_000_000),
        NOW.plus_micros(-3_000_000_000),
    );
    for selection in rare {
        for (range, limit) in [(ALL, 2), (ALL, 50), (odd, 3)] {
            agree(&world, &events, &selection, range, limit).await;
        }
    }
}

pub async fn skipping_and_counting_agree_with_the_pages(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let mut runner = TestRunner::deterministic();
    let events = world.drawn(&sketches(200..201).new_tree(&mut runner).unwrap().current());
    world.add(events.clone()).await;
    let range = TimeRange::new(
        NOW.plus_micros(-60 * BUCKET_US),
        NOW.plus_micros(60 * BUCKET_US),
    );
    let mut snapshot = world.store.snapshot().await.unwrap();
    for selection in selections(&world) {
        let asked = LogRange {
            range,
            from: None,
            direction: Direction::Older,
        };
        let rows = snapshot
            .log(world.account.id, &selection, asked, 1_000)
            .await
            .unwrap();
        for (skip, row) in rows.iter().enumerate().step_by(9) {
            let skip = u64::try_from(skip).unwrap();
            let place = snapshot
                .log_skip(world.account.id, &selection, range, skip)
                .await
                .unwrap();
            assert_eq!(place, Some(cursor(row)));
            let newer = snapshot
                .log_count_newer(world.account.id, &selection, range, cursor(row))
                .await
                .unwrap();
            assert_eq!(newer, skip);
        }
        let beyond = u64::try_from(rows.len()).unwrap();
        assert_eq!(
            snapshot
                .log_skip(world.account.id, &selection, range, beyond)
                .await
                .unwrap(),
            None
        );
    }
}

pub async fn events_after_a_place_come_in_order_with_the_place_read_up_to(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let store = &world.store;
    assert_eq!(
        store
            .snapshot()
            .await
            .unwrap()
            .events_after(world.account.id, Seq::ZERO, 10)
            .await
            .unwrap(),
        (vec![], Seq::ZERO)
    );
    world
        .add((0..5).map(|number| world.event(-number)).collect())
        .await;
    world.add(vec![world.in_other(&world.event(9))]).await;
    let (events, up_to) = store
        .snapshot()
        .await
        .unwrap()
        .events_after(world.account.id, Seq::ZERO, 10)
        .await
        .unwrap();
    let ids: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(
        ids,
        ["event-0", "event--1", "event--2", "event--3", "event--4"]
    );
    assert!(events.is_sorted_by(|a, b| a.seq < b.seq));
    assert_eq!(
        up_to,
        store.snapshot().await.unwrap().as_of().await.unwrap()
    );
    let (cut, up_to) = store
        .snapshot()
        .await
        .unwrap()
        .events_after(world.account.id, Seq::ZERO, 2)
        .await
        .unwrap();
    assert_eq!((cut.len(), up_to), (2, cut[1].seq));
    let (rest, _) = store
        .snapshot()
        .await
        .unwrap()
        .events_after(world.account.id, up_to, 10)
        .await
        .unwrap();
    assert_eq!(rest, events[2..]);
}

/// What is stored, what is typed, and whether that finds it.
const SEARCHES: [(&str, &str, bool); 27] = [
    ("call_81f", "CALL_8", true),
    ("call_81f", " call_81f\n", true),
    ("call_81f", "call_82", false),
    (" call_81f", "call_8", true),
    ("caf\u{E9} 1", "cafe\u{301}", true),
    ("cafe\u{301} 1", "CAF\u{C9}", true),
    ("cafe\u{301} 1", "cafe", false),
    ("cafe\u{301} 1", "caf", true),
    ("Stra\u{DF}e 7", "STRASSE", true),
    ("STRASSE 7", "stra\u{DF}e 7", true),
    (
        "\u{39F}\u{394}\u{39F}\u{3A3}",
        "\u{3BF}\u{3B4}\u{3BF}\u{3C2}",
        true,
    ),
    ("\u{401}\u{43B}\u{43A}\u{430}", "\u{451}\u{41B}", true),
    ("\u{FF11}\u{FF12}\u{FF13}", "123", true),
    ("123", "\u{FF11}\u{FF12}", true),
    ("I-1", "i-", true),
    ("I-1", "\u{131}-", false),
    ("\u{131}-1", "\u{131}", true),
    ("a_b", "a_", true),
    ("axb", "a_", false),
    ("100%", "100%", true),
    ("1000", "100%", false),
    ("a*b", "a*", true),
    ("ab", "a*", false),
    ("@home", "@", true),
    ("Zebra", "@", false),
    ("[tag]", "[TAG", true),
    ("two  words", "two\u{A0}words", true),
];

pub async fn references_are_found_however_they_are_written(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let stored: std::collections::BTreeSet<_> =
        SEARCHES.iter().map(|(stored, ..)| *stored).collect();
    let event = |(number, text): (usize, &&str)| NewEvent {
        id: (*text).to_owned(),
        reference: Some((*text).to_owned()),
        ..world.event(i64::try_from(number).unwrap())
    };
    world
        .add(stored.iter().enumerate().map(event).collect())
        .await;
    for (stored, typed, is_found) in SEARCHES {
        let selection = Selection {
            reference_prefix: Some(typed.to_owned()),
            ..Selection::default()
        };
        let range = LogRange {
            range: ALL,
            from: None,
            direction: Direction::Older,
        };
        let mut snapshot = world.store.snapshot().await.unwrap();
        let rows = snapshot
            .log(world.account.id, &selection, range, 100)
            .await
            .unwrap();
        let found = rows.iter().any(|row| row.id == stored);
        assert_eq!(found, is_found, "{typed:?} in {stored:?}");
        // The log is looked through row by row here, totals are read by the index of references.
        let cells = snapshot
            .cells(
                world.account.id,
                &selection,
                ALL,
                Grain::Event,
                GroupBy::All,
            )
            .await
            .unwrap();
        let events: u64 = cells.iter().map(|cell| cell.totals.events).sum();
        assert_eq!(events, rows.len() as u64, "{typed:?}");
    }
}

//! The live stream: what it sends makes a page that was read once equal to a page read now.

use std::{pin::Pin, time::Duration};

use domain::{
    Seq,
    activity::{LogPage, LogWindow},
    event::AgeLimit,
    filter::ViewQuery,
    live::{Applied, Delta, LiveFrame, MAX_DELTA_ROWS, ReadAt},
    time::MINUTE_US,
    usage::Dashboard,
};
use futures::{Stream, StreamExt as _};
use proptest::prelude::*;
use service::{
    Caller,
    ports::{EventStore as _, PutCompany},
};

use crate::support::{
    model::{ACTIVITIES, Spent, run, spent, view, zones},
    world::{COMPANIES, NOW, World, time, usage},
};

type Frames = Pin<Box<dyn Stream<Item = LiveFrame> + Send>>;

async fn follow(world: &World, caller: &Caller, query: &ViewQuery, from: Seq) -> Frames {
    let scope = world.scope(caller, "north").await;
    let account = scope.account().id;
    let read_at = ReadAt {
        as_of: from,
        books: world
            .store
            .state()
            .books
            .get(&account)
            .map_or(0, |books| books.version),
        now: world.services.now(),
    };
    let told = world.services.live(scope, query, read_at).await.unwrap();
    let mut frames: Frames = Box::pin(told.map(|told| told.frame().clone()));
    assert_eq!(frames.next().await, Some(LiveFrame::Hello { from }));
    frames
}

async fn page(world: &World, caller: &Caller, query: &ViewQuery) -> (Dashboard, LogPage) {
    world
        .services
        .page(world.scope(caller, "north").await, query, None)
        .await
        .unwrap()
}

/// Every delta until the stream has been quiet for as long as a beat takes.
async fn deltas(frames: &mut Frames) -> Vec<Delta> {
    let mut deltas = Vec::new();
    loop {
        match frames.next().await {
            Some(LiveFrame::Delta(delta)) => deltas.push(*delta),
            Some(LiveFrame::Beat) => return deltas,
            other => panic!("unexpected: {other:?}"),
        }
    }
}

/// Gives a company of `north` a budget.
async fn budget(world: &World, company: &str, credits: &str) {
    let put = PutCompany {
        budget: Some(credits.parse().unwrap()),
        ..PutCompany::named(company, company)
    };
    let put = world.services.put_company(&world.operator, "north", &put);
    put.await.unwrap();
}

/// One event for each activity, so that the page's choices are known before it is read.
async fn world_with_activities(zone: &str, first: &[Spent]) -> World {
    let world = World::in_zone(zone, "2026-01-31T10:07:30Z").await;
    budget(&world, COMPANIES[0], "50").await;
    let known = ACTIVITIES.iter().enumerate().map(|(number, activity)| {
        let mut event = usage(&format!("known{number}"), COMPANIES[number], NOW, "0");
        event["data"]["activity"] = (*activity).into();
        event
    });
    let first = first.iter().enumerate().map(|(id, event)| event.event(id));
    world.ingest(known.chain(first).collect()).await.unwrap();
    world
}

/// Follows `batches` as a viewer and compares with a page read at the end. Whether frames are taken after each
/// batch or only at the end must not matter.
async fn follow_and_compare(
    world: &World,
    caller: &Caller,
    query: &ViewQuery,
    batches: &[(Vec<Spent>, bool)],
) -> Result<Vec<Delta>, TestCaseError> {
    let (mut dashboard, log) = page(world, caller, query).await;
    let mut window = LogWindow::new(log);
    let mut frames = follow(world, caller, query, dashboard.as_of).await;
    let (mut seen, mut id) = (Vec::new(), 10_000);
    for (batch, is_taken) in batches {
        let events: Vec<_> = batch
            .iter()
            .map(|event| {
                id += 1;
                event.event(id)
            })
            .collect();
        world.ingest(events).await.unwrap();
        if *is_taken {
            seen.extend(deltas(&mut frames).await);
        }
    }
    seen.extend(deltas(&mut frames).await);
    for delta in &seen {
        prop_assert_eq!(dashboard.apply(delta), Applied::Yes);
        delta.rows.iter().for_each(|row| {
            window.arrive(row.clone());
        });
    }
    let (fresh, log) = page(world, caller, query).await;
    // What came last may not have concerned the viewer.
    prop_assert!(dashboard.as_of <= fresh.as_of);
    dashboard.as_of = fresh.as_of;
    prop_assert!(dashboard.books.version <= fresh.books.version);
    dashboard.books.version = fresh.books.version;
    prop_assert_eq!(dashboard, fresh);
    prop_assert_eq!(window.total(), log.total);
    for (index, row) in log.rows.iter().enumerate() {
        prop_assert_eq!(window.row(index as u64), Some(row));
    }
    Ok(seen)
}

prop_compose! {
    fn batches()(batches in prop::collection::vec((prop::collection::vec(spent(), 1..12), any::<bool>()), 1..6)) -> Vec<(Vec<Spent>, bool)> {
        batches
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn following_gives_what_reading_again_gives(
        zone in zones(),
        first in prop::collection::vec(spent(), 0..40),
        batches in batches(),
        query in view(),
    ) {
        run(async {
            let world = world_with_activities(zone, &first).await;
            follow_and_compare(&world, &world.operator, &query, &batches).await.map(|_| ())
        })?;
    }

    #[test]
    fn a_client_follows_its_own_companies_and_never_hears_of_others(
        first in prop::collection::vec(spent(), 0..40),
        batches in batches(),
        mut query in view(),
        own in prop::sample::subsequence(COMPANIES.as_slice(), 1..=2),
    ) {
        query.companies.retain(|key| own.contains(&key.as_str()));
        run(async {
            let world = world_with_activities("Europe/Berlin", &first).await;
            let client = world.client(&own).await;
            let (dashboard, log) = page(&world, &client, &query).await;
            prop_assert_eq!(dashboard.balance(), None);
            prop_assert!(log.rows.iter().all(|row| own.contains(&row.company.as_str())));
            for delta in follow_and_compare(&world, &client, &query, &batches).await? {
                prop_assert_eq!(delta.books.balance, None);
                prop_assert!(delta.rows.iter().all(|row| own.contains(&row.company.as_str())));
            }
            Ok(())
        })?;
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_concern_a_viewer_is_not_sent() {
    let world = World::new().await;
    let client = world.client(&["acme"]).await;
    let mut frames = follow(&world, &client, &ViewQuery::default(), Seq::ZERO).await;
    // The stream has read the page's books before anything happens.
    assert_eq!(deltas(&mut frames).await, []);
    world
        .ingest(vec![usage("e1", "harbor", NOW, "1")])
        .await
        .unwrap();
    assert_eq!(deltas(&mut frames).await, []);
    world
        .ingest(vec![usage("e2", "acme", NOW, "1")])
        .await
        .unwrap();
    let [delta] = deltas(&mut frames).await.try_into().unwrap();
    // The place the viewer has is the one it began from, whatever happened to others in between.
    assert_eq!(
        (delta.after, delta.up_to, delta.rows.len()),
        (Seq::ZERO, Seq(2), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn another_account_moves_the_place_and_nothing_else() {
    let world = World::new().await;
    let mut frames = follow(&world, &world.operator, &ViewQuery::default(), Seq::ZERO).await;
    world
        .ingest_as(
            &world.operator,
            Some("south"),
            AgeLimit::Enforced,
            vec![usage("s1", "acme", NOW, "9")],
        )
        .await
        .unwrap();
    assert_eq!(deltas(&mut frames).await, []);
    world
        .ingest(vec![usage("e1", "acme", NOW, "1")])
        .await
        .unwrap();
    let [delta] = deltas(&mut frames).await.try_into().unwrap();
    assert_eq!(
        delta
            .rows
            .iter()
            .map(|row| row.id.as_str())
            .collect::<Vec<_>>(),
        ["e1"]
    );
}

#[tokio::test(start_paused = true)]
async fn events_of_a_tenth_of_a_second_come_together() {
    let world = World::new().await;
    let mut frames = follow(&world, &world.operator, &ViewQuery::default(), Seq::ZERO).await;
    let began = tokio::time::Instant::now();
    let mut places = Vec::new();
    for id in 0..40 {
        world
            .ingest(vec![usage(&format!("e{id}"), "acme", NOW, "1")])
            .await
            .unwrap();
        tokio::time::advance(Duration::from_millis(10)).await;
        if let Some(Some(LiveFrame::Delta(delta))) = futures::FutureExt::now_or_never(frames.next())
        {
            places.push(delta.up_to);
        }
    }
    assert_eq!(began.elapsed(), Duration::from_millis(400));
    assert!((3..=5).contains(&places.len()), "{places:?}");
}

#[tokio::test(start_paused = true)]
async fn a_viewer_too_far_behind_is_told_to_read_again_and_the_stream_ends() {
    let world = World::new().await;
    world
        .ingest(
            (0..5_001)
                .map(|id| usage(&format!("e{id}"), "acme", NOW, "1"))
                .collect(),
        )
        .await
        .unwrap();
    let mut frames = follow(&world, &world.operator, &ViewQuery::default(), Seq::ZERO).await;
    assert_eq!(frames.next().await, Some(LiveFrame::Resync));
    assert_eq!(frames.next().await, None);
    let mut near = follow(&world, &world.operator, &ViewQuery::default(), Seq(4_900)).await;
    assert_eq!(deltas(&mut near).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn rows_too_many_to_send_are_counted() {
    let world = World::new().await;
    let count = MAX_DELTA_ROWS + 1;
    world
        .ingest(
            (0..count)
                .map(|id| usage(&format!("e{id}"), "acme", NOW, "1"))
                .collect(),
        )
        .await
        .unwrap();
    let mut frames = follow(&world, &world.operator, &ViewQuery::default(), Seq::ZERO).await;
    let [delta] = deltas(&mut frames).await.try_into().unwrap();
    assert_eq!((delta.rows.len(), delta.rows_left_out), (0, count as u64));
    assert_eq!(
        delta
            .usage
            .iter()
            .map(|change| change.added.events)
            .sum::<u64>(),
        count as u64
    );
}

#[tokio::test(start_paused = true)]
async fn events_that_another_process_stored_are_found_within_a_second() {
    let world = World::new().await;
    world
        .ingest(vec![usage("e1", "acme", NOW, "1")])
        .await
        .unwrap();
    let mut frames = follow(&world, &world.operator, &ViewQuery::default(), Seq(1)).await;
    let waiting = tokio::spawn(async move { frames.next().await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut event = world.store.state().events[0].new.clone();
    event.id = "e2".into();
    world
        .store
        .commit_events(&[vec![event]], time(NOW))
        .await
        .unwrap();
    let began = tokio::time::Instant::now();
    assert!(matches!(waiting.await.unwrap(), Some(LiveFrame::Delta(_))));
    assert!(began.elapsed() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_beats_and_a_new_day_asks_to_read_again() {
    let world = World::new().await;
    let mut frames = follow(&world, &world.operator, &ViewQuery::default(), Seq::ZERO).await;
    let began = tokio::time::Instant::now();
    assert_eq!(frames.next().await, Some(LiveFrame::Beat));
    assert!((Duration::from_secs(4)..Duration::from_secs(5)).contains(&began.elapsed()));
    world.clock.set(time("2026-11-23T22:59:59.999999Z"));
    assert_eq!(frames.next().await, Some(LiveFrame::Beat));
    world.clock.set(time("2026-11-23T23:00:00Z"));
    assert_eq!(frames.next().await, Some(LiveFrame::Resync));
    assert_eq!(frames.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_page_read_before_midnight_and_followed_after_it_is_read_again() {
    let world = World::new().await;
    let scope = world.scope(&world.operator, "north").await;
    let read_at = ReadAt {
        as_of: Seq::ZERO,
        books: 0,
        now: time("2026-11-23T22:59:59Z"),
    };
    world.clock.set(time("2026-11-23T23:00:01Z"));
    let frames = world
        .services
        .live(scope, &ViewQuery::default(), read_at)
        .await
        .unwrap();
    let mut frames: Frames = Box::pin(frames.map(|told| told.frame().clone()));
    assert!(matches!(frames.next().await, Some(LiveFrame::Hello { .. })));
    assert_eq!(frames.next().await, Some(LiveFrame::Resync));
    assert_eq!(frames.next().await, None);
}

#[tokio::test]
async fn a_client_is_not_offered_the_activities_of_other_companies() {
    let world = World::new().await;
    let mut secret = usage("e1", "harbor", NOW, "1");
    secret["data"]["activity"] = "secret_campaign".into();
    world
        .ingest(vec![secret, usage("e2", "acme", NOW, "1")])
        .await
        .unwrap();
    let (whole, _) = page(&world, &world.operator, &ViewQuery::default()).await;
    assert!(whole.activities.contains(&"secret_campaign".to_owned()));
    let client = world.client(&["acme"]).await;
    let (own, _) = page(&world, &client, &ViewQuery::default()).await;
    assert!(!own.activities.contains(&"secret_campaign".to_owned()) && !own.activities.is_empty());
}

#[tokio::test(start_paused = true)]
async fn news_of_a_running_period_an_hour_later_ask_to_read_again_what_it_is_compared_with() {
    let world = World::new().await;
    let mut frames = follow(&world, &world.operator, &ViewQuery::default(), Seq::ZERO).await;
    assert_eq!(deltas(&mut frames).await, []);
    let later = time(NOW).plus_micros(59 * MINUTE_US);
    world.clock.set(later);
    let news = usage("e1", "acme", &later.to_string(), "1");
    world.ingest(vec![news]).await.unwrap();
    assert_eq!(deltas(&mut frames).await.len(), 1);
    let too_late = time(NOW).plus_micros(60 * MINUTE_US);
    world.clock.set(too_late);
    // Nothing happens, nothing is read.
    assert_eq!(frames.next().await, Some(LiveFrame::Beat));
    let news = usage("e2", "acme", &too_late.to_string(), "1");
    world.ingest(vec![news]).await.unwrap();
    assert_eq!(frames.next().await, Some(LiveFrame::Resync));
    assert_eq!(frames.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_page_is_read_again_when_the_budget_it_shows_changes_and_for_no_other() {
    let world = World::new().await;
    budget(&world, "acme", "50").await;
    let query = ViewQuery {
        companies: vec!["acme".to_owned()],
        ..ViewQuery::default()
    };
    let client = world.client(&["acme"]).await;
    for caller in [&world.operator, &client] {
        let (dashboard, _) = page(&world, caller, &query).await;
        let limit = dashboard.measure().map(|balance| balance.allocation);
        let mut frames = follow(&world, caller, &query, dashboard.as_of).await;
        assert_eq!(deltas(&mut frames).await, []);
        budget(&world, "harbor", "70").await;
        assert_eq!(deltas(&mut frames).await, []);
        let more = limit.unwrap().saturating_add("10".parse().unwrap());
        budget(&world, "acme", &more.to_string()).await;
        assert_eq!(frames.next().await, Some(LiveFrame::Resync));
        let (after, _) = page(&world, caller, &query).await;
        assert_eq!(
            after.measure().map(|balance| balance.allocation),
            Some(more)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn other_companies_events_move_the_line_of_the_account_and_not_the_gauge() {
    let world = World::new().await;
    budget(&world, "acme", "50").await;
    world
        .ingest(vec![usage("e1", "acme", NOW, "5")])
        .await
        .unwrap();
    let query = ViewQuery {
        companies: vec!["acme".to_owned()],
        ..ViewQuery::default()
    };
    let (mut dashboard, _) = page(&world, &world.operator, &query).await;
    let before = dashboard.measure();
    let mut frames = follow(&world, &world.operator, &query, dashboard.as_of).await;
    world
        .ingest(vec![usage("e2", "harbor", NOW, "200")])
        .await
        .unwrap();
    for delta in deltas(&mut frames).await {
        assert_eq!(dashboard.apply(&delta), Applied::Yes);
    }
    assert_eq!(
        (dashboard.measure(), dashboard.used()),
        (before, "5".parse().unwrap())
    );
    let left = dashboard.balance().map(|balance| balance.remaining);
    assert_eq!(left, Some("795".parse().unwrap()));
}

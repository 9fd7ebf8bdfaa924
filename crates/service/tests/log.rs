//! The activity log: any row can be reached, by position, by time, and from its neighbours.

use domain::{
    Time,
    activity::{LogAsk, LogPage, MAX_PAGE_ROWS},
    calendar::Zone,
    cursor::Cursor,
    filter::ViewQuery,
};
use proptest::prelude::*;
use serde_json::json;
use service::{ServiceError, activity::LogRead};

use crate::support::{
    model::{Spent, run, spent, view, zones},
    world::{NOW, World, time, usage, wrong},
};

async fn world_of(zone: &str, events: &[Spent]) -> World {
    let world = World::in_zone(zone, "2026-01-31T10:07:30Z").await;
    world
        .ingest(
            events
                .iter()
                .enumerate()
                .map(|(id, event)| event.event(id))
                .collect(),
        )
        .await
        .unwrap();
    world
}

async fn read(world: &World, query: &ViewQuery, ask: LogAsk, limit: u32) -> LogPage {
    world
        .services
        .log(world.north().await, query, LogRead { ask, limit })
        .await
        .unwrap()
}

/// The ids of a view's rows, newest first, found by sorting the plain list.
async fn expected(world: &World, query: &ViewQuery, events: &[Spent]) -> Vec<(Time, String)> {
    let range = world
        .services
        .summary(world.north().await, query)
        .await
        .unwrap()
        .range;
    let shown = |event: &Spent| {
        range.contains(event.time)
            && event.is_of(query)
            && event.matches(query)
            && event.is_by(query)
    };
    let mut rows: Vec<_> = events
        .iter()
        .enumerate()
        .filter(|(_, event)| shown(event))
        .map(|(id, event)| (event.time, id))
        .collect();
    rows.sort_unstable();
    rows.into_iter()
        .rev()
        .map(|(time, id)| (time, format!("e{id}")))
        .collect()
}

fn ids(page: &LogPage) -> Vec<&str> {
    page.rows.iter().map(|row| row.id.as_str()).collect()
}

fn ids_of(rows: &[(Time, String)]) -> Vec<&str> {
    rows.iter().map(|(_, id)| id.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn position_p_shows_row_p(zone in zones(), events in prop::collection::vec(spent(), 1..70), query in view()) {
        run(async {
            let world = world_of(zone, &events).await;
            let rows = expected(&world, &query, &events).await;
            for position in 0..rows.len() {
                let page = read(&world, &query, LogAsk::AtPosition(position as u64), 3).await;
                prop_assert_eq!((page.position, page.total), (position as u64, rows.len() as u64));
                prop_assert_eq!(ids(&page), ids_of(&rows[position..rows.len().min(position + 3)]));
            }
            let beyond = read(&world, &query, LogAsk::AtPosition(u64::MAX), 3).await;
            prop_assert_eq!(ids(&beyond), ids_of(&rows[rows.len().saturating_sub(1)..]));
            Ok(())
        })?;
    }

    #[test]
    fn pages_follow_each_other_in_both_directions(
        zone in zones(),
        events in prop::collection::vec(spent(), 1..70),
        query in view(),
        limit in 1_u32..9,
    ) {
        run(async {
            let world = world_of(zone, &events).await;
            let rows = expected(&world, &query, &events).await;
            let mut page = read(&world, &query, LogAsk::Newest, limit).await;
            let (mut down, mut places) = (Vec::new(), Vec::new());
            while let Some(last) = page.rows.last().map(domain::activity::LogRow::cursor) {
                prop_assert_eq!(page.position, down.len() as u64);
                down.extend(page.rows.iter().map(|row| row.id.clone()));
                places.extend(page.rows.iter().map(domain::activity::LogRow::cursor));
                page = read(&world, &query, LogAsk::OlderThan(last), limit).await;
            }
            prop_assert_eq!(down.iter().map(String::as_str).collect::<Vec<_>>(), ids_of(&rows));
            for (position, place) in places.iter().enumerate() {
                let newer = read(&world, &query, LogAsk::NewerThan(*place), limit).await;
                let from = position.saturating_sub(limit as usize);
                prop_assert_eq!(ids(&newer), ids_of(&rows[from..position]));
                if position > 0 {
                    prop_assert_eq!(newer.position, from as u64);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_time_shows_the_newest_row_not_later(
        zone in zones(),
        events in prop::collection::vec(spent(), 1..70),
        mut query in view(),
        back in 0_i64..(100 * domain::time::DAY_US),
    ) {
        query.tz = None;
        run(async {
            let world = world_of(zone, &events).await;
            let rows = expected(&world, &query, &events).await;
            let (at, zone) = (time(NOW).plus_micros(-back), Zone::named(zone).unwrap());
            let civil = zone.at(at);
            let day_end = domain::calendar::Window::Day.next(zone.day_of(at), &zone);
            let minute = civil.with().second(0).subsec_nanosecond(0).build().unwrap();
            let minute_end = Time::from(minute.timestamp()).plus_micros(60_000_000);
            let mut asks = vec![
                (at.to_string(), at.plus_micros(1)),
                (civil.strftime("%Y-%m-%dT%H:%M").to_string(), minute_end),
            ];
            let scope = world.north().await;
            let range = world.services.dashboard(scope, &query).await.unwrap().period.range;
            let day_start = zone.day_start(civil.date());
            if day_start < range.end && day_end > range.start {
                asks.push((civil.date().to_string(), day_end));
            }
            for (ask, end) in asks {
                let first = rows.iter().position(|(time, _)| *time < end).unwrap_or(rows.len());
                let page = read(&world, &query, LogAsk::AtTime(ask), 2).await;
                prop_assert_eq!((page.position, ids(&page)), (first as u64, ids_of(&rows[first..rows.len().min(first + 2)])));
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_place_that_is_no_time_is_refused() {
    let world = World::new().await;
    for text in ["", "soon", "2026-13-01", "2026-11-23T25:00"] {
        let read = LogRead {
            ask: LogAsk::AtTime(text.into()),
            limit: 1,
        };
        assert_eq!(
            wrong(
                world
                    .services
                    .log(world.north().await, &ViewQuery::default(), read)
                    .await
            )
            .0,
            "at",
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_date_outside_of_the_period_is_refused_rather_than_answered_with_another_days_rows() {
    let world = World::new().await;
    let query = ViewQuery {
        from: Some("2026-11-10".into()),
        to: Some("2026-11-12".into()),
        ..ViewQuery::default()
    };
    for (date, is_inside) in [
        ("2026-11-09", false),
        ("2026-11-10", true),
        ("2026-11-12", true),
        ("2026-11-13", false),
    ] {
        let read = LogRead {
            ask: LogAsk::AtTime(date.into()),
            limit: 1,
        };
        let answer = world.services.log(world.north().await, &query, read).await;
        assert_eq!(answer.is_ok(), is_inside, "{date}");
        if answer.is_err() {
            assert_eq!(wrong(answer).0, "at");
        }
    }
}

#[tokio::test]
async fn an_empty_log_has_no_rows_wherever_it_is_entered() {
    let world = World::new().await;
    let place = Cursor {
        time: time(NOW),
        seq: domain::Seq(1),
    };
    for ask in [
        LogAsk::Newest,
        LogAsk::AtPosition(5),
        LogAsk::OlderThan(place),
        LogAsk::NewerThan(place),
        LogAsk::AtTime("2026-11-23".into()),
    ] {
        let page = read(&world, &ViewQuery::default(), ask, 10).await;
        assert_eq!((page.total, page.position, page.rows.len()), (0, 0, 0));
    }
}

#[tokio::test]
async fn a_page_has_at_least_one_row_and_at_most_a_thousand() {
    let world = World::new().await;
    let events: Vec<_> = (0..1_100)
        .map(|id| usage(&format!("e{id}"), "acme", NOW, "1"))
        .collect();
    world.ingest(events).await.unwrap();
    assert_eq!(
        read(&world, &ViewQuery::default(), LogAsk::Newest, 0)
            .await
            .rows
            .len(),
        1
    );
    assert_eq!(
        read(&world, &ViewQuery::default(), LogAsk::Newest, u32::MAX)
            .await
            .rows
            .len(),
        MAX_PAGE_ROWS as usize
    );
    // Events of one instant have an order too.
    let deep = read(&world, &ViewQuery::default(), LogAsk::AtPosition(1_050), 1).await;
    assert_eq!(ids(&deep), ["e49"]);
}

#[tokio::test]
async fn the_api_lists_the_same_events_as_the_page() {
    let world = World::new().await;
    let batch = (0..9)
        .map(|id| {
            usage(
                &format!("e{id}"),
                "acme",
                &format!("2026-11-2{}T00:00:00Z", id % 3),
                "1",
            )
        })
        .collect();
    world.ingest(batch).await.unwrap();
    let (mut after, mut listed) = (None, Vec::new());
    loop {
        let events = world
            .services
            .events(world.north().await, &ViewQuery::default(), after, 4)
            .await
            .unwrap();
        let Some(last) = events.last() else { break };
        after = Some(Cursor {
            time: last.time,
            seq: last.seq,
        });
        listed.extend(events.into_iter().map(|event| event.id));
    }
    assert_eq!(
        ids(&read(&world, &ViewQuery::default(), LogAsk::Newest, 50).await),
        listed
    );
}

#[tokio::test]
async fn a_receipt_explains_its_price() {
    let world = World::new().await;
    let rules =
        json!([{"unit": "second", "credits_per_unit": "0.015", "rounding": "up", "decimals": 2}]);
    let rules: Vec<domain::rate::RateRule> = serde_json::from_value(rules).unwrap();
    world
        .services
        .put_rate_card(
            &world.operator,
            "creditscope.usage",
            time("2026-11-01T00:00:00Z"),
            &rules,
        )
        .await
        .unwrap();
    let mut event = usage("e1", "acme", NOW, "1");
    event["data"] = json!({"agent": "voice_inbound", "activity": "voice_call", "quantity": 1225, "metadata": {"queue": "recall"}});
    world
        .ingest(vec![event, usage("e2", "acme", NOW, "1")])
        .await
        .unwrap();
    let priced = world
        .services
        .receipt(&world.north().await, Some("Asia/Kathmandu"), "test", "e1")
        .await
        .unwrap();
    assert_eq!(priced.quantity.as_deref(), Some("1,225 second"));
    assert_eq!(
        priced.rate.as_deref(),
        Some("0.015 per second · v1 · rounded up")
    );
    assert_eq!(priced.recorded_at, "2026-11-23T19:48:10+05:45");
    assert_eq!(priced.metadata.as_deref(), Some("{\"queue\":\"recall\"}"));
    let plain = world
        .services
        .receipt(&world.north().await, None, "test", "e2")
        .await
        .unwrap();
    assert_eq!(
        (plain.quantity, plain.rate, plain.metadata),
        (None, None, None)
    );
    let missing = world
        .services
        .receipt(&world.north().await, None, "test", "e3")
        .await;
    assert!(matches!(missing, Err(ServiceError::NotFound)));
}

//! Every figure agrees with the plain list of events, for any filter, period and zone.

use domain::{
    Credits, TimeRange,
    calendar::{Comparison, Window},
    filter::ViewQuery,
    usage::{Dashboard, Totals},
};
use proptest::{prelude::*, test_runner::TestCaseResult};
use service::{
    ServiceError,
    activity::LogRead,
    ports::GroupBy,
    trends::{Trends, TrendsQuery},
    usage::{Series, Summary},
};

use crate::support::{
    model::{Spent, run, spent, sum, total, view, zones},
    world::World,
};

/// Cycles that begin with a day, and cycles that begin within a quarter of an hour.
const ANCHORS: [&str; 3] = [
    "2026-01-30T23:00:00Z",
    "2026-01-31T10:07:30.5Z",
    "2025-02-28T05:00:00Z",
];
const WINDOWS: [Window; 4] = [Window::Hour, Window::Day, Window::Week, Window::Month];
const GROUPS: [GroupBy; 4] = [
    GroupBy::All,
    GroupBy::Agent,
    GroupBy::Company,
    GroupBy::Activity,
];

prop_compose! {
    fn anchored_world()(zone in zones(), anchor in prop::sample::select(ANCHORS.as_slice())) -> (&'static str, &'static str) {
        (zone, anchor)
    }
}

async fn world_of((zone, anchor): (&str, &str), events: &[Spent]) -> World {
    let world = World::in_zone(zone, anchor).await;
    let batch: Vec<_> = events
        .iter()
        .enumerate()
        .map(|(id, event)| event.event(id))
        .collect();
    if !batch.is_empty() {
        world.ingest(batch).await.unwrap();
    }
    world
}

fn passes(query: &ViewQuery) -> impl Fn(&Spent) -> bool {
    move |event| event.is_of(query) && event.matches(query) && event.is_by(query)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_summary_is_the_sum_of_the_events(place in anchored_world(), events in prop::collection::vec(spent(), 0..100), query in view()) {
        let summary = run(async {
            let world = world_of(place, &events).await;
            world.services.summary(world.north().await, &query).await.unwrap()
        });
        check_summary(&summary, &events, &query)?;
    }

    #[test]
    fn a_series_is_the_sum_of_each_windows_events(
        place in anchored_world(),
        events in prop::collection::vec(spent(), 0..100),
        query in view(),
        window in prop::sample::select(WINDOWS.as_slice()),
        group_by in prop::sample::select(GROUPS.as_slice()),
    ) {
        let (summary, series) = run(async {
            let world = world_of(place, &events).await;
            let summary = world.services.summary(world.north().await, &query).await.unwrap();
            (summary, world.services.series(world.north().await, &query, window, group_by).await)
        });
        match series {
            Ok(series) => check_series(&series, summary.range, &events, &query, group_by)?,
            // Hours of a long time are refused, and nothing else is.
            Err(error) => prop_assert!(window == Window::Hour && matches!(error, ServiceError::Invalid(_)), "{}", error),
        }
    }

    #[test]
    fn trends_are_the_sums_of_the_events(
        place in anchored_world(),
        events in prop::collection::vec(spent(), 0..100),
        query in view(),
        window in prop::sample::select(WINDOWS.as_slice()),
        group_by in prop::sample::select(&GROUPS[1..]),
        compared in prop::sample::select(vec![Comparison::Previous, Comparison::Week, Comparison::Year]),
    ) {
        let asked = TrendsQuery { view: ViewQuery { against: Some(compared), ..query.clone() }, window, group_by };
        let (zone, trends) = run(async {
            let world = world_of(place, &events).await;
            (place.0, world.services.trends(world.north().await, &asked).await)
        });
        match trends {
            Ok(trends) => check_trends(&trends, &events, &query, query.tz.as_deref().unwrap_or(zone))?,
            // Hours of a long time are refused, and nothing else is.
            Err(error) => prop_assert!(window == Window::Hour && matches!(error, ServiceError::Invalid(_)), "{}", error),
        }
    }

    #[test]
    fn gauge_cards_bars_and_log_agree_with_each_other_and_with_the_events(
        place in anchored_world(),
        events in prop::collection::vec(spent(), 0..100),
        query in view(),
    ) {
        let (dashboard, log, listed) = run(async {
            let world = world_of(place, &events).await;
            let (dashboard, log) = world.services.page(world.north().await, &query, None).await.unwrap();
            let read = LogRead { ask: domain::activity::LogAsk::Newest, limit: 1_000 };
            (dashboard, log, world.services.log(world.north().await, &query, read).await.unwrap())
        });
        check_gauge(&dashboard, &events, &query)?;
        check_cards(&dashboard, &events, &query)?;
        let rows = listed.rows.iter().fold(Credits::ZERO, |sum, row| sum.saturating_add(row.credits));
        prop_assert_eq!(dashboard.listed(), Totals { credits: rows, events: listed.total });
        prop_assert_eq!((log.total, log.as_of, log.position), (listed.total, dashboard.as_of, 0));
        prop_assert_eq!(log.rows.as_slice(), &listed.rows[..log.rows.len()]);
    }
}

fn check_summary(summary: &Summary, events: &[Spent], query: &ViewQuery) -> TestCaseResult {
    let passes = passes(query);
    prop_assert_eq!(summary.current, total(events, summary.range, &passes));
    prop_assert_eq!(
        summary.previous,
        total(events, summary.previous_range, &passes)
    );
    for (agent, now, before) in &summary.agents {
        let of_agent = |event: &Spent| event.agent == *agent && passes(event);
        prop_assert_eq!(*now, total(events, summary.range, of_agent));
        prop_assert_eq!(*before, total(events, summary.previous_range, of_agent));
    }
    Ok(())
}

fn check_trends(
    trends: &Trends,
    events: &[Spent],
    query: &ViewQuery,
    zone: &str,
) -> TestCaseResult {
    let passes = passes(query);
    prop_assert_eq!(trends.zone.name(), zone);
    prop_assert_eq!(trends.total, total(events, trends.range, &passes));
    prop_assert_eq!(
        trends.previous,
        total(events, trends.previous_range, &passes)
    );
    for (at, window) in trends.windows.iter().enumerate() {
        let points: Vec<_> = trends.groups.iter().map(|group| group.points[at]).collect();
        let inside = |event: &Spent| trends.range.contains(event.time) && passes(event);
        prop_assert_eq!(sum(points), total(events, *window, inside));
    }
    let groups = trends.groups.iter();
    let (now, before): (Vec<_>, Vec<_>) = groups.map(|group| (group.total, group.previous)).unzip();
    prop_assert_eq!((sum(now), sum(before)), (trends.total, trends.previous));
    let changes = trends
        .movers
        .iter()
        .map(|mover| i128::from(mover.change_micro()));
    let change =
        i128::from(trends.total.credits.micro()) - i128::from(trends.previous.credits.micro());
    prop_assert_eq!(changes.sum::<i128>(), change);
    for (weekday, hours) in trends.heat.iter().enumerate() {
        for (hour, slot) in hours.iter().enumerate() {
            let is_then = |event: &Spent| {
                let at = trends.zone.at(event.time);
                let day = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap();
                (day, usize::try_from(at.hour()).unwrap()) == (weekday, hour) && passes(event)
            };
            prop_assert_eq!(*slot, total(events, trends.range, is_then));
        }
    }
    Ok(())
}

fn check_series(
    series: &Series,
    range: TimeRange,
    events: &[Spent],
    query: &ViewQuery,
    group_by: GroupBy,
) -> TestCaseResult {
    let passes = passes(query);
    let group = |event: &Spent| match group_by {
        GroupBy::All => "all",
        GroupBy::Agent => event.agent.id(),
        GroupBy::Company => event.company,
        GroupBy::Activity => event.activity,
    };
    for (key, totals) in &series.groups {
        prop_assert_eq!(totals.len(), series.windows.len());
        for (window, shown) in series.windows.iter().zip(totals) {
            let inside =
                |event: &Spent| range.contains(event.time) && group(event) == key && passes(event);
            prop_assert_eq!(
                *shown,
                total(events, *window, inside),
                "{} {:?}",
                key,
                window
            );
        }
    }
    let shown: Vec<_> = series
        .groups
        .iter()
        .map(|(_, totals)| sum(totals.iter().copied()))
        .collect();
    prop_assert_eq!(sum(shown), total(events, range, passes));
    Ok(())
}

fn check_gauge(dashboard: &Dashboard, events: &[Spent], query: &ViewQuery) -> TestCaseResult {
    let cycle = dashboard.cycle.range;
    // Of the last cycle the account's final figures are shown, unless companies are looked at.
    let of_account = if dashboard.cycle.is_over {
        prop_assert_eq!(dashboard.books.ended.is_some(), query.companies.is_empty());
        dashboard.books.ended
    } else {
        prop_assert!(dashboard.balance().is_some());
        dashboard.balance()
    };
    if let Some(balance) = of_account {
        prop_assert_eq!(balance.used, total(events, cycle, |_| true).credits);
    }
    prop_assert_eq!(
        dashboard.cycle_used,
        total(events, cycle, |event| event.is_of(query)).credits
    );
    prop_assert!(
        dashboard
            .cycle_days
            .windows(2)
            .all(|pair| pair[0].range.end == pair[1].range.start)
    );
    for day in &dashboard.cycle_days {
        let of_day = |event: &Spent| day.range.contains(event.time) && event.is_of(query);
        prop_assert_eq!(
            day.credits,
            total(events, cycle, of_day).credits,
            "{}",
            day.label
        );
    }
    Ok(())
}

fn check_cards(dashboard: &Dashboard, events: &[Spent], query: &ViewQuery) -> TestCaseResult {
    let period = &dashboard.period;
    prop_assert_eq!(
        dashboard.bars.first().map(|bar| bar.range.start),
        Some(period.range.start)
    );
    prop_assert_eq!(
        dashboard.bars.last().map(|bar| bar.range.end),
        Some(period.range.end)
    );
    for card in &dashboard.agents {
        // The agent filter does not apply: the cards are that filter.
        let of_card =
            |event: &Spent| event.agent == card.agent && event.is_of(query) && event.matches(query);
        prop_assert_eq!(
            card.current,
            total(events, period.range, of_card),
            "{}",
            card.agent
        );
        prop_assert_eq!(
            card.previous,
            total(events, period.previous, of_card),
            "{}",
            card.agent
        );
        prop_assert_eq!(
            sum(card.bars.iter().copied()),
            card.current,
            "{}",
            card.agent
        );
        for (bar, shown) in dashboard.bars.iter().zip(&card.bars) {
            prop_assert_eq!(
                *shown,
                total(events, bar.range, of_card),
                "{} {}",
                card.agent,
                &bar.label
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_widest_period_a_url_can_ask_for_is_answered() {
    let world = World::new().await;
    world
        .ingest(vec![crate::support::world::usage(
            "e1",
            "acme",
            crate::support::world::NOW,
            "2.5",
        )])
        .await
        .unwrap();
    let query = ViewQuery {
        from: Some("0001-01-01".into()),
        to: Some("9999-12-31".into()),
        ..ViewQuery::default()
    };
    let summary = world
        .services
        .summary(world.north().await, &query)
        .await
        .unwrap();
    assert_eq!((summary.current.events, summary.previous.events), (1, 0));
    let page = world.services.page(world.north().await, &query, None).await;
    assert!(
        matches!(page, Err(ServiceError::Invalid(_))),
        "a chart of ten thousand years has too many bars"
    );
}

//! Usage across ten thousand accounts over 90 days, as those who run the platform read it.

use std::{sync::Arc, time::Instant};

use domain::{
    Time, TimeRange,
    calendar::{Comparison, Window},
    filter::ViewQuery,
    time::DAY_US,
};
use service::{
    Caller, Clock, Services,
    platform::{PlatformBy, PlatformQuery},
    ports::{PlatformGrain, PlatformGroupBy, Span, Store},
};

use crate::platform::{Ids, NOW, Platform, Times};

const ACCOUNTS: usize = 10_000;
const EVENTS: usize = 1_000_000;
const DAYS: i64 = 90;
/// Readings of each thing.
const TIMES: usize = 15;

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Time {
        NOW
    }
}

pub async fn run() {
    let begun = Instant::now();
    let mut platform = Platform::new(ACCOUNTS, 1).await;
    fill(&mut platform).await;
    println!(
        "\n{EVENTS} events of {ACCOUNTS} accounts, {DAYS} days (filled in {:.1} s)",
        begun.elapsed().as_secs_f64()
    );
    for (days, by, window) in [
        ("30d", PlatformBy::Agent, Window::Day),
        ("30d", PlatformBy::Account, Window::Day),
        ("30d", PlatformBy::Plan, Window::Hour),
        ("90d", PlatformBy::Activity, Window::Week),
        ("90d", PlatformBy::Account, Window::Day),
    ] {
        time(&mut platform, days, by, window).await;
    }
    parts(platform.store.as_ref()).await;
}

/// What a month of the page is read from, each by itself, with the one it is compared with.
async fn parts(store: &dyn Store) {
    let today = NOW.micros() - NOW.micros().rem_euclid(DAY_US);
    let end = Time::from_micros(today + DAY_US);
    let range = TimeRange::new(end.plus_micros(-30 * DAY_US), end);
    let previous = TimeRange::new(range.start.plus_micros(-30 * DAY_US), range.start);
    let spans: Vec<_> = [Span::tile(previous), Span::tile(range)].concat();
    let (mut uses, mut today) = (Times::default(), Times::default());
    let (mut days, mut hours) = (Times::default(), Times::default());
    for _ in 0..TIMES {
        let mut snapshot = store.snapshot().await.unwrap();
        let start = Instant::now();
        snapshot.span_uses(&spans).await.unwrap();
        uses.add(start);
        let start = Instant::now();
        snapshot.span_uses(&[Span::day_of(NOW)]).await.unwrap();
        today.add(start);
        let start = Instant::now();
        let by_agent = (PlatformGrain::Day, PlatformGroupBy::Agent);
        let read = snapshot.platform_cells(&[], range, by_agent.0, by_agent.1);
        read.await.unwrap();
        days.add(start);
        let start = Instant::now();
        let all = (PlatformGrain::Hour, PlatformGroupBy::All);
        let read = snapshot.platform_cells(&[], range, all.0, all.1);
        read.await.unwrap();
        hours.add(start);
    }
    for (what, mut times) in [
        ("all spans of each account, not remembered", uses),
        ("today of each account", today),
        ("days of each agent", days),
        ("hours", hours),
    ] {
        println!("  of which {what:<48} {}", times.line());
    }
}

async fn fill(platform: &mut Platform) {
    let every_us = DAYS * DAY_US / i64::try_from(EVENTS).unwrap();
    let start = NOW.plus_micros(-DAYS * DAY_US);
    for first in (0..EVENTS).step_by(20_000) {
        let at = start.plus_micros(i64::try_from(first).unwrap() * every_us);
        let batch = platform.events(20_000.min(EVENTS - first), Ids::Ordered, at, every_us);
        platform.store.commit_events(&[batch], NOW).await.unwrap();
    }
}

/// The first reading of a service that has read nothing ahead; the first of a view of one that has, after news of today;
/// and the next.
async fn time(platform: &mut Platform, period: &str, by: PlatformBy, window: Window) {
    let caller = Caller::operator("bench");
    let query = PlatformQuery {
        period: ViewQuery {
            period: Some(period.to_owned()),
            ..ViewQuery::default()
        },
        plans: Vec::new(),
        accounts: Vec::new(),
        window,
        by,
        compared: Comparison::Previous,
    };
    let mut times = [Times::default(), Times::default(), Times::default()];
    for _ in 0..TIMES {
        let services = Services::start(Arc::clone(&platform.store) as _, Arc::new(Stopped));
        for (turn, times) in times.iter_mut().enumerate() {
            if turn == 1 {
                services.read_platform_ahead().await.unwrap();
                let news = platform.events(1, Ids::Ordered, NOW, 1);
                platform.store.commit_events(&[news], NOW).await.unwrap();
            }
            let start = Instant::now();
            let found = services.platform_trends(&caller, &query).await.unwrap();
            times.add(start);
            assert_eq!(found.active.0, ACCOUNTS as u64);
        }
        services.close().await;
    }
    let what = format!(
        "platform trends, {period} by {} and {}",
        by.id(),
        window.id()
    );
    for (times, which) in times.iter_mut().zip(["cold", "first", "again"]) {
        println!("{what:<50} {which:<7}{}", times.line());
    }
}

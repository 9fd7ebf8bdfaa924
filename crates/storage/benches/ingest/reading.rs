//! What the page reads, at a hundred thousand and a million events of one agency over 90 days.

use std::time::Instant;

use domain::{
    Agent, TimeRange,
    calendar::Zone,
    cursor::Cursor,
    time::{BUCKET_US, DAY_US},
};
use service::ports::{Direction, Grain, GroupBy, LogRange, Selection};

use crate::platform::{Ids, NOW, Platform, Times};

const DAYS: i64 = 90;
const COMPANIES: usize = 500;
/// Readings of each thing.
const TIMES: usize = 15;

pub async fn run() {
    let mut platform = Platform::new(1, COMPANIES).await;
    let mut stored = 0;
    for target in [100_000_usize, 1_000_000] {
        let begun = Instant::now();
        fill(&mut platform, target - stored).await;
        let filled_s = begun.elapsed().as_secs_f64();
        println!(
            "\n{target} events, {COMPANIES} companies, {DAYS} days (filled in {filled_s:.1} s)"
        );
        stored = target;
        totals(&platform).await;
        totals_by_reference(&platform).await;
        log(&platform).await;
        log_by_reference(&platform).await;
        let begun = Instant::now();
        let report = platform.store.doctor().await.unwrap();
        assert!(report.differences.is_empty(), "{report:?}");
        println!("{:<58}{:8.2} s", "doctor", begun.elapsed().as_secs_f64());
    }
}

/// Spreads events evenly over the days; a later filling lies between the events of an earlier one.
async fn fill(platform: &mut Platform, events: usize) {
    let every_us = DAYS * DAY_US / i64::try_from(events).unwrap();
    let start = NOW.plus_micros(-DAYS * DAY_US);
    for first in (0..events).step_by(20_000) {
        let at = start.plus_micros(i64::try_from(first).unwrap() * every_us);
        let batch = platform.events(20_000.min(events - first), Ids::Ordered, at, every_us);
        platform.store.commit_events(&[batch], NOW).await.unwrap();
    }
}

fn days(count: i64) -> TimeRange {
    let zone = Zone::named("Europe/Berlin").unwrap();
    let day = |days: i64| zone.day_of(NOW.plus_micros(days * DAY_US));
    TimeRange::new(day(-count), day(1))
}

impl Platform {
    fn first_companies(&self, count: usize) -> Selection {
        Selection {
            companies: Some(self.accounts[0].1[..count].to_vec()),
            ..Selection::default()
        }
    }

    async fn time_cells(
        &self,
        what: &str,
        selection: &Selection,
        count: i64,
        by: (Grain, GroupBy),
    ) {
        let mut times = Times::default();
        let mut cells = 0;
        for _ in 0..TIMES {
            let start = Instant::now();
            let mut snapshot = self.store.snapshot().await.unwrap();
            let account = self.accounts[0].0.id;
            let read = snapshot.cells(account, selection, days(count), by.0, by.1);
            cells = read.await.unwrap().len();
            times.add(start);
        }
        println!(
            "{:<58}{}   {cells} cells",
            format!("totals: {what}"),
            times.line()
        );
    }

    async fn time_page(
        &self,
        what: &str,
        selection: &Selection,
        from: Option<Cursor>,
        direction: Direction,
    ) {
        let mut times = Times::default();
        let mut rows = 0;
        for _ in 0..TIMES {
            let start = Instant::now();
            let mut snapshot = self.store.snapshot().await.unwrap();
            let range = LogRange {
                range: days(DAYS),
                from,
                direction,
            };
            let read = snapshot.log(self.accounts[0].0.id, selection, range, 50);
            rows = read.await.unwrap().len();
            times.add(start);
        }
        println!(
            "{:<58}{}   {rows} rows",
            format!("log: {what}"),
            times.line()
        );
    }
}

fn by_reference(prefix: &str) -> Selection {
    Selection {
        reference_prefix: Some(prefix.to_owned()),
        ..Selection::default()
    }
}

async fn totals(platform: &Platform) {
    let (all, one) = (Selection::default(), platform.first_companies(1));
    let (half, most) = (
        platform.first_companies(COMPANIES / 2),
        platform.first_companies(COMPANIES - 10),
    );
    let days_by_agent = (Grain::Day, GroupBy::Agent);
    let buckets = (Grain::Bucket, GroupBy::All);
    platform
        .time_cells("30 days by agent", &all, 30, days_by_agent)
        .await;
    platform
        .time_cells("90 days by agent", &all, 90, days_by_agent)
        .await;
    platform
        .time_cells(
            "30 days by agent (buckets)",
            &all,
            30,
            (Grain::Bucket, GroupBy::Agent),
        )
        .await;
    platform
        .time_cells("90 days (buckets)", &all, 90, buckets)
        .await;
    platform
        .time_cells("30 days by agent, 1 company", &one, 30, days_by_agent)
        .await;
    platform
        .time_cells("90 days, 1 company (buckets)", &one, 90, buckets)
        .await;
    platform
        .time_cells(
            "90 days by agent, half of the companies",
            &half,
            90,
            days_by_agent,
        )
        .await;
    platform
        .time_cells(
            "90 days by agent, all companies but 10",
            &most,
            90,
            days_by_agent,
        )
        .await;
    platform
        .time_cells(
            "30 days by company",
            &all,
            30,
            (Grain::Day, GroupBy::Company),
        )
        .await;
}

async fn totals_by_reference(platform: &Platform) {
    let events_by_agent = (Grain::Event, GroupBy::Agent);
    platform
        .time_cells(
            "90 days, few references",
            &by_reference("call_008f"),
            90,
            events_by_agent,
        )
        .await;
    platform
        .time_cells(
            "90 days, all references",
            &by_reference("call_"),
            90,
            events_by_agent,
        )
        .await;
}

async fn log(platform: &Platform) {
    let middle = Cursor {
        time: NOW.plus_micros(-DAYS * DAY_US / 2),
        seq: domain::Seq::ZERO,
    };
    let (all, one) = (Selection::default(), platform.first_companies(1));
    let rare = Selection {
        agents: vec![Agent::Chat],
        ..one.clone()
    };
    platform
        .time_page("newest 50", &all, None, Direction::Older)
        .await;
    platform
        .time_page(
            "50 older than the middle",
            &all,
            Some(middle),
            Direction::Older,
        )
        .await;
    platform
        .time_page(
            "50 newer than the middle",
            &all,
            Some(middle),
            Direction::Newer,
        )
        .await;
    platform
        .time_page("newest 50 of one company", &one, None, Direction::Older)
        .await;
    platform
        .time_page(
            "50 of one company, from the middle",
            &one,
            Some(middle),
            Direction::Newer,
        )
        .await;
    platform
        .time_page(
            "newest 50 of one company and one agent",
            &rare,
            None,
            Direction::Older,
        )
        .await;
    let bucket = TimeRange::new(
        middle.time.bucket(),
        middle.time.bucket().plus_micros(BUCKET_US),
    );
    let mut times = Times::default();
    for _ in 0..TIMES {
        let start = Instant::now();
        let mut snapshot = platform.store.snapshot().await.unwrap();
        snapshot
            .log_skip(platform.accounts[0].0.id, &all, bucket, 50)
            .await
            .unwrap();
        times.add(start);
    }
    println!("{:<58}{}", "log: the 50th row of a bucket", times.line());
}

async fn log_by_reference(platform: &Platform) {
    for (what, prefix) in [("few", "call_008f"), ("all", "call_"), ("no", "x")] {
        let what = format!("newest 50 of {what} references");
        platform
            .time_page(&what, &by_reference(prefix), None, Direction::Older)
            .await;
    }
}

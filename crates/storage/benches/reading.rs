//! What the page reads, at a hundred thousand and a million events of one agency over 90 days.
//!
//! `cargo bench -p storage --bench reading`

mod common;

use std::time::Instant;

use common::{Ids, NOW, Platform, Times};
use domain::{Agent, Time, TimeRange, calendar::Zone, cursor::Cursor, time::DAY_US};
use service::ports::{Direction, Grain, GroupBy, LogRange, Selection, Snapshot};

const DAYS: i64 = 90;
const COMPANIES: usize = 500;

#[tokio::main]
async fn main() {
    let mut platform = Platform::new(1, COMPANIES).await;
    let mut stored = 0;
    for target in [100_000_usize, 1_000_000] {
        // The second filling is laid between the events of the first.
        let (every_us, start) = (DAYS * DAY_US / i64::try_from(target - stored).unwrap(), NOW.plus_micros(-DAYS * DAY_US));
        let begun = Instant::now();
        for first in (0..target - stored).step_by(20_000) {
            let at = start.plus_micros(i64::try_from(first).unwrap() * every_us);
            let group = [platform.events(20_000.min(target - stored - first), Ids::Ordered, at, every_us)];
            platform.store.commit(&group, NOW).await.unwrap();
        }
        println!("\n{target} events, {COMPANIES} companies, {DAYS} days (filled in {:.1} s)", begun.elapsed().as_secs_f64());
        stored = target;
        totals(&platform).await;
        log(&platform).await;
        let begun = Instant::now();
        let report = platform.store.doctor().await.unwrap();
        assert!(report.differences.is_empty(), "{report:?}");
        println!("{:<58}{:8.2} s", "doctor", begun.elapsed().as_secs_f64());
    }
}

fn days(count: i64) -> TimeRange {
    let zone = Zone::named("Europe/Berlin").unwrap();
    TimeRange::new(zone.day_of(NOW.plus_micros(-count * DAY_US)), zone.day_of(NOW.plus_micros(DAY_US)))
}

async fn totals(platform: &Platform) {
    let companies = |count: usize| Selection { companies: Some(platform.accounts[0].1[..count].to_vec()), ..Selection::default() };
    let search = |prefix: &str| Selection { reference_prefix: Some(prefix.into()), ..Selection::default() };
    let all = Selection::default();
    let cases = [
        ("30 days by agent", &all, 30, Grain::Day, GroupBy::Agent),
        ("90 days by agent", &all, 90, Grain::Day, GroupBy::Agent),
        ("30 days by agent, in another zone (buckets)", &all, 30, Grain::Bucket, GroupBy::Agent),
        ("90 days in total, in another zone (buckets)", &all, 90, Grain::Bucket, GroupBy::All),
        ("30 days by agent, 1 company", &companies(1), 30, Grain::Day, GroupBy::Agent),
        ("90 days in total, 1 company (buckets)", &companies(1), 90, Grain::Bucket, GroupBy::All),
        ("90 days by agent, 400 companies", &companies(400), 90, Grain::Day, GroupBy::Agent),
        ("30 days by company", &all, 30, Grain::Day, GroupBy::Company),
        ("90 days, reference call_8f…", &search("call_008f"), 90, Grain::Event, GroupBy::Agent),
        ("90 days, reference call_…", &search("call_"), 90, Grain::Event, GroupBy::Agent),
    ];
    for (what, selection, count, grain, group_by) in cases {
        let mut times = Times::default();
        let mut cells = 0;
        for _ in 0..15 {
            let start = Instant::now();
            let mut snapshot = platform.store.snapshot().await.unwrap();
            cells = snapshot.cells(platform.accounts[0].0.id, selection, days(count), grain, group_by).await.unwrap().len();
            times.add(start);
        }
        println!("{:<58}{}   {cells} cells", format!("totals: {what}"), times.line());
    }
}

async fn log(platform: &Platform) {
    let range = days(DAYS);
    let middle = Cursor { time: NOW.plus_micros(-DAYS * DAY_US / 2), seq: domain::Seq::ZERO };
    let company = Selection { companies: Some(vec![platform.accounts[0].1[7]]), ..Selection::default() };
    let rare = Selection { agents: vec![Agent::Chat], ..company.clone() };
    let search = |prefix: &str| Selection { reference_prefix: Some(prefix.into()), ..Selection::default() };
    let cases = [
        ("newest 50", Selection::default(), None, Direction::Older),
        ("50 older than the middle", Selection::default(), Some(middle), Direction::Older),
        ("50 newer than the middle", Selection::default(), Some(middle), Direction::Newer),
        ("newest 50 of one company in 500", company.clone(), None, Direction::Older),
        ("50 of one company, newer than the middle", company, Some(middle), Direction::Newer),
        ("newest 50 of one company and its rarest agent", rare, None, Direction::Older),
        ("reference call_8f…", search("call_008f"), None, Direction::Older),
        ("reference call_…", search("call_"), None, Direction::Older),
        ("reference nobody has", search("x"), None, Direction::Older),
    ];
    for (what, selection, from, direction) in cases {
        let mut times = Times::default();
        let mut rows = 0;
        for _ in 0..15 {
            let start = Instant::now();
            let mut snapshot = platform.store.snapshot().await.unwrap();
            rows = page(snapshot.as_mut(), platform, &selection, LogRange { range, from, direction }).await;
            times.add(start);
        }
        println!("{:<58}{}   {rows} rows", format!("log: {what}"), times.line());
    }
    let bucket = TimeRange::new(Time::bucket(middle.time), Time::bucket(middle.time).plus_micros(domain::time::BUCKET_US));
    let mut times = Times::default();
    for _ in 0..15 {
        let start = Instant::now();
        let mut snapshot = platform.store.snapshot().await.unwrap();
        snapshot.log_skip(platform.accounts[0].0.id, &Selection::default(), bucket, 50).await.unwrap();
        times.add(start);
    }
    println!("{:<58}{}", "log: the 50th row of a bucket", times.line());
}

async fn page(snapshot: &mut dyn Snapshot, platform: &Platform, selection: &Selection, range: LogRange) -> usize {
    snapshot.log(platform.accounts[0].0.id, selection, range, 50).await.unwrap().len()
}

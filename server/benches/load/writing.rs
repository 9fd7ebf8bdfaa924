//! Events over HTTP until their reply, which means durable.

use std::{sync::Arc, time::Duration};

use domain::Time;
use service::{Clock as _, SystemClock};

use crate::{
    client::{Request, drive, get, post_events},
    platform::Platform,
    report::{Report, Row, Times, count},
};

/// Connections of single posts.
const MANY: usize = 64;
/// Connections of batches: enough that one is read while another is written.
const FEW: usize = 4;
/// How long single posts are sent.
const SINGLES_FOR: Duration = Duration::from_secs(6);
/// How long nothing but answering is measured.
const HEALTH_FOR: Duration = Duration::from_secs(2);
/// Longest time of one filling, ten million events included.
const FILL_FOR: Duration = Duration::from_mins(20);
/// Most events made before they are sent: their texts are held in memory.
const PREPARED: usize = 200_000;
/// Batches that are sent a second time.
const AGAIN: usize = 50;

const ONE: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// The same connections and headers without any work: what the two programs on this machine can do at all.
pub async fn health(platform: &Platform, report: &mut Report) {
    let request = get("/healthz", &platform.token);
    let forever = std::iter::repeat(request);
    let times = drive(platform.addr, MANY, forever, HEALTH_FOR).await;
    report.row(Row {
        what: format!("`GET /healthz`, {MANY} connections"),
        aim: "none, for comparison",
        reached: format!("{}; {}", times.rate(1, "/s"), times.line()),
        peer: String::new(),
    });
}

/// One event a request.
pub async fn singles(platform: &mut Platform, report: &mut Report, at: &str) {
    let (token, events) = (platform.token.clone(), Arc::clone(&platform.events));
    let singles = std::iter::repeat_with(move || {
        let event = events.lock().unwrap().one(SystemClock.now());
        post_events(&token, ONE, &event)
    });
    let before = platform.cpu();
    let times = drive(platform.addr, MANY, singles, SINGLES_FOR).await;
    let cost = cost(platform.cpu().saturating_sub(before), times.len());
    platform.stored += times.len();
    report.row(Row {
        what: format!("single posts, {MANY} connections, {at}"),
        aim: "≥ 5,000/s, p99 ≤ 25 ms",
        reached: format!("**{}**; {}; {cost}", times.rate(1, "/s"), times.line()),
        peer: report.peer("group of 64 single posts"),
    });
}

/// Fills up to this many events, spread evenly over the days, without a row in the report.
pub async fn fill(platform: &mut Platform, up_to: usize) {
    send(platform, up_to, 10_000).await;
}

/// Fills up to this many events in batches of one size, then sends some of them again.
pub async fn batches(platform: &mut Platform, report: &mut Report, up_to: usize, size: usize) {
    let (before, stored) = (platform.cpu(), platform.stored);
    let (times, last) = send(platform, up_to, size).await;
    let cost = cost(
        platform.cpu().saturating_sub(before),
        platform.stored - stored,
    );
    report.row(Row {
        what: format!("batches of {}, {FEW} connections", count(size)),
        aim: "≥ 50,000 events/s",
        reached: format!(
            "**{}**; {}; {cost}",
            times.rate(size, " events/s"),
            times.line()
        ),
        peer: report.peer(&format!("{size} a transaction, Ordered")),
    });
    let again = drive(platform.addr, FEW, last.into_iter(), FILL_FOR).await;
    report.row(Row {
        what: format!("batches of {} sent again, all known", count(size)),
        aim: "none",
        reached: format!("{}; {}", again.rate(size, " events/s"), again.line()),
        peer: String::new(),
    });
}

/// The server's processor time for each event.
fn cost(cpu: Duration, events: usize) -> String {
    let events = u32::try_from(events.max(1)).unwrap();
    format!("{} µs of processor time each", (cpu / events).as_micros())
}

/// Sends batches until so many events are stored; their times, and the last of them.
async fn send(platform: &mut Platform, up_to: usize, size: usize) -> (Times, Vec<Request>) {
    let (mut left, mut last) = (up_to.saturating_sub(platform.stored), Vec::new());
    let (start, end) = Platform::span();
    let every_us = (end.micros() - start.micros()) / i64::try_from(left.max(1)).unwrap();
    let mut at: Time = start;
    let mut all = Times::default();
    while left > 0 {
        let mut requests = Vec::new();
        let mut prepared = 0;
        while prepared < PREPARED.min(left) {
            let events = size.min(left - prepared);
            let body = platform.events.lock().unwrap().batch(events, at, every_us);
            requests.push(post_events(&platform.token, BATCH, &body));
            at = at.plus_micros(i64::try_from(events).unwrap() * every_us);
            prepared += events;
        }
        last = requests[requests.len().saturating_sub(AGAIN)..].to_vec();
        let times = drive(platform.addr, FEW, requests.into_iter(), FILL_FOR).await;
        all.append(times);
        left -= prepared;
    }
    platform.stored = platform.stored.max(up_to);
    (all, last)
}

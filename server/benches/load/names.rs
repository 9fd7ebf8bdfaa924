//! The page of an account before and after a key has reported many distinct names.

use std::time::{Duration, Instant};

use domain::time::SECOND_US;
use service::{Clock as _, SystemClock};

use crate::{
    client::{drive, post_events},
    platform::Platform,
    report::{Report, Row, Times, count},
    slow::{exchange, sign_in},
};

/// Distinct sources and activities that are reported.
const NAMES: usize = 50_000;
/// Events of one batch.
const BATCH: usize = 5_000;
/// Pages read each time, after a few that are not counted.
const PAGES: usize = 30;
const UNCOUNTED: usize = 3;
/// How long reporting may take.
const LONGEST: Duration = Duration::from_mins(10);

/// Reads the page, reports the names, and reads it again.
pub async fn run(platform: &mut Platform, report: &mut Report) {
    let cookie = sign_in(platform.addr).await;
    let (before, bytes_before) = pages(platform, &cookie).await;
    let batches: Vec<_> = (0..NAMES / BATCH)
        .map(|number| {
            let body = batch(number * BATCH);
            post_events(&platform.token, "application/cloudevents-batch+json", &body)
        })
        .collect();
    let begun = Instant::now();
    drive(platform.addr, 1, batches.into_iter(), LONGEST).await;
    let took_s = begun.elapsed().as_secs_f64();
    platform.stored += NAMES;
    let (after, bytes_after) = pages(platform, &cookie).await;
    report.row(Row {
        what: format!(
            "the page after {} distinct sources and activities, reported in {took_s:.0} s",
            count(NAMES)
        ),
        aim: "as before",
        reached: format!("**{} bytes**; {}", count(bytes_after), after.line()),
        peer: format!("before {} bytes; {}", count(bytes_before), before.line()),
    });
}

fn batch(first: usize) -> String {
    let now = SystemClock.now().plus_micros(-SECOND_US);
    let event = |number: usize| {
        format!(
            r#"{{"specversion":"1.0","id":"name-{number}","source":"source-{number}","type":"creditscope.usage","subject":"company-000","time":"{now}","data":{{"agent":"chat","activity":"activity_{number}","credits":"1"}}}}"#
        )
    };
    let events: Vec<_> = (first..first + BATCH).map(event).collect();
    format!("[{}]", events.join(","))
}

/// Times of the page, and its bytes.
async fn pages(platform: &Platform, cookie: &str) -> (Times, usize) {
    let request = format!(
        "GET /billing/usage HTTP/1.1\r\nhost: bench\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n"
    );
    let (mut times, mut bytes) = (Times::default(), 0);
    for number in 0..PAGES + UNCOUNTED {
        let begun = Instant::now();
        let answer = exchange(platform.addr, &request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        bytes = answer.len();
        if number >= UNCOUNTED {
            times.add(begun.elapsed());
        }
    }
    (times, bytes)
}

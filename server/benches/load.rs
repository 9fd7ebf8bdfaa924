//! Load on the real server over loopback: `make bench`, or `cargo bench -p server --bench load`.
//!
//! Starts `creditscope serve` on a temporary folder, fills it over HTTP, measures on the way, and writes a table to
//! `target/bench/report.md`. Every phase ends by count or by time. Nothing here asserts a time.
//!
//! - `BENCH_EVENTS`: events at the largest size, one million when left out; ten million works.
//! - `BENCH_STORAGE`: a file with what the bench of the storage wrote in the same run, for the peers in the table.
//! - `BENCH_NEIGHBOURS`: when set, only what one account can do to others is measured, on a small database.
//! - `CHROMIUM`: the browser to measure in; without it that part is left out.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench stops at the first failure and prints what it measured"
)]

#[path = "load/browser.rs"]
mod browser;
#[path = "load/client.rs"]
mod client;
#[path = "load/enforcing.rs"]
mod enforcing;
#[path = "load/events.rs"]
mod events;
#[path = "load/names.rs"]
mod names;
#[path = "load/neighbours.rs"]
mod neighbours;
#[path = "load/peer.rs"]
mod peer;
#[path = "load/platform.rs"]
mod platform;
#[path = "load/reading.rs"]
mod reading;
#[path = "load/report.rs"]
mod report;
#[path = "load/slow.rs"]
mod slow;
#[path = "load/writing.rs"]
mod writing;

use platform::Platform;
use report::Report;

/// The first size at which reading is measured.
const SMALL: usize = 100_000;
/// Events beside which neighbours are measured alone.
const FEW: usize = 20_000;
/// The largest size, when none is asked for.
const LARGE: usize = 1_000_000;
/// Events of the filling up to the largest size that come in batches of 1,000; the others come in batches of 10,000.
const IN_SMALL_BATCHES: usize = 200_000;

#[tokio::main]
async fn main() {
    let large = std::env::var("BENCH_EVENTS").map_or(LARGE, |text| text.parse().unwrap());
    assert!(
        large >= SMALL + IN_SMALL_BATCHES,
        "BENCH_EVENTS is at least {}",
        SMALL + IN_SMALL_BATCHES
    );
    let mut report = Report::begin();
    peer::storage(&mut report);
    let mut platform = Platform::start().await;
    if std::env::var_os("BENCH_NEIGHBOURS").is_some() {
        beside_one(&mut platform, &mut report).await;
        platform.stop().await;
        return report.finish();
    }

    report.section("Writing over HTTP");
    writing::health(&platform, &mut report).await;
    writing::singles(&mut platform, &mut report, "an empty database").await;
    writing::fill(&mut platform, SMALL).await;
    report.section(&format!("Reading at {} events", report::count(SMALL)));
    reading::run(&platform, &mut report).await;

    report.section(&format!(
        "Writing over HTTP, from {} to {} events",
        report::count(SMALL),
        report::count(large)
    ));
    writing::batches(&mut platform, &mut report, SMALL + IN_SMALL_BATCHES, 1_000).await;
    writing::batches(&mut platform, &mut report, large, 10_000).await;
    let size = format!("{} events", report::count(large));
    writing::singles(&mut platform, &mut report, &size).await;
    report.section(&format!("Reading at {size}"));
    reading::run(&platform, &mut report).await;
    report.section(&format!("Enforcing at {size}"));
    enforcing::run(&mut platform, &mut report).await;
    neighbours::run(&mut platform, &mut report).await;
    slow::run(&platform, &mut report).await;
    names::run(&mut platform, &mut report).await;
    platform.memory(&mut report);

    report.section("In Chromium");
    browser::run(&platform, &mut report);
    platform.stop().await;
    report.finish();
}

/// What one account does to others, and many names to its page.
async fn beside_one(platform: &mut Platform, report: &mut Report) {
    writing::fill(platform, FEW).await;
    report.section(&format!(
        "One account beside others, {} events",
        report::count(FEW)
    ));
    neighbours::run(platform, report).await;
    names::run(platform, report).await;
    platform.memory(report);
}

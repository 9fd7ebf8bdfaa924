//! From "accepted" to the painted row, and what a first load costs, in a real Chromium.

use std::{path::Path, process::Command, time::Duration};

use serde::Deserialize;

use crate::{
    platform::{ACCOUNT, EMAIL, PASSWORD, Platform},
    report::{Report, Row, Times},
};

/// What `end2end/bench` measured.
#[derive(Deserialize)]
struct Measured {
    alone: Vec<Sample>,
    in_a_row: Vec<Sample>,
    unblocked_ms: Vec<f64>,
    first_load: Vec<File>,
}

/// Milliseconds until the frame with the row was painted.
#[derive(Deserialize)]
struct Sample {
    since_accepted_ms: f64,
    since_sent_ms: f64,
}

/// An answer of the first load.
#[derive(Deserialize)]
struct File {
    kind: String,
    bytes: usize,
}

/// Runs Playwright on the page.
pub fn run(platform: &Platform, report: &mut Report) {
    let Some(chromium) = std::env::var_os("CHROMIUM") else {
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end");
    let answer = tempfile::NamedTempFile::new().unwrap();
    let status = Command::new("npx")
        .args([
            "--no-install",
            "playwright",
            "test",
            "--config",
            "bench/playwright.config.ts",
        ])
        .current_dir(folder)
        .env("CHROMIUM", chromium)
        .env("BENCH_URL", format!("http://{}", platform.addr))
        .env("BENCH_KEY", &platform.token)
        .env("BENCH_OPERATOR_KEY", &platform.operator)
        .env("BENCH_ACCOUNT", ACCOUNT)
        .env("BENCH_EMAIL", EMAIL)
        .env("BENCH_PASSWORD", PASSWORD)
        .env("BENCH_ANSWER", answer.path())
        .status();
    if !status.is_ok_and(|status| status.success()) {
        println!("The browser could not measure; see its message above.");
        return;
    }
    let measured = std::fs::read_to_string(answer.path()).unwrap();
    let measured: Measured = serde_json::from_str(&measured).unwrap();
    painted(report, "one event at a time", &measured.alone);
    painted(
        report,
        "each event right after the one before is painted",
        &measured.in_a_row,
    );
    unblocked(report, &measured.unblocked_ms);
    first_load(report, &measured.first_load);
}

fn unblocked(report: &mut Report, samples: &[f64]) {
    let mut times = Times::default();
    for sample in samples {
        times.add(Duration::from_secs_f64(sample.max(0.0) / 1e3));
    }
    report.row(Row {
        what: "pack reported as paid → the open page no longer says stopped".to_owned(),
        aim: "< 2 s",
        reached: format!(
            "**p50 {:.0} ms, at most {:.0} ms** ({} times)",
            times.ms(50),
            times.ms(100),
            samples.len()
        ),
        peer: String::new(),
    });
}

fn painted(report: &mut Report, name: &str, samples: &[Sample]) {
    let times = |of: fn(&Sample) -> f64| {
        let mut times = Times::default();
        for sample in samples {
            times.add(Duration::from_secs_f64(of(sample).max(0.0) / 1e3));
        }
        times
    };
    let accepted = times(|sample| sample.since_accepted_ms);
    let sent = times(|sample| sample.since_sent_ms);
    let line = |times: &Times| format!("p50 {:.0} ms, p95 {:.0} ms", times.ms(50), times.ms(95));
    report.row(Row {
        what: format!("accepted → painted, {name}"),
        aim: "p95 ≤ 100 ms",
        reached: format!("**{}** ({} samples)", line(&accepted), accepted.len()),
        peer: format!("sent → painted: {}", line(&sent)),
    });
}

fn first_load(report: &mut Report, files: &[File]) {
    let kb = |bytes: usize| format!("{:.1} kB", f64::from(u32::try_from(bytes).unwrap()) / 1e3);
    let parts: Vec<_> = files
        .iter()
        .map(|file| format!("{} {}", file.kind, kb(file.bytes)))
        .collect();
    report.row(Row {
        what: "first load, compressed bodies".to_owned(),
        aim: "≤ 150 kB",
        reached: format!("**{}**", kb(files.iter().map(|file| file.bytes).sum())),
        peer: parts.join(", "),
    });
}

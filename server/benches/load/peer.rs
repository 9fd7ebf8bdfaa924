//! Figures of the storage's own bench, which measures SQLite's own interface beside ours in the same run.

use crate::report::{Report, Row};

/// Starts of lines with a rate of ours and one of the peer.
const RATES: [&str; 4] = [
    "10000 a transaction, Ordered",
    "10000 a transaction, Random",
    "1000 a transaction, Ordered",
    "1000 a transaction, Random",
];
const SINGLES: &str = "group of 64 single posts";

/// Reads them, for the column of peers and for a section of their own.
pub fn storage(report: &mut Report) {
    let text =
        std::env::var_os("BENCH_STORAGE").and_then(|path| std::fs::read_to_string(path).ok());
    let Some(text) = text else { return };
    report.section("Writing to the storage, without HTTP");
    for name in RATES {
        let Some(line) = text.lines().find(|line| line.starts_with(name)) else {
            continue;
        };
        let rates: Vec<_> = line.split_whitespace().rev().take(2).collect();
        let [theirs, ours] = rates[..] else { continue };
        report.add_peer(name, format!("raw SQLite {} events/s", grouped(theirs)));
        report.row(Row {
            what: line.split("  ").next().unwrap_or(line).to_owned(),
            aim: "none",
            reached: format!("{} events/s", grouped(ours)),
            peer: format!("raw SQLite {} events/s", grouped(theirs)),
        });
    }
    singles(report, &text);
}

fn singles(report: &mut Report, text: &str) {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(SINGLES));
    let (Some(ours), Some(theirs)) = (lines.next(), lines.next()) else {
        return;
    };
    let times = |line: &str| {
        let at = line.find("median").unwrap_or(0);
        line[at..]
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .replace(" p99", ", p99")
    };
    let theirs = format!("raw SQLite, 64 rows a transaction: {}", times(theirs));
    report.add_peer(SINGLES, theirs.clone());
    report.row(Row {
        what: SINGLES.to_owned(),
        aim: "none",
        reached: times(ours),
        peer: theirs,
    });
}

/// `56338/s` as `56,338`.
fn grouped(rate: &str) -> String {
    let number = rate.trim_end_matches("/s").parse().unwrap_or(0);
    crate::report::count(number)
}

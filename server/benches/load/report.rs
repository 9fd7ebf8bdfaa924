//! The table: what was measured, the aim, what was reached, and what a peer did in the same run.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use domain::number;
use service::{Clock as _, SystemClock};

/// Times of the same thing done several times.
#[derive(Default)]
pub struct Times {
    each: Vec<Duration>,
    all: Duration,
}

impl Times {
    pub fn add(&mut self, took: Duration) {
        self.each.push(took);
    }

    pub fn merge(&mut self, other: Self) {
        self.each.extend(other.each);
    }

    /// Sets how long all of it took, which is less than the sum when things ran at once.
    pub fn took(mut self, all: Duration) -> Self {
        self.all = all;
        self
    }

    /// Adds what was done after this.
    pub fn append(&mut self, later: Self) {
        self.all += later.all;
        self.merge(later);
    }

    pub fn len(&self) -> usize {
        self.each.len()
    }

    pub fn ms(&self, percent: usize) -> f64 {
        let mut sorted = self.each.clone();
        sorted.sort_unstable();
        let at = sorted.len().saturating_sub(1) * percent / 100;
        sorted.get(at).map_or(0.0, |took| took.as_secs_f64() * 1e3)
    }

    pub fn line(&self) -> String {
        format!("p50 {:.2} ms, p99 {:.2} ms", self.ms(50), self.ms(99))
    }

    /// How many a second, when each is worth this many.
    pub fn rate(&self, each: usize, unit: &str) -> String {
        let done = u32::try_from(self.len() * each).unwrap();
        let rate = f64::from(done) / self.all.as_secs_f64();
        format!("{}{unit}", count(format!("{rate:.0}").parse().unwrap()))
    }
}

/// `1,000,000`
pub fn count(number: usize) -> String {
    number::count(u64::try_from(number).unwrap())
}

/// A line of the table.
pub struct Row {
    pub what: String,
    pub aim: &'static str,
    pub reached: String,
    pub peer: String,
}

/// The table, printed as it grows.
pub struct Report {
    text: String,
    begun: Instant,
    peers: HashMap<String, String>,
}

impl Report {
    /// Begins with the date and the machine.
    pub fn begin() -> Self {
        let mut report = Self {
            text: String::new(),
            begun: Instant::now(),
            peers: HashMap::new(),
        };
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let after = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default()
                .trim_matches([' ', '\t', ':'])
                .to_owned()
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let memory = after(&read("/proc/meminfo"), "MemTotal:");
        let cpu = after(&read("/proc/cpuinfo"), "model name");
        report.line(&format!(
            "{} · {cores} cores ({cpu}), {memory} · load average before: {}",
            SystemClock.now(),
            load()
        ));
        report
    }

    pub fn section(&mut self, title: &str) {
        self.line(&format!(
            "\n### {title}\n\n| what | aim | reached | beside it |\n|---|---|---|---|"
        ));
    }

    pub fn row(&mut self, row: Row) {
        let Row {
            what,
            aim,
            reached,
            peer,
        } = row;
        self.line(&format!("| {what} | {aim} | {reached} | {peer} |"));
    }

    pub fn times(&mut self, what: &str, aim: &'static str, times: &Times) {
        self.row(Row {
            what: what.to_owned(),
            aim,
            reached: times.line(),
            peer: String::new(),
        });
    }

    pub fn add_peer(&mut self, name: &str, figure: String) {
        self.peers.insert(name.to_owned(), figure);
    }

    /// The peer's figure of that name; nothing when the storage's bench did not run.
    pub fn peer(&self, name: &str) -> String {
        self.peers.get(name).cloned().unwrap_or_default()
    }

    /// Writes `target/bench/report.md`.
    pub fn finish(mut self) {
        let took_s = self.begun.elapsed().as_secs();
        self.line(&format!(
            "\nThe load took {took_s} s; load average after: {}.",
            load()
        ));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../bench");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("report.md"), self.text).unwrap();
    }

    fn line(&mut self, line: &str) {
        println!("{line}");
        let _ = writeln!(self.text, "{line}");
    }
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}

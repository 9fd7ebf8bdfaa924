//! Every place that formats a time for people does it in a zone that the reader knows.

#![expect(clippy::unwrap_used, reason = "a test stops at the first failure")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Where a time is formatted for people outside the calendar, how often, and in which zone.
const FORMATTED: [(&str, usize, &str); 13] = [
    (
        "app/src/charts/sheet.rs",
        1,
        "the zone shown, which it names",
    ),
    (
        "app/src/components/page_header/usage.rs",
        1,
        "the zone shown, in the two date fields of its filter bar",
    ),
    ("app/src/functions/tips.rs", 1, "the account's zone"),
    (
        "app/src/pages/settings/review.rs",
        5,
        "the zone of the week, which the page names",
    ),
    (
        "app/src/pages/settings/trend_parts/ask.rs",
        1,
        "the zone of the trends, in the two date fields of their filter bar",
    ),
    (
        "app/src/pages/settings/trend_parts/words.rs",
        1,
        "the zone of the trends",
    ),
    (
        "crates/service/src/dashboard/words.rs",
        10,
        "the zone of the view, which its page names",
    ),
    (
        "crates/service/src/digest.rs",
        1,
        "the address of a week, in the account's zone",
    ),
    (
        "crates/service/src/digest/words.rs",
        1,
        "the zone of the week, which the email names",
    ),
    (
        "crates/service/src/forecast/words.rs",
        3,
        "the zone of the view",
    ),
    ("crates/service/src/reconcile.rs", 1, "the zone of the view"),
    ("crates/service/src/sources.rs", 1, "the zone of the view"),
    ("server/src/api/times.rs", 1, "RFC 3339 with its offset"),
];

/// Where RFC 3339 in UTC is written outside the API, which is for programs.
const IN_UTC: [(&str, usize, &str); 1] = [(
    "server/src/cli/audit.rs",
    1,
    "what `--json` prints; the text has the account's zone",
)];

fn root() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    crates.parent().unwrap().to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// How often files that make words for people hold one of some texts, tests at their end aside.
fn uses(needles: &[&str]) -> BTreeMap<String, usize> {
    let root = root();
    let mut files = Vec::new();
    for folder in [
        "app/src",
        "crates/domain/src",
        "crates/service/src",
        "crates/storage/src",
        "server/src",
    ] {
        sources(&root.join(folder), &mut files);
    }
    let count = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let uses = lines.map(|line| {
            needles
                .iter()
                .map(|needle| line.matches(needle).count())
                .sum::<usize>()
        });
        uses.sum::<usize>()
    };
    let named = |path: &PathBuf| {
        path.strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    let counted = files.iter().map(|path| (named(path), count(path)));
    counted.filter(|(_, uses)| *uses > 0).collect()
}

fn known(list: &[(&str, usize, &str)]) -> BTreeMap<String, usize> {
    list.iter()
        .map(|(file, uses, _)| ((*file).to_owned(), *uses))
        .collect()
}

#[test]
fn every_place_that_formats_a_time_for_people_says_in_which_zone() {
    let mut found = uses(&["strftime("]);
    found.retain(|file, _| !file.starts_with("crates/domain/src/calendar/"));
    assert_eq!(
        found,
        known(&FORMATTED),
        "use `Zone::day`, `short_day`, `minute` or `minute_named`; else add the place and its zone to FORMATTED"
    );
}

#[test]
fn only_programs_are_told_times_of_utc() {
    let mut found = uses(&["rfc3339_utc("]);
    found.retain(|file, _| !file.starts_with("server/src/api/"));
    assert_eq!(
        found,
        known(&IN_UTC),
        "people read times of their account's zone: use `Zone::rfc3339`"
    );
}

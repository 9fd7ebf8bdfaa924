//! Periods as chosen, placed in time, and what each is compared with.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use domain::{
    Time, TimeRange,
    calendar::{Comparison, Cycles, ResolvedPeriod, Zone},
    filter::PeriodChoice,
    time::{DAY_US, HOUR_US},
};
use proptest::prelude::*;
use rstest::rstest;

/// Cycles from the 31st at midnight in Berlin.
const ANCHOR: &str = "2026-01-30T23:00:00Z";

fn resolve(choice: PeriodChoice, now: &str, zone: &str) -> ResolvedPeriod {
    let cycles = Cycles::new(
        ANCHOR.parse().unwrap(),
        Zone::named("Europe/Berlin").unwrap(),
    );
    ResolvedPeriod::resolve(
        choice,
        now.parse().unwrap(),
        &cycles,
        &Zone::named(zone).unwrap(),
    )
}

fn told(range: TimeRange) -> (String, String) {
    (range.start.to_string(), range.end.to_string())
}

#[rstest]
#[case::this_cycle(
    PeriodChoice::ThisCycle, "2026-11-10T12:00:00Z", "Europe/Berlin",
    ("2026-10-30T23:00:00Z", "2026-11-29T23:00:00Z"),
    // As long a time after the cycle's start, whatever the clocks did.
    ("2026-09-29T22:00:00Z", "2026-10-10T11:00:00Z"),
)]
#[case::this_cycle_longer_than_the_one_before(
    PeriodChoice::ThisCycle, "2026-03-30T20:00:00Z", "Europe/Berlin",
    ("2026-02-27T23:00:00Z", "2026-03-30T22:00:00Z"),
    ("2026-01-30T23:00:00Z", "2026-02-27T23:00:00Z"),
)]
#[case::this_cycle_at_its_first_instant(
    PeriodChoice::ThisCycle, "2026-10-30T23:00:00Z", "Europe/Berlin",
    ("2026-10-30T23:00:00Z", "2026-11-29T23:00:00Z"),
    ("2026-09-29T22:00:00Z", "2026-09-29T22:00:00Z"),
)]
#[case::last_cycle(
    PeriodChoice::LastCycle, "2026-11-10T12:00:00Z", "Europe/Berlin",
    ("2026-09-29T22:00:00Z", "2026-10-30T23:00:00Z"),
    ("2026-08-30T22:00:00Z", "2026-09-29T22:00:00Z"),
)]
#[case::seven_days_over_a_clock_change(
    PeriodChoice::Days(7), "2026-10-27T09:00:00Z", "Europe/Berlin",
    ("2026-10-20T22:00:00Z", "2026-10-27T23:00:00Z"),
    ("2026-10-13T22:00:00Z", "2026-10-20T22:00:00Z"),
)]
#[case::days_are_counted_in_the_zone_shown(
    PeriodChoice::Days(7), "2026-10-27T02:00:00Z", "America/New_York",
    ("2026-10-20T04:00:00Z", "2026-10-27T04:00:00Z"),
    ("2026-10-13T04:00:00Z", "2026-10-20T04:00:00Z"),
)]
#[case::thirty_days(
    PeriodChoice::Days(30), "2026-11-23T12:00:00Z", "Asia/Kathmandu",
    ("2026-10-24T18:15:00Z", "2026-11-23T18:15:00Z"),
    ("2026-09-24T18:15:00Z", "2026-10-24T18:15:00Z"),
)]
fn a_period_and_the_one_before(
    #[case] choice: PeriodChoice,
    #[case] now: &str,
    #[case] zone: &str,
    #[case] range: (&str, &str),
    #[case] previous: (&str, &str),
) {
    let period = resolve(choice, now, zone);
    assert_eq!(told(period.range), (range.0.to_owned(), range.1.to_owned()));
    assert_eq!(
        told(period.previous),
        (previous.0.to_owned(), previous.1.to_owned())
    );
}

#[test]
fn a_custom_period_is_compared_with_as_long_a_time_before() {
    let range = TimeRange::new(
        "2026-11-01T00:00:00Z".parse().unwrap(),
        "2026-11-03T12:00:00Z".parse().unwrap(),
    );
    let period = resolve(PeriodChoice::Custom(range), "2026-11-23T12:00:00Z", "UTC");
    assert_eq!(period.range, range);
    assert_eq!(
        told(period.previous),
        (
            "2026-10-29T12:00:00Z".to_owned(),
            "2026-11-01T00:00:00Z".to_owned()
        )
    );
}

proptest! {
    #[test]
    fn a_period_holds_now_and_follows_what_it_is_compared_with(
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
        anchor in 1_700_000_000_000_000_i64..1_800_000_000_000_000,
        now in 1_700_000_000_000_000_i64..1_800_000_000_000_000,
        days in prop::sample::select(vec![7_u16, 30, 90]),
    ) {
        let (zone, now) = (Zone::named(zone).unwrap(), Time::from_micros(now));
        let cycles = Cycles::new(Time::from_micros(anchor), zone.clone());
        let resolve = |choice| ResolvedPeriod::resolve(choice, now, &cycles, &zone);

        let this = resolve(PeriodChoice::ThisCycle);
        prop_assert!(this.range.contains(now));
        prop_assert!(this.previous.start < this.range.start && this.previous.end <= this.range.start);
        prop_assert!(this.previous.micros() <= now.micros_since(this.range.start));

        let last = resolve(PeriodChoice::LastCycle);
        prop_assert_eq!(last.range.end, this.range.start);
        prop_assert_eq!(last.previous.end, last.range.start);

        let days_ago = resolve(PeriodChoice::Days(days));
        prop_assert!(days_ago.range.contains(now));
        prop_assert_eq!(days_ago.previous.end, days_ago.range.start);
        // A change of clocks makes either an hour longer or shorter.
        for range in [days_ago.range, days_ago.previous] {
            prop_assert!((range.micros() - i64::from(days) * DAY_US).abs() <= HOUR_US);
        }
    }
}

#[test]
fn a_named_period_survives_its_name() {
    for name in ["this_cycle", "last_cycle", "7d", "30d", "90d"] {
        assert_eq!(
            PeriodChoice::named(name).and_then(PeriodChoice::id),
            Some(name)
        );
    }
    assert_eq!(PeriodChoice::named("8d"), None);
    assert_eq!(PeriodChoice::Days(8).id(), None);
}

#[test]
fn a_year_before_has_the_same_dates_in_the_zone() {
    let (zone, now) = (
        Zone::named("Europe/Berlin").unwrap(),
        "2026-11-23T12:07:00Z",
    );
    let now: Time = now.parse().unwrap();
    let against = |choice| {
        resolve(choice, "2026-11-23T12:07:00Z", "Europe/Berlin")
            .compared(Comparison::Year, choice, now, &zone)
            .previous
    };
    // 2025 the clocks changed a day later than 2026.
    let days = against(PeriodChoice::Days(30));
    assert_eq!(
        told(days),
        (
            "2025-10-24T22:00:00Z".to_owned(),
            "2025-11-23T23:00:00Z".to_owned()
        )
    );
    let cycle = against(PeriodChoice::ThisCycle);
    assert_eq!(cycle.end, "2025-11-23T12:00:00Z".parse().unwrap());
    let unchanged = resolve(
        PeriodChoice::Days(7),
        "2026-11-23T12:07:00Z",
        "Europe/Berlin",
    );
    let same = unchanged.compared(Comparison::Previous, PeriodChoice::Days(7), now, &zone);
    assert_eq!(same, unchanged);
}

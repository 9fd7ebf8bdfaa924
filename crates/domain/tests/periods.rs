//! Periods as chosen, placed in time, and what each is compared with.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use domain::{
    Time, TimeRange,
    calendar::{Comparison, Coverage, Cycles, ResolvedPeriod, Zone},
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
    // As many days after the cycle's start at the same time of day, whatever the clocks did.
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
    // The clocks were set back on the 25th: 10:00 in winter is compared with 10:00 in summer.
    ("2026-10-13T22:00:00Z", "2026-10-20T08:00:00Z"),
)]
#[case::days_are_counted_in_the_zone_shown(
    PeriodChoice::Days(7), "2026-10-27T02:00:00Z", "America/New_York",
    ("2026-10-20T04:00:00Z", "2026-10-27T04:00:00Z"),
    ("2026-10-13T04:00:00Z", "2026-10-20T02:00:00Z"),
)]
#[case::thirty_days(
    PeriodChoice::Days(30), "2026-11-23T12:00:00Z", "Asia/Kathmandu",
    ("2026-10-24T18:15:00Z", "2026-11-23T18:15:00Z"),
    ("2026-09-24T18:15:00Z", "2026-10-24T12:00:00Z"),
)]
#[case::seven_days_just_after_midnight(
    PeriodChoice::Days(7), "2026-11-23T00:05:00.000001Z", "UTC",
    ("2026-11-17T00:00:00Z", "2026-11-24T00:00:00Z"),
    ("2026-11-10T00:00:00Z", "2026-11-16T00:05:00.000001Z"),
)]
#[case::four_weeks_have_the_same_weekdays(
    PeriodChoice::Days(28), "2026-11-23T12:00:00Z", "UTC",
    ("2026-10-27T00:00:00Z", "2026-11-24T00:00:00Z"),
    ("2026-09-29T00:00:00Z", "2026-10-26T12:00:00Z"),
)]
#[case::one_day_is_compared_with_the_same_weekday(
    PeriodChoice::Days(1), "2026-11-23T12:00:00Z", "UTC",
    ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
    ("2026-11-16T00:00:00Z", "2026-11-16T12:00:00Z"),
)]
#[case::this_cycle_over_a_clock_change(
    PeriodChoice::ThisCycle, "2026-04-05T10:00:00Z", "UTC",
    ("2026-03-30T22:00:00Z", "2026-04-29T22:00:00Z"),
    ("2026-02-27T23:00:00Z", "2026-03-05T11:00:00Z"),
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
        days in prop::sample::select(vec![7_u16, 28, 30, 90]),
    ) {
        let (zone, now) = (Zone::named(zone).unwrap(), Time::from_micros(now));
        let cycles = Cycles::new(Time::from_micros(anchor), zone.clone());
        let resolve = |choice| ResolvedPeriod::resolve(choice, now, &cycles, &zone);

        let this = resolve(PeriodChoice::ThisCycle);
        prop_assert!(this.range.contains(now));
        prop_assert!(this.previous.start < this.range.start && this.previous.end <= this.range.start);
        // A change of clocks makes either an hour longer or shorter.
        prop_assert!(this.previous.micros() <= now.micros_since(this.range.start) + HOUR_US);

        let last = resolve(PeriodChoice::LastCycle);
        prop_assert_eq!(last.range.end, this.range.start);
        prop_assert_eq!(last.previous.end, last.range.start);

        let days_ago = resolve(PeriodChoice::Days(days));
        prop_assert!(days_ago.range.contains(now));
        prop_assert!((days_ago.range.micros() - i64::from(days) * DAY_US).abs() <= HOUR_US);
        prop_assert!(days_ago.previous.end <= days_ago.range.start);
        let passed_us = now.micros_since(days_ago.range.start);
        // Clocks may have been changed in the one and not in the other.
        prop_assert!((days_ago.previous.micros() - passed_us).abs() <= 2 * HOUR_US);
        // The same time of day, but for an hour that was skipped.
        let (at, then) = (zone.at(now), zone.at(days_ago.previous.end));
        let apart = at.time().duration_since(then.time()).abs();
        prop_assert!(apart.is_zero() || apart < jiff::SignedDuration::from_hours(1), "{at} {then}");
    }
}

#[test]
fn a_named_period_survives_its_name() {
    for name in ["this_cycle", "last_cycle", "7d", "28d", "30d", "90d"] {
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
            .compared(Comparison::Year, now, &zone)
            .previous
    };
    // 2025 the clocks changed a day later than 2026.
    let days = against(PeriodChoice::Days(30));
    assert_eq!(
        told(days),
        (
            "2025-10-24T22:00:00Z".to_owned(),
            "2025-11-23T12:07:00Z".to_owned()
        )
    );
    let cycle = against(PeriodChoice::ThisCycle);
    assert_eq!(cycle.end, "2025-11-23T12:07:00Z".parse().unwrap());
    let unchanged = resolve(
        PeriodChoice::Days(7),
        "2026-11-23T12:07:00Z",
        "Europe/Berlin",
    );
    let same = unchanged.compared(Comparison::Previous, now, &zone);
    assert_eq!(same, unchanged);
}

/// A custom period as it is at a time.
fn custom(from: &str, to: &str, now: &str, zone: &str) -> (String, String) {
    let range = TimeRange::new(from.parse().unwrap(), to.parse().unwrap());
    told(resolve(PeriodChoice::Custom(range), now, zone).previous)
}

#[rstest]
#[case::whole_days_so_far("2026-11-20T00:00:00Z", "2026-11-24T00:00:00Z", ("2026-11-16T00:00:00Z", "2026-11-19T14:03:10Z"))]
#[case::any_time_so_far("2026-11-23T12:00:00Z", "2026-11-23T18:00:00Z", ("2026-11-23T06:00:00Z", "2026-11-23T08:03:10Z"))]
#[case::it_has_not_begun("2026-11-24T00:00:00Z", "2026-11-26T00:00:00Z", ("2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z"))]
#[case::any_time_that_has_not_begun("2026-11-24T00:00:00Z", "2026-11-24T02:00:00Z", ("2026-11-23T22:00:00Z", "2026-11-23T22:00:00Z"))]
#[case::it_begins_now("2026-11-23T14:03:10Z", "2026-11-23T15:00:00Z", ("2026-11-23T13:06:20Z", "2026-11-23T13:06:20Z"))]
#[case::it_ends_with_now("2026-11-23T13:00:00Z", "2026-11-23T14:03:10.000001Z", ("2026-11-23T11:56:49.999999Z", "2026-11-23T13:00:00Z"))]
#[case::it_ends_now("2026-11-23T13:00:00Z", "2026-11-23T14:03:10Z", ("2026-11-23T11:56:50Z", "2026-11-23T13:00:00Z"))]
#[case::a_day_that_is_over("2026-11-10T00:00:00Z", "2026-11-11T00:00:00Z", ("2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z"))]
#[case::today("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z", ("2026-11-16T00:00:00Z", "2026-11-16T14:03:10Z"))]
fn a_custom_period_is_compared_as_far_as_it_has_passed(
    #[case] from: &str,
    #[case] to: &str,
    #[case] previous: (&str, &str),
) {
    let found = custom(from, to, "2026-11-23T14:03:10Z", "UTC");
    assert_eq!(found, (previous.0.to_owned(), previous.1.to_owned()));
}

#[rstest]
// Berlin set its clocks back on 25 October 2026 at 03:00, and ahead on 29 March at 02:00.
#[case::a_day_of_25_hours_in_its_first_02_30("2026-10-25T00:30:00Z", "2026-10-18T00:30:00Z")]
#[case::a_day_of_25_hours_in_its_second_02_30("2026-10-25T01:30:00Z", "2026-10-18T00:30:00Z")]
#[case::a_day_of_25_hours_at_noon("2026-10-25T11:00:00Z", "2026-10-18T10:00:00Z")]
#[case::against_a_day_of_25_hours_in_the_hour_that_came_twice(
    "2026-11-01T01:30:00Z",
    "2026-10-25T00:30:00Z"
)]
#[case::against_a_day_of_25_hours_at_noon("2026-11-01T11:00:00Z", "2026-10-25T11:00:00Z")]
#[case::a_day_of_23_hours_at_noon("2026-03-29T10:00:00Z", "2026-03-22T11:00:00Z")]
#[case::against_a_day_of_23_hours_before_the_change("2026-04-04T23:30:00Z", "2026-03-29T00:30:00Z")]
#[case::against_a_day_of_23_hours_in_the_skipped_hour(
    "2026-04-05T00:30:00Z",
    "2026-03-29T01:00:00Z"
)]
#[case::against_a_day_of_23_hours_after_the_change("2026-04-05T01:30:00Z", "2026-03-29T01:30:00Z")]
fn the_same_point_of_a_day_is_the_same_time_by_the_clock(#[case] now: &str, #[case] end: &str) {
    let previous = resolve(PeriodChoice::Days(1), now, "Europe/Berlin").previous;
    assert_eq!(previous.end, end.parse().unwrap(), "{now}");
}

#[test]
fn level_use_is_level_at_every_minute_of_the_day() {
    for minute in 0..1_440 {
        let midnight: Time = "2026-11-23T00:00:00Z".parse().unwrap();
        let now = midnight.plus_micros(minute * 60_000_000 + 1);
        for days in [1, 7, 28, 30, 90] {
            let period = ResolvedPeriod::last_days(days, now, &Zone::utc());
            let passed_us = now.micros_since(period.range.start);
            assert_eq!(period.previous.micros(), passed_us, "{days} days at {now}");
        }
    }
}

#[test]
fn a_period_that_is_compared_with_nothing_has_nothing_before() {
    let now: Time = "2026-11-23T12:07:00Z".parse().unwrap();
    let period = ResolvedPeriod::last_days(7, now, &Zone::utc());
    let alone = period.compared(Comparison::Nothing, now, &Zone::utc());
    assert!(alone.previous.is_empty());
    assert_eq!(alone.coverage(None), Coverage::Nothing);
    assert_eq!("none".parse(), Ok(Comparison::Nothing));
}

#[rstest]
#[case::it_began_before(7, "2026-11-09T23:59:59Z", None)]
#[case::it_began_on_the_first_day(7, "2026-11-10T23:00:00Z", None)]
#[case::it_began_on_the_second_day(
    7,
    "2026-11-11T08:00:00Z",
    Some("No data before 11 Nov to compare with")
)]
#[case::it_began_after_it(
    30,
    "2026-11-12T08:00:00Z",
    Some("No data before 12 Nov to compare with")
)]
#[case::it_began_within_the_day(
    1,
    "2026-11-16T08:00:00Z",
    Some("No data before 16 Nov, 08:00 to compare with")
)]
#[case::the_day_is_known(1, "2026-11-16T00:00:00Z", None)]
fn a_period_is_compared_only_with_what_is_known(
    #[case] days: u16,
    #[case] first: &str,
    #[case] words: Option<&str>,
) {
    let utc = Zone::utc();
    let period = ResolvedPeriod::last_days(days, "2026-11-23T12:07:00Z".parse().unwrap(), &utc);
    let coverage = period.coverage(Some(first.parse().unwrap()));
    assert_eq!(coverage.words(period.previous, &utc).as_deref(), words);
    assert_eq!(coverage.is_complete(), words.is_none());
    assert_eq!(coverage.since(), words.map(|_| first.parse().unwrap()));
}

#[test]
fn a_period_that_has_not_begun_has_nothing_to_compare_with_yet() {
    let range = TimeRange::new(
        "2026-12-01T00:00:00Z".parse().unwrap(),
        "2026-12-03T00:00:00Z".parse().unwrap(),
    );
    let period = resolve(PeriodChoice::Custom(range), "2026-11-23T12:00:00Z", "UTC");
    let words = period.coverage(None).words(period.previous, &Zone::utc());
    assert_eq!(words.as_deref(), Some("Nothing to compare with yet"));
}

#[test]
fn data_that_begin_a_year_later_say_which_year() {
    let now: Time = "2026-11-23T12:07:00Z".parse().unwrap();
    let utc = Zone::utc();
    let period = ResolvedPeriod::last_days(7, now, &utc).compared(Comparison::Year, now, &utc);
    let coverage = period.coverage(Some("2026-02-01T08:00:00Z".parse().unwrap()));
    let words = coverage.words(period.previous, &utc);
    assert_eq!(
        words.as_deref(),
        Some("No data before 1 Feb 2026 to compare with")
    );
}

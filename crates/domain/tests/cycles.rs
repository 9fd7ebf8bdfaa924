//! Billing cycles tile time in every zone, whatever day of the month they are counted from.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use domain::{
    Time,
    calendar::{Cycles, GRACE_US, Zone},
    event::AgeLimit,
    time::HOUR_US,
};
use jiff::{
    civil::{Date, DateTime, date},
    tz::TimeZone,
};
use proptest::prelude::*;
use rstest::rstest;

/// Four years: every month's length, and a leap day.
const MONTHS: i32 = 48;

fn zone_names() -> Vec<String> {
    jiff::tz::db()
        .available()
        .map(|name| name.to_string())
        .collect()
}

fn instant(civil: DateTime, zone: &TimeZone) -> Time {
    civil.to_zoned(zone.clone()).unwrap().timestamp().into()
}

/// The day a cycle has to begin on, by counting months alone.
fn boundary_day(anchor: Date, number: i32) -> Date {
    let months = i32::from(anchor.year()) * 12 + i32::from(anchor.month()) - 1 + number;
    let (year, month) = (
        i16::try_from(months.div_euclid(12)).unwrap(),
        i8::try_from(months.rem_euclid(12)).unwrap() + 1,
    );
    let first = date(year, month, 1);
    first
        .with()
        .day(anchor.day().min(first.days_in_month()))
        .build()
        .unwrap()
}

#[test]
fn cycles_tile_time_in_every_zone_from_every_late_anchor_day() {
    let names = zone_names();
    assert!(
        names.len() > 400,
        "the zone database holds {} zones only",
        names.len()
    );
    for name in names {
        let (zone, civil_zone) = (Zone::named(&name).unwrap(), TimeZone::get(&name).unwrap());
        for day in 28..=31 {
            let anchor = date(2024, 1, day);
            let cycles = Cycles::new(instant(anchor.at(0, 0, 0, 0), &civil_zone), zone.clone());
            let first = civil_zone
                .to_datetime(cycles.boundary(0).timestamp())
                .time();
            for number in 0..MONTHS {
                let cycle = cycles.numbered(number);
                let due = instant(boundary_day(anchor, number).to_datetime(first), &civil_zone);
                assert_eq!(cycle.range.start, due, "{name}, day {day}, cycle {number}");
                assert!(
                    cycle.range.start < cycle.range.end,
                    "{name}, day {day}, cycle {number}"
                );
                assert_eq!(
                    cycle.range.end,
                    cycles.numbered(number + 1).range.start,
                    "{name}, day {day}, cycle {number}"
                );
                for inside in [cycle.range.start, cycle.range.end.plus_micros(-1)] {
                    assert_eq!(
                        cycles.at(inside),
                        cycle,
                        "{name}, day {day}, cycle {number}"
                    );
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn an_instant_lies_in_the_cycle_found_for_it(
        name in prop::sample::select(zone_names()),
        anchor in 1_500_000_000_000_000_i64..1_900_000_000_000_000,
        time in 1_300_000_000_000_000_i64..2_200_000_000_000_000,
    ) {
        let cycles = Cycles::new(Time::from_micros(anchor), Zone::named(&name).unwrap());
        let cycle = cycles.at(Time::from_micros(time));
        prop_assert!(cycle.range.contains(Time::from_micros(time)));
        prop_assert_eq!(cycles.numbered(cycle.number), cycle);
        prop_assert_eq!(cycles.before(cycle).range.end, cycle.range.start);
        prop_assert_eq!(cycles.boundary(0), Time::from_micros(anchor));
    }
}

#[rstest]
// The last day of a short month, and back to the 31st.
#[case("UTC", "2026-01-31T00:00:00Z", 1, "2026-02-28T00:00:00Z")]
#[case("UTC", "2026-01-31T00:00:00Z", 2, "2026-03-31T00:00:00Z")]
#[case("UTC", "2028-01-31T00:00:00Z", 1, "2028-02-29T00:00:00Z")]
#[case("UTC", "2026-01-31T00:00:00Z", -1, "2025-12-31T00:00:00Z")]
#[case("UTC", "2026-01-31T00:00:00Z", -2, "2025-11-30T00:00:00Z")]
// Midnight stays midnight when clocks change.
#[case("Europe/Berlin", "2026-01-31T23:00:00Z", 2, "2026-03-31T22:00:00Z")]
#[case("America/New_York", "2026-01-15T05:00:00Z", 2, "2026-03-15T04:00:00Z")]
#[case(
    "Australia/Lord_Howe",
    "2026-01-01T13:00:00Z",
    4,
    "2026-05-01T13:30:00Z"
)]
#[case("Asia/Kathmandu", "2025-12-31T18:15:00Z", 3, "2026-03-31T18:15:00Z")]
// A clock time that a change of clocks skips moves ahead; one that comes twice is the first.
#[case("Europe/Berlin", "2026-01-29T01:30:00Z", 2, "2026-03-29T01:30:00Z")]
#[case("Europe/Berlin", "2026-01-25T01:30:00Z", 9, "2026-10-25T00:30:00Z")]
fn a_boundary_is_the_anchor_plus_months(
    #[case] zone: &str,
    #[case] anchor: &str,
    #[case] number: i32,
    #[case] boundary: &str,
) {
    let cycles = Cycles::new(anchor.parse().unwrap(), Zone::named(zone).unwrap());
    assert_eq!(cycles.boundary(number).to_string(), boundary);
}

#[test]
fn an_anchor_in_a_repeated_hour_is_where_its_cycle_begins() {
    let anchor: Time = "2026-10-25T01:30:00Z".parse().unwrap();
    let cycles = Cycles::new(anchor, Zone::named("Europe/Berlin").unwrap());
    assert_eq!(cycles.at(anchor).range.start, anchor);
    assert_eq!(cycles.at(anchor.plus_micros(-1)).number, -1);
}

#[test]
fn every_instant_has_a_cycle_up_to_the_ends_of_the_calendar() {
    let cycles = Cycles::new(
        "2026-01-31T00:00:00Z".parse().unwrap(),
        Zone::named("Europe/Berlin").unwrap(),
    );
    for time in [
        Time::MIN,
        "-009999-06-01T00:00:00Z".parse().unwrap(),
        "9999-12-01T00:00:00Z".parse().unwrap(),
        Time::MAX,
    ] {
        let cycle = cycles.at(time);
        assert!(cycle.range.start < cycle.range.end, "{time}");
    }
}

#[test]
fn a_cycle_takes_late_events_for_72_hours() {
    let cycles = Cycles::new("2026-10-01T00:00:00Z".parse().unwrap(), Zone::utc());
    let end: Time = "2026-11-01T00:00:00Z".parse().unwrap();
    let last = end.plus_micros(-1);
    let booking = |now, age| {
        cycles
            .booking(last, now, age)
            .map(|cycle| cycle.number)
            .map_err(|error| error.reason)
    };
    assert_eq!(GRACE_US, 72 * HOUR_US);
    assert_eq!(
        booking(end.plus_micros(GRACE_US - 1), AgeLimit::Enforced),
        Ok(0)
    );
    assert_eq!(
        booking(end.plus_micros(GRACE_US), AgeLimit::Enforced),
        Err("cycle_closed".to_owned())
    );
    assert_eq!(booking(end.plus_micros(GRACE_US), AgeLimit::Lifted), Ok(0));
}

#[test]
fn a_closed_cycle_says_when_it_ended_in_the_accounts_zone() {
    let cycles = Cycles::new(
        "2026-09-30T22:00:00Z".parse().unwrap(),
        Zone::named("Europe/Berlin").unwrap(),
    );
    let (time, now) = (
        "2026-10-05T00:00:00Z".parse().unwrap(),
        "2026-11-20T00:00:00Z".parse().unwrap(),
    );
    let error = cycles.booking(time, now, AgeLimit::Enforced).unwrap_err();
    assert!(
        error.message.contains("2026-11-01T00:00:00+01:00"),
        "{}",
        error.message
    );
}

#[test]
fn a_month_has_its_own_length_in_hours() {
    let cycles = Cycles::new(
        "2025-12-31T23:00:00Z".parse().unwrap(),
        Zone::named("Europe/Berlin").unwrap(),
    );
    let hours: Vec<_> = (0..12)
        .map(|number| cycles.numbered(number).range.micros() / HOUR_US)
        .collect();
    assert_eq!(
        hours,
        [744, 672, 743, 720, 744, 720, 744, 744, 720, 745, 720, 744]
    );
}

//! Calendar windows tile time, also where clocks change.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use domain::{
    Time, TimeRange,
    calendar::{MAX_WINDOWS, TooManyWindows, Window, Zone},
    time::{DAY_US, HOUR_US, MINUTE_US},
};
use proptest::prelude::*;
use rstest::rstest;

const ALL: [Window; 4] = [Window::Hour, Window::Day, Window::Week, Window::Month];
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    // Clocks change at midnight.
    "Africa/Cairo",
    "America/Santiago",
    // Half an hour off its neighbours all year.
    "America/St_Johns",
];

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

fn range(start: &str, end: &str) -> TimeRange {
    TimeRange::new(time(start), time(end))
}

fn starts(window: Window, range: TimeRange, zone: &Zone) -> Vec<String> {
    window
        .tile(range, zone)
        .unwrap()
        .iter()
        .map(|window| zone.rfc3339(window.start))
        .collect()
}

proptest! {
    #[test]
    fn windows_cover_a_range_without_gap_or_overlap(
        zone in prop::sample::select(ZONES.as_slice()),
        window in prop::sample::select(ALL.as_slice()),
        start in 1_704_000_000_000_000_i64..1_890_000_000_000_000,
        length in 1_i64..(100 * DAY_US),
        part in 0.0_f64..1.0,
    ) {
        let zone = Zone::named(zone).unwrap();
        let range = TimeRange::new(Time::from_micros(start), Time::from_micros(start + length));
        let tiles = window.tile(range, &zone);
        prop_assume!(tiles.is_ok());
        let tiles = tiles.unwrap();
        prop_assert!(tiles[0].contains(range.start));
        prop_assert!(tiles[tiles.len() - 1].contains(range.end.plus_micros(-1)));
        prop_assert!(tiles.iter().all(|tile| !tile.is_empty()));
        prop_assert!(tiles.windows(2).all(|pair| pair[0].end == pair[1].start));
        // Whichever instant it is found by, a window is the same.
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any instant will do")]
        let inside = range.start.plus_micros(((length - 1) as f64 * part) as i64);
        let tile = tiles.iter().find(|tile| tile.contains(inside)).unwrap();
        prop_assert_eq!(window.start_of(inside, &zone), tile.start);
        prop_assert_eq!(window.next(tile.start, &zone), tile.end);
    }
}

#[test]
fn days_and_hours_of_every_zone_in_use_begin_on_bucket_edges() {
    let year = range("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    for name in jiff::tz::db().available() {
        let zone = Zone::named(name.as_str()).unwrap();
        for day in Window::Day.tile(year, &zone).unwrap() {
            assert_eq!(day.start.bucket(), day.start, "{name}");
            assert!(
                (22..=26).contains(&(day.micros() / HOUR_US)),
                "{name}: {}",
                zone.rfc3339(day.start)
            );
        }
    }
}

#[rstest]
#[case("Europe/Berlin", "2026-03-29", 23)]
#[case("Europe/Berlin", "2026-10-25", 25)]
#[case("Europe/Berlin", "2026-11-23", 24)]
#[case("America/New_York", "2026-03-08", 23)]
#[case("America/New_York", "2026-11-01", 25)]
#[case("Africa/Cairo", "2026-04-24", 23)]
#[case("Africa/Cairo", "2026-10-29", 25)]
#[case("Asia/Kathmandu", "2026-10-25", 24)]
#[case("Australia/Lord_Howe", "2026-04-05", 24)]
#[case("Australia/Lord_Howe", "2026-10-04", 24)]
fn a_day_has_as_many_hour_windows_as_its_clock_shows(
    #[case] zone: &str,
    #[case] date: &str,
    #[case] hours: usize,
) {
    let zone = Zone::named(zone).unwrap();
    let day = zone.day_start(date.parse().unwrap());
    let day = TimeRange::new(day, Window::Day.next(day, &zone));
    let windows = Window::Hour.tile(day, &zone).unwrap();
    assert_eq!(
        (windows.len(), windows[0].start, windows[hours - 1].end),
        (hours, day.start, day.end)
    );
}

#[test]
fn half_an_hour_back_makes_a_long_hour_and_half_an_hour_ahead_a_short_one() {
    let zone = Zone::named("Australia/Lord_Howe").unwrap();
    let minutes = |around: &str| {
        let day = TimeRange::new(time(around), time(around).plus_micros(4 * HOUR_US));
        let windows = Window::Hour.tile(day, &zone).unwrap();
        windows
            .iter()
            .map(|hour| {
                (
                    zone.at(hour.start).strftime("%H:%M").to_string(),
                    hour.micros() / MINUTE_US,
                )
            })
            .collect::<Vec<_>>()
    };
    let told = |list: &[(&str, i64)]| {
        list.iter()
            .map(|(clock, minutes)| ((*clock).to_owned(), *minutes))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        minutes("2026-04-04T13:00:00Z"),
        told(&[("00:00", 60), ("01:00", 90), ("02:00", 60), ("03:00", 60)])
    );
    assert_eq!(
        minutes("2026-10-03T13:30:00Z"),
        told(&[
            ("00:00", 60),
            ("01:00", 60),
            ("02:30", 30),
            ("03:00", 60),
            ("04:00", 60)
        ])
    );
}

#[test]
fn days_of_a_clock_change_are_23_and_25_hours_long() {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    let spring = range("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z");
    assert_eq!(
        starts(Window::Day, spring, &berlin),
        [
            "2026-03-28T00:00:00+01:00",
            "2026-03-29T00:00:00+01:00",
            "2026-03-30T00:00:00+02:00"
        ]
    );
    let hours = |range| {
        Window::Day
            .tile(range, &berlin)
            .unwrap()
            .iter()
            .map(|day| day.micros() / HOUR_US)
            .collect::<Vec<_>>()
    };
    assert_eq!(hours(spring), [24, 23, 24]);
    assert_eq!(
        hours(range("2026-10-24T00:00:00Z", "2026-10-26T12:00:00Z")),
        [24, 25, 24]
    );
}

#[test]
fn weeks_begin_on_monday_and_months_on_the_first() {
    let kathmandu = Zone::named("Asia/Kathmandu").unwrap();
    let november = range("2026-11-05T12:00:00Z", "2026-11-17T12:00:00Z");
    assert_eq!(
        starts(Window::Week, november, &kathmandu),
        [
            "2026-11-02T00:00:00+05:45",
            "2026-11-09T00:00:00+05:45",
            "2026-11-16T00:00:00+05:45"
        ]
    );
    let winter = range("2026-11-30T18:14:59Z", "2027-01-31T18:15:01Z");
    assert_eq!(
        starts(Window::Month, winter, &kathmandu),
        [
            "2026-11-01T00:00:00+05:45",
            "2026-12-01T00:00:00+05:45",
            "2027-01-01T00:00:00+05:45",
            "2027-02-01T00:00:00+05:45"
        ]
    );
}

#[test]
fn a_day_that_never_was_has_no_window() {
    let apia = Zone::named("Pacific/Apia").unwrap();
    assert_eq!(
        starts(
            Window::Day,
            range("2011-12-29T12:00:00Z", "2011-12-31T12:00:00Z"),
            &apia
        ),
        [
            "2011-12-29T00:00:00-10:00",
            "2011-12-31T00:00:00+14:00",
            "2012-01-01T00:00:00+14:00"
        ]
    );
}

#[test]
fn an_empty_range_has_no_windows_and_too_many_are_refused() {
    let start = time("2026-01-01T00:00:00Z");
    let tile = |length| {
        Window::Hour
            .tile(
                TimeRange::new(start, start.plus_micros(length)),
                &Zone::utc(),
            )
            .map(|windows| windows.len())
    };
    let most = i64::try_from(MAX_WINDOWS).unwrap() * HOUR_US;
    assert_eq!(tile(0), Ok(0));
    assert_eq!(tile(most), Ok(MAX_WINDOWS));
    assert_eq!(tile(most + 1), Err(TooManyWindows));
    assert_eq!(
        Window::Day.tile(TimeRange::new(Time::MIN, Time::MAX), &Zone::utc()),
        Err(TooManyWindows)
    );
}

#[rstest]
#[case(DAY_US, Window::Hour)]
#[case(2 * DAY_US + HOUR_US, Window::Hour)]
#[case(3 * DAY_US, Window::Day)]
#[case(92 * DAY_US, Window::Day)]
#[case(366 * DAY_US, Window::Week)]
#[case(1_000 * DAY_US, Window::Month)]
fn the_fitting_window_draws_a_readable_number_of_bars(#[case] length: i64, #[case] window: Window) {
    let start = time("2026-03-01T00:00:00Z");
    let range = TimeRange::new(start, start.plus_micros(length));
    assert_eq!(Window::fitting(range), window);
    assert!(window.tile(range, &Zone::utc()).unwrap().len() <= 106);
}

#[test]
fn a_window_survives_its_wire_name() {
    for window in ALL {
        assert_eq!(window.id().parse(), Ok(window));
        assert_eq!(
            serde_json::to_string(&window).unwrap(),
            format!("\"{}\"", window.id())
        );
    }
    assert!("year".parse::<Window>().is_err());
}

/// A reader may write any instant into an address.
#[test]
fn hours_at_the_ends_of_the_calendar_are_found_and_end() {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    for (start, end) in [
        ("-009999-01-02T02:00:00Z", "-009999-01-02T05:00:00Z"),
        ("9999-12-30T20:00:00Z", "9999-12-30T22:00:00Z"),
    ] {
        let range = TimeRange::new(time(start), time(end));
        for zone in [&Zone::utc(), &berlin] {
            let windows = Window::Hour.tile(range, zone).unwrap();
            assert!(windows.len() <= 4, "{}", windows.len());
        }
    }
    assert!(Zone::utc().rfc3339(Time::MAX).starts_with("9999-12-30"));
}

//! Dates and periods as the page says them, in a zone.

use domain::{
    Time, TimeRange,
    calendar::{Window, Zone},
    filter::{Comparison, PeriodChoice},
    time::{DAY_US, HOUR_US, MINUTE_US},
    usage::Bar,
};

use crate::selection::View;

/// `1 December 2026`.
pub(super) fn date_label(time: Time, zone: &Zone) -> String {
    zone.at(time).strftime("%-d %B %Y").to_string()
}

/// `23 Nov`.
pub(super) fn day_label(time: Time, zone: &Zone) -> String {
    zone.short_day(time)
}

/// `1 – 30 November 2026`: the days a half-open range touches, saying month and year once where they are the same.
pub(crate) fn range_label(range: TimeRange, zone: &Zone) -> String {
    let (first, last) = (
        zone.at(range.start).date(),
        zone.at(range.end.plus_micros(-1)).date(),
    );
    let last_label = last.strftime("%-d %B %Y").to_string();
    if first == last {
        last_label
    } else if (first.year(), first.month()) == (last.year(), last.month()) {
        format!("{} – {last_label}", first.strftime("%-d"))
    } else if first.year() == last.year() {
        format!("{} – {last_label}", first.strftime("%-d %B"))
    } else {
        format!("{} – {last_label}", first.strftime("%-d %B %Y"))
    }
}

/// How many civil days a half-open range touches.
pub(super) fn days_in(range: TimeRange, zone: &Zone) -> u32 {
    let (first, last) = (
        zone.at(range.start).date(),
        zone.at(range.end.plus_micros(-1)).date(),
    );
    let days = first.until(last).map_or(0, |span| span.get_days());
    u32::try_from(days + 1).unwrap_or(0)
}

/// `in 7 days`, `tomorrow`, `in 5 hours`, `in a few minutes`.
pub(super) fn until(now: Time, then: Time, zone: &Zone) -> String {
    let left_us = then.micros_since(now);
    let nights = days_in(TimeRange::new(now, then.plus_micros(1)), zone).saturating_sub(1);
    match left_us {
        left if left < 10 * MINUTE_US => "in a few minutes".to_owned(),
        left if left < 2 * HOUR_US => format!("in {} minutes", left / MINUTE_US),
        left if left < DAY_US => format!("in {} hours", left / HOUR_US),
        _ if nights <= 1 => "tomorrow".to_owned(),
        _ => format!("in {nights} days"),
    }
}

/// What a view's period is called, and more about what it is compared with than the name of that time says.
pub(super) fn period_labels(view: &View, range: TimeRange) -> (String, String) {
    let (label, before) = labels(view.choice, range, view.now, &view.zone);
    match view.compared {
        Comparison::Previous => (label, before),
        Comparison::Week | Comparison::Year if range.contains(view.now) => {
            (label, "to the same point".to_owned())
        }
        Comparison::Week | Comparison::Year | Comparison::Nothing => (label, String::new()),
    }
}

fn labels(choice: PeriodChoice, range: TimeRange, now: Time, zone: &Zone) -> (String, String) {
    let so_far = |before: String| {
        if range.contains(now) {
            format!("{before} to the same point")
        } else {
            before
        }
    };
    let is_a_day = zone.whole_days(range) == Some(1);
    match choice {
        PeriodChoice::ThisCycle => ("this cycle".to_owned(), so_far("last cycle".to_owned())),
        PeriodChoice::LastCycle => ("last cycle".to_owned(), "the cycle before".to_owned()),
        PeriodChoice::Days(days) => (
            format!("last {days} days"),
            so_far(format!("the {days} days before")),
        ),
        PeriodChoice::Custom(_) if is_a_day => (
            custom_label(range, zone),
            so_far("the same day of the week before".to_owned()),
        ),
        PeriodChoice::Custom(_) => (
            custom_label(range, zone),
            so_far("the same length of time before".to_owned()),
        ),
    }
}

fn custom_label(range: TimeRange, zone: &Zone) -> String {
    let whole_days = zone.day_of(range.start) == range.start && zone.day_of(range.end) == range.end;
    if whole_days {
        return range_label(range, zone);
    }
    let instant = |time: Time| zone.at(time).strftime("%-d %b %Y %H:%M").to_string();
    format!("{} – {}", instant(range.start), instant(range.end))
}

/// A chart's bar with its label and the view that shows its rows.
pub(super) fn bar(range: TimeRange, window: Window, zone: &Zone) -> Bar {
    let start = zone.at(range.start);
    let label = match window {
        Window::Hour => start.strftime("%-d %b %H:%M").to_string(),
        Window::Day => start.strftime("%a %-d %b").to_string(),
        Window::Week => format!("week of {}", start.strftime("%-d %b")),
        Window::Month => start.strftime("%B %Y").to_string(),
    };
    Bar {
        range,
        label,
        from: zone.rfc3339(range.start),
        to: zone.rfc3339(range.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: &str, end: &str) -> TimeRange {
        TimeRange::new(start.parse().unwrap(), end.parse().unwrap())
    }

    #[test]
    fn a_range_says_month_and_year_once() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let label = |start, end| range_label(range(start, end), &berlin);
        assert_eq!(
            label("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z"),
            "1 – 30 November 2026"
        );
        assert_eq!(
            label("2026-11-14T23:00:00Z", "2026-12-14T23:00:00Z"),
            "15 November – 14 December 2026"
        );
        assert_eq!(
            label("2026-12-30T23:00:00Z", "2027-01-30T23:00:00Z"),
            "31 December 2026 – 30 January 2027"
        );
        assert_eq!(
            label("2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z"),
            "23 November 2026"
        );
    }

    #[test]
    fn time_left_is_told_in_the_unit_that_matters() {
        let utc = Zone::utc();
        let left = |now: &str, then: &str| until(now.parse().unwrap(), then.parse().unwrap(), &utc);
        assert_eq!(
            left("2026-11-23T14:00:00Z", "2026-12-01T00:00:00Z"),
            "in 8 days"
        );
        assert_eq!(
            left("2026-11-29T14:00:00Z", "2026-12-01T00:00:00Z"),
            "in 2 days"
        );
        assert_eq!(
            left("2026-11-29T23:59:00Z", "2026-12-01T00:00:00Z"),
            "in 2 days"
        );
        assert_eq!(
            left("2026-11-30T14:00:00Z", "2026-12-01T00:00:00Z"),
            "in 10 hours"
        );
        assert_eq!(
            left("2026-11-30T23:55:00Z", "2026-12-01T00:00:00Z"),
            "in a few minutes"
        );
    }
}

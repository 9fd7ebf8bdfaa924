//! The periods people choose, and what each is compared with.

use jiff::{Span, ToSpan};

use super::{Cycles, Zone};
use crate::{
    Time, TimeRange,
    filter::{Comparison, PeriodChoice},
    time::{DAY_US, HOUR_US},
};

/// A period as chosen, before it is placed in time.
pub type Period = PeriodChoice;

/// From this length on a time has several days, whatever the clocks do.
const SEVERAL_DAYS_US: i64 = 2 * DAY_US - HOUR_US;

/// A period placed in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedPeriod {
    /// The period itself.
    pub range: TimeRange,
    /// What it is compared with. Of a running period only as much has passed, so it ends at the same point of the
    /// period before; it is empty when nothing has passed.
    pub previous: TimeRange,
}

/// How much is known of the time a period is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// All of it.
    Complete,
    /// Data begin only then, in it or after it: a change would tell of that and not of use.
    Since(Time),
    /// There is no such time: nothing of the period has passed, or it is compared with nothing.
    Nothing,
}

impl Coverage {
    /// Whether a change says something.
    pub fn is_complete(self) -> bool {
        self == Self::Complete
    }

    /// Why there is no change to show, in the words of a page: `No data before 12 Nov to compare with`. `previous` is
    /// the time it covers.
    pub fn words(self, previous: TimeRange, zone: &Zone) -> Option<String> {
        let first = match self {
            Self::Complete => return None,
            Self::Nothing => return Some("Nothing to compare with yet".to_owned()),
            Self::Since(time) => zone.at(time),
        };
        let start = zone.at(previous.start);
        let format = if first.date() == start.date() {
            "%-d %b, %H:%M"
        } else if first.year() == start.year() {
            "%-d %b"
        } else {
            "%-d %b %Y"
        };
        Some(format!(
            "No data before {} to compare with",
            first.strftime(format)
        ))
    }

    /// When data begin, if that is too late.
    pub const fn since(self) -> Option<Time> {
        match self {
            Self::Since(time) => Some(time),
            Self::Complete | Self::Nothing => None,
        }
    }
}

impl ResolvedPeriod {
    /// Places a period in time.
    pub fn resolve(period: PeriodChoice, now: Time, cycles: &Cycles, zone: &Zone) -> Self {
        match period {
            PeriodChoice::ThisCycle => {
                let current = cycles.at(now);
                let before = cycles.before(current).range;
                Self::so_far(current.range, before, now, cycles.zone())
            }
            PeriodChoice::LastCycle => {
                let last = cycles.before(cycles.at(now));
                Self {
                    range: last.range,
                    previous: cycles.before(last).range,
                }
            }
            PeriodChoice::Days(days) => Self::last_days(days, now, zone),
            PeriodChoice::Custom(range) => Self::custom(range, now, zone),
        }
    }

    /// `days` calendar days that end with today, against as many before, up to the same time of day.
    pub fn last_days(days: u16, now: Time, zone: &Zone) -> Self {
        let today = zone.at(now).date();
        let first = today.saturating_sub((i64::from(days) - 1).days());
        let range = TimeRange::new(
            zone.day_start(first),
            zone.day_start(today.saturating_add(1.day())),
        );
        Self::custom(range, now, zone)
    }

    /// Whole days of the zone against as many days before, and a single one against the same weekday of the week
    /// before; any other range against as long a time before. Of a range that runs, as much as has passed.
    pub fn custom(range: TimeRange, now: Time, zone: &Zone) -> Self {
        if let Some(days) = zone.whole_days(range) {
            let back = if days == 1 { 7 } else { days };
            let first = zone.at(range.start).date().saturating_sub(back.days());
            let last = first.saturating_add(days.days());
            let before = TimeRange::new(zone.day_start(first), zone.day_start(last));
            return Self::so_far(range, before, now, zone);
        }
        let passed = passed_of(range, now);
        let start = range.start.plus_micros(-range.micros());
        let end = start.plus_micros(passed.micros_since(range.start));
        Self {
            range,
            previous: TimeRange::new(start, end),
        }
    }

    /// As much of the period before as has passed of this one.
    ///
    /// The same point is as many days later at the same time of day by the clocks of the zone, whatever the clocks did
    /// in between: on a day of 25 hours the hour that comes twice is compared with the one of its name, and a time that
    /// a clock set ahead skips is the moment it was set.
    fn so_far(range: TimeRange, before: TimeRange, now: Time, zone: &Zone) -> Self {
        let end = if now >= range.end {
            before.end
        } else if now <= range.start {
            before.start
        } else {
            let (first, at) = (zone.at(range.start).date(), zone.at(now).datetime());
            let days = first.until(at.date()).unwrap_or_default();
            let date = zone.at(before.start).date().saturating_add(days);
            let same_point = zone.clock(date.to_datetime(at.time()));
            same_point.min(before.end).max(before.start)
        };
        Self {
            range,
            previous: TimeRange::new(before.start, end),
        }
    }

    /// The same period, compared with the same dates and clock times before; 28 February for the 29th. Of a period that
    /// runs, as much is compared as has passed.
    #[must_use]
    pub fn compared(self, with: Comparison, now: Time, zone: &Zone) -> Self {
        let span = match with {
            Comparison::Previous => return self,
            Comparison::Week => 1.week(),
            Comparison::Year => 1.year(),
            Comparison::Nothing => {
                let previous = TimeRange::new(self.range.start, self.range.start);
                return Self { previous, ..self };
            }
        };
        let passed = passed_of(self.range, now);
        let before =
            |time: Time, span: Span| zone.clock(zone.at(time).datetime().saturating_sub(span));
        let previous = TimeRange::new(before(self.range.start, span), before(passed, span));
        Self { previous, ..self }
    }

    /// How much is known of what it is compared with, when data begin at `first`. Of several days it is enough that
    /// they begin within the first 24 hours.
    pub fn coverage(&self, first: Option<Time>) -> Coverage {
        let previous = self.previous;
        if previous.is_empty() {
            return Coverage::Nothing;
        }
        let late_us = if previous.micros() >= SEVERAL_DAYS_US {
            DAY_US
        } else {
            0
        };
        match first {
            Some(first) if first > previous.start.plus_micros(late_us) => Coverage::Since(first),
            _ => Coverage::Complete,
        }
    }
}

/// Up to where a range has passed. One that ends with now is over.
fn passed_of(range: TimeRange, now: Time) -> Time {
    if range.end <= now.plus_micros(1) {
        range.end
    } else {
        now.max(range.start)
    }
}

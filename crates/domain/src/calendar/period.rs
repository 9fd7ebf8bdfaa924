//! The periods people choose, and what each is compared with.

use jiff::ToSpan;

use super::{Cycles, Zone};
use crate::{Time, TimeRange, filter::PeriodChoice};

/// A period as chosen, before it is placed in time.
pub type Period = PeriodChoice;

/// A period placed in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedPeriod {
    /// The period itself.
    pub range: TimeRange,
    /// What it is compared with: as much of the period before as has passed of this one.
    pub previous: TimeRange,
}

/// What a period is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Comparison {
    /// The period before.
    #[default]
    Previous,
    /// The same dates of the year before.
    Year,
}

impl Comparison {
    /// The name on the wire.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Previous => "before",
            Self::Year => "year",
        }
    }
}

impl std::str::FromStr for Comparison {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "before" => Ok(Self::Previous),
            "year" => Ok(Self::Year),
            _ => Err("must be one of before, year"),
        }
    }
}

impl ResolvedPeriod {
    /// The same period, compared with something else. Of the running cycle, as much is compared as has passed.
    #[must_use]
    pub fn compared(self, with: Comparison, period: PeriodChoice, now: Time, zone: &Zone) -> Self {
        if with == Comparison::Previous {
            return self;
        }
        let end = if period == PeriodChoice::ThisCycle {
            now.bucket().max(self.range.start)
        } else {
            self.range.end
        };
        let previous = TimeRange::new(year_before(self.range.start, zone), year_before(end, zone));
        Self { previous, ..self }
    }

    /// Places a period in time.
    pub fn resolve(period: PeriodChoice, now: Time, cycles: &Cycles, zone: &Zone) -> Self {
        match period {
            PeriodChoice::ThisCycle => Self::cycle_so_far(cycles, now),
            PeriodChoice::LastCycle => {
                let last = cycles.before(cycles.at(now));
                Self {
                    range: last.range,
                    previous: cycles.before(last).range,
                }
            }
            PeriodChoice::Days(days) => Self::last_days(days, now, zone),
            PeriodChoice::Custom(range) => Self::custom(range),
        }
    }

    /// Against as long a time before.
    pub fn custom(range: TimeRange) -> Self {
        let before = range.start.plus_micros(-range.micros());
        Self {
            range,
            previous: TimeRange::new(before, range.start),
        }
    }

    fn cycle_so_far(cycles: &Cycles, now: Time) -> Self {
        let current = cycles.at(now);
        let before = cycles.before(current).range;
        let elapsed_us = now.micros_since(current.range.start);
        // A bucket edge keeps the comparison a pure roll-up read.
        let same_point = before
            .start
            .plus_micros(elapsed_us)
            .bucket()
            .min(before.end)
            .max(before.start);
        Self {
            range: current.range,
            previous: TimeRange::new(before.start, same_point),
        }
    }

    /// `days` calendar days that end with today, against as many before.
    pub fn last_days(days: u16, now: Time, zone: &Zone) -> Self {
        let today = zone.at(now).date();
        let days = i64::from(days);
        let start = zone.day_start(today.saturating_sub((days - 1).days()));
        let end = zone.day_start(today.saturating_add(1.day()));
        let before = zone.day_start(today.saturating_sub((2 * days - 1).days()));
        Self {
            range: TimeRange::new(start, end),
            previous: TimeRange::new(before, start),
        }
    }
}

/// The same date and clock time of the year before; 28 February for the 29th.
fn year_before(time: Time, zone: &Zone) -> Time {
    zone.at(time).saturating_sub(1.year()).timestamp().into()
}

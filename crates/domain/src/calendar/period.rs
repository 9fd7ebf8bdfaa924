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
    /// The same days of the week before.
    Week,
    /// The same dates of the year before.
    Year,
}

impl Comparison {
    /// The name on the wire.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Previous => "before",
            Self::Week => "week",
            Self::Year => "year",
        }
    }
}

impl std::str::FromStr for Comparison {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "before" => Ok(Self::Previous),
            "week" => Ok(Self::Week),
            "year" => Ok(Self::Year),
            _ => Err("must be one of before, week, year"),
        }
    }
}

impl ResolvedPeriod {
    /// The same period, compared with the same dates and clock times before; 28 February for the 29th. Of the running cycle, as much is compared as has passed.
    #[must_use]
    pub fn compared(self, with: Comparison, period: PeriodChoice, now: Time, zone: &Zone) -> Self {
        let span = match with {
            Comparison::Previous => return self,
            Comparison::Week => 1.week(),
            Comparison::Year => 1.year(),
        };
        let end = if period == PeriodChoice::ThisCycle {
            now.bucket().max(self.range.start)
        } else {
            self.range.end
        };
        let before = |time: Time| zone.at(time).saturating_sub(span).timestamp().into();
        let previous = TimeRange::new(before(self.range.start), before(end));
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

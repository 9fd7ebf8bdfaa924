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

impl ResolvedPeriod {
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
            PeriodChoice::Custom(range) => {
                let before = range.start.plus_micros(-range.micros());
                Self {
                    range,
                    previous: TimeRange::new(before, range.start),
                }
            }
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

    /// `days` calendar days that end with today.
    fn last_days(days: u16, now: Time, zone: &Zone) -> Self {
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

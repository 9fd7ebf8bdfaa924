//! Billing cycles: the original anchor plus *n* months, clamped to the month's last day.

use jiff::{Span, civil::DateTime};

use super::Zone;
use crate::{FieldError, Time, TimeRange, event::AgeLimit, time::HOUR_US};

/// How long after its end a cycle still takes late events.
pub const GRACE_US: i64 = 72 * HOUR_US;

/// One billing cycle, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cycle {
    /// Months since the anchor; negative before it.
    pub number: i32,
    /// Its instants.
    pub range: TimeRange,
}

/// All billing cycles of an account.
#[derive(Debug, Clone)]
pub struct Cycles {
    anchor: Time,
    civil_anchor: DateTime,
    zone: Zone,
}

impl Cycles {
    /// The cycles counted from `anchor` in `zone`.
    pub fn new(anchor: Time, zone: Zone) -> Self {
        Self {
            anchor,
            civil_anchor: zone.at(anchor).datetime(),
            zone,
        }
    }

    /// The zone they are counted in.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Start of cycle `number`, always computed from the original anchor.
    pub fn boundary(&self, number: i32) -> Time {
        if number == 0 {
            // The clock time of an anchor in a repeated hour would name the first of the two.
            return self.anchor;
        }
        let civil = Span::new()
            .try_months(number)
            .and_then(|months| self.civil_anchor.checked_add(months));
        match civil {
            Ok(civil) => self.zone.instant(civil),
            Err(_) => {
                if number > 0 {
                    Time::MAX
                } else {
                    Time::MIN
                }
            }
        }
    }

    /// Cycle `number`.
    pub fn numbered(&self, number: i32) -> Cycle {
        Cycle {
            number,
            range: TimeRange::new(
                self.boundary(number),
                self.boundary(number.saturating_add(1)),
            ),
        }
    }

    /// The cycle that holds `time`, or the end of the calendar when that lies before it.
    pub fn at(&self, time: Time) -> Cycle {
        let time = Time::from(time.timestamp());
        let civil = self.zone.at(time).datetime();
        let years = i32::from(civil.year()) - i32::from(self.civil_anchor.year());
        let months = i32::from(civil.month()) - i32::from(self.civil_anchor.month());
        let mut number = years * 12 + months;
        while self.boundary(number) > time {
            number -= 1;
        }
        while self.boundary(number + 1) <= time {
            number += 1;
        }
        self.numbered(number)
    }

    /// The cycle before.
    pub fn before(&self, cycle: Cycle) -> Cycle {
        self.numbered(cycle.number - 1)
    }

    /// The cycle an event of `time` is booked to.
    ///
    /// # Errors
    /// `cycle_closed` when that cycle ended longer ago than the grace and history is not allowed.
    pub fn booking(&self, time: Time, now: Time, age: AgeLimit) -> Result<Cycle, FieldError> {
        let cycle = self.at(time);
        if age == AgeLimit::Enforced && now >= cycle.range.end.plus_micros(GRACE_US) {
            return Err(FieldError::new(
                "time",
                "cycle_closed",
                format!(
                    "lies in the billing cycle that ended {} and closed 72 hours later: report it as an adjustment",
                    self.zone.rfc3339(cycle.range.end)
                ),
            ));
        }
        Ok(cycle)
    }
}

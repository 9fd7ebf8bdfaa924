//! Calendar windows that tile a range: hours, days, weeks, months of a zone.

use std::str::FromStr;

use jiff::{ToSpan, Zoned, civil::Weekday};
use serde::{Deserialize, Serialize};

use super::Zone;
use crate::{
    Time, TimeRange,
    time::{HOUR_US, MINUTE_US, SECOND_US},
};

/// Most windows in one answer: ninety days of hours.
pub const MAX_WINDOWS: usize = 2_400;

/// Width of a calendar window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// A civil hour; half as long or half as long again when clocks change by half an hour.
    Hour,
    /// A civil day; 23 or 25 hours long when clocks change.
    Day,
    /// Monday to Sunday.
    Week,
    /// A civil month.
    Month,
}

/// The range holds more windows than one answer may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("holds more than {MAX_WINDOWS} windows: choose a wider window or a shorter range")]
pub struct TooManyWindows;

impl FromStr for Window {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            "month" => Ok(Self::Month),
            _ => Err("must be one of hour, day, week, month"),
        }
    }
}

impl Window {
    /// The name on the wire.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The narrowest window that draws `range` in a readable number of bars.
    pub fn fitting(range: TimeRange) -> Self {
        match range.micros() / HOUR_US {
            0..=49 => Self::Hour,
            50..=2_500 => Self::Day,
            2_501..=17_600 => Self::Week,
            _ => Self::Month,
        }
    }

    /// Start of the window that holds `time`.
    pub fn start_of(self, time: Time, zone: &Zone) -> Time {
        let civil = zone.at(time);
        match self {
            Self::Hour => hour_start(time, zone),
            Self::Day => zone.day_start(civil.date()),
            Self::Week => {
                let days = i64::from(civil.weekday().since(Weekday::Monday));
                zone.day_start(civil.date().saturating_sub(days.days()))
            }
            Self::Month => zone.day_start(civil.date().first_of_month()),
        }
    }

    /// Start of the window after the one that starts at `start`.
    pub fn next(self, start: Time, zone: &Zone) -> Time {
        let date = zone.at(start).date();
        let following = match self {
            Self::Hour => return hour_end(start, zone),
            Self::Day => date.saturating_add(1.day()),
            Self::Week => date.saturating_add(1.week()),
            Self::Month => date.first_of_month().saturating_add(1.month()),
        };
        zone.day_start(following)
    }

    /// The windows that cover `range`, without gap or overlap; the first and last may reach beyond it.
    ///
    /// # Errors
    /// When there would be more than [`MAX_WINDOWS`].
    pub fn tile(self, range: TimeRange, zone: &Zone) -> Result<Vec<TimeRange>, TooManyWindows> {
        let mut windows = Vec::new();
        let mut start = self.start_of(range.start, zone);
        while start < range.end {
            if windows.len() == MAX_WINDOWS {
                return Err(TooManyWindows);
            }
            let end = self.next(start, zone);
            windows.push(TimeRange::new(start, end));
            start = end;
        }
        Ok(windows)
    }
}

/// The same instant, or the nearest that the calendar knows: beyond its ends no hour follows another.
fn known(time: Time) -> Time {
    time.timestamp().into()
}

/// Hours are counted from the day's start, so that each instant lies in one hour whichever way it is found.
fn hour_start(time: Time, zone: &Zone) -> Time {
    let time = known(time);
    let mut start = known(zone.day_of(time));
    loop {
        let end = hour_end(start, zone);
        if time < end || end <= start {
            return start;
        }
        start = end;
    }
}

/// The next full hour on the clock.
///
/// A clock set back by half an hour shows part of its hour twice: that hour is longer. A clock set ahead by half an
/// hour skips the beginning of the next: that hour is shorter.
fn hour_end(start: Time, zone: &Zone) -> Time {
    let civil = zone.at(start);
    let full = start.plus_micros(HOUR_US - past_hour_us(&civil));
    let then = zone.at(full);
    let past_us = past_hour_us(&then);
    let is_same_hour = past_us > 0 && then.hour() == civil.hour();
    if is_same_hour {
        full.plus_micros(HOUR_US - past_us)
    } else {
        full
    }
}

fn past_hour_us(civil: &Zoned) -> i64 {
    i64::from(civil.minute()) * MINUTE_US
        + i64::from(civil.second()) * SECOND_US
        + i64::from(civil.subsec_nanosecond()) / 1_000
}

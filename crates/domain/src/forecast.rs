//! When credits will be used up, and how much a cycle will have used, with how sure that is.
//!
//! The method, in order; `docs/forecast.md` says how well it does.
//!
//! 1. Whole civil days since the first use, at most eight weeks of them, make the history. Less than seven days say
//!    nothing.
//! 2. A day's use is a level times its weekday's factor. A weekday's factor is the mean of its days, drawn half a day's
//!    weight towards the mean of all. A day counts at most [`OUTLIER`] times the median, so that one burst sets no level.
//! 3. The level is a mean of the days without their weekday, of which each week halves the weight.
//! 4. Within a day, use follows the shares of the hours of its weekday, drawn towards those of all days.
//! 5. How sure: days differ from what was expected of them (noise, which averages out), and levels drift from week to
//!    week (which does not). Both are measured by forecasting the history from itself, and drawn towards a
//!    prior while there is little of it.
//! 6. The use up to an instant is log-normal with that mean and variance. Its quantiles are paths; a path is paid from
//!    the grants as they begin and end, and runs out in the hour that they no longer pay. Much use runs out early, so the
//!    path of the 90th percentile gives the earliest instant.
//!
//! Floats are statistics here; what was given and used stays whole micro-credits.

mod learn;
mod path;

use crate::{Credits, Time, TimeRange, calendar::Zone};

/// Days that a forecast looks back at.
pub const MOST_DAYS: usize = 56;
/// Days without which there is no forecast.
pub const LEAST_DAYS: usize = 7;
/// A day counts at most this many times the median of the days with use.
const OUTLIER: f64 = 5.0;
/// Hours of a day.
const HOURS: usize = 24;
/// Days of a week.
const WEEK: usize = 7;

/// What was used from an instant on: a day or an hour of it, as the caller cuts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// Its first instant.
    pub start: Time,
    /// What was used.
    pub credits: Credits,
}

/// The part of its day that each hour of a weekday uses; every row adds up to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HourShares([[f64; HOURS]; WEEK]);

/// How an account or a company uses credits, learnt from its history.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    zone: Zone,
    /// Credits of an average day now.
    level: f64,
    /// What a weekday uses of an average day, Monday first.
    weekdays: [f64; WEEK],
    hours: HourShares,
    /// Variance of a day's use, relative to its expectation squared.
    noise: f64,
    /// Variance of the level after a week, relative to it squared.
    drift: f64,
    days: usize,
}

/// What a grant can still pay, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purse {
    /// What is left in it.
    pub left: Credits,
    /// When it pays.
    pub active: TimeRange,
}

/// What is looked ahead from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The instant.
    pub now: Time,
    /// Until when is looked ahead: the end of the cycle.
    pub until: Time,
    /// Used in the cycle so far.
    pub used: Credits,
    /// What can pay, in the order it does.
    pub purses: Vec<Purse>,
}

/// Three of the values something may take: a tenth of the chances lie below `p10`, half below `p50`, a tenth above `p90`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band<T> {
    /// The smallest or earliest.
    pub p10: T,
    /// The middle.
    pub p50: T,
    /// The largest or latest.
    pub p90: T,
}

/// When credits are used up within the time looked ahead; none where they last.
pub type RunsOut = Band<Option<Time>>;

/// What will probably be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// Used in the cycle by its end.
    pub cycle_use: Band<Credits>,
    /// When the credits are used up.
    pub runs_out_at: RunsOut,
    /// How many days were learnt from.
    pub days: u32,
}

/// What a forecast comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// Too little is known.
    NotEnoughData,
    /// Nothing is left.
    UsedUp,
    /// Credits will more likely be used up than not.
    RunsOut,
    /// Credits will more likely last, but may be used up.
    MayRunOut,
    /// Credits last to the end of the cycle, in nine of ten cases or more.
    Lasts,
}

impl Outlook {
    /// The name on the wire.
    pub const fn id(self) -> &'static str {
        match self {
            Self::NotEnoughData => "not_enough_data",
            Self::UsedUp => "used_up",
            Self::RunsOut => "runs_out",
            Self::MayRunOut => "may_run_out",
            Self::Lasts => "lasts",
        }
    }
}

impl Forecast {
    /// What it comes to, for someone who looks ahead from `now`.
    pub fn outlook(&self, now: Time) -> Outlook {
        match self.runs_out_at {
            Band {
                p90: Some(last), ..
            } if last <= now => Outlook::UsedUp,
            Band { p50: Some(_), .. } => Outlook::RunsOut,
            Band { p10: Some(_), .. } => Outlook::MayRunOut,
            _ => Outlook::Lasts,
        }
    }
}

/// The uses by whole civil days of `zone` before `today`, without gaps, from the first day with any; at most
/// [`MOST_DAYS`] of them.
fn whole_days(uses: &[Use], today: Time, zone: &Zone) -> Vec<(Time, f64)> {
    use jiff::ToSpan as _;
    let date = zone.at(today).date();
    let count = i64::try_from(MOST_DAYS).unwrap_or(0);
    let mut days: Vec<_> = (1..=count)
        .rev()
        .map(|back| (zone.day_start(date.saturating_sub(back.days())), 0.0))
        .collect();
    for used in uses.iter().filter(|used| used.start < today) {
        let next = days.partition_point(|(start, _)| *start <= used.start);
        if let Some((_, sum)) = next.checked_sub(1).and_then(|day| days.get_mut(day)) {
            *sum += number(used.credits);
        }
    }
    let first = days
        .iter()
        .position(|(_, sum)| *sum > 0.0)
        .unwrap_or(days.len());
    days.split_off(first)
}

/// Micro-credits as a number to reckon with.
#[expect(
    clippy::cast_precision_loss,
    reason = "statistics, never added to an amount"
)]
const fn number(credits: Credits) -> f64 {
    credits.micro() as f64
}

/// A reckoned number as micro-credits; what is no number is none.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast stops at the ends of an i64"
)]
fn credits(number: f64) -> Credits {
    Credits::from_micro(number.round() as i64)
}

/// A count as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "counts of days and hours")]
const fn count(of: usize) -> f64 {
    of as f64
}

/// Weekday from Monday and hour of an instant.
fn place(time: Time, zone: &Zone) -> (usize, usize) {
    let at = zone.at(time);
    (
        usize::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0) % WEEK,
        usize::try_from(at.hour()).unwrap_or(0) % HOURS,
    )
}

//! Looking ahead hour by hour, and paying for what is seen.

use super::{
    Band, Forecast, Pattern, Purse, RunsOut, Standing, WEEK, count, credits, number, place,
};
use crate::{Time, TimeRange, calendar::Window, time::DAY_US};

/// How far the 90th percentile of a normal variable lies above its mean, in standard deviations.
const Z90: f64 = 1.281_551_565_544_600_4;

/// What of the level's drift to the end of a stretch its whole use sees: it drifts on the way, not at once. A third, were the
/// level known at its beginning.
const AVERAGED: f64 = 0.6;

/// The use from now to the end of a stretch.
struct Ahead {
    range: TimeRange,
    mean: f64,
    variance: f64,
}

impl Pattern {
    /// What will probably be of a standing.
    pub fn forecast(&self, standing: &Standing) -> Forecast {
        let ahead = self.ahead(standing.now, standing.until);
        let path = |z: f64| path(&ahead, z);
        let (low, middle, high) = (path(-Z90), path(0.0), path(Z90));
        let whole = |path: &[f64]| {
            let more = credits(path.last().copied().unwrap_or(0.0));
            standing.used.saturating_add(more)
        };
        let mut out = [&high, &middle, &low].map(|path| runs_out(&ahead, path, standing));
        // Grants that end may be paid from by much use and lost by little.
        out.sort_by_key(|at| at.unwrap_or(Time::MAX));
        let [p10, p50, p90] = out;
        Forecast {
            cycle_use: Band {
                p10: whole(&low),
                p50: whole(&middle),
                p90: whole(&high),
            },
            runs_out_at: RunsOut { p10, p50, p90 },
            days: u32::try_from(self.days).unwrap_or(u32::MAX),
        }
    }

    /// Mean and variance of the use up to the end of every hour ahead.
    fn ahead(&self, now: Time, until: Time) -> Vec<Ahead> {
        let mut ahead = Vec::new();
        // Of days seen in part, the noise of that part.
        let (mut start, mut mean, mut noise) = (now, 0.0, 0.0);
        let mut hour = Window::Hour.start_of(now, &self.zone);
        while start < until {
            let next = Window::Hour.next(hour, &self.zone);
            if next <= hour {
                break;
            }
            let range = TimeRange::new(start, next.min(until));
            let (weekday, at) = place(hour, &self.zone);
            let day = self.level * self.weekdays[weekday];
            let part = ratio(range.micros(), next.micros_since(hour)) * self.hours.0[weekday][at];
            mean += day * part;
            noise += day * day * self.noise * part;
            let level = self.level_variance(range.end.micros_since(now));
            ahead.push(Ahead {
                range,
                mean,
                variance: noise + mean * mean * level,
            });
            (start, hour) = (range.end, next);
        }
        ahead
    }

    /// Variance of the level some time ahead: what is not known of it now, and what it drifts.
    fn level_variance(&self, ahead_us: i64) -> f64 {
        let weeks = ratio(ahead_us, 7 * DAY_US);
        let known = self.noise / count(self.days.min(2 * WEEK));
        known + self.drift * weeks * AVERAGED
    }
}

/// How long a time is, as a multiple of another.
#[expect(clippy::cast_precision_loss, reason = "microseconds of a cycle")]
fn ratio(part_us: i64, whole_us: i64) -> f64 {
    part_us as f64 / whole_us as f64
}

/// A quantile of the use up to the end of every stretch; it never falls.
fn path(ahead: &[Ahead], z: f64) -> Vec<f64> {
    let mut most = 0.0_f64;
    let quantile = |hour: &Ahead| {
        if hour.mean <= 0.0 {
            return most;
        }
        let spread = (hour.variance / (hour.mean * hour.mean)).ln_1p();
        most = most.max(hour.mean * z.mul_add(spread.sqrt(), -spread / 2.0).exp());
        most
    };
    ahead.iter().map(quantile).collect()
}

/// Pays a path from the purses; when they no longer pay.
fn runs_out(ahead: &[Ahead], path: &[f64], standing: &Standing) -> Option<Time> {
    let mut purses: Vec<_> = standing
        .purses
        .iter()
        .map(|purse| (number(purse.left), *purse))
        .collect();
    let is_empty = |purses: &[(f64, Purse)]| {
        let pays =
            |(left, purse): &(f64, Purse)| *left > 0.0 && purse.active.contains(standing.now);
        !purses.iter().any(pays)
    };
    if is_empty(&purses) {
        return Some(standing.now);
    }
    let mut before = 0.0;
    for (hour, up_to) in ahead.iter().zip(path) {
        let due = up_to - before;
        let unpaid = pay(&mut purses, due, hour.range.start);
        if unpaid > 0.0 {
            return Some(within(hour.range, 1.0 - unpaid / due));
        }
        before = *up_to;
    }
    None
}

/// What the purses that pay at an instant leave unpaid.
fn pay(purses: &mut [(f64, Purse)], due: f64, at: Time) -> f64 {
    let mut unpaid = due;
    for (left, purse) in purses {
        if purse.active.contains(at) {
            let paid = left.min(unpaid);
            *left -= paid;
            unpaid -= paid;
        }
    }
    unpaid
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a part of an hour in microseconds"
)]
fn within(range: TimeRange, part: f64) -> Time {
    let micros = range.micros() as f64 * part.clamp(0.0, 1.0);
    range.start.plus_micros(micros as i64)
}

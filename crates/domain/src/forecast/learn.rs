//! Level, weekdays, hours and how sure they are, from a history.

use super::{
    HOURS, HourShares, LEAST_DAYS, OUTLIER, Pattern, Use, WEEK, count, number, place, whole_days,
};
use crate::{Time, calendar::Zone};

/// Of how many days a weekday's factor is drawn towards the mean of all.
const WEEKDAY_PRIOR: f64 = 0.5;
/// Days after which a day counts half.
const HALF_LIFE_DAYS: f64 = 7.0;
/// A weekday's hours are drawn towards those of all days by this part of what an average weekday used.
const HOUR_PRIOR: f64 = 0.25;
/// What is thought of a day's noise before there is a history, and for how many days that counts.
const NOISE_PRIOR: (f64, f64) = (0.09, 3.0);
/// What is thought of a week's drift before there is a history, and for how many weeks that counts.
const DRIFT_PRIOR: (f64, f64) = (0.015, 2.0);
/// Neither noise nor drift is thought larger than this: a forecast of use that comes in rare bursts is wide, not endless.
const MOST_VARIANCE: f64 = 4.0;

impl Pattern {
    /// Learns from the uses of whole days before `today`, the start of a civil day. None when the first use is less than
    /// [`LEAST_DAYS`] whole days ago.
    pub fn learn(days: &[Use], hours: &HourShares, today: Time, zone: &Zone) -> Option<Self> {
        let days = whole_days(days, today, zone);
        if days.len() < LEAST_DAYS {
            return None;
        }
        let days = capped(&days, zone);
        let weekdays = weekday_factors(&days);
        let days: Vec<Day> = days
            .iter()
            .map(|(weekday, used)| Day {
                factor: weekdays[*weekday],
                used: *used,
            })
            .collect();
        let noise = noise(&days);
        Some(Self {
            level: level(&days),
            drift: drift(&days, noise),
            hours: *hours,
            zone: zone.clone(),
            days: days.len(),
            weekdays,
            noise,
        })
    }
}

/// A day of the history.
#[derive(Clone, Copy)]
struct Day {
    /// What its weekday uses of an average day.
    factor: f64,
    /// What was used.
    used: f64,
}

/// The days by weekday, none of them far beyond the usual.
fn capped(days: &[(Time, f64)], zone: &Zone) -> Vec<(usize, f64)> {
    let mut used: Vec<f64> = days
        .iter()
        .map(|(_, used)| *used)
        .filter(|used| *used > 0.0)
        .collect();
    used.sort_by(f64::total_cmp);
    let most = used.get(used.len() / 2).copied().unwrap_or(0.0) * OUTLIER;
    let capped = |(start, used): &(Time, f64)| (place(*start, zone).0, used.clamp(0.0, most));
    days.iter().map(capped).collect()
}

/// What a weekday uses of an average day.
fn weekday_factors(days: &[(usize, f64)]) -> [f64; WEEK] {
    let mean = days.iter().map(|(_, used)| used).sum::<f64>() / count(days.len().max(1));
    let mut sums = [(WEEKDAY_PRIOR * mean, WEEKDAY_PRIOR); WEEK];
    for (weekday, used) in days {
        sums[*weekday].0 += used;
        sums[*weekday].1 += 1.0;
    }
    let factors = sums.map(|(sum, days)| sum / days);
    let whole = factors.iter().sum::<f64>() / count(WEEK);
    factors.map(|factor| factor / whole)
}

/// What an average day uses. The last days count most; a day of a slow weekday, which says little of the level, counts as
/// little as it uses.
fn level(days: &[Day]) -> f64 {
    let fading = (-std::f64::consts::LN_2 / HALF_LIFE_DAYS).exp();
    let (mut used, mut factors, mut weight) = (0.0, 0.0, 1.0);
    for day in days.iter().rev() {
        used += day.used * weight;
        factors += day.factor * weight;
        weight *= fading;
    }
    ratio(used, factors)
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// What was expected of stretches of `length` days from the days before them, at least a week of them, and what came.
fn foreseen(days: &[Day], length: usize) -> Vec<(f64, f64)> {
    (WEEK..days.len().saturating_sub(length - 1))
        .map(|start| {
            let stretch = &days[start..start + length];
            let factors: f64 = stretch.iter().map(|day| day.factor).sum();
            let used = stretch.iter().map(|day| day.used).sum();
            (level(&days[..start]) * factors, used)
        })
        .collect()
}

/// The mean square of what came unforeseen, relative to what was expected, drawn towards what was thought before.
/// What was seen is worth `weight` independent times.
fn variance(seen: &[(f64, f64)], weight: f64, (prior, prior_weight): (f64, f64)) -> f64 {
    let squares = |of: fn(&(f64, f64)) -> f64| seen.iter().map(of).map(|x| x * x).sum::<f64>();
    let square = ratio(
        squares(|(expected, came)| came - expected),
        squares(|(expected, _)| *expected),
    );
    (square * weight + prior * prior_weight) / (weight + prior_weight)
}

fn noise(days: &[Day]) -> f64 {
    let seen = foreseen(days, 1);
    variance(&seen, count(seen.len()), NOISE_PRIOR).min(MOST_VARIANCE)
}

/// What weeks differ beyond what their days' noise explains.
fn drift(days: &[Day], noise: f64) -> f64 {
    let seen = foreseen(days, WEEK);
    let weeks = count(seen.len()) / count(WEEK);
    let of_noise = noise / count(WEEK);
    let beyond = variance(&seen, weeks, (of_noise + DRIFT_PRIOR.0, DRIFT_PRIOR.1)) - of_noise;
    beyond.clamp(DRIFT_PRIOR.0 / 2.0, MOST_VARIANCE)
}

impl HourShares {
    /// Learns from the uses of hours or shorter before `today`, the start of a civil day.
    pub fn learn(uses: &[Use], today: Time, zone: &Zone) -> Self {
        let mut sums = [[0.0; HOURS]; WEEK];
        for used in uses.iter().filter(|used| used.start < today) {
            let (weekday, hour) = place(used.start, zone);
            sums[weekday][hour] += number(used.credits).max(0.0);
        }
        let mut all = [0.0; HOURS];
        for (hour, sum) in all.iter_mut().enumerate() {
            *sum = sums.iter().map(|weekday| weekday[hour]).sum();
        }
        let all = shares(all, [1.0 / count(HOURS); HOURS], 0.0);
        let average = sums.iter().flatten().sum::<f64>() / count(WEEK);
        Self(sums.map(|weekday| shares(weekday, all, HOUR_PRIOR * average)))
    }
}

/// Sums as parts of one, drawn towards `towards` by `weight`; those where nothing is.
fn shares(sums: [f64; HOURS], towards: [f64; HOURS], weight: f64) -> [f64; HOURS] {
    let whole = sums.iter().sum::<f64>() + weight;
    if whole <= 0.0 {
        return towards;
    }
    let mut shares = towards;
    for (share, sum) in shares.iter_mut().zip(sums) {
        *share = (sum + *share * weight) / whole;
    }
    shares
}

//! Spikes: hours that used unusually much, and who caused it.
//!
//! What is usual of an hour is the median of the same hour of the same weekday in the weeks before, up to eight of them; how
//! much it differs is the median distance from that. Medians take no notice of a few odd weeks, so a spike does not make
//! the next one look usual.

mod explain;

use std::collections::BTreeMap;

pub use explain::{Cause, Part, explain};

use crate::{
    Credits, Time, TimeRange,
    calendar::Zone,
    forecast::Use,
    time::{DAY_US, HOUR_US},
};

/// Weeks that say what is usual.
pub const WEEKS: i64 = 8;
/// With fewer weeks nothing is said.
pub const LEAST_WEEKS: i64 = 2;
/// An hour is unusual from so many times its usual distance above what is usual.
const FAR: f64 = 6.0;
/// Makes the median distance of a normal distribution its standard deviation.
const AS_DEVIATION: f64 = 1.4826;
/// An hour differs by no less than this part of what is usual, nor than this part of an average hour: calm accounts.
const LEAST_DEVIATION: f64 = 0.15;
const LEAST_OF_AVERAGE: f64 = 0.15;
/// An unusual hour is this part of an average hour above what is usual, at least: small things are no spikes.
const LEAST_SIZE: f64 = 0.75;
/// A spike goes on until so many hours in a row were usual again.
const COOL_DOWN_HOURS: i64 = 3;

/// Hours in a row that used far more than expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spike {
    /// From the first unusual hour to the end of the last one.
    pub range: TimeRange,
    /// What was used in all of it.
    pub used: Credits,
    /// What was expected.
    pub expected: Credits,
}

impl Spike {
    /// By how much it was more than usual.
    pub const fn excess(&self) -> Credits {
        self.used.saturating_sub(self.expected)
    }
}

/// An hour, and the hours of the weeks before that say what is usual of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Start of the hour.
    pub start: Time,
    /// The same hour in the weeks before, the latest first.
    pub before: Vec<Time>,
}

/// The hours of an account, and what is usual of them.
#[derive(Debug, Clone)]
pub struct Hours {
    used: BTreeMap<Time, i64>,
    first: Time,
    zone: Zone,
}

impl Hours {
    /// From uses of any times; none when there are none.
    pub fn new(uses: &[Use], zone: &Zone) -> Option<Self> {
        let mut hours = BTreeMap::new();
        for one in uses {
            *hours.entry(hour_of(one.start, zone)).or_insert(0_i64) += one.credits.micro();
        }
        let first = *hours.keys().next()?;
        Some(Self {
            used: hours,
            first,
            zone: zone.clone(),
        })
    }

    /// The hours of a range with what says what is usual of each; those of which too little is known are left out.
    pub fn slots(&self, range: TimeRange) -> Vec<Slot> {
        let mut slots = Vec::new();
        let mut start = hour_of(range.start, &self.zone);
        while start < range.end {
            let before: Vec<_> = (1..=WEEKS)
                .map(|week| week_before(start, week, &self.zone))
                .take_while(|time| *time >= self.first)
                .collect();
            if i64::try_from(before.len()).unwrap_or(0) >= LEAST_WEEKS {
                slots.push(Slot { start, before });
            }
            start = start.plus_micros(HOUR_US);
        }
        slots
    }

    fn used(&self, start: Time) -> i64 {
        self.used.get(&start).copied().unwrap_or(0)
    }

    /// The spikes of a range, the oldest first; none when too little is known of all of it.
    pub fn spikes(&self, range: TimeRange) -> Option<Vec<Spike>> {
        let slots = self.slots(range);
        if slots.is_empty() {
            return None;
        }
        let usual: Vec<_> = slots.iter().map(|slot| self.usual(slot)).collect();
        let average = usual.iter().map(|one| one.median).sum::<i64>() / count(usual.len());
        let average = float(average).max(1.0);
        let spread = spread(&usual);
        let mut spikes: Vec<Spike> = Vec::new();
        let mut quiet: Vec<(Time, i64, i64)> = Vec::new();
        for (slot, usual) in slots.iter().zip(&usual) {
            let used = self.used(slot.start);
            let hour = (slot.start, used, usual.median);
            if !is_unusual(used, usual, spread, average) {
                quiet.push(hour);
                continue;
            }
            match spikes.last_mut() {
                Some(last) if goes_on(last, slot.start) => {
                    for hour in quiet.drain(..).chain([hour]) {
                        last.add(hour);
                    }
                }
                _ => {
                    quiet.clear();
                    let mut spike = Spike {
                        range: TimeRange::new(slot.start, slot.start),
                        used: Credits::ZERO,
                        expected: Credits::ZERO,
                    };
                    spike.add(hour);
                    spikes.push(spike);
                }
            }
        }
        Some(spikes)
    }

    fn usual(&self, slot: &Slot) -> Usual {
        let mut values: Vec<_> = slot.before.iter().map(|time| self.used(*time)).collect();
        let middle = median(&mut values);
        let mut distances: Vec<_> = values.iter().map(|value| (value - middle).abs()).collect();
        Usual {
            median: middle,
            distance: median(&mut distances),
        }
    }
}

impl Spike {
    fn add(&mut self, (start, used, expected): (Time, i64, i64)) {
        self.range = TimeRange::new(self.range.start, start.plus_micros(HOUR_US));
        self.used = self.used.saturating_add(Credits::from_micro(used));
        self.expected = self.expected.saturating_add(Credits::from_micro(expected));
    }
}

/// What is usual of an hour.
struct Usual {
    median: i64,
    /// The median distance from it.
    distance: i64,
}

/// How much hours differ from what is usual of them, as a part of it: the median of all hours. A single hour's eight
/// weeks say little of that.
fn spread(usual: &[Usual]) -> f64 {
    let mut parts: Vec<_> = usual
        .iter()
        .filter(|one| one.median > 0)
        .map(|one| float(one.distance) / float(one.median))
        .collect();
    parts.sort_by(f64::total_cmp);
    parts.get(parts.len() / 2).copied().unwrap_or(0.0)
}

fn is_unusual(used: i64, usual: &Usual, spread: f64, average: f64) -> bool {
    let median = float(usual.median);
    let deviation = (AS_DEVIATION * float(usual.distance))
        .max(AS_DEVIATION * spread * median)
        .max(LEAST_DEVIATION * median)
        .max(LEAST_OF_AVERAGE * average);
    let excess = float(used) - median;
    excess > FAR * deviation && excess >= LEAST_SIZE * average
}

fn goes_on(last: &Spike, start: Time) -> bool {
    start.micros_since(last.range.end) <= (COOL_DOWN_HOURS - 1) * HOUR_US
}

/// The start of the zone's hour that holds an instant. Zones differ by whole quarters.
pub fn hour_of(time: Time, zone: &Zone) -> Time {
    let at = zone.at(time);
    let into_us = i64::from(at.minute()) * (HOUR_US / 60)
        + i64::from(at.second()) * 1_000_000
        + time.micros().rem_euclid(1_000_000);
    time.plus_micros(-into_us)
}

/// The same hour of the same weekday some weeks before, by the clocks of the zone.
fn week_before(start: Time, weeks: i64, zone: &Zone) -> Time {
    let shifted = start.plus_micros(-weeks * 7 * DAY_US);
    let (now, then) = (zone.at(start).offset(), zone.at(shifted).offset());
    shifted.plus_micros(i64::from(now.seconds() - then.seconds()) * 1_000_000)
}

/// The lower one of the two in the middle, when there are two.
fn median(values: &mut [i64]) -> i64 {
    if values.is_empty() {
        return 0;
    }
    values.sort_unstable();
    values[(values.len() - 1) / 2]
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX).max(1)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "compared with a threshold, never added up"
)]
const fn float(micro: i64) -> f64 {
    micro as f64
}

//! What was told, and what is therefore told now.

use super::Reading;
use crate::{Credits, Time};

/// The latest alert of a rule about something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    /// What it was told once in.
    pub epoch: Time,
    /// Which level.
    pub level: u32,
    /// What it was measured by.
    pub limit: Credits,
    /// Once it was over: what may be told again only above this level, or past this measure.
    pub settled: Option<Settled>,
}

/// What is not told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Levels up to this one.
    pub level: u32,
    /// As long as it is measured by no more than this.
    pub limit: Credits,
}

/// What a reading comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing is to be told.
    Nothing,
    /// A level was crossed.
    Fire,
    /// What was told is over.
    Recover(Settled),
}

/// What a reading comes to after the latest alert about the same thing.
pub fn step(last: Option<&Fired>, now: &Reading) -> Step {
    let fire_if = |fires: bool| if fires { Step::Fire } else { Step::Nothing };
    let Some(last) = last else {
        return fire_if(now.level > 0);
    };
    let is_same_epoch = last.epoch == now.epoch;
    match last.settled {
        None if !is_same_epoch => Step::Recover(Settled {
            level: 0,
            limit: now.limit,
        }),
        None if now.level > last.level => Step::Fire,
        None if now.level < last.level => {
            let has_grown = now.limit > last.limit;
            Step::Recover(Settled {
                level: if has_grown { now.level } else { last.level },
                limit: now.limit.max(last.limit),
            })
        }
        None => Step::Nothing,
        Some(_) if !is_same_epoch => fire_if(now.level > 0),
        Some(settled) => {
            let has_grown = now.limit > settled.limit;
            fire_if(now.level > settled.level || (has_grown && now.level > 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A rule as its alerts are stored.
    #[derive(Default)]
    struct Told {
        last: Option<Fired>,
        fired: Vec<(Time, u32, Credits)>,
        recovered: usize,
    }

    impl Told {
        fn see(&mut self, reading: &Reading) {
            match step(self.last.as_ref(), reading) {
                Step::Nothing => {}
                Step::Fire => {
                    self.fired
                        .push((reading.epoch, reading.level, reading.limit));
                    self.last = Some(Fired {
                        epoch: reading.epoch,
                        level: reading.level,
                        limit: reading.limit,
                        settled: None,
                    });
                }
                Step::Recover(settled) => {
                    self.recovered += 1;
                    if let Some(last) = &mut self.last {
                        last.settled = Some(settled);
                    }
                }
            }
        }
    }

    fn reading(epoch: i64, level: u32, limit: i64) -> Reading {
        Reading {
            subject: String::new(),
            epoch: Time::from_micros(epoch),
            level,
            observed: Credits::ZERO,
            limit: Credits::from_micro(limit),
            at: None,
        }
    }

    #[test]
    fn a_pack_ends_an_alert_and_lets_it_be_told_again() {
        let mut told = Told::default();
        for (level, limit) in [(75, 100), (90, 100), (75, 130), (75, 130), (90, 130)] {
            told.see(&reading(0, level, limit));
        }
        let levels: Vec<_> = told.fired.iter().map(|(_, level, _)| *level).collect();
        assert_eq!((levels, told.recovered), (vec![75, 90, 90], 1));
    }

    #[test]
    fn what_is_given_back_ends_an_alert_and_the_level_is_not_told_twice() {
        let mut told = Told::default();
        for level in [90, 75, 90, 0, 75, 100] {
            told.see(&reading(0, level, 100));
        }
        let levels: Vec<_> = told.fired.iter().map(|(_, level, _)| *level).collect();
        assert_eq!((levels, told.recovered), (vec![90, 100], 1));
        told.see(&reading(1, 0, 100));
        told.see(&reading(1, 75, 100));
        assert_eq!((told.fired.len(), told.recovered), (3, 2));
    }

    proptest! {
        #[test]
        fn a_level_is_told_once_in_a_cycle_unless_its_measure_grew(
            seen in prop::collection::vec((0_i64..3, prop::sample::select(vec![0_u32, 75, 90, 100]), 1_i64..4), 0..60)
        ) {
            let mut told = Told::default();
            let mut seen = seen;
            seen.sort_by_key(|(epoch, ..)| *epoch);
            // What is given grows within a cycle.
            let mut most = (0, 0);
            for (epoch, _, limit) in &mut seen {
                most = if most.0 == *epoch { (*epoch, most.1.max(*limit)) } else { (*epoch, *limit) };
                *limit = most.1;
            }
            for (epoch, level, limit) in &seen {
                told.see(&reading(*epoch, *level, *limit));
            }
            for (at, (epoch, level, limit)) in told.fired.iter().enumerate() {
                let before = told.fired[..at].iter().filter(|(other, same, _)| other == epoch && same == level);
                for (_, _, measure) in before {
                    prop_assert!(measure < limit, "{:?}", told.fired);
                }
            }
            prop_assert!(told.recovered <= told.fired.len());
        }
    }
}

//! What rules see in an account's figures.

use super::Condition;
use crate::{Credits, Time, TimeRange};

/// A threshold as a number that can be compared within a kind of rule: percent, or micro-credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub i64);

impl Mark {
    /// The threshold of a kind that has no choice of it.
    pub const ONLY: Self = Self(1);

    /// Percent.
    pub const fn percent(level: u32) -> Self {
        Self(level as i64)
    }

    /// An amount of credits.
    pub const fn credits(credits: Credits) -> Self {
        Self(credits.micro())
    }
}

/// A company's budget of the running cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetUse {
    /// Key of the company.
    pub company: String,
    /// What it may use.
    pub budget: Credits,
    /// What it used.
    pub used: Credits,
}

/// Unusually high usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpikeSeen {
    /// When it began.
    pub start: Time,
    /// What was used.
    pub used: Credits,
    /// What was expected.
    pub expected: Credits,
}

/// What an account's figures are at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The running cycle.
    pub cycle: TimeRange,
    /// What was given for it.
    pub allocation: Credits,
    /// What was used of it.
    pub used: Credits,
    /// What is left.
    pub remaining: Credits,
    /// Companies that have a budget.
    pub budgets: Vec<BudgetUse>,
    /// When credits will probably be used up; none when they last, or when nobody knows.
    pub runs_out_at: Option<Time>,
    /// The latest spike that still lasts, or has just ended.
    pub spike: Option<SpikeSeen>,
}

/// What a rule sees at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The company it is about; empty when it is about the account.
    pub subject: String,
    /// What it may tell once in: the cycle, or the spike.
    pub epoch: Time,
    /// The highest level that was reached: percent, or 1 where there are none; 0 when none was.
    pub level: u32,
    /// The threshold that was crossed. It says nothing while the level is 0.
    pub mark: Mark,
    /// What is measured.
    pub observed: Credits,
    /// What it is measured by.
    pub limit: Credits,
    /// When credits will be used up, or when the spike began.
    pub at: Option<Time>,
}

impl Condition {
    /// What the rule sees: one reading for what it is about, and one for each company.
    pub fn readings(&self, figures: &Figures) -> Vec<Reading> {
        let account = Reading {
            subject: String::new(),
            epoch: figures.cycle.start,
            level: 0,
            mark: Mark::ONLY,
            observed: figures.used,
            limit: figures.allocation,
            at: None,
        };
        match self {
            Self::UsedPercent { levels } => {
                let level = reached(levels, figures.used, figures.allocation);
                vec![Reading {
                    level,
                    mark: Mark::percent(level),
                    ..account
                }]
            }
            Self::Remaining { credits } => vec![Reading {
                level: u32::from(figures.remaining <= *credits),
                mark: Mark::credits(*credits),
                observed: figures.remaining,
                ..account
            }],
            Self::CompanyBudget { company, levels } => figures
                .budgets
                .iter()
                .filter(|budget| company.as_ref().is_none_or(|key| *key == budget.company))
                .map(|budget| {
                    let level = reached(levels, budget.used, budget.budget);
                    Reading {
                        subject: budget.company.clone(),
                        level,
                        mark: Mark::percent(level),
                        observed: budget.used,
                        limit: budget.budget,
                        ..account.clone()
                    }
                })
                .collect(),
            Self::ProjectedRunOut => vec![Reading {
                level: u32::from(figures.runs_out_at.is_some()),
                at: figures.runs_out_at,
                ..account
            }],
            Self::Spike { credits } => vec![
                figures
                    .spike
                    .map_or(account, |spike| spike_of(spike, *credits)),
            ],
        }
    }
}

fn spike_of(seen: SpikeSeen, least: Credits) -> Reading {
    let above = seen.used.saturating_sub(seen.expected);
    Reading {
        subject: String::new(),
        epoch: seen.start,
        level: u32::from(above >= least),
        mark: Mark::credits(least),
        observed: seen.used,
        limit: seen.expected,
        at: Some(seen.start),
    }
}

/// The highest level that a part of a whole reaches. Of nothing, any use is more than every level.
fn reached(levels: &[u32], used: Credits, whole: Credits) -> u32 {
    let (used, whole) = (i128::from(used.micro()), i128::from(whole.micro()));
    let is_reached = |level: &&u32| {
        if whole > 0 {
            used * 100 >= whole * i128::from(**level)
        } else {
            used > 0
        }
    };
    levels.iter().filter(is_reached).max().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credits(whole: i64) -> Credits {
        Credits::from_whole(whole).unwrap()
    }

    fn figures(used: i64, allocation: i64) -> Figures {
        Figures {
            cycle: TimeRange::new(Time::from_micros(0), Time::from_micros(10)),
            allocation: credits(allocation),
            used: credits(used),
            remaining: credits(allocation - used),
            budgets: vec![BudgetUse {
                company: "acme".to_owned(),
                budget: credits(10),
                used: credits(9),
            }],
            runs_out_at: None,
            spike: None,
        }
    }

    fn level(condition: &Condition, figures: &Figures) -> Vec<u32> {
        let readings = condition.readings(figures);
        readings.into_iter().map(|reading| reading.level).collect()
    }

    #[test]
    fn levels_are_reached_exactly() {
        let rule = Condition::UsedPercent {
            levels: vec![50, 75, 100],
        };
        for (used, reached) in [(49, 0), (50, 50), (74, 50), (75, 75), (99, 75), (130, 100)] {
            assert_eq!(level(&rule, &figures(used, 100)), [reached], "{used}");
        }
        assert_eq!(level(&rule, &figures(0, 0)), [0]);
        assert_eq!(level(&rule, &figures(1, 0)), [100]);
        let left = Condition::Remaining {
            credits: credits(20),
        };
        assert_eq!(level(&left, &figures(79, 100)), [0]);
        assert_eq!(level(&left, &figures(80, 100)), [1]);
        let budget = |company: Option<&str>| Condition::CompanyBudget {
            company: company.map(str::to_owned),
            levels: vec![90],
        };
        assert_eq!(level(&budget(None), &figures(0, 100)), [90]);
        assert_eq!(level(&budget(Some("other")), &figures(0, 100)), [0; 0]);
        assert_eq!(level(&Condition::ProjectedRunOut, &figures(0, 1)), [0]);
    }

    #[test]
    fn a_spike_counts_from_its_least_size_and_once() {
        let mut seen = figures(50, 100);
        seen.spike = Some(SpikeSeen {
            start: Time::from_micros(7),
            used: credits(30),
            expected: credits(10),
        });
        let rule = |least| Condition::Spike {
            credits: credits(least),
        };
        assert_eq!(level(&rule(21), &seen), [0]);
        let reading = rule(20).readings(&seen).remove(0);
        assert_eq!((reading.level, reading.epoch), (1, Time::from_micros(7)));
    }
}

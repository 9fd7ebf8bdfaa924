//! Alerts: what is watched, and when somebody is told of it.
//!
//! A rule tells once in a cycle and level, when the level is crossed, and once more when it is over. It may tell the same
//! level again only when what it is measured by has grown since: more credits were bought, and those too are nearly used.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Credits, FieldError, Time, TimeRange};

/// Most levels of a rule.
pub const MOST_LEVELS: usize = 10;
/// Largest level, in percent: overage may go far past all that was given.
pub const MAX_PERCENT: u32 = 1_000;

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// So much of the cycle's credits is used.
    UsedPercent {
        /// Percent, each told once.
        levels: Vec<u32>,
    },
    /// No more than this is left.
    Remaining {
        /// How much.
        credits: Credits,
    },
    /// So much of a company's budget is used.
    CompanyBudget {
        /// The company's key; every company that has a budget, when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        company: Option<String>,
        /// Percent, each told once.
        levels: Vec<u32>,
    },
    /// The forecast says that credits will not last to the end of the cycle.
    ProjectedRunOut,
    /// Usage is unusually high.
    Spike {
        /// By at least so much.
        credits: Credits,
    },
}

impl Condition {
    /// The word on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::UsedPercent { .. } => "used_percent",
            Self::Remaining { .. } => "remaining",
            Self::CompanyBudget { .. } => "company_budget",
            Self::ProjectedRunOut => "projected_run_out",
            Self::Spike { .. } => "spike",
        }
    }

    /// Whether it is known only from a look at the past.
    pub const fn looks_back(&self) -> bool {
        matches!(self, Self::ProjectedRunOut | Self::Spike { .. })
    }

    /// Checks amounts and levels.
    ///
    /// # Errors
    /// The first field that is wrong, and how to cure it.
    pub fn check(&self) -> Result<(), FieldError> {
        match self {
            Self::UsedPercent { levels } | Self::CompanyBudget { levels, .. } => {
                check_levels(levels)
            }
            Self::Remaining { credits } if credits.is_negative() => {
                Err(FieldError::invalid("credits", "must not be negative"))
            }
            Self::Spike { credits } if *credits <= Credits::ZERO => {
                Err(FieldError::invalid("credits", "must be more than zero"))
            }
            Self::Remaining { .. } | Self::Spike { .. } | Self::ProjectedRunOut => Ok(()),
        }
    }
}

fn check_levels(levels: &[u32]) -> Result<(), FieldError> {
    let is_rising = levels.windows(2).all(|pair| pair[0] < pair[1]);
    let is_right = levels.iter().all(|level| (1..=MAX_PERCENT).contains(level));
    if levels.is_empty() || levels.len() > MOST_LEVELS || !is_rising || !is_right {
        let rule = format!(
            "must be 1 to {MOST_LEVELS} whole numbers from 1 to {MAX_PERCENT}, each larger than the one before"
        );
        return Err(FieldError::invalid("levels", rule));
    }
    Ok(())
}

/// In words: what a rule is called where it has no other name.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percents = |levels: &[u32]| {
            let levels: Vec<_> = levels.iter().map(|level| format!("{level} %")).collect();
            levels.join(", ")
        };
        match self {
            Self::UsedPercent { levels } => {
                write!(f, "{} of the cycle's credits used", percents(levels))
            }
            Self::Remaining { credits } => {
                write!(
                    f,
                    "{} credits or less left",
                    crate::number::credits(*credits)
                )
            }
            Self::CompanyBudget {
                company: Some(company),
                levels,
            } => write!(f, "{} of the budget of {company} used", percents(levels)),
            Self::CompanyBudget {
                company: None,
                levels,
            } => write!(f, "{} of a company's budget used", percents(levels)),
            Self::ProjectedRunOut => f.write_str("Credits will not last to the end of the cycle"),
            Self::Spike { credits } => write!(
                f,
                "Usage above what is usual by {} credits or more",
                crate::number::credits(*credits)
            ),
        }
    }
}

/// Somebody wants to be told of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Unique in its account.
    pub key: String,
    /// What is watched.
    pub condition: Condition,
    /// Whether owners and billing admins get a letter.
    pub by_mail: bool,
    /// Whether the account's webhooks are called.
    pub by_webhook: bool,
    /// Until then nobody is told outside the page.
    pub snoozed_until: Option<Time>,
}

impl Rule {
    /// What every account begins with.
    pub fn usual() -> Self {
        Self {
            key: "credits-used".to_owned(),
            condition: Condition::UsedPercent {
                levels: vec![75, 90, 100],
            },
            by_mail: true,
            by_webhook: true,
            snoozed_until: None,
        }
    }

    /// Whether nobody is to be told outside the page.
    pub fn is_snoozed(&self, now: Time) -> bool {
        self.snoozed_until.is_some_and(|until| now < until)
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
    /// What is usual.
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
    /// The highest level that was reached; 0 when none was.
    pub level: u32,
    /// What is measured.
    pub observed: Credits,
    /// What it is measured by.
    pub limit: Credits,
    /// When credits will be used up, or when the spike began.
    pub at: Option<Time>,
}

impl Reading {
    /// What is told of it: that a level was crossed, or that this is over.
    pub fn sentence(&self, kind: &str, level: u32, is_over: bool) -> String {
        let (observed, limit) = (
            crate::number::credits(self.observed),
            crate::number::credits(self.limit),
        );
        let part = format!("({observed} of {limit})");
        let subject = &self.subject;
        match (kind, is_over) {
            ("used_percent", false) => format!("{level} % of the cycle's credits are used {part}"),
            ("used_percent", true) => {
                format!("less than {level} % of the cycle's credits are used again {part}")
            }
            ("remaining", false) => format!("{observed} credits are left"),
            ("remaining", true) => format!("{observed} credits are left again"),
            ("company_budget", false) => {
                format!("{subject} has used {level} % of its budget {part}")
            }
            ("company_budget", true) => {
                format!("{subject} is below {level} % of its budget again {part}")
            }
            ("projected_run_out", false) => {
                let day: String = self
                    .at
                    .map(|at| at.to_string().chars().take(10).collect())
                    .unwrap_or_default();
                format!("credits will probably be used up on {day}, before the cycle ends")
            }
            ("projected_run_out", true) => {
                "credits will probably last to the end of the cycle again".to_owned()
            }
            (_, false) => {
                format!("usage is unusually high: {observed} credits where {limit} are usual")
            }
            (_, true) => "usage is back to what is usual".to_owned(),
        }
    }
}

impl Condition {
    /// What the rule sees: one reading for what it is about, and one for each company.
    pub fn readings(&self, figures: &Figures) -> Vec<Reading> {
        let account = Reading {
            subject: String::new(),
            epoch: figures.cycle.start,
            level: 0,
            observed: figures.used,
            limit: figures.allocation,
            at: None,
        };
        match self {
            Self::UsedPercent { levels } => vec![Reading {
                level: reached(levels, figures.used, figures.allocation),
                ..account
            }],
            Self::Remaining { credits } => vec![Reading {
                level: u32::from(figures.remaining <= *credits),
                observed: figures.remaining,
                ..account
            }],
            Self::CompanyBudget { company, levels } => figures
                .budgets
                .iter()
                .filter(|budget| company.as_ref().is_none_or(|key| *key == budget.company))
                .map(|budget| Reading {
                    subject: budget.company.clone(),
                    level: reached(levels, budget.used, budget.budget),
                    observed: budget.used,
                    limit: budget.budget,
                    ..account.clone()
                })
                .collect(),
            Self::ProjectedRunOut => vec![Reading {
                level: u32::from(figures.runs_out_at.is_some()),
                at: figures.runs_out_at,
                ..account
            }],
            Self::Spike { credits } => vec![spike(figures.spike, *credits).unwrap_or(account)],
        }
    }
}

fn spike(seen: Option<SpikeSeen>, least: Credits) -> Option<Reading> {
    let seen = seen.filter(|seen| seen.used.saturating_sub(seen.expected) >= least)?;
    Some(Reading {
        subject: String::new(),
        epoch: seen.start,
        level: 1,
        observed: seen.used,
        limit: seen.expected,
        at: Some(seen.start),
    })
}

/// The highest level that a part of a whole reaches; 0 when there is no whole.
fn reached(levels: &[u32], used: Credits, whole: Credits) -> u32 {
    let (used, whole) = (i128::from(used.micro()), i128::from(whole.micro()));
    if whole <= 0 {
        return 0;
    }
    let is_reached = |level: &&u32| used * 100 >= whole * i128::from(**level);
    levels.iter().filter(is_reached).max().copied().unwrap_or(0)
}

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

    #[test]
    fn levels_that_make_no_sense_are_refused() {
        for levels in [vec![], vec![0], vec![90, 75], vec![75, 75], vec![1_001]] {
            assert!(Condition::UsedPercent { levels }.check().is_err());
        }
        assert!(Rule::usual().condition.check().is_ok());
        assert!(
            Condition::Spike {
                credits: Credits::ZERO
            }
            .check()
            .is_err()
        );
    }

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
            limit: credits(limit),
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

//! Alerts: what is watched, and when somebody is told of it.
//!
//! A rule tells once in a cycle and level, when the level is crossed, and once more when it is over. It may tell the same
//! level again only when what it is measured by has grown since: more credits were bought, and those too are nearly used.
//! A rule that was changed is held against what is true now.

mod reading;
mod told;
#[cfg(feature = "calendar")]
mod words;

use std::fmt;

use serde::{Deserialize, Serialize};

#[cfg(feature = "calendar")]
pub use self::words::{Sentence, capitalised};
pub use self::{
    reading::{BudgetUse, Figures, Mark, Reading, SpikeSeen},
    told::{Crossings, Ending, Fired, Step, step},
};
use crate::{
    Credits, FieldError, Time,
    bounds::{Sign, check_credits},
};

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
    /// No more than this remains.
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
    /// Usage spikes.
    Spike {
        /// By at least so much above expected.
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

    /// Its thresholds: what can be crossed.
    pub fn marks(&self) -> Vec<Mark> {
        match self {
            Self::UsedPercent { levels } | Self::CompanyBudget { levels, .. } => {
                levels.iter().copied().map(Mark::percent).collect()
            }
            Self::Remaining { credits } | Self::Spike { credits } => vec![Mark::credits(*credits)],
            Self::ProjectedRunOut => vec![Mark::ONLY],
        }
    }

    /// Whether it watches a company, or the account when the subject is empty.
    pub fn is_about(&self, subject: &str) -> bool {
        match self {
            Self::CompanyBudget { company, .. } => {
                !subject.is_empty() && company.as_ref().is_none_or(|key| key == subject)
            }
            _ => subject.is_empty(),
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
            Self::Remaining { credits } => check_threshold(*credits, Sign::NotNegative),
            Self::Spike { credits } => check_threshold(*credits, Sign::Positive),
            Self::ProjectedRunOut => Ok(()),
        }
    }
}

fn check_threshold(credits: Credits, sign: Sign) -> Result<(), FieldError> {
    let mut errors = Vec::new();
    check_credits("credits", credits, sign, &mut errors);
    errors.into_iter().next().map_or(Ok(()), Err)
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
            let levels: Vec<_> = levels.iter().map(|level| format!("{level}%")).collect();
            levels.join(", ")
        };
        match self {
            Self::UsedPercent { levels } => {
                write!(f, "{} of the cycle's credits used", percents(levels))
            }
            Self::Remaining { credits } => {
                write!(
                    f,
                    "{} credits or less remaining",
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
            Self::ProjectedRunOut => f.write_str("Projected to run out before the cycle ends"),
            Self::Spike { credits } => write!(
                f,
                "Usage spike of {} credits or more above expected",
                crate::number::credits(*credits)
            ),
        }
    }
}

/// Somebody wants to be told of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Unique in its account.
    pub key: String,
    /// What is watched.
    pub condition: Condition,
    /// Whether owners and billing admins get an email.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}

//! What was told, and what is therefore told now.

use std::{collections::BTreeMap, fmt, str::FromStr};

use super::{Condition, Mark, Reading};
use crate::{Credits, Time};

/// The thresholds that were told of since an epoch began, each with the measure it was told at. Those below one that was
/// crossed count as told with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crossings(BTreeMap<Mark, Credits>);

impl Crossings {
    /// Thresholds and measures, by threshold.
    pub fn iter(&self) -> impl Iterator<Item = (Mark, Credits)> {
        self.0.iter().map(|(mark, limit)| (*mark, *limit))
    }

    /// Whether a threshold was told of, by a measure at least as large.
    fn knows(&self, mark: Mark, limit: Credits) -> bool {
        self.0.get(&mark).is_some_and(|told| limit <= *told)
    }

    /// With those of a rule up to one of them, told at a measure.
    fn with(mut self, condition: &Condition, up_to: Mark, limit: Credits) -> Self {
        for mark in condition.marks().into_iter().filter(|mark| *mark <= up_to) {
            let told = self.0.entry(mark).or_insert(limit);
            *told = limit.max(*told);
        }
        self
    }
}

impl FromIterator<(Mark, Credits)> for Crossings {
    fn from_iter<I: IntoIterator<Item = (Mark, Credits)>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

/// Why an alert is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// What was measured no longer crosses the threshold.
    Recovered,
    /// A new billing cycle began.
    NewCycle,
    /// The rule was changed and has the threshold no more.
    RuleChanged,
    /// The rule was deleted.
    RuleDeleted,
    /// The company has no budget any more.
    BudgetRemoved,
}

impl Ending {
    const ALL: [Self; 5] = [
        Self::Recovered,
        Self::NewCycle,
        Self::RuleChanged,
        Self::RuleDeleted,
        Self::BudgetRemoved,
    ];

    /// The word on the wire and in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::NewCycle => "new_cycle",
            Self::RuleChanged => "rule_changed",
            Self::RuleDeleted => "rule_deleted",
            Self::BudgetRemoved => "budget_removed",
        }
    }

    /// Whether somebody ended it by changing what is watched: nothing is said of what is measured.
    pub const fn is_by_hand(self) -> bool {
        !matches!(self, Self::Recovered | Self::NewCycle)
    }
}

impl FromStr for Ending {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let found = Self::ALL.into_iter().find(|ending| ending.id() == text);
        found.ok_or(())
    }
}

/// In words, as lists say it.
impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recovered => "recovered",
            Self::NewCycle => "new billing cycle",
            Self::RuleChanged => "rule changed",
            Self::RuleDeleted => "rule deleted",
            Self::BudgetRemoved => "budget removed",
        })
    }
}

/// The latest alert of a rule about something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// What the rule watched then, as the word on the wire.
    pub kind: String,
    /// What it was told once in.
    pub epoch: Time,
    /// The threshold that was crossed.
    pub mark: Mark,
    /// What it was measured by.
    pub limit: Credits,
    /// What was told since the epoch began.
    pub crossings: Crossings,
    /// Whether it is ongoing.
    pub lasts: bool,
    /// Why it is over, once it is.
    pub ending: Option<Ending>,
}

/// What a reading comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing changes.
    Nothing,
    /// A threshold is crossed: a new alert takes the place of the latest one.
    Fire {
        /// What was told with it.
        crossings: Crossings,
        /// Whether this threshold was told of before, so that the alert is only shown.
        is_known: bool,
    },
    /// The latest alert is over.
    End {
        /// Why.
        ending: Ending,
        /// What remains told.
        crossings: Crossings,
    },
}

/// What a reading of a rule comes to after the latest alert about the same thing.
pub fn step(rule: &Condition, last: Option<&Fired>, now: &Reading) -> Step {
    let is_crossed = now.level > 0;
    let Some(last) = last else {
        return fire_if(is_crossed, rule, Crossings::default(), now);
    };
    let is_same_epoch = last.epoch == now.epoch && last.kind == rule.kind();
    let told = if is_same_epoch {
        last.crossings.clone()
    } else {
        Crossings::default()
    };
    if last.lasts {
        return step_of_lasting(rule, last, told, is_same_epoch, now);
    }
    // Somebody changed what is watched and changed it back: it is shown again, and not told again.
    let is_by_hand = last.ending.is_some_and(Ending::is_by_hand);
    let is_news = !told.knows(now.mark, now.limit) || is_by_hand;
    fire_if(is_crossed && is_news, rule, told, now)
}

fn step_of_lasting(
    rule: &Condition,
    last: &Fired,
    told: Crossings,
    is_same_epoch: bool,
    now: &Reading,
) -> Step {
    let is_watched = last.kind == rule.kind() && rule.marks().contains(&last.mark);
    let is_crossed = now.level > 0;
    if !is_watched || !is_same_epoch {
        return if is_crossed {
            fire_if(true, rule, told, now)
        } else if is_watched {
            let ending = ending_of(rule);
            Step::End {
                ending,
                crossings: Crossings::default(),
            }
        } else {
            Step::End {
                ending: Ending::RuleChanged,
                crossings: told,
            }
        };
    }
    if is_crossed && now.mark >= last.mark {
        return fire_if(now.mark > last.mark, rule, told, now);
    }
    Step::End {
        ending: Ending::Recovered,
        crossings: after_recovery(last, told, now),
    }
}

/// Why an alert ends with its epoch. A spike's own epoch ends with the spike.
const fn ending_of(rule: &Condition) -> Ending {
    match rule {
        Condition::Spike { .. } => Ending::Recovered,
        _ => Ending::NewCycle,
    }
}

/// Once more was given to use, only what is crossed of that is told already. What is merely given back is not told twice.
fn after_recovery(last: &Fired, told: Crossings, now: &Reading) -> Crossings {
    if now.limit <= last.limit {
        return told;
    }
    let still = told.0.into_keys();
    let still = still.filter(|mark| now.level > 0 && *mark <= now.mark);
    still.map(|mark| (mark, now.limit)).collect()
}

fn fire_if(fires: bool, rule: &Condition, told: Crossings, now: &Reading) -> Step {
    if !fires {
        return Step::Nothing;
    }
    let is_known = told.knows(now.mark, now.limit);
    Step::Fire {
        crossings: told.with(rule, now.mark, now.limit),
        is_known,
    }
}

#[cfg(test)]
mod tests;

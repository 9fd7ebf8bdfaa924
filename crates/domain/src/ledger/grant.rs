//! Credits that were given, and how usage was paid from them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Credits, Seq, Time, TimeRange};

/// A grant's number in its account, from 1, in the order of being given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantNo(pub i64);

/// Where a grant comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// The plan's allocation of a billing cycle, or what a larger plan adds to it.
    Plan,
    /// What was left of the allocation before and carried over.
    Rollover,
    /// Given away.
    Promotion,
    /// Bought besides the plan.
    Pack,
    /// A correction in the account's favour.
    Adjustment,
    /// What came back after the grant that had paid it ended.
    Refund,
}

impl GrantKind {
    /// The name on the wire and in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Rollover => "rollover",
            Self::Promotion => "promotion",
            Self::Pack => "pack",
            Self::Adjustment => "adjustment",
            Self::Refund => "refund",
        }
    }

    /// Whether the credits were paid for by themselves: they are spent after those that were not.
    pub const fn is_paid(self) -> bool {
        matches!(self, Self::Pack)
    }

    /// Whether they belong to the plan and not to what was added to it.
    pub const fn is_of_plan(self) -> bool {
        matches!(self, Self::Plan | Self::Rollover)
    }
}

impl FromStr for GrantKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "plan" => Ok(Self::Plan),
            "rollover" => Ok(Self::Rollover),
            "promotion" => Ok(Self::Promotion),
            "pack" => Ok(Self::Pack),
            "adjustment" => Ok(Self::Adjustment),
            "refund" => Ok(Self::Refund),
            _ => Err("must be one of plan, rollover, promotion, pack, adjustment, refund"),
        }
    }
}

/// Priority of grants that nobody gave another: lower pays first.
pub const PRIORITY: i32 = 100;

/// Credits to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGrant {
    /// Where they come from.
    pub kind: GrantKind,
    /// What people call it: `Growth plan`, `Pack of 5,000`.
    pub name: String,
    /// How many.
    pub amount: Credits,
    /// When they can pay.
    pub active: TimeRange,
    /// Lower pays first.
    pub priority: i32,
    /// Start of the billing cycle whose allocation it is a part of.
    pub cycle_start: Option<Time>,
    /// The payment or the reason, as the giver put it.
    pub reference: Option<String>,
    /// Who gave.
    pub actor: String,
}

/// Credits that were granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its number.
    pub number: GrantNo,
    /// Where it comes from.
    pub kind: GrantKind,
    /// What people call it.
    pub name: String,
    /// Credits granted.
    pub amount: Credits,
    /// Credits that have left it: spent, carried over, taken back.
    pub spent: Credits,
    /// When it can pay: usage of a time in here.
    pub active: TimeRange,
    /// Lower pays first.
    pub priority: i32,
    /// Start of the billing cycle whose allocation it is a part of.
    pub cycle_start: Option<Time>,
    /// The payment or the reason.
    pub reference: Option<String>,
    /// Who gave.
    pub actor: String,
    /// When it was given.
    pub created_at: Time,
}

impl Grant {
    /// What it can still pay; never below zero.
    pub fn remaining(&self) -> Credits {
        self.amount.saturating_sub(self.spent).max(Credits::ZERO)
    }

    /// Whether it can pay for usage of this time.
    pub fn pays_at(&self, time: Time) -> bool {
        self.active.contains(time) && self.spent < self.amount
    }

    /// The id on the wire and in receipts: `plan-7`.
    pub fn id(&self) -> String {
        format!("{}-{}", self.kind.id(), self.number.0)
    }

    /// The order in which grants pay: priority, soonest expiry, free before paid, oldest, number.
    pub(super) fn order(&self) -> (i32, Time, bool, Time, GrantNo) {
        (
            self.priority,
            self.active.end,
            self.kind.is_paid(),
            self.active.start,
            self.number,
        )
    }
}

impl fmt::Display for GrantKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Who paid a part of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    /// A grant.
    Grant(GrantNo),
    /// Nobody yet: it went past all grants of its cycle.
    Overage,
}

/// A part of an amount and who paid it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Who.
    pub payer: Payer,
    /// How much; more than zero.
    pub credits: Credits,
}

/// How usage was paid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payment {
    /// The parts, in the order they were paid; none when it cost nothing.
    pub parts: Vec<Part>,
    /// What the account had left afterwards; below zero when it is past its grants.
    pub balance_after: Credits,
}

/// What an entry of the ledger did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A grant was given.
    Granted,
    /// A grant paid usage that had gone past all grants.
    Covered,
    /// A correction took credits from a grant.
    Corrected,
    /// A reversal gave credits back to the grant that had paid, or took them off what was due.
    Returned,
    /// Left-over allocation moved into the next cycle.
    CarriedOver,
}

impl EntryKind {
    /// The name on the wire and in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Covered => "covered",
            Self::Corrected => "corrected",
            Self::Returned => "returned",
            Self::CarriedOver => "carried_over",
        }
    }
}

impl FromStr for EntryKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Granted,
            Self::Covered,
            Self::Corrected,
            Self::Returned,
            Self::CarriedOver,
        ]
        .into_iter()
        .find(|kind| kind.id() == text)
        .ok_or("is not an entry of the ledger")
    }
}

/// A line of the ledger besides usage itself: an event says by itself who paid it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What happened.
    pub kind: EntryKind,
    /// The grant whose credits moved, or the overage of a cycle.
    pub payer: Payer,
    /// Start of the cycle whose overage it concerns, or in which it happened.
    pub cycle_start: Time,
    /// Credits into the grant (or off the overage) when positive, out of it when negative.
    pub credits: Credits,
    /// What the account had left afterwards.
    pub balance_after: Credits,
    /// From when on it holds: the start of the cycle for what a renewal does, whenever it is written down.
    pub effective_at: Time,
    /// The reversal's event, when it is one.
    pub event: Option<Seq>,
    /// Why.
    pub reason: Option<String>,
    /// Who.
    pub actor: String,
}

//! Plans & add-ons, in words.

use domain::{Credits, ledger::OrderKind};

/// Something that can be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its key.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Its credits.
    pub credits: Credits,
    /// `€499.00`, when it has a price.
    pub price: Option<String>,
    /// `€6.65 per 1,000`, when it has a price.
    pub unit_price: Option<String>,
    /// What else there is to know: how long it is valid, what is carried over.
    pub terms: String,
    /// What it would do; nothing where that is not looked at.
    pub effect: Option<EffectLine>,
    /// How it compares with the plan the account is on.
    pub standing: Standing,
    /// The version of all that, which an order names.
    pub version: String,
}

/// What an order would do if it were paid now, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectLine {
    /// What remains, before and after.
    pub remaining: [String; 2],
    /// When that runs out, before and after.
    pub runs_out: [String; 2],
    /// What the cycle has in all, before and after.
    pub granted: [String; 2],
}

/// How an offer compares with the plan the account is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is that plan.
    Current,
    /// It gives more.
    Larger,
    /// It gives less.
    Smaller,
    /// It gives as much.
    Equal,
    /// It is a pack: it comes beside the plan.
    Beside,
}

/// How far an order is, or a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Waits for someone.
    Waiting,
    /// Came through.
    Done,
    /// Did not.
    Failed,
}

/// An order in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// Its id.
    pub id: String,
    /// A pack or a plan.
    pub kind: OrderKind,
    /// Key of the pack or plan.
    pub item: String,
    /// What was ordered, with how many: `2 × Boost 5,000`.
    pub name: String,
    /// Its credits.
    pub credits: Credits,
    /// What is to be paid for it.
    pub price: Option<String>,
    /// Whether it waits for its payment.
    pub is_pending: bool,
    /// Whether there is nothing to pay for it.
    pub is_free: bool,
    /// Whether it can still be cancelled.
    pub may_cancel: bool,
    /// How far it is.
    pub progress: Progress,
    /// The same in words, with the reason when it failed.
    pub state: String,
    /// By whom and when.
    pub ordered: String,
    /// Where to pay it.
    pub checkout_url: Option<String>,
}

/// What can be expected of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantStatus {
    /// It pays.
    Active,
    /// It has paid all that it had.
    UsedUp,
    /// Its time is over.
    Expired,
    /// Its time is to come.
    Upcoming,
}

impl GrantStatus {
    /// In words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::UsedUp => "Used up",
            Self::Expired => "Expired",
            Self::Upcoming => "Upcoming",
        }
    }
}

/// A grant in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantLine {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Credits granted.
    pub amount: Credits,
    /// What remains of them.
    pub remaining: Credits,
    /// When it pays.
    pub valid: String,
    /// Whether it pays now, has paid all, has ended, or is to come.
    pub status: GrantStatus,
    /// The payment or the reason.
    pub reference: Option<String>,
}

/// A line of the ledger in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerLine {
    /// From when on it holds.
    pub date: String,
    /// The billing cycle it belongs to.
    pub cycle: String,
    /// `Grant`, `Rollover`, `Adjustment`, `Reversal`, `Overage settled`, `Expiry`.
    pub kind: String,
    /// Which grant.
    pub grant: String,
    /// Credits into it, or out of it when negative.
    pub credits: Credits,
    /// What the account had left afterwards.
    pub balance_after: Credits,
    /// Why; empty when nobody said.
    pub reason: String,
    /// Who.
    pub actor: String,
}

/// A request for a refund in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeLine {
    /// Its id.
    pub id: String,
    /// Which event.
    pub event: String,
    /// How much is asked for.
    pub credits: Option<Credits>,
    /// Why.
    pub reason: String,
    /// By whom and when.
    pub asked: String,
    /// How far it is.
    pub progress: Progress,
    /// The same in words.
    pub state: String,
    /// What the agency said of its client's request.
    pub support: Option<String>,
    /// Whether the reader may say whether the agency supports it.
    pub may_support: bool,
}

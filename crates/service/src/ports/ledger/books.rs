//! The books of an account as they are loaded under its lock, and what has changed in them.

use std::collections::BTreeMap;

use domain::{
    AccountId, Agent, CompanyId, Credits, Time, TimeRange,
    ledger::{Dispute, Entry, Grant, Hold, Order, Overage, OveragePolicy, PlanHistory},
};

/// What an account pays, as its books need to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What its plan gives.
    pub plan: PlanHistory,
    /// What happens at zero.
    pub policy: OveragePolicy,
    /// Whether the operator has stopped the account.
    pub is_suspended: bool,
}

/// A company's limits in a cycle, and what counts against them, by agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyLimits {
    /// Credits the company may spend in a cycle.
    pub budget: Option<Credits>,
    /// Credits an agent may spend in it.
    pub caps: BTreeMap<Agent, Credits>,
    /// Spent in the running cycle.
    pub used: BTreeMap<Agent, Credits>,
    /// Held by running calls.
    pub held: BTreeMap<Agent, Credits>,
}

/// The stored state of an account's books: what [`crate::desk::Desk`] works on.
#[derive(Debug, Clone)]
pub struct LoadedBooks {
    /// Whose.
    pub account: AccountId,
    /// Key of its plan.
    pub plan: String,
    /// What it pays.
    pub terms: Terms,
    /// Its billing cycles.
    pub cycles: domain::calendar::Cycles,
    /// When the account came to be: its first cycle is that one. None when it is from before that was noted; then its books
    /// begin with the cycle in which something is first done to them.
    pub opened: Option<Time>,
    /// Credits that the system may refund in a cycle without anybody's decision.
    pub auto_refund: Credits,
    /// How many of them it has refunded in the running cycle; only known when an act disputes an event.
    pub auto_refunded: Credits,
    /// How many of its disputes are open; only known when an act disputes an event.
    pub open_disputes: u32,
    /// Its grants, as far as they can matter to what is asked.
    pub grants: Vec<Grant>,
    /// Overage by start of its cycle.
    pub overage: BTreeMap<Time, Overage>,
    /// Number of the latest grant.
    pub last_grant: i64,
    /// Number of the latest entry.
    pub last_entry: i64,
    /// Counts the changes.
    pub version: i64,
    /// Counts those besides usage and running calls.
    pub billing: i64,
    /// Start of the latest cycle that was renewed.
    pub renewed: Option<Time>,
    /// Reserved by all active holds.
    pub held: Credits,
    /// Spent in the running cycle.
    pub used: Credits,
    /// Spent in all, in micro-credits: wider than any amount, because earlier versions counted further than this one.
    pub counted: i128,
    /// Active holds that are overdue, and those an act names.
    pub holds: Vec<Hold>,
    /// Limits of the companies an act names.
    pub limits: BTreeMap<CompanyId, CompanyLimits>,
    /// Orders an act names.
    pub orders: Vec<Order>,
    /// Disputes an act names, and those of the events an act names.
    pub disputes: Vec<Dispute>,
}

/// What has to be stored of an account's books after a desk has worked on them.
#[derive(Debug, Clone)]
pub struct ChangedBooks {
    /// Whose.
    pub account: AccountId,
    /// Grants that are new or changed, as they are now.
    pub grants: Vec<Grant>,
    /// Overage that changed, as it is now.
    pub overage: Vec<(Time, Overage)>,
    /// New entries with their numbers.
    pub entries: Vec<(i64, Entry)>,
    /// Holds that are new or changed, as they are now.
    pub holds: Vec<Hold>,
    /// Orders that are new or changed, as they are now.
    pub orders: Vec<Order>,
    /// Disputes that are new or changed, as they are now.
    pub disputes: Vec<Dispute>,
    /// Key of the plan the account moves to.
    pub new_plan: Option<String>,
    /// Number of the latest grant.
    pub last_grant: i64,
    /// Number of the latest entry.
    pub last_entry: i64,
    /// The version after the one loaded.
    pub version: i64,
    /// Counts the changes besides usage and running calls.
    pub billing: i64,
    /// The latest cycle that was renewed.
    pub renewed: TimeRange,
    /// Reserved by all active holds.
    pub held: Credits,
    /// Spent in all, in micro-credits.
    pub counted: i128,
}

/// What a reader of an account's books wants to know besides its grants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BooksNeeds {
    /// Holds by id.
    pub holds: Vec<String>,
    /// Orders by id.
    pub orders: Vec<String>,
    /// The orders that wait for their payment.
    pub pending_orders: bool,
    /// Disputes by id.
    pub disputes: Vec<String>,
    /// Disputes of these events, by source and id.
    pub disputed: Vec<(String, String)>,
    /// Limits of these companies.
    pub companies: Vec<CompanyId>,
    /// Every grant, not only those that can still matter.
    pub all_grants: bool,
}

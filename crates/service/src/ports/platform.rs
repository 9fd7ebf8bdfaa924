//! Reading usage across accounts.

use async_trait::async_trait;
use domain::{AccountId, Agent, Time, TimeRange, usage::Totals};

use super::StoreResult;

/// How long the stretches of platform-wide totals are. They follow UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformGrain {
    /// An hour.
    Hour,
    /// A day.
    Day,
}

/// What platform-wide totals are kept apart by, besides time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformGroupBy {
    /// Nothing.
    All,
    /// The agent.
    Agent,
    /// The activity.
    Activity,
    /// The plan an account had when its usage was recorded.
    Plan,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlatformKey {
    /// Everything.
    All,
    /// An agent.
    Agent(Agent),
    /// An activity.
    Activity(String),
    /// The key of a plan.
    Plan(String),
}

/// Totals of one group in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformCell {
    /// Start of the hour or day.
    pub start: Time,
    /// Which group.
    pub key: PlatformKey,
    /// The totals.
    pub totals: Totals,
}

/// What one account used in a period and in the one it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountUse {
    /// Whose.
    pub account: AccountId,
    /// In the period.
    pub now: Totals,
    /// In the period it is compared with.
    pub before: Totals,
    /// Which agents it used in the period, by [`Agent::index`].
    pub agents: [bool; 6],
}

/// That an account had nothing left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunOut {
    /// Whose.
    pub account: AccountId,
    /// Start of the billing cycle.
    pub cycle_start: Time,
    /// Time of the first event after which nothing was left.
    pub at: Time,
}

/// What one account used on one UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountDay {
    /// Whose.
    pub account: AccountId,
    /// Start of the day.
    pub start: Time,
    /// The totals.
    pub totals: Totals,
}

/// Reads across accounts. Ranges begin and end with UTC hours or days; `plans` are keys, of all plans when empty.
#[async_trait]
pub trait PlatformReads {
    /// Totals by stretch of time and group. Stretches and groups without events are left out.
    async fn platform_cells(
        &mut self,
        plans: &[String],
        range: TimeRange,
        grain: PlatformGrain,
        group_by: PlatformGroupBy,
    ) -> StoreResult<Vec<PlatformCell>>;

    /// What each account used; accounts that used nothing in either period are left out. Whole UTC days, fewer than
    /// 240 in each period or whole weeks beyond.
    async fn account_uses(
        &mut self,
        plans: &[String],
        range: TimeRange,
        previous: TimeRange,
    ) -> StoreResult<Vec<AccountUse>>;

    /// Totals of some accounts by UTC day.
    async fn account_days(
        &mut self,
        accounts: &[AccountId],
        plans: &[String],
        range: TimeRange,
    ) -> StoreResult<Vec<AccountDay>>;

    /// How many accounts have one of these plans now.
    async fn accounts_of_plans(&mut self, plans: &[String]) -> StoreResult<u64>;

    /// Accounts that had nothing left at a time of `range`, once for each billing cycle.
    async fn run_outs(&mut self, plans: &[String], range: TimeRange) -> StoreResult<Vec<RunOut>>;
}

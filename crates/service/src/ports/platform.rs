//! Reading usage across accounts.

use async_trait::async_trait;
use domain::{AccountId, Agent, Time, TimeRange, time::DAY_US, usage::Totals};

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

/// What sums of each account are kept of, besides its own hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// The UTC day that begins then.
    Day(Time),
    /// The seven UTC days that begin then, on a Monday.
    Week(Time),
}

/// The first Monday after the beginning of time.
const MONDAY_US: i64 = 4 * DAY_US;

impl Span {
    /// The UTC day of a time.
    pub const fn day_of(time: Time) -> Self {
        let into_us = time.micros().rem_euclid(DAY_US);
        Self::Day(Time::from_micros(time.micros() - into_us))
    }

    /// The week of a time.
    pub const fn week_of(time: Time) -> Self {
        let into_us = (time.micros() - MONDAY_US).rem_euclid(7 * DAY_US);
        Self::Week(Time::from_micros(time.micros() - into_us))
    }

    /// When it begins.
    pub const fn start(self) -> Time {
        match self {
            Self::Day(start) | Self::Week(start) => start,
        }
    }

    /// How many days it has.
    pub const fn days(self) -> i64 {
        match self {
            Self::Day(_) => 1,
            Self::Week(_) => 7,
        }
    }

    /// All of it.
    pub const fn range(self) -> TimeRange {
        let start = self.start();
        TimeRange {
            start,
            end: Time::from_micros(start.micros() + self.days() * DAY_US),
        }
    }

    /// Cuts whole UTC days into as few spans as there are, in order.
    pub fn tile(range: TimeRange) -> Vec<Self> {
        let is_edge = |time| Self::day_of(time).start() == time;
        debug_assert!(
            is_edge(range.start) && is_edge(range.end),
            "{range:?} is cut"
        );
        let mut spans = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let week = Self::week_of(at);
            let is_whole = week.start() == at && week.range().end <= range.end;
            let span = if is_whole { week } else { Self::day_of(at) };
            spans.push(span);
            at = span.range().end;
        }
        spans
    }
}

/// What one account used in one span while it had one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanUse {
    /// When.
    pub span: Span,
    /// Whose.
    pub account: AccountId,
    /// The key of the plan it had when its usage was recorded.
    pub plan: String,
    /// The totals.
    pub totals: Totals,
    /// Which agents it used, by [`Agent::index`].
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

    /// What every account used in some spans that do not overlap, by time and account. Spans in which an account used
    /// nothing are left out.
    async fn span_uses(&mut self, spans: &[Span]) -> StoreResult<Vec<SpanUse>>;

    /// What every account used in the first hours of a UTC day, `range` being these hours, by account; the span is that
    /// day, and no agents are told. Usage of an account that changed its plan on that day counts under the plan with
    /// most of it.
    async fn hours_uses(&mut self, range: TimeRange) -> StoreResult<Vec<SpanUse>>;

    /// Start of the first UTC day with usage; none when nothing was ever used.
    async fn platform_start(&mut self) -> StoreResult<Option<Time>>;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn weeks_begin_on_monday_also_before_1970() {
        for (of, monday) in [
            ("2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z"),
            ("2026-11-29T23:59:59Z", "2026-11-23T00:00:00Z"),
            ("1970-01-01T00:00:00Z", "1969-12-29T00:00:00Z"),
        ] {
            assert_eq!(Span::week_of(time(of)), Span::Week(time(monday)), "{of}");
        }
        let late = Span::day_of(time("1969-12-31T23:00:00Z"));
        assert_eq!(late, Span::Day(time("1969-12-31T00:00:00Z")));
    }

    #[test]
    fn a_period_is_days_weeks_and_days_without_gap() {
        let monday = time("2026-11-23T00:00:00Z");
        for first in 0..9 {
            for length in 1..40 {
                let day = |number: i64| monday.plus_micros(number * DAY_US);
                let spans = Span::tile(TimeRange::new(day(first), day(first + length)));
                let mut at = day(first);
                for span in &spans {
                    assert_eq!(span.start(), at);
                    at = span.range().end;
                }
                assert_eq!(at, day(first + length));
                let is_day = |span: &&Span| matches!(span, Span::Day(_));
                let days = spans.iter().filter(is_day).count();
                assert!(days <= 12, "{days} single days of {length}");
            }
        }
    }
}

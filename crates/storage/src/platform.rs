//! Reading usage across accounts.

mod sql;

use async_trait::async_trait;
use domain::{
    AccountId, Agent, Credits, Time, TimeRange,
    time::{DAY_US, HOUR_US},
    usage::Totals,
};
use service::ports::{
    AccountDay, AccountUse, PlatformCell, PlatformGrain, PlatformGroupBy, PlatformKey,
    PlatformReads, RunOut, StoreResult,
};
use sqlx::SqliteConnection;

use crate::{
    error::{Error, Result},
    reading::SqliteSnapshot,
    rollups::week,
    rows::agent,
};

const WEEK_US: i64 = 7 * DAY_US;

#[async_trait]
impl PlatformReads for SqliteSnapshot {
    async fn platform_cells(
        &mut self,
        plans: &[String],
        range: TimeRange,
        grain: PlatformGrain,
        group_by: PlatformGroupBy,
    ) -> StoreResult<Vec<PlatformCell>> {
        Ok(cells(self.connection(), plans, range, grain, group_by).await?)
    }

    async fn account_uses(
        &mut self,
        plans: &[String],
        range: TimeRange,
        previous: TimeRange,
    ) -> StoreResult<Vec<AccountUse>> {
        Ok(uses(self.connection(), plans, range, previous).await?)
    }

    async fn account_days(
        &mut self,
        accounts: &[AccountId],
        plans: &[String],
        range: TimeRange,
    ) -> StoreResult<Vec<AccountDay>> {
        Ok(days(self.connection(), accounts, plans, range).await?)
    }

    async fn accounts_of_plans(&mut self, plans: &[String]) -> StoreResult<u64> {
        Ok(accounts(self.connection(), plans).await?)
    }

    async fn run_outs(&mut self, plans: &[String], range: TimeRange) -> StoreResult<Vec<RunOut>> {
        Ok(run_outs(self.connection(), plans, range).await?)
    }
}

/// Start, group, the halves of credits, events.
type Row = (i64, String, i64, i64, i64);

#[tracing::instrument(name = "db.platform.cells", skip_all, fields(?grain, ?group_by))]
async fn cells(
    connection: &mut SqliteConnection,
    plans: &[String],
    range: TimeRange,
    grain: PlatformGrain,
    group_by: PlatformGroupBy,
) -> Result<Vec<PlatformCell>> {
    let width_us = match grain {
        PlatformGrain::Hour => HOUR_US,
        PlatformGrain::Day => DAY_US,
    };
    debug_assert!(is_whole(range, width_us), "{range:?} is cut");
    let rows: Vec<Row> = sqlx::query_as(sql::cells(grain, group_by))
        .bind(range.start.micros())
        .bind(range.end.micros())
        .bind(serde_json::to_string(plans)?)
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|(start, group, high, low, events)| {
            let key = match group_by {
                PlatformGroupBy::All => PlatformKey::All,
                PlatformGroupBy::Agent => PlatformKey::Agent(agent(number(&group)?)?),
                PlatformGroupBy::Activity => PlatformKey::Activity(group),
                PlatformGroupBy::Plan => PlatformKey::Plan(group),
            };
            Ok(PlatformCell {
                start: Time::from_micros(start),
                key,
                totals: totals(joined(high, low), events)?,
            })
        })
        .collect()
}

/// A sum whose halves were added up apart, as far as it can be counted.
fn joined(high: i64, low: i64) -> i64 {
    let sum = (i128::from(high) << 32) + i128::from(low);
    let most = if sum < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(sum).unwrap_or(most)
}

fn number(text: &str) -> Result<i64> {
    let number = text.parse();
    number.map_err(|_| Error::Corrupt(format!("{text} as a number")))
}

/// Days of a span, its first and last start, and whether it is of the period or of the one before.
type Segment = (i64, i64, i64, bool);

/// Account, credits and events of the period, of the one before, agents.
type UseRow = (i64, i64, i64, i64, i64, i64);

#[tracing::instrument(name = "db.platform.account_uses", skip_all)]
async fn uses(
    connection: &mut SqliteConnection,
    plans: &[String],
    range: TimeRange,
    previous: TimeRange,
) -> Result<Vec<AccountUse>> {
    let mut segments = segments(range, true);
    segments.extend(self::segments(previous, false));
    // One value of all rows: ten thousand accounts are handed over as one text, not one by one.
    let rows: String = sqlx::query_scalar(sql::USES)
        .bind(serde_json::to_string(&segments)?)
        .bind(serde_json::to_string(plans)?)
        .fetch_one(connection)
        .await?;
    let rows: Vec<UseRow> = serde_json::from_str(&rows)?;
    rows.into_iter().map(account_use).collect()
}

fn account_use(row: UseRow) -> Result<AccountUse> {
    let (account, credits, events, credits_before, events_before, agents) = row;
    let used = |agent: Agent| (agents >> (8 * agent.index())) & 0xff != 0;
    Ok(AccountUse {
        account: AccountId(account),
        now: totals(credits, events)?,
        before: totals(credits_before, events_before)?,
        agents: Agent::ALL.map(used),
    })
}

/// Cuts a range of whole days into days, weeks and days.
fn segments(range: TimeRange, is_now: bool) -> Vec<Segment> {
    debug_assert!(is_whole(range, DAY_US), "{range:?} is cut");
    let (start, end) = (range.start.micros(), range.end.micros());
    let first_week = week(Time::from_micros(start + WEEK_US - 1));
    let last_week = week(range.end);
    let parts = if first_week < last_week {
        [
            (1, start, first_week),
            (7, first_week, last_week),
            (1, last_week, end),
        ]
    } else {
        [(1, start, end), (7, end, end), (1, end, end)]
    };
    parts
        .into_iter()
        .filter(|(_, start, end)| start < end)
        .map(|(days, start, end)| (days, start, end, is_now))
        .collect()
}

fn is_whole(range: TimeRange, width_us: i64) -> bool {
    let is_edge = |time: Time| time.micros().rem_euclid(width_us) == 0;
    is_edge(range.start) && is_edge(range.end)
}

#[tracing::instrument(name = "db.platform.account_days", skip_all)]
async fn days(
    connection: &mut SqliteConnection,
    accounts: &[AccountId],
    plans: &[String],
    range: TimeRange,
) -> Result<Vec<AccountDay>> {
    let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(sql::DAYS)
        .bind(serde_json::to_string(accounts)?)
        .bind(range.start.micros())
        .bind(range.end.micros())
        .bind(serde_json::to_string(plans)?)
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|(account, start, credits, events)| {
            Ok(AccountDay {
                account: AccountId(account),
                start: Time::from_micros(start),
                totals: totals(credits, events)?,
            })
        })
        .collect()
}

#[tracing::instrument(name = "db.platform.count_accounts", skip_all)]
async fn accounts(connection: &mut SqliteConnection, plans: &[String]) -> Result<u64> {
    let count: i64 = sqlx::query_scalar(sql::ACCOUNTS)
        .bind(serde_json::to_string(plans)?)
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

#[tracing::instrument(name = "db.platform.run_outs", skip_all)]
async fn run_outs(
    connection: &mut SqliteConnection,
    plans: &[String],
    range: TimeRange,
) -> Result<Vec<RunOut>> {
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(sql::RUN_OUTS)
        .bind(range.start.micros())
        .bind(range.end.micros())
        .bind(serde_json::to_string(plans)?)
        .fetch_all(connection)
        .await?;
    let run_out = |(account, cycle_start, at)| RunOut {
        account: AccountId(account),
        cycle_start: Time::from_micros(cycle_start),
        at: Time::from_micros(at),
    };
    Ok(rows.into_iter().map(run_out).collect())
}

fn totals(credits: i64, events: i64) -> Result<Totals> {
    let events = u64::try_from(events)
        .map_err(|_| Error::Corrupt("a negative number of events".to_owned()))?;
    Ok(Totals {
        credits: Credits::from_micro(credits),
        events,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_days_weeks_and_days_without_gap() {
        let monday = week("2026-11-25T00:00:00Z".parse().unwrap());
        for start in 0..9 {
            for length in 1..40 {
                let first = monday + start * DAY_US;
                let last = first + length * DAY_US;
                let range = TimeRange::new(Time::from_micros(first), Time::from_micros(last));
                let mut at = first;
                for (days, start, end, _) in segments(range, true) {
                    assert_eq!(start, at);
                    assert_eq!((end - start) % (days * DAY_US), 0);
                    assert!(days == 1 || week(Time::from_micros(start)) == start);
                    at = end;
                }
                assert_eq!(at, last);
                let days = segments(range, true);
                let most = days.iter().filter(|part| part.0 == 1);
                let singles: i64 = most.map(|part| (part.2 - part.1) / DAY_US).sum();
                assert!(singles <= 12, "{singles} single days");
            }
        }
    }
}

//! Reading usage across accounts.

mod sql;

use async_trait::async_trait;
use domain::{
    AccountId, Agent, Credits, Time, TimeRange,
    time::{DAY_US, HOUR_US},
    usage::Totals,
};
use service::ports::{
    AccountDay, PlatformCell, PlatformGrain, PlatformGroupBy, PlatformKey, PlatformReads, RunOut,
    Span, SpanUse, StoreResult,
};
use sqlx::SqliteConnection;

use crate::{
    error::{Error, Result},
    reading::SqliteSnapshot,
    rows::agent,
    wide,
};

/// Spans that are read by one statement: a text of some megabytes when there are ten thousand accounts.
const SPANS_AT_ONCE: usize = 8;

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

    async fn span_uses(&mut self, spans: &[Span]) -> StoreResult<Vec<SpanUse>> {
        Ok(uses(self.connection(), spans).await?)
    }

    async fn hours_uses(&mut self, range: TimeRange) -> StoreResult<Vec<SpanUse>> {
        Ok(hours_uses(self.connection(), range).await?)
    }

    async fn platform_start(&mut self) -> StoreResult<Option<Time>> {
        Ok(first_day(self.connection()).await?)
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

/// Start, group, trillions and the halves of credits, events.
type Row = (i64, String, i64, i64, i64, i64);

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
        .map(|(start, group, trillions, high, low, events)| {
            let key = match group_by {
                PlatformGroupBy::All => PlatformKey::All,
                PlatformGroupBy::Agent => PlatformKey::Agent(agent(number(&group)?)?),
                PlatformGroupBy::Activity => PlatformKey::Activity(group),
                PlatformGroupBy::Plan => PlatformKey::Plan(group),
            };
            Ok(PlatformCell {
                start: Time::from_micros(start),
                key,
                totals: totals(shown(wide::with_trillions(trillions, high, low)), events)?,
            })
        })
        .collect()
}

/// A sum over all accounts as far as it can be shown. What is stored is exact.
fn shown(sum: i128) -> i64 {
    let most = if sum < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(sum).unwrap_or(most)
}

fn number(text: &str) -> Result<i64> {
    let number = text.parse();
    number.map_err(|_| Error::Corrupt(format!("{text} as a number")))
}

/// Days and start of a span, account, plan, credits, events, agents.
type UseRow = (i64, i64, i64, String, i64, i64, i64);

#[tracing::instrument(name = "db.platform.span_uses", skip_all, fields(spans = spans.len()))]
async fn uses(connection: &mut SqliteConnection, spans: &[Span]) -> Result<Vec<SpanUse>> {
    let mut found = Vec::new();
    for spans in spans.chunks(SPANS_AT_ONCE) {
        let asked: Vec<_> = spans
            .iter()
            .map(|span| (span.days(), span.start().micros()))
            .collect();
        // One value of all rows: ten thousand accounts are handed over as one text, not one by one.
        let rows: String = sqlx::query_scalar(sql::USES)
            .bind(serde_json::to_string(&asked)?)
            .fetch_one(&mut *connection)
            .await?;
        let rows: Vec<UseRow> = serde_json::from_str(&rows)?;
        found.reserve(rows.len());
        for row in rows {
            found.push(span_use(row)?);
        }
    }
    found.sort_by_key(|row: &SpanUse| (row.span.start(), row.account));
    Ok(found)
}

fn span_use(row: UseRow) -> Result<SpanUse> {
    let (days, start, account, plan, credits, events, agents) = row;
    let start = Time::from_micros(start);
    let used = |agent: Agent| (agents >> (8 * agent.index())) & 0xff != 0;
    Ok(SpanUse {
        span: if days == 1 {
            Span::Day(start)
        } else {
            Span::Week(start)
        },
        account: AccountId(account),
        plan,
        totals: totals(credits, events)?,
        agents: Agent::ALL.map(used),
    })
}

/// Account, plan, credits, events.
type HoursRow = (i64, String, i64, i64);

#[tracing::instrument(name = "db.platform.hours_uses", skip_all)]
async fn hours_uses(connection: &mut SqliteConnection, range: TimeRange) -> Result<Vec<SpanUse>> {
    let day = Span::day_of(range.start);
    let rows: Vec<HoursRow> = sqlx::query_as(sql::HOURS_USES)
        .bind(day.start().micros())
        .bind(range.start.micros())
        .bind(range.end.micros())
        .fetch_all(connection)
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for (account, plan, credits, events) in rows {
        found.push(SpanUse {
            span: day,
            account: AccountId(account),
            plan,
            totals: totals(credits, events)?,
            agents: [false; 6],
        });
    }
    Ok(found)
}

#[tracing::instrument(name = "db.platform.first_day", skip_all)]
async fn first_day(connection: &mut SqliteConnection) -> Result<Option<Time>> {
    let micros: Option<i64> = sqlx::query_scalar(sql::FIRST_DAY)
        .fetch_one(connection)
        .await?;
    Ok(micros.map(Time::from_micros))
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
    let next = |day: &i64| Some(day + DAY_US);
    let days = std::iter::successors(Some(range.start.micros()), next)
        .take_while(|day| *day < range.end.micros());
    let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(sql::DAYS)
        .bind(serde_json::to_string(accounts)?)
        .bind(serde_json::to_string(&days.collect::<Vec<_>>())?)
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

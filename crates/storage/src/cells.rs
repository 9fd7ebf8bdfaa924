//! Totals by stretch of time and group.

mod sql;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{AccountId, CompanyId, Credits, Time, TimeRange, usage::Totals};
use service::ports::{Cell, Grain, GroupBy, GroupKey, Selection};
use sqlx::SqliteConnection;

use crate::{
    error::{Error, Result},
    filter::{Between, Filter},
    names,
    rows::agent,
};

use sql::Companies;

/// Bytes of a list of companies from which it is asked whether the others are fewer: about a hundred companies.
const LONG_LIST: usize = 500;

/// Start, group, credits, events.
type Row = (i64, i64, i64, i64);

/// Reads the totals of a selection.
#[tracing::instrument(name = "db.cells.read", skip_all, fields(?grain, ?group_by))]
pub(crate) async fn read(
    connection: &mut SqliteConnection,
    account: AccountId,
    selection: &Selection,
    range: TimeRange,
    grain: Grain,
    group_by: GroupBy,
) -> Result<Vec<Cell>> {
    let Some(filter) = Filter::resolve(connection, account, selection).await? else {
        return Ok(Vec::new());
    };
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let rows = match grain {
        Grain::Event => events(connection, &filter, range, group_by).await?,
        Grain::Day | Grain::Bucket => {
            rollups(
                connection,
                Ask {
                    filter: &filter,
                    range,
                    grain,
                    group_by,
                },
            )
            .await?
        }
    };
    let names = match group_by {
        GroupBy::Activity => {
            let numbers: BTreeSet<_> = rows.iter().map(|row| row.1).collect();
            names::of_numbers(connection, account, &numbers).await?
        }
        GroupBy::All | GroupBy::Agent | GroupBy::Company => HashMap::new(),
    };
    rows.into_iter()
        .map(|row| cell(row, group_by, &names))
        .collect()
}

/// A read of roll-ups.
#[derive(Clone, Copy)]
struct Ask<'a> {
    filter: &'a Filter,
    range: TimeRange,
    grain: Grain,
    group_by: GroupBy,
}

async fn rollups(connection: &mut SqliteConnection, ask: Ask<'_>) -> Result<Vec<Row>> {
    match (&ask.filter.companies, ask.group_by) {
        (None, GroupBy::Company) => rows(connection, ask, Companies::Each, None).await,
        (None, _) => rows(connection, ask, Companies::Together, None).await,
        (Some(chosen), GroupBy::Company) => {
            rows(connection, ask, Companies::Some, Some(chosen)).await
        }
        (Some(chosen), _) => match the_others(connection, ask.filter.account, chosen).await? {
            None => rows(connection, ask, Companies::Some, Some(chosen)).await,
            Some(others) => {
                let all = rows(connection, ask, Companies::Together, None).await?;
                let others = rows(connection, ask, Companies::Some, Some(&others)).await?;
                without(all, others)
            }
        },
    }
}

/// The companies that are not chosen, when they are fewer: all but a few cost no more to read than a few.
async fn the_others(
    connection: &mut SqliteConnection,
    account: i64,
    chosen: &str,
) -> Result<Option<String>> {
    const SQL: &str =
        "SELECT json_group_array(company_id), count(*) < json_array_length(?2) FROM companies
        WHERE account_id = ?1 AND company_id NOT IN (SELECT value FROM json_each(?2))";
    if chosen.len() < LONG_LIST {
        return Ok(None);
    }
    let (others, are_fewer): (String, bool) = sqlx::query_as(SQL)
        .bind(account)
        .bind(chosen)
        .fetch_one(connection)
        .await?;
    Ok(Some(others).filter(|_| are_fewer))
}

/// Takes totals of some companies from those of all.
fn without(all: Vec<Row>, some: Vec<Row>) -> Result<Vec<Row>> {
    let mut rest: BTreeMap<(i64, i64), (i64, i64)> = all
        .into_iter()
        .map(|(start, key, credits, events)| ((start, key), (credits, events)))
        .collect();
    for (start, key, credits, events) in some {
        let impossible = || Error::Corrupt("companies with more than their account".to_owned());
        let left = rest.get_mut(&(start, key)).ok_or_else(impossible)?;
        left.0 = left.0.checked_sub(credits).ok_or_else(impossible)?;
        left.1 = left
            .1
            .checked_sub(events)
            .filter(|left| *left >= 0)
            .ok_or_else(impossible)?;
    }
    let present = rest.into_iter().filter(|(_, (_, events))| *events > 0);
    Ok(present
        .map(|((start, key), (credits, events))| (start, key, credits, events))
        .collect())
}

async fn rows(
    connection: &mut SqliteConnection,
    ask: Ask<'_>,
    companies: Companies,
    chosen: Option<&str>,
) -> Result<Vec<Row>> {
    let rows = sqlx::query_as(sql::rollup_cells(
        ask.grain == Grain::Day,
        companies,
        ask.group_by,
    ))
    .bind(ask.filter.account)
    .bind(ask.range.start.micros())
    .bind(ask.range.end.micros())
    .bind(ask.filter.agents)
    .bind(&ask.filter.activities)
    .bind(chosen);
    Ok(rows.fetch_all(connection).await?)
}

async fn events(
    connection: &mut SqliteConnection,
    filter: &Filter,
    range: TimeRange,
    group_by: GroupBy,
) -> Result<Vec<Row>> {
    let statement = sql::event_cells(filter.references.is_some(), group_by);
    Ok(filter
        .bind(statement, Between::of(range))
        .fetch_all(connection)
        .await?)
}

fn cell(
    (start, key, credits, events): Row,
    group_by: GroupBy,
    names: &HashMap<i64, String>,
) -> Result<Cell> {
    let key = match group_by {
        GroupBy::All => GroupKey::All,
        GroupBy::Agent => GroupKey::Agent(agent(key)?),
        GroupBy::Company => GroupKey::Company(CompanyId(key)),
        GroupBy::Activity => {
            let name = names
                .get(&key)
                .ok_or_else(|| Error::Corrupt(format!("activity {key} without a name")))?;
            GroupKey::Activity(name.clone())
        }
    };
    let events = u64::try_from(events)
        .map_err(|_| Error::Corrupt("a negative number of events".to_owned()))?;
    let totals = Totals {
        credits: Credits::from_micro(credits),
        events,
    };
    Ok(Cell {
        start: Time::from_micros(start),
        key,
        totals,
    })
}

//! The totals kept with the events, by bucket, day and cycle.

use domain::{AccountId, Time};
use serde::Serialize;
use service::{desk::Booked, ports::NewEvent};

use crate::{
    error::{Error, Result},
    names::Sort,
    writer::WriteTx,
};

/// Credits and a count, wide enough for any sum of one transaction.
type Sum = (i128, i64);

/// Adds rows of `[key…, credits, events]` to a table of totals. A sum that leaves 64 bits would become a floating-point
/// number, which the table's strict columns refuse.
macro_rules! upsert_sql {
    ($table:literal, ($($column:literal),+), ($($at:literal),+), $credits:literal, $events:literal) => {
        concat!(
            "INSERT OR ROLLBACK INTO ", $table, " (", $($column, ", ",)+ "credits, events) SELECT ",
            $("value ->> ", $at, ", ",)+ "value ->> ", $credits, ", value ->> ", $events,
            " FROM jsonb_each(?1) WHERE true ON CONFLICT DO UPDATE
            SET credits = credits + excluded.credits, events = events + excluded.events"
        )
    };
}

mod leads;
mod platform;

pub(crate) use leads::add_leads;

const BUCKETS: &str = upsert_sql!(
    "usage_bucket",
    ("account_id", "start", "company_id", "agent", "activity"),
    (0, 1, 2, 3, 4),
    5,
    6
);
const DAYS: &str = upsert_sql!(
    "usage_day",
    ("account_id", "start", "company_id", "agent", "activity"),
    (0, 1, 2, 3, 4),
    5,
    6
);
const ACCOUNT_BUCKETS: &str = upsert_sql!(
    "account_bucket",
    ("account_id", "start", "agent", "activity"),
    (0, 1, 2, 3),
    4,
    5
);
const ACCOUNT_DAYS: &str = upsert_sql!(
    "account_day",
    ("account_id", "start", "agent", "activity"),
    (0, 1, 2, 3),
    4,
    5
);
const CYCLES: &str = upsert_sql!("cycle_usage", ("account_id", "cycle_start"), (0, 1), 2, 3);
const COMPANY_CYCLES: &str = upsert_sql!(
    "company_cycle",
    ("account_id", "cycle_start", "company_id", "agent"),
    (0, 1, 2, 3),
    4,
    5
);

/// What an event is counted under: account, start, company, agent, activity.
type CompanyKey = (AccountId, Time, i64, u8, i64);

/// The same over all companies: account, start, agent, activity.
type AccountKey = (AccountId, Time, u8, i64);

/// Adds events to every total they belong to.
#[tracing::instrument(name = "db.rollups.add", skip_all)]
pub(crate) async fn add(tx: &mut WriteTx<'_>, booked: &[Booked<'_>]) -> Result<()> {
    if booked.is_empty() {
        return Ok(());
    }
    let activities = activity_numbers(tx, booked).await?;
    let rows: Vec<_> = booked
        .iter()
        .zip(activities)
        .map(|(booked, activity)| Counted { booked, activity })
        .collect();
    let buckets = by_start(&rows, |event| event.time.bucket());
    let days = by_start(&rows, |event| event.day_start);
    let together = total(buckets.iter().map(over_companies));
    platform::add(tx, &rows, &together).await?;
    leads::add_short_calls(tx, &rows).await?;
    upsert(tx, ACCOUNT_BUCKETS, together, account_row).await?;
    upsert(tx, BUCKETS, buckets, company_row).await?;
    let together = total(days.iter().map(over_companies));
    upsert(tx, ACCOUNT_DAYS, together, account_row).await?;
    upsert(tx, DAYS, days, company_row).await?;
    add_to_cycles(tx, &rows).await
}

fn by_start(rows: &[Counted<'_>], start: impl Fn(&NewEvent) -> Time) -> Vec<(CompanyKey, Sum)> {
    total(rows.iter().map(|row| {
        let event = row.booked.event.as_ref();
        let key = (
            event.account,
            start(event),
            event.company.0,
            event.agent.index(),
            row.activity,
        );
        (key, sum(row))
    }))
}

fn company_row(
    ((account, start, company, agent, activity), (credits, events)): (CompanyKey, (i64, i64)),
) -> impl Serialize {
    (account, start, company, agent, activity, credits, events)
}

fn account_row(
    ((account, start, agent, activity), (credits, events)): (AccountKey, (i64, i64)),
) -> impl Serialize {
    (account, start, agent, activity, credits, events)
}

async fn add_to_cycles(tx: &mut WriteTx<'_>, rows: &[Counted<'_>]) -> Result<()> {
    let of_companies = total(rows.iter().map(|row| {
        let event = &row.booked.event;
        let key = (
            event.account,
            event.cycle_start,
            event.company.0,
            event.agent.index(),
        );
        (key, sum(row))
    }));
    let cycles = total(
        of_companies
            .iter()
            .map(|((account, start, ..), sum)| ((*account, *start), *sum)),
    );
    upsert(
        tx,
        COMPANY_CYCLES,
        of_companies,
        |((account, start, company, agent), (credits, events))| {
            (account, start, company, agent, credits, events)
        },
    )
    .await?;
    upsert(
        tx,
        CYCLES,
        cycles,
        |((account, start), (credits, events))| (account, start, credits, events),
    )
    .await
}

/// An event and the number of its activity.
struct Counted<'a> {
    booked: &'a Booked<'a>,
    activity: i64,
}

/// A reversal takes credits back and is no usage of its own.
fn sum(row: &Counted<'_>) -> Sum {
    let events = i64::from(row.booked.reverses.is_none());
    (i128::from(row.booked.event.credits.micro()), events)
}

async fn activity_numbers(tx: &mut WriteTx<'_>, booked: &[Booked<'_>]) -> Result<Vec<i64>> {
    let (connection, names) = tx.parts();
    let mut numbers = Vec::with_capacity(booked.len());
    for event in booked.iter().map(|booked| &booked.event) {
        let number = names.counted(connection, event.account, Sort::Activity, &event.activity);
        numbers.push(number.await?);
    }
    Ok(numbers)
}

fn over_companies((key, sum): &(CompanyKey, Sum)) -> (AccountKey, Sum) {
    let (account, start, _, agent, activity) = *key;
    ((account, start, agent, activity), *sum)
}

/// Adds up by key, in the order of the keys: the order of the table's pages.
fn total<K: Ord + Copy>(parts: impl Iterator<Item = (K, Sum)>) -> Vec<(K, Sum)> {
    let mut parts: Vec<_> = parts.collect();
    parts.sort_unstable_by_key(|(key, _)| *key);
    parts.dedup_by(|(later, (credits, events)), (first, sum)| {
        let same = later == first;
        if same {
            sum.0 += *credits;
            sum.1 += *events;
        }
        same
    });
    parts
}

async fn upsert<K, R: Serialize>(
    tx: &mut WriteTx<'_>,
    statement: &'static str,
    totals: Vec<(K, Sum)>,
    row: impl Fn((K, (i64, i64))) -> R,
) -> Result<()> {
    let rows = totals
        .into_iter()
        .map(|(key, (credits, events))| {
            let credits =
                i64::try_from(credits).map_err(|_| Error::Overflow("one transaction's credits"))?;
            Ok(row((key, (credits, events))))
        })
        .collect::<Result<Vec<_>>>()?;
    let json = serde_json::to_string(&rows)?;
    sqlx::query(statement)
        .bind(json)
        .execute(tx.connection())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_up_by_key() {
        let parts = [
            (2, (1, 1)),
            (1, (i128::from(i64::MAX), 1)),
            (2, (3, 1)),
            (1, (1, 2)),
        ];
        assert_eq!(
            total(parts.into_iter()),
            [(1, (i128::from(i64::MAX) + 1, 3)), (2, (4, 2))]
        );
    }
}

//! The totals kept with the events, by bucket, day and cycle.

use domain::{AccountId, Time};
use serde::Serialize;

use crate::{
    error::{Error, Result},
    events::Row,
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

/// What an event is counted under: account, start, company, agent, activity.
type CompanyKey = (AccountId, Time, i64, u8, i64);

/// Adds the rows to every total they belong to.
#[tracing::instrument(name = "db.rollups.add", skip_all)]
pub(crate) async fn add(tx: &mut WriteTx<'_>, rows: &[Row<'_>]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let key = |row: &Row<'_>, start| {
        (
            row.event.account,
            start,
            row.event.company.0,
            row.event.agent.index(),
            row.activity,
        )
    };
    let buckets = total(
        rows.iter()
            .map(|row| (key(row, row.event.time.bucket()), sum(row))),
    );
    let days = total(
        rows.iter()
            .map(|row| (key(row, row.event.day_start), sum(row))),
    );
    let cycles = total(
        rows.iter()
            .map(|row| ((row.event.account, row.event.cycle_start), sum(row))),
    );
    let account_buckets = total(buckets.iter().map(over_companies));
    let account_days = total(days.iter().map(over_companies));
    upsert(
        tx,
        BUCKETS,
        buckets,
        |((account, start, company, agent, activity), (credits, events))| {
            (account, start, company, agent, activity, credits, events)
        },
    )
    .await?;
    upsert(
        tx,
        DAYS,
        days,
        |((account, start, company, agent, activity), (credits, events))| {
            (account, start, company, agent, activity, credits, events)
        },
    )
    .await?;
    for (statement, totals) in [
        (ACCOUNT_BUCKETS, account_buckets),
        (ACCOUNT_DAYS, account_days),
    ] {
        upsert(
            tx,
            statement,
            totals,
            |((account, start, agent, activity), (credits, events))| {
                (account, start, agent, activity, credits, events)
            },
        )
        .await?;
    }
    upsert(
        tx,
        CYCLES,
        cycles,
        |((account, start), (credits, events))| (account, start, credits, events),
    )
    .await
}

fn sum(row: &Row<'_>) -> Sum {
    (i128::from(row.event.credits.micro()), 1)
}

fn over_companies((key, sum): &(CompanyKey, Sum)) -> ((AccountId, Time, u8, i64), Sum) {
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

//! Grants and overage.

use std::collections::BTreeMap;

use domain::{
    Credits, Time, TimeRange,
    ledger::{Cover, Grant, GrantNo, Overage},
};
use service::ports::LoadedBooks;
use sqlx::SqliteConnection;

use super::Wanted;
use crate::error::{Error, Result};

const GRANTS: &str = "
    SELECT g.account_id, g.number, g.kind, g.name, g.amount, g.spent, g.effective_at, g.expires_at, g.priority,
        g.cycle_start, g.reference, g.actor, g.created_at
    FROM json_each(?1) AS asked
    CROSS JOIN grants AS g ON g.account_id = asked.value AND g.expires_at > ?2
    WHERE ?3 OR g.spent < g.amount OR g.cycle_start IS NOT NULL";

const OVERAGE: &str = "
    SELECT o.account_id, o.cycle_start, o.due, o.covers
    FROM json_each(?1) AS asked CROSS JOIN overage AS o ON o.account_id = asked.value";

#[derive(sqlx::FromRow)]
struct GrantRow {
    account_id: i64,
    number: i64,
    kind: String,
    name: String,
    amount: i64,
    spent: i64,
    effective_at: i64,
    expires_at: i64,
    priority: i32,
    cycle_start: Option<i64>,
    reference: Option<String>,
    actor: String,
    created_at: i64,
}

/// Grants of the running cycle, of one that is not renewed yet, and of one in which a hold ended by itself matter
/// whatever is paid for.
fn grants_since(wanted: &Wanted, now: Time, books: &BTreeMap<i64, LoadedBooks>) -> Time {
    let mut since = wanted.since.unwrap_or(Time::MAX);
    for loaded in books.values() {
        since = since.min(loaded.cycles.at(now).range.start);
        since = since.min(loaded.renewed.unwrap_or(Time::MAX));
        for hold in loaded.holds.iter().filter(|hold| hold.is_overdue(now)) {
            since = since.min(hold.expires_at);
        }
    }
    since
}

pub(super) async fn add(
    connection: &mut SqliteConnection,
    ids: &str,
    wanted: &Wanted,
    now: Time,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let all = wanted.needs.values().any(|needs| needs.all_grants);
    let since = if all {
        Time::MIN
    } else {
        grants_since(wanted, now, books)
    };
    let rows: Vec<GrantRow> = sqlx::query_as(GRANTS)
        .bind(ids)
        .bind(since.micros())
        .bind(all)
        .fetch_all(connection)
        .await?;
    for row in rows {
        if let Some(loaded) = books.get_mut(&row.account_id) {
            loaded.grants.push(grant(row)?);
        }
    }
    Ok(())
}

fn grant(row: GrantRow) -> Result<Grant> {
    Ok(Grant {
        number: GrantNo(row.number),
        kind: row
            .kind
            .parse()
            .map_err(|_| Error::Corrupt(format!("grant kind {}", row.kind)))?,
        name: row.name,
        amount: Credits::from_micro(row.amount),
        spent: Credits::from_micro(row.spent),
        active: TimeRange::new(
            Time::from_micros(row.effective_at),
            Time::from_micros(row.expires_at),
        ),
        priority: row.priority,
        cycle_start: row.cycle_start.map(Time::from_micros),
        reference: row.reference,
        actor: row.actor,
        created_at: Time::from_micros(row.created_at),
    })
}

fn overage(due: i64, covers: &str) -> Result<Overage> {
    let covers: Vec<(GrantNo, i64)> = serde_json::from_str(covers)?;
    Ok(Overage {
        due: Credits::from_micro(due),
        covers: covers
            .into_iter()
            .map(|(grant, credits)| Cover {
                grant,
                credits: Credits::from_micro(credits),
            })
            .collect(),
    })
}

pub(super) async fn add_overage(
    connection: &mut SqliteConnection,
    ids: &str,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(OVERAGE)
        .bind(ids)
        .fetch_all(connection)
        .await?;
    for (account, start, due, covers) in rows {
        if let Some(loaded) = books.get_mut(&account) {
            loaded
                .overage
                .insert(Time::from_micros(start), overage(due, &covers)?);
        }
    }
    Ok(())
}

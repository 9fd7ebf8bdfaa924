//! Who did what.

use domain::{AccountId, Time};
use service::ports::{AuditEntry, AuditFilter};
use sqlx::SqlitePool;

use crate::{
    error::Result,
    fold,
    idempotency::{Did, once},
    writer::Writer,
};

#[derive(sqlx::FromRow)]
struct AuditRow {
    number: i64,
    at: i64,
    account_id: Option<i64>,
    actor: String,
    address: Option<String>,
    action: String,
    target: String,
    detail: String,
}

impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        Self {
            number: row.number,
            at: Time::from_micros(row.at),
            account: row.account_id.map(AccountId),
            actor: row.actor,
            address: row.address,
            action: row.action,
            target: row.target,
            detail: row.detail,
        }
    }
}

#[tracing::instrument(name = "db.audit.add", skip_all)]
pub(super) async fn record(writer: &Writer, entry: &AuditEntry) -> Result<()> {
    const SQL: &str =
        "INSERT INTO audit (at, account_id, actor, address, action, target, detail, actor_folded)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    once(writer, async |tx| {
        sqlx::query(SQL)
            .bind(entry.at.micros())
            .bind(entry.account.map(|account| account.0))
            .bind(&entry.actor)
            .bind(&entry.address)
            .bind(&entry.action)
            .bind(&entry.target)
            .bind(&entry.detail)
            .bind(fold::column(&entry.actor))
            .execute(tx.connection())
            .await?;
        Ok(Did::Done(()))
    })
    .await
}

/// An account's entries are found by its index; without an account the newest of all are read.
#[tracing::instrument(name = "db.audit.list", skip_all)]
pub(super) async fn list(
    readers: &SqlitePool,
    filter: AuditFilter<'_>,
    limit: u32,
) -> Result<Vec<AuditEntry>> {
    const OF_ACCOUNT: &str = "
        SELECT number, at, account_id, actor, address, action, target, detail FROM audit
        WHERE account_id = ?1 AND number < ?2 AND (?3 = '' OR instr(action, ?3) = 1)
            AND (?4 = '' OR instr(coalesce(actor_folded, lower(actor)), ?4) > 0)
        ORDER BY number DESC LIMIT ?5";
    const OF_ALL: &str = "
        SELECT number, at, account_id, actor, address, action, target, detail FROM audit
        WHERE ?1 IS NULL AND number < ?2 AND (?3 = '' OR instr(action, ?3) = 1)
            AND (?4 = '' OR instr(coalesce(actor_folded, lower(actor)), ?4) > 0)
        ORDER BY number DESC LIMIT ?5";
    let statement = if filter.account.is_some() {
        OF_ACCOUNT
    } else {
        OF_ALL
    };
    let rows: Vec<AuditRow> = sqlx::query_as(statement)
        .bind(filter.account.map(|account| account.0))
        .bind(filter.before.unwrap_or(i64::MAX))
        .bind(filter.action.unwrap_or_default())
        .bind(domain::fold::folded(filter.actor.unwrap_or_default()))
        .bind(limit)
        .fetch_all(readers)
        .await?;
    Ok(rows.into_iter().map(AuditEntry::from).collect())
}

//! Plans.

use domain::{AccountId, Credits, Time, tenancy::Plan};
use service::ports::Stored;
use sqlx::{SqliteExecutor, SqlitePool};

use super::after_or_first;
use crate::{
    error::Result,
    events,
    writer::{WriteTx, Writer},
};

type Row = (
    String,
    String,
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
);

fn plan((key, name, monthly, price, currency, rollover): Row) -> Plan {
    Plan {
        key,
        name,
        monthly_credits: Credits::from_micro(monthly),
        price,
        currency,
        rollover: rollover.map(Credits::from_micro),
    }
}

#[tracing::instrument(name = "db.plans.get", skip_all)]
pub(super) async fn by_key(database: impl SqliteExecutor<'_>, key: &str) -> Result<Option<Plan>> {
    const SQL: &str =
        "SELECT key, name, monthly_credits, price, currency, rollover FROM plans WHERE key = ?1";
    Ok(sqlx::query_as(SQL)
        .bind(key)
        .fetch_optional(database)
        .await?
        .map(plan))
}

#[tracing::instrument(name = "db.plans.list", skip_all)]
pub(super) async fn list(
    readers: &SqlitePool,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Plan>> {
    const SQL: &str = "SELECT key, name, monthly_credits, price, currency, rollover FROM plans
        WHERE key > ?1 ORDER BY key LIMIT ?2";
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(after_or_first(after))
        .bind(limit)
        .fetch_all(readers)
        .await?;
    Ok(rows.into_iter().map(plan).collect())
}

/// Gives the plan's accounts the allocations of cycles that have begun, before the plan becomes another: what a cycle has
/// must not depend on whether anybody looked in time.
async fn renew(tx: &mut WriteTx<'_>, plan: &str, now: Time) -> Result<()> {
    const SQL: &str =
        "SELECT b.account_id FROM books AS b JOIN accounts AS a ON a.account_id = b.account_id
        WHERE b.renews_at <= ?2 AND a.plan = ?1";
    let due: Vec<i64> = sqlx::query_scalar(SQL)
        .bind(plan)
        .bind(now.micros())
        .fetch_all(tx.connection())
        .await?;
    if due.is_empty() {
        return Ok(());
    }
    let due = due.into_iter().map(AccountId).collect();
    events::renew(tx, due, now).await
}

#[tracing::instrument(name = "db.plans.put", skip_all)]
pub(super) async fn put(writer: &Writer, new: &Plan, now: Time) -> Result<Stored<Plan>> {
    const SQL: &str = "
        INSERT INTO plans (key, name, monthly_credits, price, currency, created_at, updated_at, rollover)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)
        ON CONFLICT (key) DO UPDATE SET name = excluded.name, monthly_credits = excluded.monthly_credits,
            price = excluded.price, currency = excluded.currency, updated_at = excluded.updated_at,
            rollover = excluded.rollover";
    let mut tx = writer.begin().await?;
    renew(&mut tx, &new.key, now).await?;
    let was_there = by_key(tx.connection(), &new.key).await?.is_some();
    sqlx::query(SQL)
        .bind(&new.key)
        .bind(&new.name)
        .bind(new.monthly_credits.micro())
        .bind(&new.price)
        .bind(&new.currency)
        .bind(now.micros())
        .bind(new.rollover.map(Credits::micro))
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(Stored::now(new.clone(), was_there))
}

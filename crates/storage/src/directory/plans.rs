//! Plans.

use domain::{Credits, Time, tenancy::Plan};
use service::ports::{Expected, Stored};
use sqlx::{SqliteExecutor, SqlitePool};

use super::after_or_first;
use crate::{
    error::Result,
    idempotency::{Did, once},
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

/// When the terms of a plan that are in force began.
#[tracing::instrument(name = "db.plans.effective_at", skip_all)]
pub(super) async fn effective_at(readers: &SqlitePool, key: &str) -> Result<Option<Time>> {
    const SQL: &str =
        "SELECT effective_at FROM plan_terms WHERE plan = ?1 ORDER BY version DESC LIMIT 1";
    let since: Option<i64> = sqlx::query_scalar(SQL)
        .bind(key)
        .fetch_optional(readers)
        .await?;
    Ok(since.map(Time::from_micros))
}

/// Adds the plan's terms as they are now as a version that begins now; time never goes back from one to the next.
async fn add_version(tx: &mut WriteTx<'_>, plan: &str, now: Time) -> Result<()> {
    const SQL: &str = "
        INSERT INTO plan_terms (plan, version, effective_at, name, monthly_credits, price, currency, rollover)
        SELECT key,
            1 + coalesce((SELECT max(version) FROM plan_terms WHERE plan = ?1), 0),
            max(?2, coalesce((SELECT max(effective_at) FROM plan_terms WHERE plan = ?1), ?2)),
            name, monthly_credits, price, currency, rollover
        FROM plans WHERE key = ?1";
    sqlx::query(SQL)
        .bind(plan)
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    Ok(())
}

#[tracing::instrument(name = "db.plans.put", skip_all)]
pub(super) async fn put(
    writer: &Writer,
    new: &Plan,
    expected: &Expected,
    now: Time,
) -> Result<Stored<Plan>> {
    const SQL: &str = "
        INSERT INTO plans (key, name, monthly_credits, price, currency, created_at, updated_at, rollover)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)
        ON CONFLICT (key) DO UPDATE SET name = excluded.name, monthly_credits = excluded.monthly_credits,
            price = excluded.price, currency = excluded.currency, updated_at = excluded.updated_at,
            rollover = excluded.rollover";
    once(writer, async |tx| {
        let before = by_key(tx.connection(), &new.key).await?;
        if !expected.is_met_by(before.as_ref()) {
            return Ok(Did::Nothing(Stored::Stale));
        }
        if before.as_ref() == Some(new) {
            return Ok(Did::Done(Stored::now(new.clone(), true)));
        }
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
        add_version(tx, &new.key, now).await?;
        Ok(Did::Done(Stored::now(new.clone(), before.is_some())))
    })
    .await
}

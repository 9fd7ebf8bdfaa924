//! Packs.

use domain::{Credits, Time, tenancy::Pack};
use service::ports::{Expected, Stored};
use sqlx::{SqliteExecutor, SqlitePool};

use super::after_or_first;
use crate::{
    error::Result,
    idempotency::{Did, once},
    writer::Writer,
};

type Row = (String, String, i64, Option<String>, Option<String>, u32);

fn pack((key, name, credits, price, currency, valid_cycles): Row) -> Pack {
    Pack {
        key,
        name,
        credits: Credits::from_micro(credits),
        price,
        currency,
        valid_cycles,
    }
}

#[tracing::instrument(name = "db.packs.get", skip_all)]
pub(super) async fn by_key(database: impl SqliteExecutor<'_>, key: &str) -> Result<Option<Pack>> {
    const SQL: &str =
        "SELECT key, name, credits, price, currency, valid_cycles FROM packs WHERE key = ?1";
    Ok(sqlx::query_as(SQL)
        .bind(key)
        .fetch_optional(database)
        .await?
        .map(pack))
}

#[tracing::instrument(name = "db.packs.list", skip_all)]
pub(super) async fn list(
    readers: &SqlitePool,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Pack>> {
    const SQL: &str = "SELECT key, name, credits, price, currency, valid_cycles FROM packs
        WHERE key > ?1 ORDER BY key LIMIT ?2";
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(after_or_first(after))
        .bind(limit)
        .fetch_all(readers)
        .await?;
    Ok(rows.into_iter().map(pack).collect())
}

#[tracing::instrument(name = "db.packs.put", skip_all)]
pub(super) async fn put(
    writer: &Writer,
    new: &Pack,
    expected: &Expected,
    now: Time,
) -> Result<Stored<Pack>> {
    const SQL: &str = "
        INSERT INTO packs (key, name, credits, price, currency, valid_cycles, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
        ON CONFLICT (key) DO UPDATE SET name = excluded.name, credits = excluded.credits, price = excluded.price,
            currency = excluded.currency, valid_cycles = excluded.valid_cycles, updated_at = excluded.updated_at";
    once(writer, async |tx| {
        let before = by_key(tx.connection(), &new.key).await?;
        if !expected.is_met_by(before.as_ref()) {
            return Ok(Did::Nothing(Stored::Stale));
        }
        sqlx::query(SQL)
            .bind(&new.key)
            .bind(&new.name)
            .bind(new.credits.micro())
            .bind(&new.price)
            .bind(&new.currency)
            .bind(new.valid_cycles)
            .bind(now.micros())
            .execute(tx.connection())
            .await?;
        Ok(Did::Done(Stored::now(new.clone(), before.is_some())))
    })
    .await
}

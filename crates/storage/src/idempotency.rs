//! Answers remembered for retries.

use async_trait::async_trait;
use domain::{Time, time::DAY_US};
use service::ports::{IdempotencyStore, Remembered, StoreResult};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{
    SqliteStore,
    error::{Error, Result},
    writer::Writer,
};

/// How long an answer is remembered: longer than any sender goes on trying.
const KEPT_US: i64 = 7 * DAY_US;
/// Old answers forgotten with each new one: more than one, so that the table shrinks again after a rush.
const FORGOTTEN_AT_ONCE: i64 = 16;

#[async_trait]
impl IdempotencyStore for SqliteStore {
    async fn remembered(&self, caller: &str, key: &str) -> StoreResult<Option<Remembered>> {
        Ok(get(&self.readers, caller, key).await?)
    }

    async fn remember(
        &self,
        caller: &str,
        key: &str,
        answer: &Remembered,
        now: Time,
    ) -> StoreResult<()> {
        Ok(put(&self.writer, caller, key, answer, now).await?)
    }
}

#[tracing::instrument(name = "db.idempotency.get", skip_all)]
async fn get(readers: &SqlitePool, caller: &str, key: &str) -> Result<Option<Remembered>> {
    const SQL: &str =
        "SELECT request_hash, status, body FROM idempotency WHERE caller = ?1 AND key = ?2";
    let row: Option<(Vec<u8>, i64, Vec<u8>)> = sqlx::query_as(SQL)
        .bind(caller)
        .bind(key)
        .fetch_optional(readers)
        .await?;
    row.map(|(request_hash, status, body)| {
        let status =
            u16::try_from(status).map_err(|_| Error::Corrupt(format!("HTTP status {status}")))?;
        Ok(Remembered {
            request_hash,
            status,
            body,
        })
    })
    .transpose()
}

#[tracing::instrument(name = "db.idempotency.put", skip_all)]
async fn put(
    writer: &Writer,
    caller: &str,
    key: &str,
    answer: &Remembered,
    now: Time,
) -> Result<()> {
    const SQL: &str =
        "INSERT INTO idempotency (caller, key, request_hash, status, body, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
    let mut tx = writer.begin().await?;
    forget(tx.connection(), now).await?;
    sqlx::query(SQL)
        .bind(caller)
        .bind(key)
        .bind(&answer.request_hash)
        .bind(i64::from(answer.status))
        .bind(&answer.body)
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

async fn forget(connection: &mut SqliteConnection, now: Time) -> Result<()> {
    const SQL: &str = "DELETE FROM idempotency
        WHERE rowid IN (SELECT rowid FROM idempotency WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)";
    let before = now.plus_micros(-KEPT_US);
    sqlx::query(SQL)
        .bind(before.micros())
        .bind(FORGOTTEN_AT_ONCE)
        .execute(connection)
        .await?;
    Ok(())
}

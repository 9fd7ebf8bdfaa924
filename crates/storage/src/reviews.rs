//! Weeks that somebody looked through.

use async_trait::async_trait;
use domain::{AccountId, Time};
use service::ports::{ReviewStore, StoreResult};
use sqlx::SqlitePool;

use crate::{SqliteStore, error::Result, writer::Writer};

#[async_trait]
impl ReviewStore for SqliteStore {
    async fn review(&self, account: AccountId, week: Time) -> StoreResult<Option<(Time, String)>> {
        Ok(get(self.reading().await?.pool(), account, week).await?)
    }

    async fn mark_reviewed(
        &self,
        account: AccountId,
        week: Time,
        by: &str,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(mark(&self.writer, account, week, by, now).await?)
    }

    async fn unmark_reviewed(&self, account: AccountId, week: Time, by: &str) -> StoreResult<bool> {
        Ok(unmark(&self.writer, account, week, by).await?)
    }
}

#[tracing::instrument(name = "db.reviews.get", skip_all)]
async fn get(
    readers: &SqlitePool,
    account: AccountId,
    week: Time,
) -> Result<Option<(Time, String)>> {
    const SQL: &str =
        "SELECT reviewed_at, reviewed_by FROM reviews WHERE account_id = ?1 AND week = ?2";
    let row: Option<(i64, String)> = sqlx::query_as(SQL)
        .bind(account.0)
        .bind(week.micros())
        .fetch_optional(readers)
        .await?;
    Ok(row.map(|(at, by)| (Time::from_micros(at), by)))
}

#[tracing::instrument(name = "db.reviews.mark", skip_all)]
async fn mark(
    writer: &Writer,
    account: AccountId,
    week: Time,
    by: &str,
    now: Time,
) -> Result<bool> {
    const SQL: &str = "INSERT INTO reviews (account_id, week, reviewed_at, reviewed_by)
        VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let mut tx = writer.begin().await?;
    let done = sqlx::query(SQL)
        .bind(account.0)
        .bind(week.micros())
        .bind(now.micros())
        .bind(by)
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

#[tracing::instrument(name = "db.reviews.unmark", skip_all)]
async fn unmark(writer: &Writer, account: AccountId, week: Time, by: &str) -> Result<bool> {
    const SQL: &str =
        "DELETE FROM reviews WHERE account_id = ?1 AND week = ?2 AND reviewed_by = ?3";
    let mut tx = writer.begin().await?;
    let done = sqlx::query(SQL)
        .bind(account.0)
        .bind(week.micros())
        .bind(by)
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

//! Accounts that are written to every week.

use async_trait::async_trait;
use domain::{AccountId, Time};
use service::ports::{DigestStore, Message, StoreResult};
use sqlx::SqlitePool;

use crate::{
    SqliteStore,
    alerts::add_message,
    error::Result,
    idempotency::{Did, once},
    writer::Writer,
};

#[async_trait]
impl DigestStore for SqliteStore {
    async fn digests(&self) -> StoreResult<Vec<(AccountId, Time)>> {
        Ok(list(self.reading().await?.pool()).await?)
    }

    async fn digest(&self, account: AccountId) -> StoreResult<Option<Time>> {
        Ok(get(self.reading().await?.pool(), account).await?)
    }

    async fn start_digest(&self, account: AccountId, told: Time) -> StoreResult<()> {
        Ok(start(&self.writer, account, told).await?)
    }

    async fn stop_digest(&self, account: AccountId) -> StoreResult<()> {
        Ok(stop(&self.writer, account).await?)
    }

    async fn tell_digest(
        &self,
        account: AccountId,
        week: Time,
        message: &Message,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(tell(&self.writer, account, week, message, now).await?)
    }
}

#[tracing::instrument(name = "db.digests.list", skip_all)]
async fn list(readers: &SqlitePool) -> Result<Vec<(AccountId, Time)>> {
    const SQL: &str = "SELECT account_id, told FROM digests ORDER BY account_id";
    let rows: Vec<(i64, i64)> = sqlx::query_as(SQL).fetch_all(readers).await?;
    let digest = |(account, told)| (AccountId(account), Time::from_micros(told));
    Ok(rows.into_iter().map(digest).collect())
}

#[tracing::instrument(name = "db.digests.get", skip_all)]
async fn get(readers: &SqlitePool, account: AccountId) -> Result<Option<Time>> {
    const SQL: &str = "SELECT told FROM digests WHERE account_id = ?1";
    let told: Option<i64> = sqlx::query_scalar(SQL)
        .bind(account.0)
        .fetch_optional(readers)
        .await?;
    Ok(told.map(Time::from_micros))
}

#[tracing::instrument(name = "db.digests.start", skip_all)]
async fn start(writer: &Writer, account: AccountId, told: Time) -> Result<()> {
    const SQL: &str =
        "INSERT INTO digests (account_id, told) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    once(writer, async |tx| {
        sqlx::query(SQL)
            .bind(account.0)
            .bind(told.micros())
            .execute(tx.connection())
            .await?;
        Ok(Did::Done(()))
    })
    .await
}

#[tracing::instrument(name = "db.digests.stop", skip_all)]
async fn stop(writer: &Writer, account: AccountId) -> Result<()> {
    const SQL: &str = "DELETE FROM digests WHERE account_id = ?1";
    once(writer, async |tx| {
        sqlx::query(SQL)
            .bind(account.0)
            .execute(tx.connection())
            .await?;
        Ok(Did::Done(()))
    })
    .await
}

#[tracing::instrument(name = "db.digests.tell", skip_all)]
async fn tell(
    writer: &Writer,
    account: AccountId,
    week: Time,
    message: &Message,
    now: Time,
) -> Result<bool> {
    const SQL: &str = "UPDATE digests SET told = ?2 WHERE account_id = ?1 AND told < ?2";
    let mut tx = writer.begin().await?;
    let done = sqlx::query(SQL)
        .bind(account.0)
        .bind(week.micros())
        .execute(tx.connection())
        .await?;
    let is_new = done.rows_affected() > 0;
    if is_new {
        add_message(&mut tx, account, message, now).await?;
    }
    tx.commit().await?;
    Ok(is_new)
}

//! Keys and endpoints that will end, and what was told of them.

use async_trait::async_trait;
use domain::{AccountId, Time};
use service::ports::{ApiKey, EndingMark, EndingStore, FailingEndpoint, Message, StoreResult};
use sqlx::SqlitePool;

use crate::{
    SqliteStore,
    alerts::{add_message, webhook_of},
    directory::keys_ending,
    error::Result,
    writer::Writer,
};

#[async_trait]
impl EndingStore for SqliteStore {
    async fn keys_ending(&self, from: Time, to: Time) -> StoreResult<Vec<ApiKey>> {
        Ok(keys_ending(self.reading().await?.pool(), from, to).await?)
    }

    async fn failing_endpoints(&self) -> StoreResult<Vec<FailingEndpoint>> {
        Ok(failing(self.reading().await?.pool()).await?)
    }

    async fn is_ending_told(&self, mark: &EndingMark) -> StoreResult<bool> {
        Ok(is_told(self.reading().await?.pool(), mark).await?)
    }

    async fn tell_ending(
        &self,
        mark: &EndingMark,
        message: &Message,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(tell(&self.writer, mark, message, now).await?)
    }

    async fn disable_webhook(
        &self,
        account: AccountId,
        id: &str,
        message: &Message,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(disable(&self.writer, account, id, message, now).await?)
    }
}

/// Account, target, address, made, attempts, due, answer.
type FailingRow = (i64, String, String, i64, u32, i64, String);

/// It begins with what is on its way, which is little. Of what arrived, the latest is looked at, as when one is given up.
#[tracing::instrument(name = "db.endings.failing", skip_all)]
async fn failing(readers: &SqlitePool) -> Result<Vec<FailingEndpoint>> {
    const SQL: &str =
        "SELECT d.account_id, d.target, w.url, m.created_at, d.attempts, d.due_at, d.answer
        FROM deliveries AS d
        CROSS JOIN webhooks AS w ON w.account_id = d.account_id AND w.id = substr(d.target, 9)
        CROSS JOIN messages AS m ON m.id = d.message
        WHERE d.due_at IS NOT NULL AND d.attempts > 0 AND d.delivered_at IS NULL
            AND d.target LIKE 'webhook:%' AND w.disabled_at IS NULL
            AND NOT EXISTS (
                SELECT 1 FROM (
                    SELECT delivered_at FROM deliveries AS other
                    WHERE other.account_id = d.account_id AND other.target = d.target
                    ORDER BY other.message DESC LIMIT 50)
                WHERE delivered_at > m.created_at)
        ORDER BY d.account_id, d.target, m.created_at";
    let rows: Vec<FailingRow> = sqlx::query_as(SQL).fetch_all(readers).await?;
    let failing = |(account, target, url, since, attempts, due_at, answer): FailingRow| {
        let webhook = webhook_of(&target)?;
        Ok(FailingEndpoint {
            account: AccountId(account),
            webhook,
            url,
            since: Time::from_micros(since),
            attempts,
            due_at: Time::from_micros(due_at),
            answer,
        })
    };
    rows.into_iter().map(failing).collect()
}

#[tracing::instrument(name = "db.endings.is_told", skip_all)]
async fn is_told(readers: &SqlitePool, mark: &EndingMark) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM told_endings
        WHERE account_id = ?1 AND subject = ?2 AND epoch = ?3 AND stage = ?4)";
    Ok(sqlx::query_scalar(SQL)
        .bind(mark.account.0)
        .bind(&mark.subject)
        .bind(mark.epoch.micros())
        .bind(mark.stage.id())
        .fetch_one(readers)
        .await?)
}

/// The mark decides within the transaction: of two processes that tell it, one does.
#[tracing::instrument(name = "db.endings.tell", skip_all)]
async fn tell(writer: &Writer, mark: &EndingMark, message: &Message, now: Time) -> Result<bool> {
    const SQL: &str = "INSERT INTO told_endings (account_id, subject, epoch, stage, told_at)
        VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    let mut tx = writer.begin().await?;
    let done = sqlx::query(SQL)
        .bind(mark.account.0)
        .bind(&mark.subject)
        .bind(mark.epoch.micros())
        .bind(mark.stage.id())
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    let is_new = done.rows_affected() > 0;
    if is_new {
        add_message(&mut tx, mark.account, message, now).await?;
    }
    tx.commit().await?;
    Ok(is_new)
}

#[tracing::instrument(name = "db.webhooks.disable", skip_all)]
async fn disable(
    writer: &Writer,
    account: AccountId,
    id: &str,
    message: &Message,
    now: Time,
) -> Result<bool> {
    const SQL: &str = "UPDATE webhooks SET disabled_at = ?3
        WHERE account_id = ?1 AND id = ?2 AND disabled_at IS NULL";
    let mut tx = writer.begin().await?;
    let done = sqlx::query(SQL)
        .bind(account.0)
        .bind(id)
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    let was_called = done.rows_affected() > 0;
    if was_called {
        add_message(&mut tx, account, message, now).await?;
    }
    tx.commit().await?;
    Ok(was_called)
}

//! Where accounts want to be called.

use domain::{AccountId, Time};
use service::ports::{Target, Webhook};
use sqlx::SqlitePool;

use super::messages::target_text;
use crate::{
    error::Result,
    idempotency::{Did, once},
    writer::Writer,
};

/// Id, address, secret, made, disabled.
type Row = (String, String, String, i64, Option<i64>);

#[tracing::instrument(name = "db.webhooks.list", skip_all)]
pub(super) async fn list(readers: &SqlitePool, account: AccountId) -> Result<Vec<Webhook>> {
    const SQL: &str = "SELECT id, url, secret, created_at, disabled_at FROM webhooks
        WHERE account_id = ?1 ORDER BY created_at, id";
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(account.0)
        .fetch_all(readers)
        .await?;
    let webhooks = rows
        .into_iter()
        .map(|(id, url, secret, created_at, disabled_at)| Webhook {
            id,
            url,
            secret,
            created_at: Time::from_micros(created_at),
            disabled_at: disabled_at.map(Time::from_micros),
        });
    Ok(webhooks.collect())
}

#[tracing::instrument(name = "db.webhooks.put", skip_all)]
pub(super) async fn put(writer: &Writer, account: AccountId, webhook: &Webhook) -> Result<()> {
    const SQL: &str = "INSERT INTO webhooks (account_id, id, url, secret, created_at, disabled_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT DO UPDATE SET url = excluded.url, secret = excluded.secret, disabled_at = excluded.disabled_at";
    once(writer, async |tx| {
        sqlx::query(SQL)
            .bind(account.0)
            .bind(&webhook.id)
            .bind(&webhook.url)
            .bind(&webhook.secret)
            .bind(webhook.created_at.micros())
            .bind(webhook.disabled_at.map(Time::micros))
            .execute(tx.connection())
            .await?;
        Ok(Did::Done(()))
    })
    .await
}

#[tracing::instrument(name = "db.webhooks.delete", skip_all)]
pub(super) async fn delete(writer: &Writer, account: AccountId, id: &str) -> Result<bool> {
    const WEBHOOK: &str = "DELETE FROM webhooks WHERE account_id = ?1 AND id = ?2";
    const ON_ITS_WAY: &str = "DELETE FROM deliveries WHERE account_id = ?1 AND target = ?2";
    once(writer, async |tx| {
        let done = sqlx::query(WEBHOOK)
            .bind(account.0)
            .bind(id)
            .execute(tx.connection())
            .await?;
        sqlx::query(ON_ITS_WAY)
            .bind(account.0)
            .bind(target_text(&Target::Webhook(id.to_owned())))
            .execute(tx.connection())
            .await?;
        Ok(Did::if_any(done.rows_affected() > 0))
    })
    .await
}

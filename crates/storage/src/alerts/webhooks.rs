//! Where accounts want to be called.

use domain::{AccountId, Time};
use service::ports::{Edited, Target, Webhook};
use sqlx::{SqliteExecutor, SqlitePool};

use super::{messages::target_text, outbox};
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
    Ok(rows.into_iter().map(webhook).collect())
}

fn webhook((id, url, secret, created_at, disabled_at): Row) -> Webhook {
    Webhook {
        id,
        url,
        secret,
        created_at: Time::from_micros(created_at),
        disabled_at: disabled_at.map(Time::from_micros),
    }
}

async fn count(database: impl SqliteExecutor<'_>, account: AccountId) -> Result<u32> {
    const SQL: &str = "SELECT count(*) FROM webhooks WHERE account_id = ?1";
    Ok(sqlx::query_scalar(SQL)
        .bind(account.0)
        .fetch_one(database)
        .await?)
}

#[tracing::instrument(name = "db.webhooks.add", skip_all)]
pub(super) async fn add(
    writer: &Writer,
    account: AccountId,
    webhook: &Webhook,
    most: u32,
) -> Result<Edited<()>> {
    const SQL: &str = "INSERT INTO webhooks (account_id, id, url, secret, created_at, disabled_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    once(writer, async |tx| {
        if count(tx.connection(), account).await? >= most {
            return Ok(Did::Nothing(Edited::Over));
        }
        sqlx::query(SQL)
            .bind(account.0)
            .bind(&webhook.id)
            .bind(&webhook.url)
            .bind(&webhook.secret)
            .bind(webhook.created_at.micros())
            .bind(webhook.disabled_at.map(Time::micros))
            .execute(tx.connection())
            .await?;
        Ok(Did::Done(Edited::Made(())))
    })
    .await
}

/// A webhook that was disabled before keeps the time at which that happened.
#[tracing::instrument(name = "db.webhooks.set_disabled", skip_all)]
pub(super) async fn set_disabled(
    writer: &Writer,
    account: AccountId,
    id: &str,
    since: Option<Time>,
) -> Result<Option<Webhook>> {
    const SQL: &str = "UPDATE webhooks
        SET disabled_at = CASE WHEN ?3 IS NULL THEN NULL ELSE coalesce(disabled_at, ?3) END
        WHERE account_id = ?1 AND id = ?2 RETURNING id, url, secret, created_at, disabled_at";
    once(writer, async |tx| {
        let row: Option<Row> = sqlx::query_as(SQL)
            .bind(account.0)
            .bind(id)
            .bind(since.map(Time::micros))
            .fetch_optional(tx.connection())
            .await?;
        if since.is_none() {
            // Whoever lets it be called again expects that it works.
            outbox::forget(tx, account, &Target::Webhook(id.to_owned())).await?;
        }
        Ok(match row {
            Some(row) => Did::Done(Some(webhook(row))),
            None => Did::Nothing(None),
        })
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
        let target = Target::Webhook(id.to_owned());
        sqlx::query(ON_ITS_WAY)
            .bind(account.0)
            .bind(target_text(&target))
            .execute(tx.connection())
            .await?;
        outbox::forget(tx, account, &target).await?;
        Ok(Did::if_any(done.rows_affected() > 0))
    })
    .await
}

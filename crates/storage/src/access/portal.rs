//! One-time links of a platform.

use domain::{AccountId, Time};
use service::{
    ports::{PortalGrant, SavedSession},
    sessions::MOST_SESSIONS,
};
use sqlx::SqlitePool;

use crate::{
    error::Result,
    idempotency::{Did, once},
    identity::sessions,
    writer::Writer,
};

/// Links that nobody used are removed on the way, and those of a user that are more than they may have, the oldest first.
#[tracing::instrument(name = "db.portal_links.put", skip_all)]
pub(super) async fn put(
    writer: &Writer,
    token_hash: &[u8],
    grant: &PortalGrant,
    expires_at: Time,
) -> Result<()> {
    const INSERT: &str =
        "INSERT INTO portal_links (token_hash, data, expires_at) VALUES (?1, ?2, ?3)";
    /// A day after its end a link is surely of no use.
    const SWEEP: &str = "DELETE FROM portal_links WHERE expires_at < ?1 - 86400000000";
    const OLDEST: &str =
        "DELETE FROM portal_links WHERE token_hash IN (SELECT token_hash FROM portal_links
        WHERE iif(json_valid(data), data ->> '$.account', NULL) = ?1 ->> '$.account'
            AND iif(json_valid(data), data ->> '$.user', NULL) = ?1 ->> '$.user'
        ORDER BY expires_at DESC, token_hash LIMIT -1 OFFSET ?2)";
    let data = serde_json::to_string(grant)?;
    once(writer, async |tx| {
        sqlx::query(OLDEST)
            .bind(&data)
            .bind(MOST_SESSIONS - 1)
            .execute(tx.connection())
            .await?;
        sqlx::query(SWEEP)
            .bind(expires_at.micros())
            .execute(tx.connection())
            .await?;
        sqlx::query(INSERT)
            .bind(token_hash)
            .bind(&data)
            .bind(expires_at.micros())
            .execute(tx.connection())
            .await?;
        Ok(Did::Done(()))
    })
    .await
}

#[tracing::instrument(name = "db.portal_links.get", skip_all)]
pub(super) async fn open(
    readers: &SqlitePool,
    token_hash: &[u8],
    now: Time,
) -> Result<Option<PortalGrant>> {
    const SQL: &str = "SELECT data FROM portal_links WHERE token_hash = ?1 AND expires_at > ?2";
    let data: Option<String> = sqlx::query_scalar(SQL)
        .bind(token_hash)
        .bind(now.micros())
        .fetch_optional(readers)
        .await?;
    Ok(data.map(|data| serde_json::from_str(&data)).transpose()?)
}

/// Of two who come at once, one begins their session.
#[tracing::instrument(name = "db.portal_links.take", skip_all)]
pub(super) async fn take(
    writer: &Writer,
    token_hash: &[u8],
    session: &SavedSession,
    now: Time,
) -> Result<bool> {
    const SQL: &str = "DELETE FROM portal_links WHERE token_hash = ?1 AND expires_at > ?2";
    let mut tx = writer.begin().await?;
    let query = sqlx::query(SQL).bind(token_hash).bind(now.micros());
    let taken = query.execute(tx.connection()).await?.rows_affected() > 0;
    let is_begun = taken && sessions::put(tx.connection(), session, true).await?;
    if is_begun {
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok(is_begun)
}

#[tracing::instrument(name = "db.portal_links.end", skip_all)]
pub(super) async fn end_user(writer: &Writer, account: AccountId, user: &str) -> Result<u64> {
    const ENDS: [&str; 2] = [
        "DELETE FROM portal_links WHERE iif(json_valid(data), data ->> '$.account', NULL) = ?1
            AND iif(json_valid(data), data ->> '$.user', NULL) = ?2",
        "DELETE FROM sessions WHERE user_id IS NULL AND iif(json_valid(data), data ->> '$.account', NULL) = ?1
            AND iif(json_valid(data), data ->> '$.user', NULL) = ?2",
    ];
    once(writer, async |tx| {
        let mut ended = 0;
        for end in ENDS {
            let query = sqlx::query(end).bind(account.0).bind(user);
            ended += query.execute(tx.connection()).await?.rows_affected();
        }
        Ok(Did::Done(ended))
    })
    .await
}

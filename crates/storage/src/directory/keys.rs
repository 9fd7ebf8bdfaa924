//! API keys: their public part and a hash of their secret.

use domain::{AccountId, Time};
use service::ports::{ApiKey, Edited};
use sqlx::{SqliteConnection, SqlitePool};

use super::after_or_first;
use crate::{
    error::{Error, Result},
    idempotency::{Did, once},
    writer::Writer,
};

macro_rules! keys {
    ($which:literal) => {
        concat!("SELECT prefix, account_id, secret_hash, scopes, name, created_at, revoked_at, expires_at, used_at FROM api_keys ", $which)
    };
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    prefix: String,
    account_id: Option<i64>,
    secret_hash: Vec<u8>,
    scopes: String,
    name: String,
    created_at: i64,
    revoked_at: Option<i64>,
    expires_at: Option<i64>,
    used_at: Option<i64>,
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = Error;

    fn try_from(row: KeyRow) -> Result<Self> {
        Ok(Self {
            prefix: row.prefix,
            secret_hash: row.secret_hash,
            account: row.account_id.map(AccountId),
            scopes: serde_json::from_str(&row.scopes)?,
            name: row.name,
            created_at: Time::from_micros(row.created_at),
            revoked_at: row.revoked_at.map(Time::from_micros),
            expires_at: row.expires_at.map(Time::from_micros),
            used_at: row.used_at.map(Time::from_micros),
        })
    }
}

#[tracing::instrument(name = "db.api_keys.get", skip_all)]
pub(super) async fn by_prefix(readers: &SqlitePool, prefix: &str) -> Result<Option<ApiKey>> {
    let row: Option<KeyRow> = sqlx::query_as(keys!("WHERE prefix = ?1"))
        .bind(prefix)
        .fetch_optional(readers)
        .await?;
    row.map(ApiKey::try_from).transpose()
}

#[tracing::instrument(name = "db.api_keys.list", skip_all)]
pub(super) async fn list(
    readers: &SqlitePool,
    account: Option<AccountId>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<ApiKey>> {
    let rows: Vec<KeyRow> = sqlx::query_as(keys!(
        "WHERE account_id IS ?1 AND prefix > ?2 ORDER BY prefix LIMIT ?3"
    ))
    .bind(account.map(|account| account.0))
    .bind(after_or_first(after))
    .bind(limit)
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// A prefix that is taken is refused: replacing would hand one account's key to another.
#[tracing::instrument(name = "db.api_keys.put", skip_all)]
pub(super) async fn put(writer: &Writer, key: &ApiKey, most: u32) -> Result<Edited<()>> {
    once(writer, async |tx| {
        if working(tx.connection(), key.account, key.created_at).await? >= most {
            return Ok(Did::Nothing(Edited::Over));
        }
        insert(tx.connection(), key).await?;
        Ok(Did::Done(Edited::Made(())))
    })
    .await
}

/// How many keys of an account, or of the platform, work at a time.
async fn working(
    connection: &mut SqliteConnection,
    account: Option<AccountId>,
    now: Time,
) -> Result<u32> {
    const SQL: &str = "SELECT count(*) FROM api_keys WHERE account_id IS ?1
        AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)";
    Ok(sqlx::query_scalar(SQL)
        .bind(account.map(|account| account.0))
        .bind(now.micros())
        .fetch_one(connection)
        .await?)
}

async fn insert(connection: &mut SqliteConnection, key: &ApiKey) -> Result<()> {
    const SQL: &str = "INSERT INTO api_keys (prefix, account_id, secret_hash, scopes, name, created_at, revoked_at, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    sqlx::query(SQL)
        .bind(&key.prefix)
        .bind(key.account.map(|account| account.0))
        .bind(&key.secret_hash)
        .bind(serde_json::to_string(&key.scopes)?)
        .bind(&key.name)
        .bind(key.created_at.micros())
        .bind(key.revoked_at.map(Time::micros))
        .bind(key.expires_at.map(Time::micros))
        .execute(connection)
        .await?;
    Ok(())
}

/// Only a key that works at that moment is replaced: one that was revoked meanwhile has no successor, and one that has a
/// successor that works has no other. A key that ends sooner keeps its end.
#[tracing::instrument(name = "db.api_keys.rotate", skip_all)]
pub(super) async fn rotate(
    writer: &Writer,
    before: &str,
    key: &ApiKey,
    ends_at: Time,
    most: u32,
) -> Result<Edited<()>> {
    const SUCCEEDED: &str = "SELECT EXISTS (SELECT 1 FROM api_keys AS old
        JOIN api_keys AS new ON new.prefix = old.successor
        WHERE old.prefix = ?2 AND old.account_id IS ?1 AND old.revoked_at IS NULL
            AND new.revoked_at IS NULL AND (new.expires_at IS NULL OR new.expires_at > ?3))";
    const END: &str = "UPDATE api_keys SET expires_at = min(coalesce(expires_at, ?3), ?3), successor = ?5
        WHERE prefix = ?2 AND account_id IS ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?4)";
    once(writer, async |tx| {
        if working(tx.connection(), key.account, key.created_at).await? >= most {
            return Ok(Did::Nothing(Edited::Over));
        }
        let account = key.account.map(|account| account.0);
        let is_succeeded: bool = sqlx::query_scalar(SUCCEEDED)
            .bind(account)
            .bind(before)
            .bind(key.created_at.micros())
            .fetch_one(tx.connection())
            .await?;
        if is_succeeded {
            return Ok(Did::Nothing(Edited::Stale));
        }
        let ended = sqlx::query(END)
            .bind(account)
            .bind(before)
            .bind(ends_at.micros())
            .bind(key.created_at.micros())
            .bind(&key.prefix)
            .execute(tx.connection())
            .await?;
        if ended.rows_affected() == 0 {
            return Ok(Did::Nothing(Edited::Missing));
        }
        insert(tx.connection(), key).await?;
        Ok(Did::Done(Edited::Made(())))
    })
    .await
}

/// A key revoked before keeps the time at which that happened.
#[tracing::instrument(name = "db.api_keys.revoke", skip_all)]
pub(super) async fn revoke(
    writer: &Writer,
    account: Option<AccountId>,
    prefix: &str,
    now: Time,
) -> Result<bool> {
    const SQL: &str = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?3)
        WHERE prefix = ?2 AND account_id IS ?1";
    once(writer, async |tx| {
        let query = sqlx::query(SQL)
            .bind(account.map(|account| account.0))
            .bind(prefix)
            .bind(now.micros());
        let done = query.execute(tx.connection()).await?;
        Ok(Did::if_any(done.rows_affected() > 0))
    })
    .await
}

#[tracing::instrument(name = "db.api_keys.touch", skip_all)]
pub(crate) async fn touch(writer: &Writer, used: &[(String, Time)]) -> Result<()> {
    const SQL: &str = "UPDATE api_keys SET used_at = used.value ->> 1
        FROM jsonb_each(?1) AS used WHERE api_keys.prefix = used.value ->> 0";
    let mut tx = writer.begin().await?;
    sqlx::query(SQL)
        .bind(serde_json::to_string(used)?)
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

/// Keys that were not revoked and end after `from` and until `to`, of anybody.
#[tracing::instrument(name = "db.api_keys.ending", skip_all)]
pub(crate) async fn ending(readers: &SqlitePool, from: Time, to: Time) -> Result<Vec<ApiKey>> {
    let rows: Vec<KeyRow> = sqlx::query_as(keys!(
        "WHERE revoked_at IS NULL AND expires_at > ?1 AND expires_at <= ?2 ORDER BY expires_at, prefix"
    ))
    .bind(from.micros())
    .bind(to.micros())
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

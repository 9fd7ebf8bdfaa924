//! Passkeys of people, and what is asked of them.

use async_trait::async_trait;
use domain::{Time, UserId};
use service::ports::{
    FactorOutcome, Passkey, PasskeyChallenge, PasskeyPurpose, PasskeyState, PasskeyStore,
    RemovedFactor, StoreResult,
};
use sqlx::{SqliteConnection, SqlitePool};

use super::second_factor::{begin_with, drop_codes_of_none, has_any};
use crate::{
    SqliteStore,
    error::{Error, Result},
    identity::sessions::delete_of_user,
    writer::Writer,
};

#[async_trait]
impl PasskeyStore for SqliteStore {
    async fn passkeys(&self, user: UserId) -> StoreResult<Vec<Passkey>> {
        Ok(list(self.reading().await?.pool(), user).await?)
    }

    async fn put_challenge(&self, challenge: &PasskeyChallenge, most: u32) -> StoreResult<()> {
        Ok(put_challenge(&self.writer, challenge, most).await?)
    }

    async fn take_challenge(
        &self,
        user: UserId,
        purpose: PasskeyPurpose,
        challenge: &[u8],
        now: Time,
    ) -> StoreResult<Option<Vec<u8>>> {
        Ok(take_challenge(&self.writer, user, purpose, challenge, now).await?)
    }

    async fn put_passkey(
        &self,
        new: &Passkey,
        recovery: &[Vec<u8>],
        keep: Option<&[u8]>,
        most: u32,
    ) -> StoreResult<FactorOutcome> {
        Ok(put(&self.writer, new, recovery, keep, most).await?)
    }

    async fn use_passkey(
        &self,
        read: &Passkey,
        state: PasskeyState,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(use_passkey(&self.writer, read, state, now).await?)
    }

    async fn remove_passkey(
        &self,
        user: UserId,
        id: &str,
        keep: Option<&[u8]>,
    ) -> StoreResult<Option<RemovedFactor>> {
        Ok(remove(&self.writer, user, id, keep).await?)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    passkey_id: String,
    user_id: i64,
    credential_id: Vec<u8>,
    host: String,
    user_handle: Vec<u8>,
    transports: u8,
    public_key: Vec<u8>,
    state: Vec<u8>,
    name: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl TryFrom<Row> for Passkey {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let corrupt = |_| Error::Corrupt(format!("passkey {}", row.passkey_id));
        Ok(Self {
            user: UserId(row.user_id),
            credential: row.credential_id,
            host: row.host,
            handle: row.user_handle.try_into().map_err(corrupt)?,
            transports: row.transports,
            key: row.public_key,
            state: row.state.try_into().map_err(corrupt)?,
            name: row.name,
            created_at: Time::from_micros(row.created_at),
            last_used_at: row.last_used_at.map(Time::from_micros),
            id: row.passkey_id,
        })
    }
}

#[tracing::instrument(name = "db.passkeys.list", skip_all)]
async fn list(readers: &SqlitePool, user: UserId) -> Result<Vec<Passkey>> {
    const SQL: &str =
        "SELECT passkey_id, user_id, credential_id, host, user_handle, transports, public_key,
            state, name, created_at, last_used_at
        FROM passkeys WHERE user_id = ?1 ORDER BY created_at, passkey_id";
    let rows: Vec<Row> = sqlx::query_as(SQL).bind(user.0).fetch_all(readers).await?;
    rows.into_iter().map(Passkey::try_from).collect()
}

#[tracing::instrument(name = "db.passkey_challenges.put", skip_all)]
async fn put_challenge(writer: &Writer, new: &PasskeyChallenge, most: u32) -> Result<()> {
    const SWEEP: &str = "DELETE FROM passkey_challenges WHERE expires_at <= ?1";
    const BOUND: &str = "DELETE FROM passkey_challenges WHERE user_id = ?1 AND purpose = ?2
        AND challenge NOT IN (SELECT challenge FROM passkey_challenges
            WHERE user_id = ?1 AND purpose = ?2 ORDER BY created_at DESC, challenge LIMIT ?3)";
    const INSERT: &str = "INSERT INTO passkey_challenges
            (challenge, user_id, purpose, state, created_at, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut tx = writer.begin().await?;
    sqlx::query(SWEEP)
        .bind(new.created_at.micros())
        .execute(tx.connection())
        .await?;
    sqlx::query(BOUND)
        .bind(new.user.0)
        .bind(new.purpose.id())
        .bind(most.saturating_sub(1))
        .execute(tx.connection())
        .await?;
    sqlx::query(INSERT)
        .bind(&new.challenge)
        .bind(new.user.0)
        .bind(new.purpose.id())
        .bind(&new.state)
        .bind(new.created_at.micros())
        .bind(new.expires_at.micros())
        .execute(tx.connection())
        .await?;
    tx.commit().await
}

/// Of two who come with one answer at once, one is given it.
#[tracing::instrument(name = "db.passkey_challenges.take", skip_all)]
async fn take_challenge(
    writer: &Writer,
    user: UserId,
    purpose: PasskeyPurpose,
    challenge: &[u8],
    now: Time,
) -> Result<Option<Vec<u8>>> {
    const SQL: &str = "DELETE FROM passkey_challenges
        WHERE challenge = ?1 AND user_id = ?2 AND purpose = ?3 AND expires_at > ?4
        RETURNING state";
    let mut tx = writer.begin().await?;
    let state = sqlx::query_scalar(SQL)
        .bind(challenge)
        .bind(user.0)
        .bind(purpose.id())
        .bind(now.micros())
        .fetch_optional(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(state)
}

#[tracing::instrument(name = "db.passkeys.put", skip_all)]
async fn put(
    writer: &Writer,
    new: &Passkey,
    recovery: &[Vec<u8>],
    keep: Option<&[u8]>,
    most: u32,
) -> Result<FactorOutcome> {
    const COUNT: &str = "SELECT count(*) FROM passkeys WHERE user_id = ?1";
    let mut tx = writer.begin().await?;
    let count: u32 = sqlx::query_scalar(COUNT)
        .bind(new.user.0)
        .fetch_one(tx.connection())
        .await?;
    if count >= most {
        tx.rollback().await?;
        return Ok(FactorOutcome::TooMany);
    }
    let had_any = has_any(tx.connection(), new.user).await?;
    if !insert(tx.connection(), new).await? {
        tx.rollback().await?;
        return Ok(FactorOutcome::Taken);
    }
    let outcome = begin_with(tx.connection(), new.user, had_any, recovery, keep).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Stores a row; `false` when browsers call another passkey the same.
async fn insert(connection: &mut SqliteConnection, new: &Passkey) -> Result<bool> {
    const SQL: &str = "INSERT INTO passkeys (passkey_id, user_id, credential_id, host, user_handle,
            transports, public_key, state, name, created_at, last_used_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        ON CONFLICT (credential_id) DO NOTHING";
    let done = sqlx::query(SQL)
        .bind(&new.id)
        .bind(new.user.0)
        .bind(&new.credential)
        .bind(&new.host)
        .bind(&new.handle[..])
        .bind(new.transports)
        .bind(&new.key)
        .bind(&new.state[..])
        .bind(&new.name)
        .bind(new.created_at.micros())
        .bind(new.last_used_at.map(Time::micros))
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The state that was read is compared, so that of two uses at once neither overwrites the other's counter.
#[tracing::instrument(name = "db.passkeys.use", skip_all)]
async fn use_passkey(
    writer: &Writer,
    read: &Passkey,
    state: PasskeyState,
    now: Time,
) -> Result<bool> {
    const SQL: &str = "UPDATE passkeys SET state = ?4, last_used_at = ?5
        WHERE passkey_id = ?1 AND user_id = ?2 AND state = ?3";
    let mut tx = writer.begin().await?;
    let done = sqlx::query(SQL)
        .bind(&read.id)
        .bind(read.user.0)
        .bind(&read.state[..])
        .bind(&state[..])
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

#[tracing::instrument(name = "db.passkeys.delete", skip_all)]
async fn remove(
    writer: &Writer,
    user: UserId,
    id: &str,
    keep: Option<&[u8]>,
) -> Result<Option<RemovedFactor>> {
    const SQL: &str = "DELETE FROM passkeys WHERE user_id = ?1 AND passkey_id = ?2 RETURNING name";
    let mut tx = writer.begin().await?;
    let name: Option<String> = sqlx::query_scalar(SQL)
        .bind(user.0)
        .bind(id)
        .fetch_optional(tx.connection())
        .await?;
    let Some(name) = name else {
        tx.rollback().await?;
        return Ok(None);
    };
    let was_last = drop_codes_of_none(tx.connection(), user).await?;
    // Whoever has the device may be signed in with it.
    delete_of_user(tx.connection(), user, keep).await?;
    tx.commit().await?;
    Ok(Some(RemovedFactor { name, was_last }))
}

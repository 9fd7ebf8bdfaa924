//! Second factors of people, and who has to have one.

use async_trait::async_trait;
use domain::{AccountId, Time, UserId, tenancy::Role};
use service::ports::{
    FactorOutcome, NewAuthenticator, RemovedFactor, SecondFactorStore, StoreResult,
};
use sqlx::{SqliteConnection, SqlitePool};

use super::{sessions::delete_of_user, users};
use crate::{
    SqliteStore,
    error::{Error, Result},
    writer::Writer,
};

#[async_trait]
impl SecondFactorStore for SqliteStore {
    async fn put_authenticator(
        &self,
        new: &NewAuthenticator,
        keep: Option<&[u8]>,
        now: Time,
    ) -> StoreResult<FactorOutcome> {
        Ok(put(&self.writer, new, keep, now).await?)
    }

    async fn authenticator(&self, user: UserId) -> StoreResult<Option<Vec<u8>>> {
        Ok(secret(self.reading().await?.pool(), user).await?)
    }

    async fn use_step(&self, user: UserId, step: u64) -> StoreResult<bool> {
        Ok(use_step(&self.writer, user, step).await?)
    }

    async fn use_recovery_code(&self, user: UserId, hash: &[u8]) -> StoreResult<Option<u32>> {
        Ok(use_code(&self.writer, user, hash).await?)
    }

    async fn recovery_codes(&self, user: UserId) -> StoreResult<u32> {
        Ok(codes_left(self.reading().await?.pool(), user).await?)
    }

    async fn put_recovery_codes(&self, user: UserId, hashes: &[Vec<u8>]) -> StoreResult<bool> {
        Ok(put_codes(&self.writer, user, hashes).await?)
    }

    async fn remove_authenticator(
        &self,
        user: UserId,
        keep: Option<&[u8]>,
    ) -> StoreResult<Option<RemovedFactor>> {
        Ok(remove_app(&self.writer, user, keep).await?)
    }

    async fn remove_second_factor(&self, user: UserId, keep: Option<&[u8]>) -> StoreResult<bool> {
        Ok(remove(&self.writer, user, keep).await?)
    }

    async fn second_factor_demands(&self, account: AccountId) -> StoreResult<Vec<Role>> {
        Ok(demands(self.reading().await?.pool(), account).await?)
    }

    async fn set_second_factor_demands(
        &self,
        account: AccountId,
        roles: &[Role],
    ) -> StoreResult<()> {
        Ok(set_demands(&self.writer, account, roles).await?)
    }
}

fn stored(step: u64) -> Result<i64> {
    i64::try_from(step).map_err(|_| Error::Corrupt(format!("time step {step}")))
}

#[tracing::instrument(name = "db.authenticators.put", skip_all)]
async fn put(
    writer: &Writer,
    new: &NewAuthenticator,
    keep: Option<&[u8]>,
    now: Time,
) -> Result<FactorOutcome> {
    const SQL: &str = "INSERT INTO authenticators (user_id, secret, last_step, created_at)
        VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let mut tx = writer.begin().await?;
    let had_any = has_any(tx.connection(), new.user).await?;
    let done = sqlx::query(SQL)
        .bind(new.user.0)
        .bind(&new.secret)
        .bind(stored(new.step)?)
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        tx.rollback().await?;
        return Ok(FactorOutcome::Taken);
    }
    let outcome = begin_with(tx.connection(), new.user, had_any, &new.recovery, keep).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Whether a person has a second factor of any kind.
pub(super) async fn has_any(connection: &mut SqliteConnection, user: UserId) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM authenticators WHERE user_id = ?1)
        OR EXISTS (SELECT 1 FROM passkeys WHERE user_id = ?1)";
    Ok(sqlx::query_scalar(SQL)
        .bind(user.0)
        .fetch_one(connection)
        .await?)
}

/// What the first second factor of a person brings along.
pub(super) async fn begin_with(
    connection: &mut SqliteConnection,
    user: UserId,
    had_any: bool,
    recovery: &[Vec<u8>],
    keep: Option<&[u8]>,
) -> Result<FactorOutcome> {
    if had_any {
        return Ok(FactorOutcome::Further);
    }
    replace_codes(connection, user, recovery).await?;
    // Sessions that were begun without it must not go on as if they had it.
    delete_of_user(connection, user, keep).await?;
    Ok(FactorOutcome::First)
}

/// Removes the recovery codes of somebody who has no second factor left; whether they have none.
pub(super) async fn drop_codes_of_none(
    connection: &mut SqliteConnection,
    user: UserId,
) -> Result<bool> {
    if has_any(connection, user).await? {
        return Ok(false);
    }
    replace_codes(connection, user, &[]).await?;
    Ok(true)
}

#[tracing::instrument(name = "db.authenticators.get", skip_all)]
async fn secret(readers: &SqlitePool, user: UserId) -> Result<Option<Vec<u8>>> {
    const SQL: &str = "SELECT secret FROM authenticators WHERE user_id = ?1";
    Ok(sqlx::query_scalar(SQL)
        .bind(user.0)
        .fetch_optional(readers)
        .await?)
}

/// Of two who come with one code at once, one is let in.
#[tracing::instrument(name = "db.authenticators.use", skip_all)]
async fn use_step(writer: &Writer, user: UserId, step: u64) -> Result<bool> {
    const SQL: &str =
        "UPDATE authenticators SET last_step = ?2 WHERE user_id = ?1 AND last_step < ?2";
    let mut tx = writer.begin().await?;
    let done = sqlx::query(SQL)
        .bind(user.0)
        .bind(stored(step)?)
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

const LEFT: &str = "SELECT count(*) FROM recovery_codes WHERE user_id = ?1";

#[tracing::instrument(name = "db.recovery_codes.use", skip_all)]
async fn use_code(writer: &Writer, user: UserId, hash: &[u8]) -> Result<Option<u32>> {
    const SQL: &str = "DELETE FROM recovery_codes WHERE user_id = ?1 AND code_hash = ?2";
    let mut tx = writer.begin().await?;
    let done = sqlx::query(SQL)
        .bind(user.0)
        .bind(hash)
        .execute(tx.connection())
        .await?;
    let left: u32 = sqlx::query_scalar(LEFT)
        .bind(user.0)
        .fetch_one(tx.connection())
        .await?;
    tx.commit().await?;
    Ok((done.rows_affected() > 0).then_some(left))
}

#[tracing::instrument(name = "db.recovery_codes.count", skip_all)]
async fn codes_left(readers: &SqlitePool, user: UserId) -> Result<u32> {
    Ok(sqlx::query_scalar(LEFT)
        .bind(user.0)
        .fetch_one(readers)
        .await?)
}

#[tracing::instrument(name = "db.recovery_codes.put", skip_all)]
async fn put_codes(writer: &Writer, user: UserId, hashes: &[Vec<u8>]) -> Result<bool> {
    let mut tx = writer.begin().await?;
    let has = has_any(tx.connection(), user).await?;
    if has {
        replace_codes(tx.connection(), user, hashes).await?;
    }
    tx.commit().await?;
    Ok(has)
}

async fn replace_codes(
    connection: &mut SqliteConnection,
    user: UserId,
    hashes: &[Vec<u8>],
) -> Result<()> {
    const DELETE: &str = "DELETE FROM recovery_codes WHERE user_id = ?1";
    const INSERT: &str = "INSERT INTO recovery_codes (user_id, code_hash) VALUES (?1, ?2)";
    sqlx::query(DELETE)
        .bind(user.0)
        .execute(&mut *connection)
        .await?;
    for hash in hashes {
        sqlx::query(INSERT)
            .bind(user.0)
            .bind(hash)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const REMOVE_APP: &str = "DELETE FROM authenticators WHERE user_id = ?1";

#[tracing::instrument(name = "db.authenticators.delete", skip_all)]
async fn remove_app(
    writer: &Writer,
    user: UserId,
    keep: Option<&[u8]>,
) -> Result<Option<RemovedFactor>> {
    let mut tx = writer.begin().await?;
    let done = sqlx::query(REMOVE_APP)
        .bind(user.0)
        .execute(tx.connection())
        .await?;
    if done.rows_affected() == 0 {
        tx.rollback().await?;
        return Ok(None);
    }
    let was_last = drop_codes_of_none(tx.connection(), user).await?;
    delete_of_user(tx.connection(), user, keep).await?;
    tx.commit().await?;
    Ok(Some(RemovedFactor {
        name: String::new(),
        was_last,
    }))
}

#[tracing::instrument(name = "db.second_factors.delete", skip_all)]
async fn remove(writer: &Writer, user: UserId, keep: Option<&[u8]>) -> Result<bool> {
    const ALL: [&str; 3] = [
        REMOVE_APP,
        "DELETE FROM passkeys WHERE user_id = ?1",
        "DELETE FROM passkey_challenges WHERE user_id = ?1",
    ];
    let mut tx = writer.begin().await?;
    let had_any = has_any(tx.connection(), user).await?;
    for all in ALL {
        sqlx::query(all)
            .bind(user.0)
            .execute(tx.connection())
            .await?;
    }
    replace_codes(tx.connection(), user, &[]).await?;
    delete_of_user(tx.connection(), user, keep).await?;
    tx.commit().await?;
    Ok(had_any)
}

#[tracing::instrument(name = "db.second_factor_demands.list", skip_all)]
async fn demands(readers: &SqlitePool, account: AccountId) -> Result<Vec<Role>> {
    const SQL: &str = "SELECT role FROM second_factor_demands WHERE account_id = ?1 ORDER BY role";
    let roles: Vec<String> = sqlx::query_scalar(SQL)
        .bind(account.0)
        .fetch_all(readers)
        .await?;
    roles.iter().map(|role| users::role(role)).collect()
}

#[tracing::instrument(name = "db.second_factor_demands.put", skip_all)]
async fn set_demands(writer: &Writer, account: AccountId, roles: &[Role]) -> Result<()> {
    const DELETE: &str = "DELETE FROM second_factor_demands WHERE account_id = ?1";
    const INSERT: &str = "INSERT INTO second_factor_demands (account_id, role) VALUES (?1, ?2)";
    let mut tx = writer.begin().await?;
    sqlx::query(DELETE)
        .bind(account.0)
        .execute(tx.connection())
        .await?;
    for role in roles {
        sqlx::query(INSERT)
            .bind(account.0)
            .bind(role.id())
            .execute(tx.connection())
            .await?;
    }
    tx.commit().await
}

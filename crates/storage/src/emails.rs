//! Who wants no more of a kind of email, and keys that links in emails are signed with.

use async_trait::async_trait;
use domain::{AccountId, Time, UserId};
use service::ports::{EmailKind, EmailStore, StoreResult};
use sqlx::SqlitePool;

use crate::{
    SqliteStore,
    error::{Error, Result},
    writer::Writer,
};

#[async_trait]
impl EmailStore for SqliteStore {
    async fn email_optouts(&self, account: AccountId) -> StoreResult<Vec<(UserId, EmailKind)>> {
        Ok(optouts(self.reading().await?.pool(), account).await?)
    }

    async fn set_email_optout(
        &self,
        account: AccountId,
        user: UserId,
        kind: EmailKind,
        is_out: bool,
        now: Time,
    ) -> StoreResult<bool> {
        let writer = &self.writer;
        Ok(if is_out {
            opt_out(writer, account, user, kind, now).await?
        } else {
            opt_in(writer, account, user, kind).await?
        })
    }

    async fn signing_key(&self, name: &str, fresh: &[u8]) -> StoreResult<Vec<u8>> {
        Ok(signing_key(self.reading().await?.pool(), &self.writer, name, fresh).await?)
    }
}

#[tracing::instrument(name = "db.email_optouts.list", skip_all)]
async fn optouts(readers: &SqlitePool, account: AccountId) -> Result<Vec<(UserId, EmailKind)>> {
    const SQL: &str = "SELECT user_id, kind FROM email_optouts WHERE account_id = ?1";
    let rows: Vec<(i64, String)> = sqlx::query_as(SQL)
        .bind(account.0)
        .fetch_all(readers)
        .await?;
    rows.into_iter()
        .map(|(user, kind)| {
            let known = kind
                .parse()
                .map_err(|()| Error::Corrupt(format!("emails of the kind '{kind}'")));
            Ok((UserId(user), known?))
        })
        .collect()
}

#[tracing::instrument(name = "db.email_optouts.put", skip_all)]
async fn opt_out(
    writer: &Writer,
    account: AccountId,
    user: UserId,
    kind: EmailKind,
    now: Time,
) -> Result<bool> {
    const SQL: &str =
        "INSERT INTO email_optouts (account_id, user_id, kind, since) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO NOTHING";
    let mut tx = writer.begin().await?;
    let done = sqlx::query(SQL)
        .bind(account.0)
        .bind(user.0)
        .bind(kind.id())
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

#[tracing::instrument(name = "db.email_optouts.delete", skip_all)]
async fn opt_in(
    writer: &Writer,
    account: AccountId,
    user: UserId,
    kind: EmailKind,
) -> Result<bool> {
    const SQL: &str =
        "DELETE FROM email_optouts WHERE account_id = ?1 AND user_id = ?2 AND kind = ?3";
    let mut tx = writer.begin().await?;
    let done = sqlx::query(SQL)
        .bind(account.0)
        .bind(user.0)
        .bind(kind.id())
        .execute(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Whoever comes first makes it.
#[tracing::instrument(name = "db.signing_keys.get", skip_all)]
async fn signing_key(
    readers: &SqlitePool,
    writer: &Writer,
    name: &str,
    fresh: &[u8],
) -> Result<Vec<u8>> {
    const FIND: &str = "SELECT key FROM signing_keys WHERE name = ?1";
    const ADD: &str = "INSERT INTO signing_keys (name, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    let found: Option<Vec<u8>> = sqlx::query_scalar(FIND)
        .bind(name)
        .fetch_optional(readers)
        .await?;
    if let Some(key) = found {
        return Ok(key);
    }
    let mut tx = writer.begin().await?;
    sqlx::query(ADD)
        .bind(name)
        .bind(fresh)
        .execute(tx.connection())
        .await?;
    let key = sqlx::query_scalar(FIND)
        .bind(name)
        .fetch_one(tx.connection())
        .await?;
    tx.commit().await?;
    Ok(key)
}

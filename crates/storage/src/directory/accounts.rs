//! Accounts.

use domain::{AccountId, Time, tenancy::Account};
use service::ports::{PutAccount, Stored};
use sqlx::{SqliteConnection, SqliteExecutor, SqlitePool};

use super::after_or_first;
use crate::{
    error::{Error, Result},
    writer::Writer,
};

macro_rules! accounts {
    ($which:literal) => {
        concat!(
            "SELECT account_id, key, name, kind, time_zone, cycle_anchor, plan FROM accounts ",
            $which
        )
    };
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    account_id: i64,
    key: String,
    name: String,
    kind: String,
    time_zone: String,
    cycle_anchor: i64,
    plan: String,
}

impl TryFrom<AccountRow> for Account {
    type Error = Error;

    fn try_from(row: AccountRow) -> Result<Self> {
        Ok(Self {
            id: AccountId(row.account_id),
            key: row.key,
            name: row.name,
            kind: row
                .kind
                .parse()
                .map_err(|_| Error::Corrupt(format!("account kind {}", row.kind)))?,
            time_zone: row.time_zone,
            cycle_anchor: Time::from_micros(row.cycle_anchor),
            plan: row.plan,
        })
    }
}

#[tracing::instrument(name = "db.accounts.get", skip_all)]
pub(super) async fn by_key(
    database: impl SqliteExecutor<'_>,
    key: &str,
) -> Result<Option<Account>> {
    let row: Option<AccountRow> = sqlx::query_as(accounts!("WHERE key = ?1"))
        .bind(key)
        .fetch_optional(database)
        .await?;
    row.map(Account::try_from).transpose()
}

#[tracing::instrument(name = "db.accounts.get", skip_all)]
pub(super) async fn by_id(readers: &SqlitePool, id: AccountId) -> Result<Option<Account>> {
    let row: Option<AccountRow> = sqlx::query_as(accounts!("WHERE account_id = ?1"))
        .bind(id.0)
        .fetch_optional(readers)
        .await?;
    row.map(Account::try_from).transpose()
}

#[tracing::instrument(name = "db.accounts.list", skip_all)]
pub(super) async fn list(
    readers: &SqlitePool,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Account>> {
    let rows: Vec<AccountRow> = sqlx::query_as(accounts!("WHERE key > ?1 ORDER BY key LIMIT ?2"))
        .bind(after_or_first(after))
        .bind(limit)
        .fetch_all(readers)
        .await?;
    rows.into_iter().map(Account::try_from).collect()
}

#[tracing::instrument(name = "db.accounts.put", skip_all)]
pub(super) async fn put(
    writer: &Writer,
    account: &PutAccount,
    now: Time,
) -> Result<Stored<Account>> {
    let mut tx = writer.begin().await?;
    let before = by_key(tx.connection(), &account.key).await?;
    if let Some(before) = &before {
        let moves =
            before.time_zone != account.time_zone || before.cycle_anchor != account.cycle_anchor;
        if moves && has_events(tx.connection(), before.id).await? {
            tx.rollback().await?;
            return Ok(Stored::Fixed);
        }
    }
    let after = upsert(tx.connection(), account, now).await?;
    tx.commit().await?;
    Ok(if before.is_some() {
        Stored::Replaced(after)
    } else {
        Stored::Created(after)
    })
}

async fn has_events(connection: &mut SqliteConnection, account: AccountId) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM events WHERE account_id = ?1)";
    Ok(sqlx::query_scalar(SQL)
        .bind(account.0)
        .fetch_one(connection)
        .await?)
}

async fn upsert(
    connection: &mut SqliteConnection,
    account: &PutAccount,
    now: Time,
) -> Result<Account> {
    const SQL: &str = "
        INSERT INTO accounts (key, name, kind, time_zone, cycle_anchor, plan, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
        ON CONFLICT (key) DO UPDATE SET name = excluded.name, kind = excluded.kind, time_zone = excluded.time_zone,
            cycle_anchor = excluded.cycle_anchor, plan = excluded.plan, updated_at = excluded.updated_at
        RETURNING account_id, key, name, kind, time_zone, cycle_anchor, plan";
    let row: AccountRow = sqlx::query_as(SQL)
        .bind(&account.key)
        .bind(&account.name)
        .bind(account.kind.id())
        .bind(&account.time_zone)
        .bind(account.cycle_anchor.micros())
        .bind(&account.plan)
        .bind(now.micros())
        .fetch_one(connection)
        .await?;
    row.try_into()
}

//! Accounts.

use domain::{
    AccountId, Credits, Time, alert::Rule, brand::Brand, ledger::OveragePolicy, tenancy::Account,
};
use service::ports::{Edited, Expected, PutAccount, Stored};
use sqlx::{SqliteConnection, SqliteExecutor, SqlitePool};

use super::after_or_first;
use crate::{
    alerts::put_rule,
    error::{Error, Result},
    events::at_desk,
    fold,
    idempotency::{Did, once},
    ledger,
    writer::{WriteTx, Writer},
};

macro_rules! accounts {
    ($which:literal) => {
        concat!(
            "SELECT account_id, key, name, kind, time_zone, cycle_anchor, plan, policy, grace_percent, auto_refund,
                suspended, created_at FROM accounts ",
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
    policy: String,
    grace_percent: Option<u32>,
    auto_refund: i64,
    suspended: bool,
    created_at: i64,
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
            policy: OveragePolicy::named(&row.policy, row.grace_percent)
                .map_err(|rule| Error::Corrupt(format!("a policy {rule}")))?,
            auto_refund: Credits::from_micro(row.auto_refund),
            is_suspended: row.suspended,
            created_at: Time::from_micros(row.created_at),
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
    search: Option<&str>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Account>> {
    let rows: Vec<AccountRow> = sqlx::query_as(accounts!(
        "WHERE key > ?1 AND (?2 IS NULL OR instr(folded, ?2) > 0) ORDER BY key LIMIT ?3"
    ))
    .bind(after_or_first(after))
    .bind(search.map(domain::fold::folded))
    .bind(limit)
    .fetch_all(readers)
    .await?;
    rows.into_iter().map(Account::try_from).collect()
}

#[tracing::instrument(name = "db.accounts.put", skip_all)]
pub(super) async fn put(
    writer: &Writer,
    account: &PutAccount,
    rules: &[Rule],
    expected: &Expected,
    now: Time,
) -> Result<Stored<Account>> {
    once(writer, async |tx| {
        let before = by_key(tx.connection(), &account.key).await?;
        if !expected.is_met_by(before.as_ref()) {
            return Ok(Did::Nothing(Stored::Stale));
        }
        if let Some(before) = &before {
            let moves = before.time_zone != account.time_zone
                || before.cycle_anchor != account.cycle_anchor;
            if moves && has_books(tx.connection(), before.id).await? {
                return Ok(Did::Nothing(Stored::Fixed));
            }
        }
        let after = match &before {
            Some(before) if before.plan != account.plan => {
                change_plan(tx, before.id, account, now).await?
            }
            _ => upsert(tx.connection(), account, now).await?,
        };
        if before.is_none() {
            for rule in rules {
                put_rule(tx.connection(), after.id, rule).await?;
            }
        }
        Ok(Did::Done(Stored::now(after, before.is_some())))
    })
    .await
}

/// Renews under the plan before, so that cycles that began under it have its allocation; then gives what the new one
/// adds to the running cycle.
async fn change_plan(
    tx: &mut WriteTx<'_>,
    id: AccountId,
    account: &PutAccount,
    now: Time,
) -> Result<Account> {
    let mut after = None;
    at_desk(tx, id, now, async |tx, desk| {
        after = Some(upsert(tx.connection(), account, now).await?);
        if let Some(terms) = ledger::terms(tx.connection(), id).await? {
            desk.change_terms(id, terms);
        }
        Ok(())
    })
    .await?;
    after.ok_or_else(|| Error::Corrupt("an account that is not there".to_owned()))
}

/// Stops or resumes an account, which its viewers see as a change of its books.
#[tracing::instrument(name = "db.accounts.suspend", skip_all)]
pub(super) async fn suspend(
    writer: &Writer,
    account: AccountId,
    is_suspended: bool,
    now: Time,
) -> Result<()> {
    const SQL: &str = "UPDATE accounts SET suspended = ?2, updated_at = ?3 WHERE account_id = ?1";
    once(writer, async |tx| {
        at_desk(tx, account, now, async |tx, _| {
            sqlx::query(SQL)
                .bind(account.0)
                .bind(is_suspended)
                .bind(now.micros())
                .execute(tx.connection())
                .await?;
            Ok(())
        })
        .await?;
        Ok(Did::Done(()))
    })
    .await
}

/// Whether usage or credits are recorded that a change of the cycles would move.
async fn has_books(connection: &mut SqliteConnection, account: AccountId) -> Result<bool> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM events WHERE account_id = ?1)
        OR EXISTS (SELECT 1 FROM grants WHERE account_id = ?1)";
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
        INSERT INTO accounts (key, name, kind, time_zone, cycle_anchor, plan, created_at, updated_at, policy, grace_percent,
            auto_refund, folded, opened_at, plan_version)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?7,
            coalesce((SELECT max(version) FROM plan_terms WHERE plan = ?6), 1))
        ON CONFLICT (key) DO UPDATE SET
            plan_version = CASE plan WHEN excluded.plan THEN plan_version ELSE excluded.plan_version END,
            name = excluded.name, kind = excluded.kind, time_zone = excluded.time_zone,
            cycle_anchor = excluded.cycle_anchor, plan = excluded.plan, updated_at = excluded.updated_at,
            policy = excluded.policy, grace_percent = excluded.grace_percent,
            auto_refund = excluded.auto_refund, folded = excluded.folded
        RETURNING account_id, key, name, kind, time_zone, cycle_anchor, plan, policy, grace_percent, auto_refund, suspended,
            created_at";
    let row: AccountRow = sqlx::query_as(SQL)
        .bind(&account.key)
        .bind(&account.name)
        .bind(account.kind.id())
        .bind(&account.time_zone)
        .bind(account.cycle_anchor.micros())
        .bind(&account.plan)
        .bind(now.micros())
        .bind(account.policy.id())
        .bind(account.policy.percent())
        .bind(account.auto_refund.micro())
        .bind(fold::key_and_name(&account.key, &account.name))
        .fetch_one(connection)
        .await?;
    row.try_into()
}

#[tracing::instrument(name = "db.accounts.brand", skip_all)]
pub(crate) async fn brand(
    database: impl SqliteExecutor<'_>,
    account: AccountId,
) -> Result<Option<Brand>> {
    let brand: Option<Option<String>> =
        sqlx::query_scalar("SELECT brand FROM accounts WHERE account_id = ?1")
            .bind(account.0)
            .fetch_optional(database)
            .await?;
    let text = brand.flatten();
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

#[tracing::instrument(name = "db.accounts.set_brand", skip_all)]
pub(crate) async fn set_brand(
    writer: &Writer,
    account: AccountId,
    new: Option<&Brand>,
    expected: &Expected,
    now: Time,
) -> Result<Edited<()>> {
    const SQL: &str = "UPDATE accounts SET brand = ?2, updated_at = ?3 WHERE account_id = ?1";
    once(writer, async |tx| {
        // No look of its own is a plain one.
        let before = brand(tx.connection(), account).await?.unwrap_or_default();
        if !expected.is_met_by(Some(&before)) {
            return Ok(Did::Nothing(Edited::Stale));
        }
        sqlx::query(SQL)
            .bind(account.0)
            .bind(new.map(serde_json::to_string).transpose()?)
            .bind(now.micros())
            .execute(tx.connection())
            .await?;
        Ok(Did::Done(Edited::Made(())))
    })
    .await
}

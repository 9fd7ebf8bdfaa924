//! Companies.

use domain::{AccountId, CompanyId, Time, tenancy::Company};
use service::ports::Stored;
use sqlx::SqlitePool;

use super::after_or_first;
use crate::{error::Result, writer::Writer};

type Row = (i64, String, String);

fn company((id, key, name): Row) -> Company {
    Company {
        id: CompanyId(id),
        key,
        name,
    }
}

#[tracing::instrument(name = "db.companies.get", skip_all)]
pub(super) async fn by_key(
    readers: &SqlitePool,
    account: AccountId,
    keys: &[String],
) -> Result<Vec<Company>> {
    const SQL: &str = "SELECT c.company_id, c.key, c.name FROM json_each(?2) AS asked
        CROSS JOIN companies AS c ON c.account_id = ?1 AND c.key = asked.value ORDER BY c.key";
    let keys = serde_json::to_string(keys)?;
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(account.0)
        .bind(keys)
        .fetch_all(readers)
        .await?;
    let mut companies: Vec<_> = rows.into_iter().map(company).collect();
    companies.dedup();
    Ok(companies)
}

#[tracing::instrument(name = "db.companies.owners", skip_all)]
pub(super) async fn owners(
    readers: &SqlitePool,
    key: &str,
    limit: u32,
) -> Result<Vec<(AccountId, Company)>> {
    const SQL: &str = "SELECT account_id, company_id, key, name FROM companies WHERE key = ?1 ORDER BY company_id LIMIT ?2";
    let rows: Vec<(i64, i64, String, String)> = sqlx::query_as(SQL)
        .bind(key)
        .bind(limit)
        .fetch_all(readers)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(account, id, key, name)| (AccountId(account), company((id, key, name))))
        .collect())
}

/// `search` is found anywhere in key or name, without regard to ASCII case.
#[tracing::instrument(name = "db.companies.list", skip_all)]
pub(super) async fn list(
    readers: &SqlitePool,
    account: AccountId,
    ids: Option<&[CompanyId]>,
    search: Option<&str>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Company>> {
    const SQL: &str =
        "SELECT company_id, key, name FROM companies WHERE account_id = ?1 AND key > ?2
        AND (?3 IS NULL OR company_id IN (SELECT value FROM json_each(?3)))
        AND (?4 IS NULL OR instr(lower(key), lower(?4)) > 0 OR instr(lower(name), lower(?4)) > 0)
        ORDER BY key LIMIT ?5";
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(account.0)
        .bind(after_or_first(after))
        .bind(ids.map(serde_json::to_string).transpose()?)
        .bind(search)
        .bind(limit)
        .fetch_all(readers)
        .await?;
    Ok(rows.into_iter().map(company).collect())
}

#[tracing::instrument(name = "db.companies.count", skip_all)]
pub(super) async fn count(readers: &SqlitePool, account: AccountId) -> Result<u32> {
    const SQL: &str = "SELECT count(*) FROM companies WHERE account_id = ?1";
    Ok(sqlx::query_scalar(SQL)
        .bind(account.0)
        .fetch_one(readers)
        .await?)
}

#[tracing::instrument(name = "db.companies.put", skip_all)]
pub(super) async fn put(
    writer: &Writer,
    account: AccountId,
    key: &str,
    name: &str,
    now: Time,
) -> Result<Stored<Company>> {
    const FIND: &str = "SELECT EXISTS (SELECT 1 FROM companies WHERE account_id = ?1 AND key = ?2)";
    const UPSERT: &str = "INSERT INTO companies (account_id, key, name, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?4)
        ON CONFLICT (account_id, key) DO UPDATE SET name = excluded.name, updated_at = excluded.updated_at
        RETURNING company_id, key, name";
    let mut tx = writer.begin().await?;
    let was_there: bool = sqlx::query_scalar(FIND)
        .bind(account.0)
        .bind(key)
        .fetch_one(tx.connection())
        .await?;
    let query = sqlx::query_as(UPSERT)
        .bind(account.0)
        .bind(key)
        .bind(name)
        .bind(now.micros());
    let stored = company(query.fetch_one(tx.connection()).await?);
    tx.commit().await?;
    Ok(if was_there {
        Stored::Replaced(stored)
    } else {
        Stored::Created(stored)
    })
}

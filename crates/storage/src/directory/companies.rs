//! Companies.

use std::collections::BTreeMap;

use domain::{AccountId, Agent, CompanyId, Credits, Time, tenancy::Company};
use service::ports::{Expected, PutCompany, Stored};
use sqlx::{SqliteExecutor, SqlitePool};

use super::after_or_first;
use crate::{
    error::Result,
    fold,
    idempotency::{Did, once},
    ledger::caps_from,
    writer::Writer,
};

macro_rules! columns {
    ($before:literal, $rest:literal) => {
        concat!(
            $before,
            "c.company_id, c.key, c.name, c.budget, c.agent_caps ",
            $rest
        )
    };
}

type Row = (i64, String, String, Option<i64>, Option<String>);

/// The same after the number of its account.
type OwnedRow = (i64, i64, String, String, Option<i64>, Option<String>);

fn company((id, key, name, budget, caps): Row) -> Result<Company> {
    Ok(Company {
        id: CompanyId(id),
        key,
        name,
        budget: budget.map(Credits::from_micro),
        agent_caps: caps_from(caps.as_deref())?,
    })
}

/// Caps as the database has them; null when there are none.
fn caps_text(caps: &BTreeMap<Agent, Credits>) -> Result<Option<String>> {
    if caps.is_empty() {
        return Ok(None);
    }
    let caps: BTreeMap<u8, i64> = caps
        .iter()
        .map(|(agent, credits)| (agent.index(), credits.micro()))
        .collect();
    Ok(Some(serde_json::to_string(&caps)?))
}

#[tracing::instrument(name = "db.companies.get", skip_all)]
pub(super) async fn by_key(
    database: impl SqliteExecutor<'_>,
    account: AccountId,
    keys: &[String],
) -> Result<Vec<Company>> {
    const SQL: &str = columns!(
        "SELECT ",
        "FROM json_each(?2) AS asked
        CROSS JOIN companies AS c ON c.account_id = ?1 AND c.key = asked.value ORDER BY c.key"
    );
    let keys = serde_json::to_string(keys)?;
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(account.0)
        .bind(keys)
        .fetch_all(database)
        .await?;
    let mut companies: Vec<_> = rows.into_iter().map(company).collect::<Result<_>>()?;
    companies.dedup();
    Ok(companies)
}

#[tracing::instrument(name = "db.companies.owners", skip_all)]
pub(super) async fn owners(
    readers: &SqlitePool,
    key: &str,
    limit: u32,
) -> Result<Vec<(AccountId, Company)>> {
    const SQL: &str = columns!(
        "SELECT c.account_id, ",
        "FROM companies AS c WHERE c.key = ?1 ORDER BY c.company_id LIMIT ?2"
    );
    let rows: Vec<OwnedRow> = sqlx::query_as(SQL)
        .bind(key)
        .bind(limit)
        .fetch_all(readers)
        .await?;
    rows.into_iter()
        .map(|(account, id, key, name, budget, caps)| {
            Ok((AccountId(account), company((id, key, name, budget, caps))?))
        })
        .collect()
}

/// `search` is found anywhere in key or name, folded.
#[tracing::instrument(name = "db.companies.list", skip_all)]
pub(super) async fn list(
    readers: &SqlitePool,
    account: AccountId,
    ids: Option<&[CompanyId]>,
    search: Option<&str>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Company>> {
    const SQL: &str = columns!(
        "SELECT ",
        "FROM companies AS c WHERE c.account_id = ?1 AND c.key > ?2
        AND (?3 IS NULL OR c.company_id IN (SELECT value FROM json_each(?3)))
        AND (?4 IS NULL OR instr(c.folded, ?4) > 0)
        ORDER BY c.key LIMIT ?5"
    );
    let rows: Vec<Row> = sqlx::query_as(SQL)
        .bind(account.0)
        .bind(after_or_first(after))
        .bind(ids.map(serde_json::to_string).transpose()?)
        .bind(search.map(domain::fold::folded))
        .bind(limit)
        .fetch_all(readers)
        .await?;
    rows.into_iter().map(company).collect()
}

#[tracing::instrument(name = "db.companies.count", skip_all)]
pub(super) async fn count(database: impl SqliteExecutor<'_>, account: AccountId) -> Result<u32> {
    const SQL: &str = "SELECT count(*) FROM companies WHERE account_id = ?1";
    Ok(sqlx::query_scalar(SQL)
        .bind(account.0)
        .fetch_one(database)
        .await?)
}

#[tracing::instrument(name = "db.companies.put", skip_all)]
pub(super) async fn put(
    writer: &Writer,
    account: AccountId,
    new: &PutCompany,
    (expected, most): (&Expected, u32),
    now: Time,
) -> Result<Stored<Company>> {
    const UPSERT: &str = "INSERT INTO companies (account_id, key, name, created_at, updated_at, budget, agent_caps, folded)
        VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7)
        ON CONFLICT (account_id, key) DO UPDATE SET name = excluded.name, updated_at = excluded.updated_at,
            budget = excluded.budget, agent_caps = excluded.agent_caps, folded = excluded.folded
        RETURNING company_id, key, name, budget, agent_caps";
    once(writer, async |tx| {
        let before = by_key(tx.connection(), account, std::slice::from_ref(&new.key)).await?;
        if !expected.is_met_by(before.first()) {
            return Ok(Did::Nothing(Stored::Stale));
        }
        let was_there = !before.is_empty();
        if !was_there && count(tx.connection(), account).await? >= most {
            return Ok(Did::Nothing(Stored::Over));
        }
        let query = sqlx::query_as(UPSERT)
            .bind(account.0)
            .bind(&new.key)
            .bind(&new.name)
            .bind(now.micros())
            .bind(new.budget.map(Credits::micro))
            .bind(caps_text(&new.agent_caps)?)
            .bind(fold::key_and_name(&new.key, &new.name));
        let stored = company(query.fetch_one(tx.connection()).await?)?;
        Ok(Did::Done(Stored::now(stored, was_there)))
    })
    .await
}

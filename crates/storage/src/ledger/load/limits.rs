//! Budgets and caps of companies, and what counts against them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, Agent, CompanyId, Credits, Time};
use service::ports::{CompanyLimits, LoadedBooks};
use sqlx::SqliteConnection;

use super::Wanted;
use crate::{error::Result, rows::agent};

const LIMITS: &str = "
    SELECT c.account_id, c.company_id, c.budget, c.agent_caps FROM jsonb_each(?1) AS asked
    CROSS JOIN companies AS c ON c.account_id = asked.value ->> 0 AND c.company_id = asked.value ->> 1";

const COMPANY_USED: &str = "
    SELECT u.account_id, u.company_id, u.agent, u.credits FROM jsonb_each(?1) AS asked
    CROSS JOIN company_cycle AS u ON u.account_id = asked.value ->> 0 AND u.company_id = asked.value ->> 1
        AND u.cycle_start = asked.value ->> 2";

const COMPANY_HELD: &str = "
    SELECT h.account_id, h.company_id, h.agent, sum(max(h.credits, h.used)) FROM jsonb_each(?1) AS asked
    CROSS JOIN holds AS h ON h.account_id = asked.value ->> 0 AND h.company_id = asked.value ->> 1 AND h.state = 'active'
    GROUP BY 1, 2, 3";

/// Limits of the companies that are asked about, or that have a hold which matters.
pub(super) async fn add(
    connection: &mut SqliteConnection,
    wanted: &Wanted,
    now: Time,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let companies = companies(wanted, books);
    if companies.is_empty() {
        return Ok(());
    }
    let rows: Vec<(i64, i64, Option<i64>, Option<String>)> = sqlx::query_as(LIMITS)
        .bind(serde_json::to_string(&companies)?)
        .fetch_all(&mut *connection)
        .await?;
    let mut limited = Vec::new();
    for (account, company, budget, caps) in rows {
        if budget.is_none() && caps.is_none() {
            continue;
        }
        if let Some(loaded) = books.get_mut(&account) {
            let limits = CompanyLimits {
                budget: budget.map(Credits::from_micro),
                caps: caps_from(caps.as_deref())?,
                ..CompanyLimits::default()
            };
            loaded.limits.insert(CompanyId(company), limits);
            limited.push((account, company, loaded.cycles.at(now).range.start));
        }
    }
    if limited.is_empty() {
        return Ok(());
    }
    let asked = serde_json::to_string(&limited)?;
    count(connection, COMPANY_USED, &asked, books, |limits| {
        &mut limits.used
    })
    .await?;
    count(connection, COMPANY_HELD, &asked, books, |limits| {
        &mut limits.held
    })
    .await
}

fn companies(
    wanted: &Wanted,
    books: &BTreeMap<i64, LoadedBooks>,
) -> BTreeSet<(AccountId, CompanyId)> {
    let asked = wanted.needs.iter().flat_map(|(account, needs)| {
        let companies = needs.companies.iter();
        companies.map(|company| (*account, *company))
    });
    let held = books.values().flat_map(|loaded| {
        let holds = loaded.holds.iter();
        holds.map(|hold| (loaded.account, hold.company))
    });
    asked.chain(held).collect()
}

/// Adds what companies spent or hold, by agent.
async fn count(
    connection: &mut SqliteConnection,
    statement: &'static str,
    asked: &str,
    books: &mut BTreeMap<i64, LoadedBooks>,
    of: impl Fn(&mut CompanyLimits) -> &mut BTreeMap<Agent, Credits>,
) -> Result<()> {
    let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(statement)
        .bind(asked)
        .fetch_all(connection)
        .await?;
    for (account, company, number, credits) in rows {
        let limits = books
            .get_mut(&account)
            .and_then(|loaded| loaded.limits.get_mut(&CompanyId(company)));
        if let Some(limits) = limits {
            of(limits).insert(agent(number)?, Credits::from_micro(credits));
        }
    }
    Ok(())
}

/// Caps as the database has them: micro-credits by agent number.
pub(crate) fn caps_from(text: Option<&str>) -> Result<BTreeMap<Agent, Credits>> {
    let Some(text) = text else {
        return Ok(BTreeMap::new());
    };
    let caps: BTreeMap<i64, i64> = serde_json::from_str(text)?;
    caps.into_iter()
        .map(|(number, credits)| Ok((agent(number)?, Credits::from_micro(credits))))
        .collect()
}

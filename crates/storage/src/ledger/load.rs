//! Loading the books of some accounts, set-wise.

use std::collections::BTreeMap;

use domain::{
    AccountId, Agent, CompanyId, Credits, Time, TimeRange,
    calendar::{Cycles, Zone},
    ledger::{Cover, Grant, GrantNo, Hold, HoldState, Overage, OveragePolicy},
};
use service::ports::{BooksNeeds, CompanyLimits, LoadedBooks, Terms};
use sqlx::SqliteConnection;

use super::orders;
use crate::{
    error::{Error, Result},
    rows::agent,
};

/// What is wanted of the books of some accounts.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Of each account, what besides its grants.
    pub needs: BTreeMap<AccountId, BooksNeeds>,
    /// Grants that pay for usage since then are wanted.
    pub since: Option<Time>,
    /// Whether more is done than paying for events: then limits matter, and what was used.
    pub acts: bool,
}

impl Wanted {
    /// What bringing the books of accounts up to now takes.
    pub(crate) fn of(accounts: impl IntoIterator<Item = AccountId>) -> Self {
        let needs = |account| (account, BooksNeeds::default());
        Self {
            needs: accounts.into_iter().map(needs).collect(),
            since: None,
            acts: true,
        }
    }
}

const BOOKS: &str = "
    SELECT a.account_id, a.time_zone, a.cycle_anchor, a.policy, a.grace_percent, a.suspended, p.name, p.monthly_credits,
        p.rollover, b.version, b.last_grant, b.last_entry, b.renewed, b.held, b.billing
    FROM json_each(?1) AS asked
    CROSS JOIN accounts AS a ON a.account_id = asked.value
    JOIN plans AS p ON p.key = a.plan
    LEFT JOIN books AS b ON b.account_id = a.account_id";

const GRANTS: &str = "
    SELECT g.account_id, g.number, g.kind, g.name, g.amount, g.spent, g.effective_at, g.expires_at, g.priority,
        g.cycle_start, g.reference, g.actor, g.created_at
    FROM json_each(?1) AS asked
    CROSS JOIN grants AS g ON g.account_id = asked.value AND g.expires_at > ?2
    WHERE ?3 OR g.spent < g.amount OR g.cycle_start IS NOT NULL";

const OVERAGE: &str = "
    SELECT o.account_id, o.cycle_start, o.due, o.covers
    FROM json_each(?1) AS asked CROSS JOIN overage AS o ON o.account_id = asked.value";

const USED: &str = "
    SELECT u.account_id, u.credits FROM jsonb_each(?1) AS asked
    CROSS JOIN cycle_usage AS u ON u.account_id = asked.value ->> 0 AND u.cycle_start = asked.value ->> 1";

macro_rules! hold_columns {
    ($from:literal) => {
        concat!(
            "SELECT h.account_id, h.hold_id, h.company_id, h.agent, h.activity, h.credits, h.used, h.state, h.created_at,
                h.expires_at, h.settled, h.fingerprint ",
            $from
        )
    };
}
pub(super) use hold_columns;

const OVERDUE: &str = hold_columns!(
    "FROM json_each(?1) AS asked CROSS JOIN holds AS h
    ON h.account_id = asked.value AND h.state = 'active' AND h.expires_at <= ?2"
);

const NAMED: &str = hold_columns!(
    "FROM jsonb_each(?1) AS asked CROSS JOIN holds AS h
    ON h.account_id = asked.value ->> 0 AND h.hold_id = asked.value ->> 1"
);

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

#[derive(sqlx::FromRow)]
struct BooksRow {
    account_id: i64,
    time_zone: String,
    cycle_anchor: i64,
    policy: String,
    grace_percent: Option<u32>,
    suspended: bool,
    name: String,
    monthly_credits: i64,
    rollover: Option<i64>,
    version: Option<i64>,
    last_grant: Option<i64>,
    last_entry: Option<i64>,
    renewed: Option<i64>,
    held: Option<i64>,
    billing: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct GrantRow {
    account_id: i64,
    number: i64,
    kind: String,
    name: String,
    amount: i64,
    spent: i64,
    effective_at: i64,
    expires_at: i64,
    priority: i32,
    cycle_start: Option<i64>,
    reference: Option<String>,
    actor: String,
    created_at: i64,
}

#[derive(sqlx::FromRow)]
pub(super) struct HoldRow {
    pub account_id: i64,
    hold_id: String,
    company_id: i64,
    agent: i64,
    activity: String,
    credits: i64,
    used: i64,
    state: String,
    created_at: i64,
    expires_at: i64,
    settled: Option<i64>,
    fingerprint: i64,
}

/// Loads the books of accounts; accounts that do not exist are left out.
#[tracing::instrument(name = "db.books.load", skip_all)]
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    wanted: &Wanted,
    now: Time,
) -> Result<Vec<LoadedBooks>> {
    let ids: Vec<_> = wanted.needs.keys().collect();
    let ids = serde_json::to_string(&ids)?;
    let rows: Vec<BooksRow> = sqlx::query_as(BOOKS)
        .bind(&ids)
        .fetch_all(&mut *connection)
        .await?;
    let mut books = BTreeMap::new();
    for row in rows {
        let loaded = opened(row)?;
        books.insert(loaded.account.0, loaded);
    }
    add_holds(connection, &ids, wanted, now, &mut books).await?;
    add_grants(connection, &ids, wanted, now, &mut books).await?;
    let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(OVERAGE)
        .bind(&ids)
        .fetch_all(&mut *connection)
        .await?;
    for (account, start, due, covers) in rows {
        if let Some(loaded) = books.get_mut(&account) {
            loaded
                .overage
                .insert(Time::from_micros(start), overage(due, &covers)?);
        }
    }
    // The first transaction of books takes over what was used before there was a ledger.
    let begins = books.values().any(|loaded| loaded.renewed.is_none());
    if wanted.acts || begins {
        add_used(connection, now, &mut books).await?;
    }
    if wanted.acts {
        add_limits(connection, wanted, now, &mut books).await?;
        add_orders(connection, wanted, &mut books).await?;
    }
    Ok(books.into_values().collect())
}

/// What an account pays now.
#[tracing::instrument(name = "db.books.terms", skip_all)]
pub(crate) async fn terms(
    connection: &mut SqliteConnection,
    account: AccountId,
) -> Result<Option<Terms>> {
    let row: Option<BooksRow> = sqlx::query_as(BOOKS)
        .bind(serde_json::to_string(&[account])?)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(opened).transpose()?.map(|loaded| loaded.terms))
}

fn opened(row: BooksRow) -> Result<LoadedBooks> {
    let zone = Zone::named(&row.time_zone).map_err(|error| Error::Corrupt(error.to_string()))?;
    let policy = OveragePolicy::named(&row.policy, row.grace_percent)
        .map_err(|rule| Error::Corrupt(format!("a policy {rule}")))?;
    Ok(LoadedBooks {
        account: AccountId(row.account_id),
        terms: Terms {
            plan_name: row.name,
            monthly_credits: Credits::from_micro(row.monthly_credits),
            rollover: row.rollover.map(Credits::from_micro),
            policy,
            is_suspended: row.suspended,
        },
        cycles: Cycles::new(Time::from_micros(row.cycle_anchor), zone),
        grants: Vec::new(),
        overage: BTreeMap::new(),
        last_grant: row.last_grant.unwrap_or(0),
        last_entry: row.last_entry.unwrap_or(0),
        version: row.version.unwrap_or(0),
        billing: row.billing.unwrap_or(0),
        renewed: row.renewed.map(Time::from_micros),
        held: Credits::from_micro(row.held.unwrap_or(0)),
        used: Credits::ZERO,
        holds: Vec::new(),
        limits: BTreeMap::new(),
        orders: Vec::new(),
        disputes: Vec::new(),
    })
}

/// Grants of the running cycle, of one that is not renewed yet, and of one in which a hold ended by itself matter
/// whatever is paid for.
fn grants_since(wanted: &Wanted, now: Time, books: &BTreeMap<i64, LoadedBooks>) -> Time {
    let mut since = wanted.since.unwrap_or(Time::MAX);
    for loaded in books.values() {
        since = since.min(loaded.cycles.at(now).range.start);
        since = since.min(loaded.renewed.unwrap_or(Time::MAX));
        for hold in loaded.holds.iter().filter(|hold| hold.is_overdue(now)) {
            since = since.min(hold.expires_at);
        }
    }
    since
}

async fn add_grants(
    connection: &mut SqliteConnection,
    ids: &str,
    wanted: &Wanted,
    now: Time,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let all = wanted.needs.values().any(|needs| needs.all_grants);
    let since = if all {
        Time::MIN
    } else {
        grants_since(wanted, now, books)
    };
    let rows: Vec<GrantRow> = sqlx::query_as(GRANTS)
        .bind(ids)
        .bind(since.micros())
        .bind(all)
        .fetch_all(connection)
        .await?;
    for row in rows {
        if let Some(loaded) = books.get_mut(&row.account_id) {
            loaded.grants.push(grant(row)?);
        }
    }
    Ok(())
}

fn grant(row: GrantRow) -> Result<Grant> {
    Ok(Grant {
        number: GrantNo(row.number),
        kind: row
            .kind
            .parse()
            .map_err(|_| Error::Corrupt(format!("grant kind {}", row.kind)))?,
        name: row.name,
        amount: Credits::from_micro(row.amount),
        spent: Credits::from_micro(row.spent),
        active: TimeRange::new(
            Time::from_micros(row.effective_at),
            Time::from_micros(row.expires_at),
        ),
        priority: row.priority,
        cycle_start: row.cycle_start.map(Time::from_micros),
        reference: row.reference,
        actor: row.actor,
        created_at: Time::from_micros(row.created_at),
    })
}

fn overage(due: i64, covers: &str) -> Result<Overage> {
    let covers: Vec<(GrantNo, i64)> = serde_json::from_str(covers)?;
    Ok(Overage {
        due: Credits::from_micro(due),
        covers: covers
            .into_iter()
            .map(|(grant, credits)| Cover {
                grant,
                credits: Credits::from_micro(credits),
            })
            .collect(),
    })
}

async fn add_used(
    connection: &mut SqliteConnection,
    now: Time,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let asked: Vec<_> = books
        .values()
        .map(|loaded| (loaded.account, loaded.cycles.at(now).range.start))
        .collect();
    let rows: Vec<(i64, i64)> = sqlx::query_as(USED)
        .bind(serde_json::to_string(&asked)?)
        .fetch_all(connection)
        .await?;
    for (account, credits) in rows {
        if let Some(loaded) = books.get_mut(&account) {
            loaded.used = Credits::from_micro(credits);
        }
    }
    Ok(())
}

async fn add_holds(
    connection: &mut SqliteConnection,
    ids: &str,
    wanted: &Wanted,
    now: Time,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let mut rows: Vec<HoldRow> = sqlx::query_as(OVERDUE)
        .bind(ids)
        .bind(now.micros())
        .fetch_all(&mut *connection)
        .await?;
    let named: Vec<_> = wanted
        .needs
        .iter()
        .flat_map(|(account, needs)| needs.holds.iter().map(move |id| (account, id)))
        .collect();
    if !named.is_empty() {
        let found: Vec<HoldRow> = sqlx::query_as(NAMED)
            .bind(serde_json::to_string(&named)?)
            .fetch_all(connection)
            .await?;
        rows.extend(found);
    }
    for row in rows {
        let (account, hold) = (row.account_id, hold(row)?);
        if let Some(loaded) = books.get_mut(&account) {
            loaded.holds.push(hold);
        }
    }
    Ok(())
}

pub(super) fn hold(row: HoldRow) -> Result<Hold> {
    Ok(Hold {
        id: row.hold_id,
        company: CompanyId(row.company_id),
        agent: agent(row.agent)?,
        activity: row.activity,
        credits: Credits::from_micro(row.credits),
        used: Credits::from_micro(row.used),
        state: HoldState::named(&row.state)
            .ok_or_else(|| Error::Corrupt(format!("hold state {}", row.state)))?,
        created_at: Time::from_micros(row.created_at),
        expires_at: Time::from_micros(row.expires_at),
        settled: row.settled.map(Credits::from_micro),
        fingerprint: row.fingerprint,
    })
}

async fn add_orders(
    connection: &mut SqliteConnection,
    wanted: &Wanted,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let needs = || wanted.needs.iter();
    let names: Vec<_> = needs()
        .flat_map(|(account, needs)| needs.orders.iter().map(move |id| (account, id)))
        .collect();
    for (account, order) in orders::named(connection, &names).await? {
        if let Some(loaded) = books.get_mut(&account) {
            loaded.orders.push(order);
        }
    }
    let names: Vec<_> = needs()
        .flat_map(|(account, needs)| needs.disputes.iter().map(move |id| (account, id)))
        .collect();
    let events: Vec<_> = needs()
        .flat_map(|(account, needs)| {
            let disputed = needs.disputed.iter();
            disputed.map(move |(source, id)| (account, source, id))
        })
        .collect();
    for (account, dispute) in orders::named_disputes(connection, &names, &events).await? {
        if let Some(loaded) = books.get_mut(&account) {
            loaded.disputes.push(dispute);
        }
    }
    Ok(())
}

async fn add_limits(
    connection: &mut SqliteConnection,
    wanted: &Wanted,
    now: Time,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let mut companies = Vec::new();
    for (account, needs) in &wanted.needs {
        companies.extend(needs.companies.iter().map(|company| (*account, *company)));
    }
    for loaded in books.values() {
        companies.extend(
            loaded
                .holds
                .iter()
                .map(|hold| (loaded.account, hold.company)),
        );
    }
    companies.sort_unstable();
    companies.dedup();
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
    for (statement, is_held) in [(COMPANY_USED, false), (COMPANY_HELD, true)] {
        let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(statement)
            .bind(&asked)
            .fetch_all(&mut *connection)
            .await?;
        for (account, company, number, credits) in rows {
            let limits = books
                .get_mut(&account)
                .and_then(|loaded| loaded.limits.get_mut(&CompanyId(company)));
            if let Some(limits) = limits {
                let by_agent = if is_held {
                    &mut limits.held
                } else {
                    &mut limits.used
                };
                by_agent.insert(agent(number)?, Credits::from_micro(credits));
            }
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

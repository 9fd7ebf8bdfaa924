//! Loading the books of some accounts, set-wise.

mod grants;
mod holds;
mod limits;

use std::collections::BTreeMap;

use domain::{
    AccountId, Credits, Time,
    calendar::{Cycles, Zone},
    ledger::{OveragePolicy, PlanHistory, PlanTerms},
};
pub(super) use holds::{HoldRow, hold, hold_columns};
pub(crate) use limits::caps_from;
use service::ports::{BooksNeeds, LoadedBooks, Terms};
use sqlx::SqliteConnection;

use super::orders;
use crate::{
    error::{Error, Result},
    wide,
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
    SELECT a.account_id, a.plan, a.time_zone, a.cycle_anchor, a.policy, a.grace_percent, a.suspended, a.plan_version, a.opened_at,
        b.version, b.last_grant, b.last_entry, b.renewed, b.held, b.billing, a.auto_refund,
        b.counted >> 32 AS counted_high, b.counted & 4294967295 AS counted_low, b.counted_trillions,
        (SELECT json_group_array(json_array(t.version, t.effective_at, t.name, t.monthly_credits, t.rollover))
            FROM plan_terms AS t WHERE t.plan = a.plan AND (t.version = a.plan_version
                OR t.version > a.plan_version AND t.version >= coalesce((SELECT r.version FROM plan_terms AS r
                    WHERE r.plan = a.plan AND r.effective_at < b.renewed ORDER BY r.version DESC LIMIT 1), 0))) AS terms
    FROM json_each(?1) AS asked
    CROSS JOIN accounts AS a ON a.account_id = asked.value
    LEFT JOIN books AS b ON b.account_id = a.account_id";

const AUTO_REFUNDED: &str = "
    SELECT d.account_id, d.refunded FROM jsonb_each(?1) AS asked
    CROSS JOIN disputes AS d ON d.account_id = asked.value ->> 0 AND d.decided_at >= asked.value ->> 1
        AND d.decided_by = 'system' AND d.refunded IS NOT NULL";

const OPEN_DISPUTES: &str = "
    SELECT d.account_id, count(*) FROM json_each(?1) AS asked
    CROSS JOIN disputes AS d ON d.account_id = asked.value AND d.state = 'open' GROUP BY d.account_id";

const USED: &str = "
    SELECT u.account_id, u.credits FROM jsonb_each(?1) AS asked
    CROSS JOIN cycle_usage AS u ON u.account_id = asked.value ->> 0 AND u.cycle_start = asked.value ->> 1";

const COUNTED: &str = "
    SELECT u.account_id, sum(u.credits >> 32), sum(u.credits & 4294967295) FROM json_each(?1) AS asked
    CROSS JOIN cycle_usage AS u ON u.account_id = asked.value GROUP BY u.account_id";

#[derive(sqlx::FromRow)]
struct BooksRow {
    account_id: i64,
    plan: String,
    time_zone: String,
    cycle_anchor: i64,
    policy: String,
    grace_percent: Option<u32>,
    suspended: bool,
    plan_version: i64,
    opened_at: Option<i64>,
    terms: String,
    version: Option<i64>,
    last_grant: Option<i64>,
    last_entry: Option<i64>,
    renewed: Option<i64>,
    held: Option<i64>,
    billing: Option<i64>,
    auto_refund: i64,
    counted_high: Option<i64>,
    counted_low: Option<i64>,
    counted_trillions: Option<i64>,
}

impl BooksRow {
    /// What was spent in all; nothing of books that have not begun.
    fn counted(&self) -> i128 {
        wide::with_trillions(
            self.counted_trillions.unwrap_or(0),
            self.counted_high.unwrap_or(0),
            self.counted_low.unwrap_or(0),
        )
    }
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
        let loaded = opened(&row)?;
        books.insert(loaded.account.0, loaded);
    }
    holds::add(connection, &ids, wanted, now, &mut books).await?;
    grants::add(connection, &ids, wanted, now, &mut books).await?;
    grants::add_overage(connection, &ids, &mut books).await?;
    // The first transaction of books takes over what was used before there was a ledger.
    let begins = books.values().any(|loaded| loaded.renewed.is_none());
    if wanted.acts || begins {
        add_used(connection, now, &mut books).await?;
    }
    if begins {
        add_counted(connection, &mut books).await?;
    }
    if wanted.acts {
        limits::add(connection, wanted, now, &mut books).await?;
        add_orders(connection, wanted, &mut books).await?;
        add_auto_refunded(connection, wanted, now, &mut books).await?;
        add_open_disputes(connection, wanted, &mut books).await?;
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
    Ok(row
        .as_ref()
        .map(opened)
        .transpose()?
        .map(|loaded| loaded.terms))
}

fn opened(row: &BooksRow) -> Result<LoadedBooks> {
    let zone = Zone::named(&row.time_zone).map_err(|error| Error::Corrupt(error.to_string()))?;
    let policy = OveragePolicy::named(&row.policy, row.grace_percent)
        .map_err(|rule| Error::Corrupt(format!("a policy {rule}")))?;
    Ok(LoadedBooks {
        account: AccountId(row.account_id),
        opened: row.opened_at.map(Time::from_micros),
        plan: row.plan.clone(),
        terms: Terms {
            plan: plan_history(&row.terms, row.plan_version)?,
            policy,
            is_suspended: row.suspended,
        },
        cycles: Cycles::new(Time::from_micros(row.cycle_anchor), zone),
        auto_refund: Credits::from_micro(row.auto_refund),
        auto_refunded: Credits::ZERO,
        open_disputes: 0,
        grants: Vec::new(),
        overage: BTreeMap::new(),
        last_grant: row.last_grant.unwrap_or(0),
        last_entry: row.last_entry.unwrap_or(0),
        version: row.version.unwrap_or(0),
        billing: row.billing.unwrap_or(0),
        renewed: row.renewed.map(Time::from_micros),
        held: Credits::from_micro(row.held.unwrap_or(0)),
        used: Credits::ZERO,
        counted: row.counted(),
        holds: Vec::new(),
        limits: BTreeMap::new(),
        orders: Vec::new(),
        disputes: Vec::new(),
    })
}

/// The terms an account moved to, and those that followed as far as cycles may still take them.
fn plan_history(terms: &str, moved_to: i64) -> Result<PlanHistory> {
    type Version = (i64, i64, String, i64, Option<i64>);
    let versions: Vec<Version> = serde_json::from_str(terms)?;
    let terms = |(version, effective_at, plan_name, monthly, rollover): Version| PlanTerms {
        version,
        effective_at: Time::from_micros(effective_at),
        plan_name,
        monthly_credits: Credits::from_micro(monthly),
        rollover: rollover.map(Credits::from_micro),
    };
    let (first, later): (Vec<_>, Vec<_>) = versions
        .into_iter()
        .map(terms)
        .partition(|terms| terms.version == moved_to);
    let first = first
        .into_iter()
        .next()
        .ok_or_else(|| Error::Corrupt(format!("version {moved_to} of a plan")))?;
    Ok(PlanHistory::new(first, later))
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

/// What was spent before books began.
async fn add_counted(
    connection: &mut SqliteConnection,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let begin = books.values().filter(|loaded| loaded.renewed.is_none());
    let asked: Vec<_> = begin.map(|loaded| loaded.account).collect();
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(COUNTED)
        .bind(serde_json::to_string(&asked)?)
        .fetch_all(connection)
        .await?;
    for (account, high, low) in rows {
        if let Some(loaded) = books.get_mut(&account) {
            loaded.counted = wide::joined(high, low);
        }
    }
    Ok(())
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
    let of_whom: Vec<_> = needs()
        .filter(|(_, needs)| needs.pending_orders)
        .map(|(account, _)| account)
        .collect();
    let mut found = orders::named(connection, &names).await?;
    found.extend(orders::pending(connection, &of_whom).await?);
    for (account, order) in found {
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

/// What the system has refunded in the running cycles of accounts in which an event is disputed.
async fn add_auto_refunded(
    connection: &mut SqliteConnection,
    wanted: &Wanted,
    now: Time,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let is_asked = |loaded: &&LoadedBooks| {
        let needs = wanted.needs.get(&loaded.account);
        needs.is_some_and(|needs| !needs.disputed.is_empty()) && loaded.auto_refund > Credits::ZERO
    };
    let asked: Vec<_> = books
        .values()
        .filter(is_asked)
        .map(|loaded| (loaded.account, loaded.cycles.at(now).range.start))
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let rows: Vec<(i64, i64)> = sqlx::query_as(AUTO_REFUNDED)
        .bind(serde_json::to_string(&asked)?)
        .fetch_all(connection)
        .await?;
    for (account, refunded) in rows {
        if let Some(loaded) = books.get_mut(&account) {
            let refunded = Credits::from_micro(refunded);
            loaded.auto_refunded = loaded.auto_refunded.saturating_add(refunded);
        }
    }
    Ok(())
}

/// How many disputes are open of accounts in which an event is disputed.
async fn add_open_disputes(
    connection: &mut SqliteConnection,
    wanted: &Wanted,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let asked = wanted
        .needs
        .iter()
        .filter(|(_, needs)| !needs.disputed.is_empty());
    let asked: Vec<_> = asked.map(|(account, _)| *account).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let rows: Vec<(i64, u32)> = sqlx::query_as(OPEN_DISPUTES)
        .bind(serde_json::to_string(&asked)?)
        .fetch_all(connection)
        .await?;
    for (account, open) in rows {
        if let Some(loaded) = books.get_mut(&account) {
            loaded.open_disputes = open;
        }
    }
    Ok(())
}

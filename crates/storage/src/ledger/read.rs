//! Reading the books of one account.

use std::collections::BTreeMap;

use domain::{
    AccountId, CompanyId, Credits, Seq, Time, TimeRange,
    ledger::{Entry, GrantKind, GrantNo, Hold, Part, Refunded},
};
use service::ports::{EventPayment, NumberedEntry, ReturnedTo, StoredReversal};
use sqlx::{SqliteConnection, SqlitePool};

use super::{
    load::{HoldRow, hold as hold_from, hold_columns},
    reversible::{paid, payer},
    store::payer_number,
};
use crate::{
    error::{Error, Result},
    wide,
};

const ENTRIES: &str = "
    SELECT e.number, e.at, e.as_of, e.kind, e.grant_number, e.cycle_start, e.credits, e.balance_after, e.event, e.reason,
        e.actor, coalesce(e.effective_at, (SELECT iif(g.kind = 'rollover', g.cycle_start, g.effective_at) FROM grants AS g
            WHERE e.kind = 'granted' AND g.account_id = e.account_id AND g.number = e.grant_number), e.at) AS effective_at
    FROM ledger_entries AS e WHERE e.account_id = ?1 AND e.number < ?2 ORDER BY e.number DESC LIMIT ?3";

const REVERSALS: &str = "
    SELECT seq, id, credits, recorded_at, metadata FROM events WHERE reverses = ?2 AND account_id = ?1 ORDER BY seq";

/// What reversals of an event moved, in order: into grants, or off what was due.
const RETURNED_TO: &str = "
    SELECT l.event, l.grant_number, l.credits, g.kind, g.name, g.expires_at FROM events AS r
    JOIN ledger_entries AS l ON l.account_id = r.account_id AND l.event = r.seq AND l.kind IN ('returned', 'granted')
    LEFT JOIN grants AS g ON g.account_id = l.account_id AND g.number = l.grant_number
    WHERE r.reverses = ?2 AND r.account_id = ?1 ORDER BY l.number";

/// What was given back since a cycle ended (`?3`): for its usage as grants of their own, and for usage before it (`?2`) to
/// grants that outlast it. A reversal has the time of what it takes back.
const REFUNDED_SINCE: &str = "
    SELECT coalesce(sum(iif(l.kind = 'granted', l.credits >> 32, 0)), 0),
        coalesce(sum(iif(l.kind = 'granted', l.credits & 4294967295, 0)), 0),
        coalesce(sum(iif(l.kind = 'returned', l.credits >> 32, 0)), 0),
        coalesce(sum(iif(l.kind = 'returned', l.credits & 4294967295, 0)), 0)
    FROM ledger_entries AS l
    JOIN events AS r ON r.seq = l.event AND r.account_id = l.account_id
    JOIN grants AS g ON g.account_id = l.account_id AND g.number = l.grant_number
    WHERE l.account_id = ?1 AND l.at >= ?3 AND (
        (l.kind = 'granted' AND g.kind = 'refund' AND r.time >= ?2 AND r.time < ?3)
        OR (l.kind = 'returned' AND r.time < ?2 AND g.effective_at < ?3 AND g.expires_at > ?3))";

const HOLD: &str = hold_columns!("FROM holds AS h WHERE h.account_id = ?1 AND h.hold_id = ?2");

const ACTIVE_HOLDS: &str = hold_columns!(
    "FROM holds AS h WHERE h.account_id = ?1 AND h.state = 'active'
    AND (?2 IS NULL OR h.company_id IN (SELECT value FROM json_each(?2))) ORDER BY h.created_at, h.hold_id LIMIT ?3"
);

const COMPANY_NAMES: &str = "SELECT company_id, name FROM companies
    WHERE account_id = ?1 AND company_id IN (SELECT value FROM json_each(?2))";

const DUE_ACCOUNTS: &str = "
    SELECT account_id FROM (
        SELECT DISTINCT account_id FROM holds WHERE state = 'active' AND expires_at <= ?1
        UNION SELECT account_id FROM books WHERE renews_at <= ?1)
    ORDER BY account_id LIMIT ?2";

#[derive(sqlx::FromRow)]
struct EntryRow {
    number: i64,
    at: i64,
    as_of: i64,
    kind: String,
    grant_number: i64,
    cycle_start: i64,
    credits: i64,
    balance_after: i64,
    event: Option<i64>,
    reason: Option<String>,
    actor: String,
    effective_at: i64,
}

#[tracing::instrument(name = "db.books.version", skip_all)]
pub(crate) async fn version(connection: &mut SqliteConnection, account: AccountId) -> Result<i64> {
    const SQL: &str = "SELECT version FROM books WHERE account_id = ?1";
    let version: Option<i64> = sqlx::query_scalar(SQL)
        .bind(account.0)
        .fetch_optional(connection)
        .await?;
    Ok(version.unwrap_or(0))
}

#[tracing::instrument(name = "db.ledger_entries.corrected", skip_all)]
pub(crate) async fn corrected_since(
    connection: &mut SqliteConnection,
    account: AccountId,
    since: Time,
) -> Result<Credits> {
    const SQL: &str = "SELECT coalesce(sum(-credits >> 32), 0), coalesce(sum(-credits & 4294967295), 0) FROM ledger_entries
        WHERE account_id = ?1 AND kind = 'corrected' AND at >= ?2";
    let (high, low): (i64, i64) = sqlx::query_as(SQL)
        .bind(account.0)
        .bind(since.micros())
        .fetch_one(connection)
        .await?;
    wide::credits(wide::joined(high, low))
}

#[tracing::instrument(name = "db.ledger_entries.refunded", skip_all)]
pub(crate) async fn refunded_since(
    connection: &mut SqliteConnection,
    account: AccountId,
    cycle: TimeRange,
) -> Result<Refunded> {
    let (anew_high, anew_low, earlier_high, earlier_low): (i64, i64, i64, i64) =
        sqlx::query_as(REFUNDED_SINCE)
            .bind(account.0)
            .bind(cycle.start.micros())
            .bind(cycle.end.micros())
            .fetch_one(connection)
            .await?;
    Ok(Refunded {
        anew: wide::credits(wide::joined(anew_high, anew_low))?,
        earlier: wide::credits(wide::joined(earlier_high, earlier_low))?,
    })
}

#[tracing::instrument(name = "db.ledger_entries.list", skip_all)]
pub(super) async fn entries(
    readers: &SqlitePool,
    account: AccountId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<NumberedEntry>> {
    let rows: Vec<EntryRow> = sqlx::query_as(ENTRIES)
        .bind(account.0)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(readers)
        .await?;
    rows.into_iter().map(entry).collect()
}

fn entry(row: EntryRow) -> Result<NumberedEntry> {
    Ok(NumberedEntry {
        number: row.number,
        at: Time::from_micros(row.at),
        as_of: Seq(row.as_of),
        entry: Entry {
            kind: row
                .kind
                .parse()
                .map_err(|rule| Error::Corrupt(format!("'{}' {rule}", row.kind)))?,
            payer: payer(row.grant_number),
            cycle_start: Time::from_micros(row.cycle_start),
            credits: Credits::from_micro(row.credits),
            balance_after: Credits::from_micro(row.balance_after),
            effective_at: Time::from_micros(row.effective_at),
            event: row.event.map(Seq),
            reason: row.reason,
            actor: row.actor,
        },
    })
}

#[tracing::instrument(name = "db.payments.get", skip_all)]
pub(super) async fn payment(
    readers: &SqlitePool,
    account: AccountId,
    seq: Seq,
) -> Result<Option<EventPayment>> {
    const CREDITS: &str = "SELECT credits FROM events WHERE account_id = ?1 AND seq = ?2";
    let mut transaction = readers.begin().await?;
    let credits: Option<i64> = sqlx::query_scalar(CREDITS)
        .bind(account.0)
        .bind(seq.0)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(credits) = credits else {
        return Ok(None);
    };
    let paid = paid(&mut transaction, account, seq, Credits::from_micro(credits)).await?;
    let reversals = reversals(&mut transaction, account, seq).await?;
    Ok(paid.map(|paid| EventPayment {
        parts: paid.parts,
        balance_after: paid.balance_after,
        reversals,
    }))
}

async fn reversals(
    connection: &mut SqliteConnection,
    account: AccountId,
    seq: Seq,
) -> Result<Vec<StoredReversal>> {
    let rows: Vec<(i64, String, i64, i64, Option<String>)> = sqlx::query_as(REVERSALS)
        .bind(account.0)
        .bind(seq.0)
        .fetch_all(&mut *connection)
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut returned_to = returned_to(connection, account, seq).await?;
    let reversal = |(seq, id, credits, at, metadata)| StoredReversal {
        id,
        credits: Credits::ZERO.saturating_sub(Credits::from_micro(credits)),
        at: Time::from_micros(at),
        metadata,
        returned_to: returned_to.remove(&seq).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(reversal).collect())
}

#[derive(sqlx::FromRow)]
struct ReturnedRow {
    event: i64,
    grant_number: i64,
    credits: i64,
    kind: Option<String>,
    name: Option<String>,
    expires_at: Option<i64>,
}

/// Where the reversals of an event went, by the reversals' place in the log.
async fn returned_to(
    connection: &mut SqliteConnection,
    account: AccountId,
    seq: Seq,
) -> Result<BTreeMap<i64, Vec<ReturnedTo>>> {
    let rows: Vec<ReturnedRow> = sqlx::query_as(RETURNED_TO)
        .bind(account.0)
        .bind(seq.0)
        .fetch_all(connection)
        .await?;
    let mut found: BTreeMap<i64, Vec<ReturnedTo>> = BTreeMap::new();
    for row in rows {
        let grant = match row.kind.zip(row.name) {
            Some((kind, name)) => Some((grant_kind(&kind)?, name)),
            None => None,
        };
        found.entry(row.event).or_default().push(ReturnedTo {
            payer: payer(row.grant_number),
            credits: Credits::from_micro(row.credits),
            grant,
            expires_at: row.expires_at.map(Time::from_micros),
        });
    }
    Ok(found)
}

fn grant_kind(kind: &str) -> Result<GrantKind> {
    kind.parse()
        .map_err(|_| Error::Corrupt(format!("grant kind {kind}")))
}

#[tracing::instrument(name = "db.grants.names", skip_all)]
pub(super) async fn grant_names(
    readers: &SqlitePool,
    account: AccountId,
    parts: &[Part],
) -> Result<BTreeMap<GrantNo, (GrantKind, String)>> {
    const SQL: &str = "SELECT number, kind, name FROM grants
        WHERE account_id = ?1 AND number IN (SELECT value FROM json_each(?2))";
    let numbers: Vec<_> = parts.iter().map(|part| payer_number(part.payer)).collect();
    let rows: Vec<(i64, String, String)> = sqlx::query_as(SQL)
        .bind(account.0)
        .bind(serde_json::to_string(&numbers)?)
        .fetch_all(readers)
        .await?;
    rows.into_iter()
        .map(|(number, kind, name)| Ok((GrantNo(number), (grant_kind(&kind)?, name))))
        .collect()
}

#[tracing::instrument(name = "db.holds.get", skip_all)]
pub(super) async fn hold(
    readers: &SqlitePool,
    account: AccountId,
    id: &str,
) -> Result<Option<Hold>> {
    let row: Option<HoldRow> = sqlx::query_as(HOLD)
        .bind(account.0)
        .bind(id)
        .fetch_optional(readers)
        .await?;
    row.map(hold_from).transpose()
}

/// Active holds with the display names of their companies.
#[tracing::instrument(name = "db.holds.list", skip_all)]
pub(crate) async fn active_holds(
    connection: &mut SqliteConnection,
    account: AccountId,
    companies: Option<&[CompanyId]>,
    limit: u32,
) -> Result<Vec<(Hold, String)>> {
    let rows: Vec<HoldRow> = sqlx::query_as(ACTIVE_HOLDS)
        .bind(account.0)
        .bind(companies.map(serde_json::to_string).transpose()?)
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
    let holds: Vec<Hold> = rows.into_iter().map(hold_from).collect::<Result<_>>()?;
    let ids: Vec<_> = holds.iter().map(|hold| hold.company).collect();
    let names: Vec<(i64, String)> = sqlx::query_as(COMPANY_NAMES)
        .bind(account.0)
        .bind(serde_json::to_string(&ids)?)
        .fetch_all(connection)
        .await?;
    let names: BTreeMap<i64, String> = names.into_iter().collect();
    let with_name = |hold: Hold| {
        let company = names.get(&hold.company.0).cloned().unwrap_or_default();
        (hold, company)
    };
    Ok(holds.into_iter().map(with_name).collect())
}

#[tracing::instrument(name = "db.books.due", skip_all)]
pub(super) async fn accounts_due(
    readers: &SqlitePool,
    now: Time,
    limit: u32,
) -> Result<Vec<AccountId>> {
    let ids: Vec<i64> = sqlx::query_scalar(DUE_ACCOUNTS)
        .bind(now.micros())
        .bind(limit)
        .fetch_all(readers)
        .await?;
    Ok(ids.into_iter().map(AccountId).collect())
}

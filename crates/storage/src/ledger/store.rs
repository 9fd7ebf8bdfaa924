//! Storing what a desk has changed.

use domain::{
    AccountId, Credits, Seq, Time,
    ledger::{Entry, Grant, Hold, Overage, Payer},
};
use serde::Serialize;
use service::{desk::Booked, ports::ChangedBooks};

use super::OVERAGE;
use crate::{error::Result, wide, writer::WriteTx};

const BOOKS: &str = "
    INSERT OR ROLLBACK INTO books (account_id, version, last_grant, last_entry, renewed, renews_at, held, billing,
        counted, counted_trillions)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
        value ->> 8, value ->> 9
    FROM jsonb_each(?1) WHERE true
    ON CONFLICT (account_id) DO UPDATE SET version = excluded.version, last_grant = excluded.last_grant,
        last_entry = excluded.last_entry, renewed = excluded.renewed, renews_at = excluded.renews_at,
        held = excluded.held, billing = excluded.billing, counted = excluded.counted,
        counted_trillions = excluded.counted_trillions";

const GRANTS: &str = "
    INSERT OR ROLLBACK INTO grants (account_id, number, kind, name, amount, spent, effective_at, expires_at, priority,
        cycle_start, reference, actor, created_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
        value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12 FROM jsonb_each(?1) WHERE true
    ON CONFLICT (account_id, number) DO UPDATE SET spent = excluded.spent";

const OVERAGES: &str = "
    INSERT OR ROLLBACK INTO overage (account_id, cycle_start, due, covers)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM jsonb_each(?1) WHERE true
    ON CONFLICT (account_id, cycle_start) DO UPDATE SET due = excluded.due, covers = excluded.covers";

const ENTRIES: &str = "
    INSERT OR ROLLBACK INTO ledger_entries (account_id, number, at, as_of, kind, grant_number, cycle_start, credits,
        balance_after, event, reason, actor, effective_at)
    SELECT value ->> 0, value ->> 1, ?2, ?3, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
        value ->> 8, value ->> 9, value ->> 10 FROM jsonb_each(?1)";

const HOLDS: &str = "
    INSERT OR ROLLBACK INTO holds (account_id, hold_id, company_id, agent, activity, credits, used, state, created_at,
        expires_at, settled, fingerprint, asked)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
        value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12 FROM jsonb_each(?1) WHERE true
    ON CONFLICT (account_id, hold_id) DO UPDATE SET credits = excluded.credits, used = excluded.used,
        state = excluded.state, expires_at = excluded.expires_at, settled = excluded.settled,
        fingerprint = excluded.fingerprint";

const PAYMENTS: &str = "
    INSERT OR ROLLBACK INTO payments (account_id, seq, part, grant_number, credits)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM jsonb_each(?1)";

/// Stores changed books. `as_of` is the newest event, those of this transaction included.
#[tracing::instrument(name = "db.books.store", skip_all)]
pub(crate) async fn store(
    tx: &mut WriteTx<'_>,
    changed: &[ChangedBooks],
    as_of: Seq,
    now: Time,
) -> Result<()> {
    let books: Vec<_> = changed.iter().map(books).collect();
    run(tx, BOOKS, &books).await?;
    let given: Vec<_> = of_each(changed, |books| &books.grants, grant).collect();
    run(tx, GRANTS, &given).await?;
    let overage: Vec<_> = of_each(changed, |books| &books.overage, overage).collect();
    run(tx, OVERAGES, &overage).await?;
    let entries: Vec<_> = of_each(changed, |books| &books.entries, entry).collect();
    if !entries.is_empty() {
        sqlx::query(ENTRIES)
            .bind(serde_json::to_string(&entries)?)
            .bind(now.micros())
            .bind(as_of.0)
            .execute(tx.connection())
            .await?;
    }
    let holds: Vec<_> = of_each(changed, |books| &books.holds, hold).collect();
    run(tx, HOLDS, &holds).await?;
    super::orders::store(tx, changed, now).await
}

/// Rows of every account's changes of one kind.
fn of_each<'a, T: 'a, R>(
    changed: &'a [ChangedBooks],
    part: impl Fn(&'a ChangedBooks) -> &'a Vec<T>,
    row: impl Fn(AccountId, &'a T) -> R,
) -> impl Iterator<Item = R> {
    changed
        .iter()
        .flat_map(move |books| {
            part(books)
                .iter()
                .map(|item| (books.account, item))
                .collect::<Vec<_>>()
        })
        .map(move |(account, item)| row(account, item))
}

// Rows in the order of the statements' columns.

fn books(books: &ChangedBooks) -> impl Serialize {
    let (counted, trillions) = wide::split(books.counted);
    (
        books.account,
        books.version,
        books.last_grant,
        books.last_entry,
        books.renewed.start,
        books.renewed.end,
        books.held.micro(),
        books.billing,
        counted,
        trillions,
    )
}

fn grant(account: AccountId, grant: &Grant) -> impl Serialize {
    (
        account,
        grant.number,
        grant.kind.id(),
        &grant.name,
        grant.amount.micro(),
        grant.spent.micro(),
        grant.active.start,
        grant.active.end,
        grant.priority,
        grant.cycle_start,
        &grant.reference,
        &grant.actor,
        grant.created_at,
    )
}

fn overage(account: AccountId, (start, overage): &(Time, Overage)) -> impl Serialize {
    let covers: Vec<_> = overage
        .covers
        .iter()
        .map(|cover| (cover.grant, cover.credits.micro()))
        .collect();
    let covers = serde_json::to_string(&covers).unwrap_or_default();
    (account, *start, overage.due.micro(), covers)
}

fn entry(account: AccountId, (number, entry): &(i64, Entry)) -> impl Serialize {
    (
        account,
        *number,
        entry.kind.id(),
        payer_number(entry.payer),
        entry.cycle_start,
        entry.credits.micro(),
        entry.balance_after.micro(),
        entry.event,
        &entry.reason,
        &entry.actor,
        entry.effective_at,
    )
}

fn hold(account: AccountId, hold: &Hold) -> impl Serialize {
    (
        account,
        &hold.id,
        hold.company,
        hold.agent.index(),
        &hold.activity,
        hold.credits.micro(),
        hold.used.micro(),
        hold.state.id(),
        hold.created_at,
        hold.expires_at,
        hold.settled.map(Credits::micro),
        hold.fingerprint,
        hold.asked,
    )
}

/// Account, event, place of the part, grant, credits.
type PartRow = (AccountId, Seq, usize, i64, i64);

/// Stores the parts of payments that have several.
#[tracing::instrument(name = "db.payments.insert", skip_all)]
pub(crate) async fn payments(tx: &mut WriteTx<'_>, booked: &[Booked<'_>]) -> Result<()> {
    let rows = part_rows(booked);
    run(tx, PAYMENTS, &rows).await
}

fn part_rows(booked: &[Booked<'_>]) -> Vec<PartRow> {
    let several = booked
        .iter()
        .filter(|booked| booked.payment.parts.len() > 1);
    let parts = several.flat_map(|booked| {
        let (account, seq) = (booked.event.account, booked.seq);
        let parts = booked.payment.parts.iter().enumerate();
        parts.map(move |(number, part)| {
            let (payer, credits) = (payer_number(part.payer), part.credits.micro());
            (account, seq, number, payer, credits)
        })
    });
    parts.collect()
}

/// Binds rows as one JSON array; nothing to do without any.
pub(crate) async fn run<R: Serialize>(
    tx: &mut WriteTx<'_>,
    statement: &'static str,
    rows: &[R],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(statement)
        .bind(serde_json::to_string(rows)?)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// A grant's number, or the one that stands for overage.
pub(crate) fn payer_number(payer: Payer) -> i64 {
    match payer {
        Payer::Grant(number) => number.0,
        Payer::Overage => OVERAGE,
    }
}

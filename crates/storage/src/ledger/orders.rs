//! Orders and disputes as they are stored.

use domain::{
    AccountId, CompanyId, Credits, Time,
    cursor::TimedId,
    ledger::{Dispute, DisputeState, Order, OrderKind, OrderState},
};
use serde::Serialize;
use service::ports::{ChangedBooks, DisputesQuery};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{
    error::{Error, Result},
    writer::WriteTx,
};

macro_rules! order_columns {
    ($from:literal) => {
        concat!(
            "SELECT o.account_id, o.order_id, o.kind, o.item, o.quantity, o.name, o.credits, o.valid_cycles, o.price, o.currency, o.state,
                o.reason, o.reference, o.actor, o.created_at, o.updated_at ",
            $from
        )
    };
}

/// What a dispute is read from, `d` being its row.
macro_rules! dispute_columns {
    ($from:literal) => {
        concat!(
            "SELECT d.account_id, d.dispute_id, d.source, d.event, d.company_id, d.credits, d.reason, d.actor, d.created_at,
                d.state, d.decided_by, d.decided_at, d.of_client, d.support, d.refunded, d.decision_reason ",
            $from
        )
    };
}

const NAMED_ORDERS: &str = order_columns!(
    "FROM jsonb_each(?1) AS asked
    CROSS JOIN orders AS o ON o.account_id = asked.value ->> 0 AND o.order_id = asked.value ->> 1"
);
const LATEST_ORDERS: &str = order_columns!(
    "FROM orders AS o WHERE o.account_id = ?1 AND (o.created_at, o.order_id) < (?2, ?3)
    ORDER BY o.created_at DESC, o.order_id DESC LIMIT ?4"
);
const PENDING_ORDERS: &str = order_columns!(
    "FROM json_each(?1) AS asked
    CROSS JOIN orders AS o ON o.account_id = asked.value AND o.state = 'ordered'"
);
const NAMED_DISPUTES: &str = dispute_columns!(
    "FROM jsonb_each(?1) AS asked
    CROSS JOIN disputes AS d ON d.account_id = asked.value ->> 0 AND d.dispute_id = asked.value ->> 1"
);
const DISPUTES_OF_EVENTS: &str = dispute_columns!(
    "FROM jsonb_each(?1) AS asked
    CROSS JOIN disputes AS d ON d.account_id = asked.value ->> 0 AND d.source = asked.value ->> 1
        AND d.event = asked.value ->> 2"
);
const DISPUTES: &str = dispute_columns!(
    "FROM disputes AS d WHERE d.account_id = ?1 AND (d.created_at, d.dispute_id) < (?2, ?3)
        AND (?4 IS NULL OR d.company_id IN (SELECT value FROM json_each(?4)))
        AND (?5 IS NULL OR d.state IN (SELECT value FROM json_each(?5)))
    ORDER BY d.created_at DESC, d.dispute_id DESC LIMIT ?6"
);

const STORE_ORDERS: &str = "
    INSERT OR ROLLBACK INTO orders (account_id, order_id, kind, item, quantity, name, credits, valid_cycles, price, currency,
        state, reason, reference, actor, created_at, updated_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
        value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15
    FROM jsonb_each(?1) WHERE true
    ON CONFLICT (account_id, order_id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
        reference = excluded.reference, updated_at = excluded.updated_at";

const STORE_DISPUTES: &str = "
    INSERT OR ROLLBACK INTO disputes (account_id, dispute_id, source, event, company_id, credits, reason, actor, created_at,
        state, decided_by, decided_at, of_client, support, refunded, decision_reason)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
        value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15
    FROM jsonb_each(?1) WHERE true
    ON CONFLICT (account_id, dispute_id) DO UPDATE SET state = excluded.state, decided_by = excluded.decided_by,
        decided_at = excluded.decided_at, support = excluded.support, refunded = excluded.refunded,
        decision_reason = excluded.decision_reason";

const MOVE_TO_PLAN: &str = "
    UPDATE accounts SET plan = ?2, plan_version = coalesce((SELECT max(version) FROM plan_terms WHERE plan = ?2), 1),
        updated_at = ?3 WHERE account_id = ?1";

#[derive(sqlx::FromRow)]
struct OrderRow {
    account_id: i64,
    order_id: String,
    kind: String,
    item: String,
    quantity: u32,
    name: String,
    credits: i64,
    valid_cycles: u32,
    price: Option<String>,
    currency: Option<String>,
    state: String,
    reason: Option<String>,
    reference: Option<String>,
    actor: String,
    created_at: i64,
    updated_at: i64,
}

pub(super) use dispute_columns;

#[derive(sqlx::FromRow)]
pub(super) struct DisputeRow {
    account_id: i64,
    dispute_id: String,
    source: String,
    event: String,
    company_id: i64,
    credits: Option<i64>,
    reason: String,
    actor: String,
    created_at: i64,
    state: String,
    decided_by: Option<String>,
    decided_at: Option<i64>,
    of_client: bool,
    support: Option<String>,
    refunded: Option<i64>,
    decision_reason: Option<String>,
}

/// Orders with their accounts, by account and id.
#[tracing::instrument(name = "db.orders.named", skip_all)]
pub(super) async fn named(
    connection: &mut SqliteConnection,
    names: &[(&AccountId, &String)],
) -> Result<Vec<(i64, Order)>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<OrderRow> = sqlx::query_as(NAMED_ORDERS)
        .bind(serde_json::to_string(names)?)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(order).collect()
}

/// Disputes with their accounts, by account and id, and those of events by account, source and id.
#[tracing::instrument(name = "db.disputes.named", skip_all)]
pub(super) async fn named_disputes(
    connection: &mut SqliteConnection,
    names: &[(&AccountId, &String)],
    events: &[(&AccountId, &String, &String)],
) -> Result<Vec<(i64, Dispute)>> {
    let mut rows: Vec<DisputeRow> = Vec::new();
    for (statement, asked) in [
        (
            NAMED_DISPUTES,
            Some(serde_json::to_string(names)?).filter(|_| !names.is_empty()),
        ),
        (
            DISPUTES_OF_EVENTS,
            Some(serde_json::to_string(events)?).filter(|_| !events.is_empty()),
        ),
    ] {
        if let Some(asked) = asked {
            let found = sqlx::query_as(statement).bind(asked);
            rows.extend(found.fetch_all(&mut *connection).await?);
        }
    }
    rows.into_iter().map(dispute).collect()
}

/// Orders of accounts that wait for their payment.
#[tracing::instrument(name = "db.orders.pending", skip_all)]
pub(super) async fn pending(
    connection: &mut SqliteConnection,
    accounts: &[&AccountId],
) -> Result<Vec<(i64, Order)>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<OrderRow> = sqlx::query_as(PENDING_ORDERS)
        .bind(serde_json::to_string(accounts)?)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(order).collect()
}

/// All orders of an account that wait for their payment, newest first.
#[tracing::instrument(name = "db.orders.pending", skip_all)]
pub(super) async fn pending_of(readers: &SqlitePool, account: AccountId) -> Result<Vec<Order>> {
    let mut connection = readers.acquire().await?;
    let found = pending(&mut connection, &[&account]).await?;
    let mut orders: Vec<_> = found.into_iter().map(|(_, order)| order).collect();
    orders.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
    Ok(orders)
}

/// A place in a list by time and id as its statement takes it: before everything when there is none.
fn place(before: Option<&TimedId>) -> (i64, &str) {
    before.map_or((i64::MAX, ""), |place| (place.time.micros(), &place.id))
}

/// Orders of an account, newest first.
#[tracing::instrument(name = "db.orders.list", skip_all)]
pub(super) async fn latest(
    readers: &SqlitePool,
    account: AccountId,
    before: Option<&TimedId>,
    limit: u32,
) -> Result<Vec<Order>> {
    let (time, id) = place(before);
    let rows: Vec<OrderRow> = sqlx::query_as(LATEST_ORDERS)
        .bind(account.0)
        .bind(time)
        .bind(id)
        .bind(limit)
        .fetch_all(readers)
        .await?;
    rows.into_iter().map(|row| Ok(order(row)?.1)).collect()
}

/// The account an order belongs to.
#[tracing::instrument(name = "db.orders.account", skip_all)]
pub(super) async fn account_of(readers: &SqlitePool, id: &str) -> Result<Option<AccountId>> {
    const SQL: &str = "SELECT account_id FROM orders WHERE order_id = ?1";
    let account: Option<i64> = sqlx::query_scalar(SQL)
        .bind(id)
        .fetch_optional(readers)
        .await?;
    Ok(account.map(AccountId))
}

/// Disputes of one event, oldest first.
pub(super) async fn disputes_of(
    readers: &SqlitePool,
    account: AccountId,
    source: &str,
    event: &str,
) -> Result<Vec<Dispute>> {
    let mut connection = readers.acquire().await?;
    let (source, event) = (source.to_owned(), event.to_owned());
    let found = named_disputes(&mut connection, &[], &[(&account, &source, &event)]).await?;
    let mut disputes: Vec<_> = found.into_iter().map(|(_, dispute)| dispute).collect();
    disputes.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(disputes)
}

/// Disputes of an account, newest first.
#[tracing::instrument(name = "db.disputes.list", skip_all)]
pub(super) async fn disputes(
    readers: &SqlitePool,
    account: AccountId,
    query: &DisputesQuery<'_>,
    limit: u32,
) -> Result<Vec<Dispute>> {
    let (time, id) = place(query.before);
    let states: Vec<_> = query.states.iter().map(|state| state.id()).collect();
    let states = Some(states).filter(|states| !states.is_empty());
    let rows: Vec<DisputeRow> = sqlx::query_as(DISPUTES)
        .bind(account.0)
        .bind(time)
        .bind(id)
        .bind(query.companies.map(serde_json::to_string).transpose()?)
        .bind(
            states
                .map(|states| serde_json::to_string(&states))
                .transpose()?,
        )
        .bind(limit)
        .fetch_all(readers)
        .await?;
    rows.into_iter().map(|row| Ok(dispute(row)?.1)).collect()
}

fn order(row: OrderRow) -> Result<(i64, Order)> {
    let corrupt = |what: &str| Error::Corrupt(format!("order {what}"));
    let order = Order {
        kind: OrderKind::named(&row.kind).ok_or_else(|| corrupt(&row.kind))?,
        state: OrderState::named(&row.state).ok_or_else(|| corrupt(&row.state))?,
        id: row.order_id,
        item: row.item,
        quantity: row.quantity,
        name: row.name,
        credits: Credits::from_micro(row.credits),
        valid_cycles: row.valid_cycles,
        price: row.price,
        currency: row.currency,
        reason: row.reason,
        reference: row.reference,
        actor: row.actor,
        created_at: Time::from_micros(row.created_at),
        updated_at: Time::from_micros(row.updated_at),
    };
    Ok((row.account_id, order))
}

pub(super) fn dispute(row: DisputeRow) -> Result<(i64, Dispute)> {
    let state = DisputeState::named(&row.state)
        .ok_or_else(|| Error::Corrupt(format!("dispute {}", row.state)))?;
    let dispute = Dispute {
        id: row.dispute_id,
        source: row.source,
        event: row.event,
        company: CompanyId(row.company_id),
        credits: row.credits.map(Credits::from_micro),
        reason: row.reason,
        actor: row.actor,
        is_of_client: row.of_client,
        created_at: Time::from_micros(row.created_at),
        support: row
            .support
            .map(|text| serde_json::from_str(&text))
            .transpose()?,
        state,
        refunded: row.refunded.map(Credits::from_micro),
        decision_reason: row.decision_reason,
        decided_by: row.decided_by,
        decided_at: row.decided_at.map(Time::from_micros),
    };
    Ok((row.account_id, dispute))
}

/// Stores changed orders and disputes, and moves accounts to the plans they ordered.
#[tracing::instrument(name = "db.orders.store", skip_all)]
pub(super) async fn store(tx: &mut WriteTx<'_>, changed: &[ChangedBooks], now: Time) -> Result<()> {
    let orders: Vec<_> = changed
        .iter()
        .flat_map(|books| {
            books
                .orders
                .iter()
                .map(|order| order_row(books.account, order))
        })
        .collect();
    super::store::run(tx, STORE_ORDERS, &orders).await?;
    let disputes: Vec<_> = changed
        .iter()
        .flat_map(|books| {
            books
                .disputes
                .iter()
                .map(|dispute| dispute_row(books.account, dispute))
        })
        .collect();
    super::store::run(tx, STORE_DISPUTES, &disputes).await?;
    for books in changed {
        if let Some(plan) = &books.new_plan {
            sqlx::query(MOVE_TO_PLAN)
                .bind(books.account.0)
                .bind(plan)
                .bind(now.micros())
                .execute(tx.connection())
                .await?;
        }
    }
    Ok(())
}

fn order_row(account: AccountId, order: &Order) -> impl Serialize {
    (
        account,
        &order.id,
        order.kind.id(),
        &order.item,
        order.quantity,
        &order.name,
        order.credits.micro(),
        order.valid_cycles,
        &order.price,
        &order.currency,
        order.state.id(),
        &order.reason,
        &order.reference,
        &order.actor,
        order.created_at,
        order.updated_at,
    )
}

fn dispute_row(account: AccountId, dispute: &Dispute) -> impl Serialize {
    (
        account,
        &dispute.id,
        &dispute.source,
        &dispute.event,
        dispute.company,
        dispute.credits.map(Credits::micro),
        &dispute.reason,
        &dispute.actor,
        dispute.created_at,
        dispute.state.id(),
        &dispute.decided_by,
        dispute.decided_at,
        dispute.is_of_client,
        dispute
            .support
            .as_ref()
            .map(|support| serde_json::to_string(support).unwrap_or_default()),
        dispute.refunded.map(Credits::micro),
        &dispute.decision_reason,
    )
}

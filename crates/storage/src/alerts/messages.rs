//! Messages on their way.

use domain::{AccountId, Time};
use service::ports::{Delivery, Message, Target};
use sqlx::SqlitePool;

use crate::{
    alerts::outbox,
    error::{Error, Result},
    idempotency::{Did, once},
    writer::{WriteTx, Writer},
};

macro_rules! deliveries {
    ($rest:literal) => {
        concat!(
            "SELECT d.account_id, d.message, m.kind, m.subject, m.body, d.target, m.created_at, d.attempts,
                CASE WHEN d.due_at IS NULL THEN NULL ELSE max(d.due_at, coalesce(e.rests_until, 0)) END AS due_at,
                d.delivered_at, d.failed_at, d.answer
            FROM deliveries AS d JOIN messages AS m ON m.id = d.message
                LEFT JOIN endpoint_rests AS e ON e.account_id = d.account_id AND e.target = d.target ",
            $rest
        )
    };
}

const DELIVERIES: &str = deliveries!(
    "WHERE d.account_id = ?1 AND d.target = ?2 AND d.message < ?3 ORDER BY d.message DESC LIMIT ?4"
);

/// Sorts after the id of any message.
const AFTER_EVERY_ID: &str = "\u{10FFFF}";

#[derive(sqlx::FromRow)]
pub(super) struct DeliveryRow {
    account_id: i64,
    message: String,
    kind: String,
    subject: String,
    body: String,
    target: String,
    created_at: i64,
    attempts: i64,
    due_at: Option<i64>,
    delivered_at: Option<i64>,
    failed_at: Option<i64>,
    answer: String,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = Error;

    fn try_from(row: DeliveryRow) -> Result<Self> {
        Ok(Self {
            account: AccountId(row.account_id),
            message: row.message,
            kind: row.kind,
            subject: row.subject,
            body: row.body,
            target: target(&row.target)?,
            created_at: Time::from_micros(row.created_at),
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            due_at: row.due_at.map(Time::from_micros),
            delivered_at: row.delivered_at.map(Time::from_micros),
            failed_at: row.failed_at.map(Time::from_micros),
            answer: row.answer,
        })
    }
}

/// A target as it is stored.
pub(super) fn target_text(target: &Target) -> String {
    match target {
        Target::Webhook(id) => format!("webhook:{id}"),
        Target::Mail(address) => format!("mail:{address}"),
    }
}

/// The id of the webhook that a target is.
pub(crate) fn webhook_of(text: &str) -> Result<String> {
    match target(text)? {
        Target::Webhook(id) => Ok(id),
        Target::Mail(_) => Err(Error::Corrupt(format!("'{text}' as a webhook"))),
    }
}

fn target(text: &str) -> Result<Target> {
    match text.split_once(':') {
        Some(("webhook", id)) => Ok(Target::Webhook(id.to_owned())),
        Some(("mail", address)) => Ok(Target::Mail(address.to_owned())),
        _ => Err(Error::Corrupt(format!("a message to '{text}'"))),
    }
}

#[tracing::instrument(name = "db.messages.put", skip_all)]
pub(super) async fn put(
    writer: &Writer,
    account: AccountId,
    message: &Message,
    now: Time,
) -> Result<()> {
    once(writer, async |tx| {
        add(tx, account, message, now).await?;
        Ok(Did::Done(()))
    })
    .await
}

/// Stores a test of a target that is asked at once, unless too many are on their way there.
#[tracing::instrument(name = "db.messages.put_test", skip_all)]
pub(super) async fn put_test(
    writer: &Writer,
    account: AccountId,
    message: &Message,
    most: u32,
    now: Time,
) -> Result<bool> {
    const PENDING: &str =
        "SELECT count(*) FROM deliveries AS d JOIN messages AS m ON m.id = d.message
        WHERE d.account_id = ?1 AND d.target = ?2 AND d.due_at IS NOT NULL AND m.kind = ?3";
    once(writer, async |tx| {
        for target in &message.targets {
            let pending: u32 = sqlx::query_scalar(PENDING)
                .bind(account.0)
                .bind(target_text(target))
                .bind(&message.kind)
                .fetch_one(tx.connection())
                .await?;
            if pending >= most {
                return Ok(Did::Nothing(false));
            }
            outbox::wake(tx, account, target, now).await?;
        }
        add(tx, account, message, now).await?;
        Ok(Did::Done(true))
    })
    .await
}

/// Stores a message within a transaction that also does what it tells.
pub(crate) async fn add(
    tx: &mut WriteTx<'_>,
    account: AccountId,
    message: &Message,
    now: Time,
) -> Result<()> {
    const MESSAGE: &str = "INSERT INTO messages (id, account_id, kind, subject, body, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    const DELIVERY: &str =
        "INSERT INTO deliveries (message, target, account_id, attempts, due_at, answer)
        VALUES (?1, ?2, ?3, 0, ?4, '')";
    sqlx::query(MESSAGE)
        .bind(&message.id)
        .bind(account.0)
        .bind(&message.kind)
        .bind(&message.subject)
        .bind(&message.body)
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    for target in &message.targets {
        sqlx::query(DELIVERY)
            .bind(&message.id)
            .bind(target_text(target))
            .bind(account.0)
            .bind(now.micros())
            .execute(tx.connection())
            .await?;
    }
    Ok(())
}

/// Ids sort by time.
#[tracing::instrument(name = "db.messages.list", skip_all)]
pub(super) async fn list(
    readers: &SqlitePool,
    account: AccountId,
    target: &Target,
    before: Option<&str>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let rows: Vec<DeliveryRow> = sqlx::query_as(DELIVERIES)
        .bind(account.0)
        .bind(target_text(target))
        .bind(before.unwrap_or(AFTER_EVERY_ID))
        .bind(limit)
        .fetch_all(readers)
        .await?;
    rows.into_iter().map(Delivery::try_from).collect()
}

#[tracing::instrument(name = "db.messages.replay", skip_all)]
pub(super) async fn replay(
    writer: &Writer,
    account: AccountId,
    message: &str,
    target: &Target,
    now: Time,
) -> Result<bool> {
    const SQL: &str = "UPDATE deliveries SET due_at = ?4, attempts = 0, failed_at = NULL
        WHERE account_id = ?1 AND message = ?2 AND target = ?3";
    once(writer, async |tx| {
        outbox::wake(tx, account, target, now).await?;
        let done = sqlx::query(SQL)
            .bind(account.0)
            .bind(message)
            .bind(target_text(target))
            .bind(now.micros())
            .execute(tx.connection())
            .await?;
        Ok(Did::if_any(done.rows_affected() > 0))
    })
    .await
}

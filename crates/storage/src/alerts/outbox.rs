//! Messages that are due: taken fairly, noted by whoever has them, and none for targets that rest.

use domain::{AccountId, Time};
use service::ports::{Delivery, DueAsk, Outcome, Reached, Target};
use sqlx::SqlitePool;

use super::messages::{DeliveryRow, target_text};
use crate::{
    error::Result,
    writer::{WriteTx, Writer},
};

/// Longest text of an answer that is kept, in characters.
const MOST_ANSWER: usize = 200;

/// Due messages of one kind of target, those first whose account has fewest on their way; per target the oldest.
///
/// A target that has failed often is asked with one message.
const DUE: &str = "WITH running AS (
        SELECT value ->> 0 AS account_id, value ->> 1 AS target FROM json_each(?3)
    ), queued AS (
        SELECT d.account_id, d.target, d.message, d.due_at,
            CASE WHEN coalesce(e.failures, 0) >= ?7 THEN 1 ELSE ?6 END AS most,
            row_number() OVER (PARTITION BY d.account_id, d.target ORDER BY d.message)
                + (SELECT count(*) FROM running AS r WHERE r.account_id = d.account_id AND r.target = d.target) AS place
        FROM deliveries AS d
            LEFT JOIN endpoint_rests AS e ON e.account_id = d.account_id AND e.target = d.target
        WHERE d.due_at <= ?1 AND (d.target LIKE 'mail:%') = ?2 AND coalesce(e.rests_until, ?1) <= ?1
    ), fair AS (
        SELECT q.account_id, q.target, q.message, q.due_at,
            row_number() OVER (PARTITION BY q.account_id ORDER BY q.place, q.due_at, q.target)
                + (SELECT count(*) FROM running AS r WHERE r.account_id = q.account_id) AS turn
        FROM queued AS q WHERE q.place <= q.most
    )
    SELECT f.account_id, f.message, m.kind, m.subject, m.body, f.target, m.created_at, d.attempts, f.due_at,
        d.delivered_at, d.failed_at, d.answer
    FROM fair AS f JOIN deliveries AS d ON d.message = f.message AND d.target = f.target
        JOIN messages AS m ON m.id = f.message
    WHERE f.turn <= ?5 ORDER BY f.turn, f.due_at, f.message LIMIT ?4";

/// Most of the time nothing is due, and that is found out without a transaction.
#[tracing::instrument(name = "db.messages.take_due", skip_all)]
pub(super) async fn take_due(
    readers: &SqlitePool,
    writer: &Writer,
    (now, until): (Time, Time),
    ask: DueAsk<'_>,
) -> Result<Vec<Delivery>> {
    if due(readers, now, ask).await?.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = writer.begin().await?;
    let mut taken = Vec::new();
    for delivery in due(tx.connection(), now, ask).await? {
        if lease(&mut tx, &delivery, until).await? {
            taken.push(Delivery {
                due_at: Some(until),
                ..delivery
            });
        }
    }
    tx.commit().await?;
    Ok(taken)
}

async fn due<'e>(
    database: impl sqlx::Executor<'e, Database = sqlx::Sqlite>,
    now: Time,
    ask: DueAsk<'_>,
) -> Result<Vec<Delivery>> {
    let running = ask.running.iter();
    let running: Vec<_> = running
        .map(|(account, target)| (account.0, target_text(target)))
        .collect();
    let rows: Vec<DeliveryRow> = sqlx::query_as(DUE)
        .bind(now.micros())
        .bind(ask.by_mail)
        .bind(serde_json::json!(running).to_string())
        .bind(ask.most)
        .bind(ask.of_account)
        .bind(ask.to_target)
        .bind(ask.rest_after)
        .fetch_all(database)
        .await?;
    rows.into_iter().map(Delivery::try_from).collect()
}

/// Takes a message, unless somebody else took it meanwhile.
async fn lease(tx: &mut WriteTx<'_>, delivery: &Delivery, until: Time) -> Result<bool> {
    const SQL: &str =
        "UPDATE deliveries SET due_at = ?4 WHERE message = ?1 AND target = ?2 AND due_at = ?3";
    let done = sqlx::query(SQL)
        .bind(&delivery.message)
        .bind(target_text(&delivery.target))
        .bind(delivery.due_at.map(Time::micros))
        .bind(until.micros())
        .execute(tx.connection())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes down what an attempt came to, unless the message is somebody else's by now.
#[tracing::instrument(name = "db.messages.note", skip_all)]
pub(super) async fn note(
    writer: &Writer,
    delivery: &Delivery,
    (outcome, answer): (&Outcome, &str),
    reached: Reached,
    now: Time,
) -> Result<bool> {
    const SQL: &str = "UPDATE deliveries
        SET attempts = attempts + 1, due_at = ?3, delivered_at = ?4, failed_at = ?5, answer = ?6
        WHERE message = ?1 AND target = ?2 AND attempts = ?7 AND due_at = ?8";
    let at = now.micros();
    let (due_at, delivered_at, failed_at) = match outcome {
        Outcome::Delivered => (None, Some(at), None),
        Outcome::Retry(time) => (Some(time.micros()), None, None),
        Outcome::Failed => (None, None, Some(at)),
    };
    let answer: String = answer.chars().take(MOST_ANSWER).collect();
    let mut tx = writer.begin().await?;
    let done = sqlx::query(SQL)
        .bind(&delivery.message)
        .bind(target_text(&delivery.target))
        .bind(due_at)
        .bind(delivered_at)
        .bind(failed_at)
        .bind(answer)
        .bind(delivery.attempts)
        .bind(delivery.due_at.map(Time::micros))
        .execute(tx.connection())
        .await?;
    // What was learnt of the target is true whoever has the message.
    match reached {
        Reached::Yes => forget(&mut tx, delivery.account, &delivery.target).await?,
        Reached::No { rest_us } => {
            fail(&mut tx, (delivery.account, &delivery.target), rest_us, now).await?;
        }
        Reached::Unasked => {}
    }
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Counts a failure in a row, and lets the target rest as long as so many ask for.
async fn fail(
    tx: &mut WriteTx<'_>,
    (account, target): (AccountId, &Target),
    rest_us: fn(u32) -> i64,
    now: Time,
) -> Result<()> {
    const COUNT: &str = "INSERT INTO endpoint_rests (account_id, target, failures, rests_until) VALUES (?1, ?2, 1, 0)
        ON CONFLICT DO UPDATE SET failures = failures + 1 RETURNING failures";
    const REST: &str =
        "UPDATE endpoint_rests SET rests_until = ?3 WHERE account_id = ?1 AND target = ?2";
    let failures: u32 = sqlx::query_scalar(COUNT)
        .bind(account.0)
        .bind(target_text(target))
        .fetch_one(tx.connection())
        .await?;
    sqlx::query(REST)
        .bind(account.0)
        .bind(target_text(target))
        .bind(now.plus_micros(rest_us(failures)).micros())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// A target that rests is asked at once, with one message.
pub(super) async fn wake(
    tx: &mut WriteTx<'_>,
    account: AccountId,
    target: &Target,
    now: Time,
) -> Result<()> {
    const SQL: &str = "UPDATE endpoint_rests SET rests_until = min(rests_until, ?3)
        WHERE account_id = ?1 AND target = ?2";
    sqlx::query(SQL)
        .bind(account.0)
        .bind(target_text(target))
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Nothing is held against a target any more.
pub(super) async fn forget(
    tx: &mut WriteTx<'_>,
    account: AccountId,
    target: &Target,
) -> Result<()> {
    const SQL: &str = "DELETE FROM endpoint_rests WHERE account_id = ?1 AND target = ?2";
    sqlx::query(SQL)
        .bind(account.0)
        .bind(target_text(target))
        .execute(tx.connection())
        .await?;
    Ok(())
}

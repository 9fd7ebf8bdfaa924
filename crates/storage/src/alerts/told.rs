//! What was told.

use std::collections::BTreeMap;

use domain::{
    AccountId, Credits, Time,
    alert::{Crossings, Ending, Mark, Reading},
};
use service::ports::{Alert, AlertChange, AlertTurn, Noted};
use sqlx::SqlitePool;

use super::messages;
use crate::{
    error::{Error, Result},
    idempotency::{Did, once},
    writer::{WriteTx, Writer},
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT number, rule, kind, subject, epoch, level, mark, observed, measure, at, fired_at, recovered_at,
                settled_level, ending, crossings, owed, acknowledged_at, acknowledged_by FROM alerts ",
            $rest
        )
    };
}

#[derive(sqlx::FromRow)]
struct AlertRow {
    number: i64,
    rule: String,
    kind: String,
    subject: String,
    epoch: i64,
    level: i64,
    mark: i64,
    observed: i64,
    measure: i64,
    at: Option<i64>,
    fired_at: i64,
    recovered_at: Option<i64>,
    settled_level: Option<i64>,
    ending: Option<String>,
    crossings: String,
    owed: bool,
    acknowledged_at: Option<i64>,
    acknowledged_by: Option<String>,
}

fn level(number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|_| Error::Corrupt(format!("an alert of level {number}")))
}

fn ending(text: &str) -> Result<Ending> {
    text.parse()
        .map_err(|()| Error::Corrupt(format!("an alert that ended by '{text}'")))
}

/// Thresholds and the measures they were told at, as numbers.
fn crossings(text: &str) -> Result<Crossings> {
    let told: BTreeMap<i64, i64> = serde_json::from_str(text)?;
    let told = told.into_iter();
    Ok(told
        .map(|(mark, limit)| (Mark(mark), Credits::from_micro(limit)))
        .collect())
}

fn crossings_text(crossings: &Crossings) -> Result<String> {
    let told: BTreeMap<i64, i64> = crossings
        .iter()
        .map(|(mark, limit)| (mark.0, limit.micro()))
        .collect();
    Ok(serde_json::to_string(&told)?)
}

impl TryFrom<AlertRow> for Alert {
    type Error = Error;

    fn try_from(row: AlertRow) -> Result<Self> {
        let ending = row.ending.as_deref().map(ending).transpose()?;
        Ok(Self {
            number: row.number,
            rule: row.rule,
            kind: row.kind,
            reading: Reading {
                subject: row.subject,
                epoch: Time::from_micros(row.epoch),
                level: level(row.level)?,
                mark: Mark(row.mark),
                observed: Credits::from_micro(row.observed),
                limit: Credits::from_micro(row.measure),
                at: row.at.map(Time::from_micros),
            },
            fired_at: Time::from_micros(row.fired_at),
            recovered_at: row.recovered_at.map(Time::from_micros),
            is_over: row.settled_level.is_some(),
            ending,
            crossings: crossings(&row.crossings)?,
            is_owed: row.owed,
            acknowledged: row
                .acknowledged_at
                .map(Time::from_micros)
                .zip(row.acknowledged_by),
        })
    }
}

#[tracing::instrument(name = "db.alerts.latest", skip_all)]
pub(super) async fn latest(readers: &SqlitePool, account: AccountId) -> Result<Vec<Alert>> {
    const SQL: &str = select!(
        "WHERE number IN (SELECT max(number) FROM alerts WHERE account_id = ?1 GROUP BY rule, subject) ORDER BY number"
    );
    let rows: Vec<AlertRow> = sqlx::query_as(SQL)
        .bind(account.0)
        .fetch_all(readers)
        .await?;
    rows.into_iter().map(Alert::try_from).collect()
}

#[tracing::instrument(name = "db.alerts.list", skip_all)]
pub(super) async fn list(
    readers: &SqlitePool,
    account: AccountId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Alert>> {
    const SQL: &str =
        select!("WHERE account_id = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3");
    let rows: Vec<AlertRow> = sqlx::query_as(SQL)
        .bind(account.0)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(readers)
        .await?;
    rows.into_iter().map(Alert::try_from).collect()
}

/// Makes changes and stores what is told of them, as far as nobody else was first.
#[tracing::instrument(name = "db.alerts.change", skip_all)]
pub(super) async fn change(
    writer: &Writer,
    account: AccountId,
    changes: &[AlertChange],
    now: Time,
) -> Result<usize> {
    let mut tx = writer.begin().await?;
    let mut made = 0;
    for change in changes {
        if newest(&mut tx, account, change).await? != change.after {
            continue;
        }
        make(&mut tx, account, change, now).await?;
        if let Some(message) = &change.message {
            messages::add(&mut tx, account, message, now).await?;
        }
        made += 1;
    }
    tx.commit().await?;
    Ok(made)
}

async fn make(
    tx: &mut WriteTx<'_>,
    account: AccountId,
    change: &AlertChange,
    now: Time,
) -> Result<()> {
    match (&change.turn, change.after) {
        (AlertTurn::Fire { crossings, is_owed }, _) => {
            let number = fire(tx, account, change, now).await?;
            note(tx, number, crossings, *is_owed).await
        }
        (AlertTurn::End { ending, crossings }, Some(number)) => {
            end(tx, number, *ending, now).await?;
            note(tx, number, crossings, false).await
        }
        (AlertTurn::Notify, Some(number)) => notify(tx, number).await,
        (AlertTurn::End { .. } | AlertTurn::Notify, None) => Ok(()),
    }
}

async fn newest(
    tx: &mut WriteTx<'_>,
    account: AccountId,
    change: &AlertChange,
) -> Result<Option<i64>> {
    // One that is over is not the same any more: it cannot be ended a second time. Nor is what is owed told twice.
    const SQL: &str =
        "SELECT max(number) FROM alerts WHERE account_id = ?1 AND rule = ?2 AND subject = ?3";
    const LASTS: &str = "SELECT count(*) FROM alerts
        WHERE number = ?1 AND settled_level IS NULL AND (owed OR NOT ?2)";
    let newest: Option<i64> = sqlx::query_scalar(SQL)
        .bind(account.0)
        .bind(&change.rule)
        .bind(&change.reading.subject)
        .fetch_one(tx.connection())
        .await?;
    if let (Some(number), AlertTurn::End { .. } | AlertTurn::Notify) = (newest, &change.turn) {
        let lasts: i64 = sqlx::query_scalar(LASTS)
            .bind(number)
            .bind(change.turn == AlertTurn::Notify)
            .fetch_one(tx.connection())
            .await?;
        return Ok(newest.filter(|_| lasts > 0));
    }
    Ok(newest)
}

async fn end(tx: &mut WriteTx<'_>, number: i64, ending: Ending, now: Time) -> Result<()> {
    const SQL: &str = "UPDATE alerts
        SET recovered_at = ?2, settled_level = level, settled_measure = measure, ending = ?3 WHERE number = ?1";
    sqlx::query(SQL)
        .bind(number)
        .bind(now.micros())
        .bind(ending.id())
        .execute(tx.connection())
        .await?;
    Ok(())
}

async fn note(
    tx: &mut WriteTx<'_>,
    number: i64,
    crossings: &Crossings,
    is_owed: bool,
) -> Result<()> {
    const SQL: &str = "UPDATE alerts SET crossings = ?2, owed = ?3 WHERE number = ?1";
    sqlx::query(SQL)
        .bind(number)
        .bind(crossings_text(crossings)?)
        .bind(is_owed)
        .execute(tx.connection())
        .await?;
    Ok(())
}

async fn notify(tx: &mut WriteTx<'_>, number: i64) -> Result<()> {
    const SQL: &str = "UPDATE alerts SET owed = 0 WHERE number = ?1";
    sqlx::query(SQL)
        .bind(number)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// An alert that still lasted gives way to the new one; the number of that.
async fn fire(
    tx: &mut WriteTx<'_>,
    account: AccountId,
    change: &AlertChange,
    now: Time,
) -> Result<i64> {
    const GIVES_WAY: &str = "UPDATE alerts SET settled_level = level, settled_measure = measure
        WHERE number = ?1 AND settled_level IS NULL";
    const INSERT: &str = "INSERT INTO alerts (account_id, rule, kind, subject, epoch, level, mark, observed, measure, at, fired_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    if let Some(number) = change.after {
        sqlx::query(GIVES_WAY)
            .bind(number)
            .execute(tx.connection())
            .await?;
    }
    let reading = &change.reading;
    let made = sqlx::query(INSERT)
        .bind(account.0)
        .bind(&change.rule)
        .bind(&change.kind)
        .bind(&reading.subject)
        .bind(reading.epoch.micros())
        .bind(reading.level)
        .bind(reading.mark.0)
        .bind(reading.observed.micro())
        .bind(reading.limit.micro())
        .bind(reading.at.map(Time::micros))
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    Ok(made.last_insert_rowid())
}

#[tracing::instrument(name = "db.alerts.acknowledge", skip_all)]
pub(super) async fn acknowledge(
    writer: &Writer,
    account: AccountId,
    number: i64,
    by: &str,
    now: Time,
) -> Result<Noted> {
    const SQL: &str = "UPDATE alerts SET acknowledged_at = ?3, acknowledged_by = ?4
        WHERE account_id = ?1 AND number = ?2 AND acknowledged_at IS NULL";
    const IS_THERE: &str =
        "SELECT EXISTS (SELECT 1 FROM alerts WHERE account_id = ?1 AND number = ?2)";
    once(writer, async |tx| {
        let done = sqlx::query(SQL)
            .bind(account.0)
            .bind(number)
            .bind(now.micros())
            .bind(by)
            .execute(tx.connection())
            .await?;
        if done.rows_affected() > 0 {
            return Ok(Did::Done(Noted::Now));
        }
        let is_there = sqlx::query_scalar(IS_THERE)
            .bind(account.0)
            .bind(number)
            .fetch_one(tx.connection())
            .await?;
        Ok(if is_there {
            Did::Done(Noted::Before)
        } else {
            Did::Nothing(Noted::Missing)
        })
    })
    .await
}

#[tracing::instrument(name = "db.alerts.unacknowledge", skip_all)]
pub(super) async fn unacknowledge(
    writer: &Writer,
    account: AccountId,
    number: i64,
    by: &str,
) -> Result<bool> {
    const SQL: &str = "UPDATE alerts SET acknowledged_at = NULL, acknowledged_by = NULL
        WHERE account_id = ?1 AND number = ?2 AND acknowledged_by = ?3";
    once(writer, async |tx| {
        let done = sqlx::query(SQL)
            .bind(account.0)
            .bind(number)
            .bind(by)
            .execute(tx.connection())
            .await?;
        Ok(Did::if_any(done.rows_affected() > 0))
    })
    .await
}

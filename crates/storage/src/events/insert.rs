//! Inserting events, many with one statement.

use domain::Time;
use serde::{Serialize, Serializer, ser::SerializeTuple};
use service::ports::NewEvent;
use sqlx::SqliteConnection;

use super::classify::Plan;
use crate::{
    error::Result,
    names::{Names, Sort},
    writer::WriteTx,
};

/// An event with the numbers of its names.
pub(crate) struct Row<'a> {
    pub event: &'a NewEvent,
    pub source: i64,
    pub kind: i64,
    pub activity: i64,
    pub unit: Option<i64>,
}

/// One statement for many rows: a statement for each would be a message to the connection's thread and back for each.
/// `jsonb_each` hands rows on parsed; with `json_each` every row's text would be parsed a second time.
/// `OR ROLLBACK` because after any error the whole transaction is given up.
const INSERT: &str = "
    INSERT OR ROLLBACK INTO events (account_id, source, id, fingerprint, kind, company_id, time, recorded_at, agent,
        activity, credits, quantity, unit, rate_version, reference, metadata)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, ?2, value ->> 7,
        value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14
    FROM jsonb_each(?1) WHERE true
    ON CONFLICT (account_id, source, id) DO NOTHING";

/// Rows of one statement: with the largest metadata its JSON stays below 100 MB.
const ROWS_AT_ONCE: usize = 5_000;

/// The rows to store, names resolved.
pub(super) async fn rows<'a>(tx: &mut WriteTx<'_>, plan: &Plan<'a>) -> Result<Vec<Row<'a>>> {
    let (connection, names) = tx.parts();
    let mut rows = Vec::with_capacity(plan.fresh.len());
    for event in &plan.fresh {
        rows.push(row(connection, names, event).await?);
    }
    Ok(rows)
}

async fn row<'a>(
    connection: &mut SqliteConnection,
    names: &mut Names,
    event: &'a NewEvent,
) -> Result<Row<'a>> {
    let account = event.account;
    let unit = match &event.unit {
        Some(unit) => Some(names.number(connection, account, Sort::Unit, unit).await?),
        None => None,
    };
    Ok(Row {
        event,
        source: names
            .number(connection, account, Sort::Source, &event.source)
            .await?,
        kind: names
            .number(connection, account, Sort::Kind, &event.kind)
            .await?,
        activity: names
            .number(connection, account, Sort::Activity, &event.activity)
            .await?,
        unit,
    })
}

/// Inserts the rows whose identity is not there; whether that was all of them.
#[tracing::instrument(name = "db.events.insert", skip_all, fields(rows = rows.len()))]
pub(super) async fn all(tx: &mut WriteTx<'_>, rows: &[Row<'_>], now: Time) -> Result<bool> {
    for rows in rows.chunks(ROWS_AT_ONCE) {
        let json = serde_json::to_string(rows)?;
        let done = sqlx::query(INSERT)
            .bind(json)
            .bind(now.micros())
            .execute(tx.connection())
            .await?;
        if done.rows_affected() != rows.len() as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// In the order of the statement's columns.
impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let event = self.event;
        let mut row = serializer.serialize_tuple(15)?;
        row.serialize_element(&event.account)?;
        row.serialize_element(&self.source)?;
        row.serialize_element(&event.id)?;
        row.serialize_element(&event.fingerprint)?;
        row.serialize_element(&self.kind)?;
        row.serialize_element(&event.company)?;
        row.serialize_element(&event.time)?;
        row.serialize_element(&event.agent.index())?;
        row.serialize_element(&self.activity)?;
        row.serialize_element(&event.credits.micro())?;
        row.serialize_element(&event.quantity.map(domain::Quantity::micro))?;
        row.serialize_element(&self.unit)?;
        row.serialize_element(&event.rate_version)?;
        row.serialize_element(&event.reference)?;
        row.serialize_element(&event.metadata)?;
        row.end()
    }
}

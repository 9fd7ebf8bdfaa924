//! Inserting events, many with one statement.

use domain::Time;
use serde::{Serialize, Serializer, ser::SerializeTuple};
use service::desk::Booked;
use sqlx::SqliteConnection;

use crate::{
    error::Result,
    fold,
    ledger::{self, paid_by},
    names::{Names, Sort, Wanted},
    writer::WriteTx,
};

/// An event with the numbers of its names.
pub(crate) struct Row<'a> {
    booked: &'a Booked<'a>,
    source: i64,
    kind: i64,
    activity: i64,
    unit: Option<i64>,
}

/// One statement for many rows: a statement for each would be a message to the connection's thread and back for each.
/// `jsonb_each` hands rows on parsed; with `json_each` every row's text would be parsed a second time.
/// `OR ROLLBACK` because after any error the whole transaction is given up.
const INSERT: &str = "
    INSERT OR ROLLBACK INTO events (account_id, source, id, fingerprint, kind, company_id, time, recorded_at, agent,
        activity, credits, quantity, unit, rate_version, reference, metadata, seq, paid_by, balance_after, reverses,
        reference_folded)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, ?2, value ->> 7,
        value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15,
        value ->> 16, value ->> 17, value ->> 18, value ->> 19
    FROM jsonb_each(?1) WHERE true
    ON CONFLICT (account_id, source, id) DO NOTHING";

/// Rows of one statement: with the largest metadata its JSON stays below 100 MB.
const ROWS_AT_ONCE: usize = 5_000;

/// Inserts the events whose identity is not there, and who paid them; whether that was all of them.
#[tracing::instrument(name = "db.events.insert", skip_all, fields(rows = booked.len()))]
pub(super) async fn all(tx: &mut WriteTx<'_>, booked: &[Booked<'_>], now: Time) -> Result<bool> {
    for booked in booked.chunks(ROWS_AT_ONCE) {
        let (connection, names) = tx.parts();
        names.learn(connection, &wanted(booked)).await?;
        let mut rows = Vec::with_capacity(booked.len());
        for event in booked {
            rows.push(row(connection, names, event).await?);
        }
        let json = serde_json::to_string(&rows)?;
        let done = sqlx::query(INSERT)
            .bind(json)
            .bind(now.micros())
            .execute(tx.connection())
            .await?;
        if done.rows_affected() != rows.len() as u64 {
            return Ok(false);
        }
        ledger::payments(tx, booked).await?;
    }
    Ok(true)
}

/// The names of events, as they come.
fn wanted<'a>(booked: &'a [Booked<'a>]) -> Vec<Wanted<'a>> {
    let mut wanted = Vec::with_capacity(booked.len() * 4);
    for event in booked.iter().map(|booked| booked.event.as_ref()) {
        let unit = event.unit.as_deref().map(|unit| (Sort::Unit, unit));
        let names = [
            (Sort::Source, event.source.as_str()),
            (Sort::Kind, event.kind.as_str()),
            (Sort::Activity, event.activity.as_str()),
        ];
        let names = unit.into_iter().chain(names);
        wanted.extend(names.map(|(sort, name)| (event.account, sort, name)));
    }
    wanted
}

async fn row<'a>(
    connection: &mut SqliteConnection,
    names: &mut Names,
    booked: &'a Booked<'a>,
) -> Result<Row<'a>> {
    let (event, account) = (&booked.event, booked.event.account);
    let unit = match &event.unit {
        Some(unit) => Some(names.number(connection, account, Sort::Unit, unit).await?),
        None => None,
    };
    Ok(Row {
        booked,
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

/// In the order of the statement's columns.
impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let event = &self.booked.event;
        let mut row = serializer.serialize_tuple(20)?;
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
        row.serialize_element(&self.booked.seq)?;
        row.serialize_element(&paid_by(&self.booked.payment.parts))?;
        row.serialize_element(&self.booked.payment.balance_after.micro())?;
        row.serialize_element(&self.booked.reverses)?;
        row.serialize_element(&event.reference.as_deref().and_then(fold::column))?;
        row.end()
    }
}

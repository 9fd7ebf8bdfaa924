//! Events as they come out of the database.

use domain::{Agent, CompanyId, Credits, Quantity, Seq, Time};
use service::ports::StoredEvent;

use crate::error::{Error, Result};

/// An event with the names a reader needs, before its values are checked.
#[derive(sqlx::FromRow)]
pub(crate) struct EventRow {
    seq: i64,
    company_id: i64,
    company_key: String,
    company_name: String,
    source: String,
    id: String,
    kind: String,
    time: i64,
    recorded_at: i64,
    agent: i64,
    activity: String,
    is_other: bool,
    credits: i64,
    quantity: Option<i64>,
    unit: Option<String>,
    rate_version: Option<u32>,
    reference: Option<String>,
    metadata: Option<String>,
    reversed: i64,
    reverses: Option<i64>,
}

/// A statement that reads whole events: what it reads `events AS e` and the names of its sources `AS source` from, and
/// which of them.
macro_rules! event_columns {
    ($from:literal, $which:literal) => {
        concat!(
            "SELECT e.seq, e.company_id, company.key AS company_key, company.name AS company_name, source.name AS source,
                e.id, kind.name AS kind, e.time, e.recorded_at, e.agent, activity.name AS activity, e.activity < 0 AS is_other, e.credits,
                e.quantity, unit.name AS unit, e.rate_version, e.reference, e.metadata, e.reverses,
                coalesce((SELECT -sum(r.credits) FROM events AS r WHERE r.reverses = coalesce(e.reverses, e.seq)), 0) AS reversed ",
            $from,
            " JOIN companies AS company ON company.company_id = e.company_id
            JOIN names AS kind ON kind.account_id = e.account_id AND kind.number = e.kind
            JOIN names AS activity ON activity.account_id = e.account_id AND activity.number = e.activity
            LEFT JOIN names AS unit ON unit.account_id = e.account_id AND unit.number = e.unit ",
            $which
        )
    };
}
pub(crate) use event_columns;

impl TryFrom<EventRow> for StoredEvent {
    type Error = Error;

    fn try_from(row: EventRow) -> Result<Self> {
        Ok(Self {
            seq: Seq(row.seq),
            company: CompanyId(row.company_id),
            company_key: row.company_key,
            company_name: row.company_name,
            source: row.source,
            id: row.id,
            kind: row.kind,
            time: Time::from_micros(row.time),
            recorded_at: Time::from_micros(row.recorded_at),
            agent: agent(row.agent)?,
            activity: row.activity,
            is_other: row.is_other,
            credits: Credits::from_micro(row.credits),
            quantity: row.quantity.map(Quantity::from_micro),
            unit: row.unit,
            rate_version: row.rate_version,
            reference: row.reference,
            metadata: row.metadata,
            reversed: Credits::from_micro(row.reversed),
            reverses: row.reverses.map(Seq),
        })
    }
}

/// An agent from its stored number.
pub(crate) fn agent(number: i64) -> Result<Agent> {
    let agent = u8::try_from(number).ok().and_then(Agent::from_index);
    agent.ok_or_else(|| Error::Corrupt(format!("{number} as an agent")))
}

//! Holds that matter to what is asked.

use std::collections::BTreeMap;

use domain::{
    CompanyId, Credits, Time,
    ledger::{Hold, HoldState},
};
use service::ports::LoadedBooks;
use sqlx::SqliteConnection;

use super::Wanted;
use crate::{
    error::{Error, Result},
    rows::agent,
};

macro_rules! hold_columns {
    ($from:literal) => {
        concat!(
            "SELECT h.account_id, h.hold_id, h.company_id, h.agent, h.activity, h.credits, h.used, h.state, h.created_at,
                h.expires_at, h.settled, h.fingerprint, h.asked ",
            $from
        )
    };
}

pub(in crate::ledger) use hold_columns;

const OVERDUE: &str = hold_columns!(
    "FROM json_each(?1) AS asked CROSS JOIN holds AS h
    ON h.account_id = asked.value AND h.state = 'active' AND h.expires_at <= ?2"
);

const NAMED: &str = hold_columns!(
    "FROM jsonb_each(?1) AS asked CROSS JOIN holds AS h
    ON h.account_id = asked.value ->> 0 AND h.hold_id = asked.value ->> 1"
);

#[derive(sqlx::FromRow)]
pub(in crate::ledger) struct HoldRow {
    pub account_id: i64,
    hold_id: String,
    company_id: i64,
    agent: i64,
    activity: String,
    credits: i64,
    used: i64,
    state: String,
    created_at: i64,
    expires_at: i64,
    settled: Option<i64>,
    fingerprint: i64,
    asked: Option<i64>,
}

pub(super) async fn add(
    connection: &mut SqliteConnection,
    ids: &str,
    wanted: &Wanted,
    now: Time,
    books: &mut BTreeMap<i64, LoadedBooks>,
) -> Result<()> {
    let mut rows: Vec<HoldRow> = sqlx::query_as(OVERDUE)
        .bind(ids)
        .bind(now.micros())
        .fetch_all(&mut *connection)
        .await?;
    let named: Vec<_> = wanted
        .needs
        .iter()
        .flat_map(|(account, needs)| needs.holds.iter().map(move |id| (account, id)))
        .collect();
    if !named.is_empty() {
        let found: Vec<HoldRow> = sqlx::query_as(NAMED)
            .bind(serde_json::to_string(&named)?)
            .fetch_all(connection)
            .await?;
        rows.extend(found);
    }
    for row in rows {
        let (account, hold) = (row.account_id, hold(row)?);
        if let Some(loaded) = books.get_mut(&account) {
            loaded.holds.push(hold);
        }
    }
    Ok(())
}

pub(in crate::ledger) fn hold(row: HoldRow) -> Result<Hold> {
    Ok(Hold {
        id: row.hold_id,
        company: CompanyId(row.company_id),
        agent: agent(row.agent)?,
        activity: row.activity,
        credits: Credits::from_micro(row.credits),
        used: Credits::from_micro(row.used),
        state: HoldState::named(&row.state)
            .ok_or_else(|| Error::Corrupt(format!("hold state {}", row.state)))?,
        created_at: Time::from_micros(row.created_at),
        expires_at: Time::from_micros(row.expires_at),
        settled: row.settled.map(Credits::from_micro),
        fingerprint: row.fingerprint,
        asked: row.asked,
    })
}

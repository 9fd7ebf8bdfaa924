//! Leads: storing them, and reading what they add up to.

mod read;

use domain::{AccountId, Time};
use serde::Serialize;
use service::{desk::Booked, ports::NewEvent};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{
    error::{Error, Result},
    names::Sort,
    writer::WriteTx,
};

/// Of the identities in a JSON array of `[account, source, id]`: which are leads, with their fingerprints.
const KNOWN: &str = "
    SELECT asked.key, l.fingerprint
    FROM jsonb_each(?1) AS asked
    CROSS JOIN names AS n ON n.account_id = asked.value ->> 0 AND n.sort = 0 AND n.name = asked.value ->> 1
    CROSS JOIN leads AS l ON l.account_id = n.account_id AND l.source = n.number AND l.id = asked.value ->> 2";

/// Of the fingerprints in a JSON array: how many rows of files bear them, under ids of a line and a hash.
const PLACED: &str = "
    SELECT asked.key, count(*)
    FROM jsonb_each(?2) AS asked
    CROSS JOIN leads AS l INDEXED BY leads_placed ON l.account_id = ?1 AND l.fingerprint = asked.value
    WHERE l.id GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]*'
        AND length(l.id) = 27
    GROUP BY asked.key";

/// Whether a source in a JSON array of `[account, source]` has reported leads.
const SOURCES: &str = "
    SELECT EXISTS (
        SELECT 1 FROM jsonb_each(?1) AS asked
        CROSS JOIN names AS n ON n.account_id = asked.value ->> 0 AND n.sort = 0 AND n.name = asked.value ->> 1
        CROSS JOIN leads AS l ON l.account_id = n.account_id AND l.source = n.number
    )";

/// Leaves out what has the identity of a lead or of an event.
const INSERT: &str = "
    INSERT OR ROLLBACK INTO leads (account_id, source, id, fingerprint, company_id, time, recorded_at, agent, kind,
        reference, amount, currency)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, ?2, value ->> 6, value ->> 7,
        value ->> 8, value ->> 9, value ->> 10
    FROM jsonb_each(?1)
    WHERE NOT EXISTS (
        SELECT 1 FROM events AS e
        WHERE e.account_id = value ->> 0 AND e.source = value ->> 1 AND e.id = value ->> 2
    )
    ON CONFLICT (account_id, source, id) DO NOTHING";

/// Those of some identities that are leads: their place in the list, and their fingerprint.
#[tracing::instrument(name = "db.leads.known", skip_all)]
pub(crate) async fn known(
    connection: &mut SqliteConnection,
    identities: &str,
) -> Result<Vec<(i64, i64)>> {
    Ok(sqlx::query_as(KNOWN)
        .bind(identities)
        .fetch_all(connection)
        .await?)
}

/// Those of some fingerprints that leads from files bear: their place in the list, and how many.
#[tracing::instrument(name = "db.leads.placed", skip_all)]
pub(crate) async fn placed(
    readers: &SqlitePool,
    account: AccountId,
    fingerprints: &str,
) -> Result<Vec<(i64, u32)>> {
    Ok(sqlx::query_as(PLACED)
        .bind(account.0)
        .bind(fingerprints)
        .fetch_all(readers)
        .await?)
}

/// Whether an event has the identity of a lead. Sources seldom report both, and one look at a source tells.
#[tracing::instrument(name = "db.leads.clash", skip_all)]
pub(crate) async fn clash(tx: &mut WriteTx<'_>, booked: &[Booked<'_>]) -> Result<bool> {
    let mut sources: Vec<_> = booked
        .iter()
        .map(|booked| (booked.event.account, booked.event.source.as_str()))
        .collect();
    sources.sort_unstable();
    sources.dedup();
    let sources = serde_json::to_string(&sources)?;
    let report_leads: bool = sqlx::query_scalar(SOURCES)
        .bind(sources)
        .fetch_one(tx.connection())
        .await?;
    if !report_leads {
        return Ok(false);
    }
    let identities: Vec<_> = booked
        .iter()
        .map(|booked| {
            let event = &booked.event;
            (event.account, event.source.as_str(), event.id.as_str())
        })
        .collect();
    let identities = serde_json::to_string(&identities)?;
    Ok(!known(tx.connection(), &identities).await?.is_empty())
}

/// Inserts the leads whose identity is not there; whether that was all of them.
#[tracing::instrument(name = "db.leads.insert", skip_all, fields(rows = leads.len()))]
pub(crate) async fn insert(tx: &mut WriteTx<'_>, leads: &[&NewEvent], now: Time) -> Result<bool> {
    if leads.is_empty() {
        return Ok(true);
    }
    let (connection, names) = tx.parts();
    let wanted = leads
        .iter()
        .map(|event| (event.account, Sort::Source, event.source.as_str()));
    names.learn(connection, &wanted.collect::<Vec<_>>()).await?;
    let mut rows = Vec::with_capacity(leads.len());
    for event in leads {
        let source = names
            .number(connection, event.account, Sort::Source, &event.source)
            .await?;
        rows.push(row(event, source)?);
    }
    let json = serde_json::to_string(&rows)?;
    let done = sqlx::query(INSERT)
        .bind(json)
        .bind(now.micros())
        .execute(tx.connection())
        .await?;
    Ok(done.rows_affected() == rows.len() as u64)
}

/// In the order of the statement's columns.
fn row(event: &NewEvent, source: i64) -> Result<impl Serialize + use<'_>> {
    let lead = event
        .lead
        .as_ref()
        .ok_or_else(|| Error::Corrupt("usage among leads".to_owned()))?;
    let worth = lead.worth.as_ref();
    Ok((
        event.account,
        source,
        &event.id,
        event.fingerprint,
        event.company,
        event.time,
        event.agent.index(),
        lead.kind.index(),
        &event.reference,
        worth.map(|worth| worth.amount_micro),
        worth.map(|worth| &worth.currency),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::assert_searches;

    #[tokio::test]
    async fn leads_from_files_are_searched_not_scanned() {
        let placed = "SEARCH l USING INDEX leads_placed (account_id=? AND fingerprint=?)";
        assert_searches(PLACED, &[placed]).await;
    }
}

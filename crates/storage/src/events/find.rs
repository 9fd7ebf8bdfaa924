//! Finding events by identity and by place.

use domain::{AccountId, Credits, Seq};
use service::ports::{KnownEvent, NewEvent, PlacedRows, StoredEvent};
use sqlx::{SqliteConnection, SqlitePool};

use super::classify::{Identity, Known, identity};
use crate::{
    error::{Error, Result},
    leads,
    rows::{EventRow, event_columns},
    writer::WriteTx,
};

/// Of the identities in a JSON array of `[account, source, id]`: which are there, with fingerprints and costs.
const KNOWN: &str = "
    SELECT asked.key, e.fingerprint, e.credits
    FROM jsonb_each(?1) AS asked
    CROSS JOIN names AS n ON n.account_id = asked.value ->> 0 AND n.sort = 0 AND n.name = asked.value ->> 1
    CROSS JOIN events AS e ON e.account_id = n.account_id AND e.source = n.number AND e.id = asked.value ->> 2";

/// Of the fingerprints in a JSON array: how many rows of files bear them, under ids of a line and a hash.
const PLACED: &str = "
    SELECT asked.key, count(*), min(e.credits)
    FROM jsonb_each(?2) AS asked
    CROSS JOIN events AS e INDEXED BY events_placed ON e.account_id = ?1 AND e.fingerprint = asked.value
    WHERE e.id GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]*'
        AND length(e.id) = 27
    GROUP BY asked.key";

const BY_IDENTITY: &str = event_columns!("
    FROM names AS source
    CROSS JOIN events AS e ON e.account_id = source.account_id AND e.source = source.number AND e.id = ?3",
    "WHERE source.account_id = ?1 AND source.sort = 0 AND source.name = ?2");

const AFTER: &str = event_columns!(
    "
    FROM events AS e INDEXED BY events_account
    JOIN names AS source ON source.account_id = e.account_id AND source.number = e.source",
    "WHERE e.account_id = ?1 AND e.seq > ?2 AND e.seq <= ?3 ORDER BY e.seq LIMIT ?4"
);

const NEWEST: &str = "SELECT coalesce(max(seq), 0) FROM events";

/// The events of a group that are stored already.
pub(super) async fn known<'a>(
    tx: &mut WriteTx<'_>,
    batches: &[&'a [NewEvent]],
) -> Result<Known<'a>> {
    let identities: Vec<_> = batches.iter().copied().flatten().map(identity).collect();
    let found = stored_under(tx.connection(), &identities).await?;
    let known = identities.into_iter().zip(found);
    Ok(known
        .filter_map(|(identity, known)| Some((identity, known?.fingerprint)))
        .collect())
}

/// What is stored under each of some identities, usage or leads.
#[tracing::instrument(name = "db.events.known", skip_all)]
pub(super) async fn stored_under(
    connection: &mut SqliteConnection,
    identities: &[Identity<'_>],
) -> Result<Vec<Option<KnownEvent>>> {
    let json = serde_json::to_string(identities)?;
    let leads = leads::known(connection, &json).await?;
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(KNOWN)
        .bind(json)
        .fetch_all(connection)
        .await?;
    let leads = leads
        .into_iter()
        .map(|(at, fingerprint)| (at, fingerprint, 0));
    let mut found = vec![None; identities.len()];
    for (at, fingerprint, credits) in rows.into_iter().chain(leads) {
        *place(&mut found, at)? = Some(KnownEvent {
            fingerprint,
            credits: Credits::from_micro(credits),
        });
    }
    Ok(found)
}

/// How many rows of files bear each of some fingerprints.
#[tracing::instrument(name = "db.events.placed", skip_all)]
pub(super) async fn placed(
    readers: &SqlitePool,
    account: AccountId,
    fingerprints: &[i64],
) -> Result<Vec<PlacedRows>> {
    let json = serde_json::to_string(fingerprints)?;
    let leads = leads::placed(readers, account, &json).await?;
    let rows: Vec<(i64, u32, i64)> = sqlx::query_as(PLACED)
        .bind(account.0)
        .bind(json)
        .fetch_all(readers)
        .await?;
    let mut found = vec![PlacedRows::default(); fingerprints.len()];
    let leads = leads.into_iter().map(|(at, count)| (at, count, 0));
    for (at, count, credits) in rows.into_iter().chain(leads) {
        *place(&mut found, at)? = PlacedRows {
            count,
            credits: Credits::from_micro(credits),
        };
    }
    Ok(found)
}

/// The place of an answer that a statement numbers from 0.
fn place<T>(found: &mut [T], at: i64) -> Result<&mut T> {
    usize::try_from(at)
        .ok()
        .and_then(|at| found.get_mut(at))
        .ok_or_else(|| Error::Corrupt("an identity nobody asked for".to_owned()))
}

/// One event by its identity.
pub(super) async fn by_identity(
    readers: &SqlitePool,
    account: AccountId,
    source: &str,
    id: &str,
) -> Result<Option<StoredEvent>> {
    in_transaction(&mut *readers.acquire().await?, account, source, id).await
}

/// One event by its identity, as a transaction sees it.
#[tracing::instrument(name = "db.events.get", skip_all)]
pub(crate) async fn in_transaction(
    connection: &mut SqliteConnection,
    account: AccountId,
    source: &str,
    id: &str,
) -> Result<Option<StoredEvent>> {
    let row: Option<EventRow> = sqlx::query_as(BY_IDENTITY)
        .bind(account.0)
        .bind(source)
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.map(StoredEvent::try_from).transpose()
}

/// The newest event of the whole database.
pub(super) async fn newest(connection: &mut SqliteConnection) -> Result<Seq> {
    Ok(Seq(sqlx::query_scalar(NEWEST)
        .fetch_one(connection)
        .await?))
}

/// Events of an account after a place, up to `newest`, and the place read up to.
#[tracing::instrument(name = "db.events.after", skip_all)]
pub(crate) async fn after(
    connection: &mut SqliteConnection,
    account: AccountId,
    after: Seq,
    newest: Seq,
    limit: u32,
) -> Result<(Vec<StoredEvent>, Seq)> {
    if newest <= after {
        return Ok((Vec::new(), after));
    }
    let rows: Vec<EventRow> = sqlx::query_as(AFTER)
        .bind(account.0)
        .bind(after.0)
        .bind(newest.0)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    let events = rows
        .into_iter()
        .map(StoredEvent::try_from)
        .collect::<Result<Vec<_>>>()?;
    let cut = u32::try_from(events.len()).is_ok_and(|count| count >= limit);
    let up_to = events
        .last()
        .filter(|_| cut)
        .map_or(newest, |last| last.seq);
    Ok((events, up_to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::assert_searches;

    #[tokio::test]
    async fn events_are_searched_not_scanned() {
        let name = "SEARCH n USING COVERING INDEX names_name (account_id=? AND sort=? AND name=?)";
        let source =
            "SEARCH source USING COVERING INDEX names_name (account_id=? AND sort=? AND name=?)";
        let identity = "SEARCH e USING INDEX events_identity (account_id=? AND source=? AND id=?)";
        assert_searches(KNOWN, &[name, identity]).await;
        let placed = "SEARCH e USING INDEX events_placed (account_id=? AND fingerprint=?)";
        assert_searches(PLACED, &[placed]).await;
        assert_searches(BY_IDENTITY, &[source, identity]).await;
        assert_searches(
            AFTER,
            &["SEARCH e USING INDEX events_account (account_id=? AND rowid>? AND rowid<?)"],
        )
        .await;
    }
}

//! Finding events by identity and by place.

use domain::{AccountId, Seq};
use service::ports::{NewEvent, StoredEvent};
use sqlx::{SqliteConnection, SqlitePool};

use super::classify::{Known, identity};
use crate::{
    error::{Error, Result},
    leads,
    rows::{EventRow, event_columns},
    writer::WriteTx,
};

/// Of the identities in a JSON array of `[account, source, id]`: which are there, with their fingerprints.
const KNOWN: &str = "
    SELECT asked.key, e.fingerprint
    FROM jsonb_each(?1) AS asked
    CROSS JOIN names AS n ON n.account_id = asked.value ->> 0 AND n.sort = 0 AND n.name = asked.value ->> 1
    CROSS JOIN events AS e ON e.account_id = n.account_id AND e.source = n.number AND e.id = asked.value ->> 2";

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
#[tracing::instrument(name = "db.events.known", skip_all)]
pub(super) async fn known<'a>(
    tx: &mut WriteTx<'_>,
    batches: &[&'a [NewEvent]],
) -> Result<Known<'a>> {
    let identities: Vec<_> = batches.iter().copied().flatten().map(identity).collect();
    let json = serde_json::to_string(&identities)?;
    let leads = leads::known(tx.connection(), &json).await?;
    let rows: Vec<(i64, i64)> = sqlx::query_as(KNOWN)
        .bind(json)
        .fetch_all(tx.connection())
        .await?;
    rows.into_iter()
        .chain(leads)
        .map(|(position, fingerprint)| {
            let identity = usize::try_from(position)
                .ok()
                .and_then(|position| identities.get(position));
            identity
                .map(|identity| (*identity, fingerprint))
                .ok_or_else(|| Error::Corrupt("an identity nobody asked for".to_owned()))
        })
        .collect()
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
        assert_searches(BY_IDENTITY, &[source, identity]).await;
        assert_searches(
            AFTER,
            &["SEARCH e USING INDEX events_account (account_id=? AND rowid>? AND rowid<?)"],
        )
        .await;
    }
}

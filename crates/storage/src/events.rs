//! Storing events, and reading single ones.

mod classify;
mod find;
mod insert;

use async_trait::async_trait;
use domain::{AccountId, Seq, Time};
pub(crate) use insert::Row;
use service::ports::{CommitOutcome, EventStore, NewEvent, StoreResult, StoredEvent};

use crate::{
    SqliteStore,
    error::{Error, Result},
    events::classify::{Known, classify},
    rollups,
    writer::Writer,
};

#[async_trait]
impl EventStore for SqliteStore {
    async fn commit(&self, group: &[Vec<NewEvent>], now: Time) -> StoreResult<Vec<CommitOutcome>> {
        Ok(commit(&self.writer, group, now).await?)
    }

    async fn events_after(
        &self,
        account: AccountId,
        after: Seq,
        limit: u32,
    ) -> StoreResult<(Vec<StoredEvent>, Seq)> {
        Ok(find::after(&self.readers, account, after, limit).await?)
    }

    async fn event(
        &self,
        account: AccountId,
        source: &str,
        id: &str,
    ) -> StoreResult<Option<StoredEvent>> {
        Ok(find::by_identity(&self.readers, account, source, id).await?)
    }
}

/// Stores a group in one transaction.
///
/// Nearly all events are new and nearly no batch contradicts itself, so the group is judged without looking, everything
/// is inserted, and identities that are there are left out by the database. Only when that was wrong is it asked which
/// events are there, the group judged again, and what is new inserted.
#[tracing::instrument(name = "db.events.commit", skip_all, fields(batches = group.len()))]
async fn commit(writer: &Writer, group: &[Vec<NewEvent>], now: Time) -> Result<Vec<CommitOutcome>> {
    let mut plan = classify(group, Known::new());
    if plan.is_nothing() {
        return Ok(plan.outcomes);
    }
    let mut tx = writer.begin().await?;
    let mut rows = insert::rows(&mut tx, &plan).await?;
    if plan.has_conflicts() || !insert::all(&mut tx, &rows, now).await? {
        tx.restart().await?;
        plan = classify(group, find::known(&mut tx, group).await?);
        rows = insert::rows(&mut tx, &plan).await?;
        if !insert::all(&mut tx, &rows, now).await? {
            return Err(Error::Corrupt(
                "an event is known and new at the same time".to_owned(),
            ));
        }
    }
    rollups::add(&mut tx, &rows).await?;
    tx.commit().await?;
    Ok(plan.outcomes)
}

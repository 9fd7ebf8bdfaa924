//! Storing events.

use async_trait::async_trait;
use domain::{AccountId, Agent, CompanyId, Credits, Quantity, Seq, Time};

use super::StoreResult;

/// An event that passed every check and has its price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Who pays.
    pub account: AccountId,
    /// Which company spent.
    pub company: CompanyId,
    /// Who reports; with `id` and the account its identity for ever.
    pub source: String,
    /// Unique in its source.
    pub id: String,
    /// 64 bits of SHA-256 over the event's content: tells a duplicate from a conflict.
    pub fingerprint: i64,
    /// The event type.
    pub kind: String,
    /// When it happened.
    pub time: Time,
    /// Start of the civil day of the account's zone that holds `time`: its day roll-up.
    pub day_start: Time,
    /// Start of the billing cycle that holds `time`: its cycle total.
    pub cycle_start: Time,
    /// Who spent.
    pub agent: Agent,
    /// On what.
    pub activity: String,
    /// The price.
    pub credits: Credits,
    /// The quantity a rate card priced.
    pub quantity: Option<Quantity>,
    /// Unit of the quantity.
    pub unit: Option<String>,
    /// Version of the rate card of `kind` that priced it.
    pub rate_version: Option<u32>,
    /// The sender's reference.
    pub reference: Option<String>,
    /// Metadata, a JSON object as text.
    pub metadata: Option<String>,
}

/// An event as stored, with the names a reader needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Order of becoming durable.
    pub seq: Seq,
    /// Which company spent.
    pub company: CompanyId,
    /// The company's key.
    pub company_key: String,
    /// The company's display name.
    pub company_name: String,
    /// Who reported.
    pub source: String,
    /// Its id in that source.
    pub id: String,
    /// The event type.
    pub kind: String,
    /// When it happened.
    pub time: Time,
    /// When it became durable.
    pub recorded_at: Time,
    /// Who spent.
    pub agent: Agent,
    /// On what.
    pub activity: String,
    /// The price.
    pub credits: Credits,
    /// The quantity a rate card priced.
    pub quantity: Option<Quantity>,
    /// Unit of the quantity.
    pub unit: Option<String>,
    /// Version of the rate card that priced it.
    pub rate_version: Option<u32>,
    /// The sender's reference.
    pub reference: Option<String>,
    /// Metadata, a JSON object as text.
    pub metadata: Option<String>,
}

/// What was stored of one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Committed {
    /// Events stored now.
    pub accepted: u32,
    /// Events that had been stored before, or stand twice in the batch.
    pub duplicates: u32,
}

/// What became of one batch of a group: all of it or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Stored.
    Stored(Committed),
    /// Refused: these positions carry a known identity with other content. Nothing of the batch was stored.
    Conflict(Vec<usize>),
}

/// Stores events; called by one writer only.
#[async_trait]
pub trait EventStore {
    /// Stores a group of batches in one durable transaction, with their roll-ups and cycle totals.
    ///
    /// The answers stand in the order of the batches. A refused batch does not touch the others.
    /// Returned only after the commit reached the disk. `now` becomes `recorded_at`.
    async fn commit(&self, group: &[Vec<NewEvent>], now: Time) -> StoreResult<Vec<CommitOutcome>>;

    /// Events of an account stored after `after`, oldest first, at most `limit`, and the place read up to:
    /// the newest event of the whole database, or the last one returned when `limit` cut the list.
    async fn events_after(
        &self,
        account: AccountId,
        after: Seq,
        limit: u32,
    ) -> StoreResult<(Vec<StoredEvent>, Seq)>;

    /// One event by its identity.
    async fn event(
        &self,
        account: AccountId,
        source: &str,
        id: &str,
    ) -> StoreResult<Option<StoredEvent>>;
}

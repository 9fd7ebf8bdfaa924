//! Storing events.

use async_trait::async_trait;
use domain::{AccountId, Agent, CompanyId, Credits, Quantity, Seq, Time, lead::NewLead};
use serde::{Deserialize, Serialize};

use super::{StoreResult, Write, Written};

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
    /// The event time.
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
    /// Whether it is a voice call of less than ten seconds; of a reversal, whether it takes one back.
    pub is_short_call: bool,
    /// What it brought in. Such an event costs nothing and is no usage: it is in no total and no log.
    pub lead: Option<NewLead>,
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
    /// The event time.
    pub time: Time,
    /// When it became durable.
    pub recorded_at: Time,
    /// Who spent.
    pub agent: Agent,
    /// On what.
    pub activity: String,
    /// Whether totals count it under [`domain::event::OTHER`].
    pub is_other: bool,
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
    /// How much of it was given back since; of a reversal, how much of the event it takes back. Zero or more.
    pub reversed: Credits,
    /// The event that this one takes back. Such rows carry negative credits and are no part of the log.
    pub reverses: Option<Seq>,
}

impl StoredEvent {
    /// The activity that totals count it under.
    pub fn counted_as(&self) -> &str {
        if self.is_other {
            domain::event::OTHER
        } else {
            &self.activity
        }
    }
}

/// Names of which an account has more than are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameSort {
    /// Who reports.
    Source,
    /// What was done.
    Activity,
}

impl NameSort {
    /// The word for many of them.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Source => "sources",
            Self::Activity => "activities",
        }
    }
}

/// An account that has more names than are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlisted {
    /// Which account.
    pub account: AccountId,
    /// Which names.
    pub sort: NameSort,
    /// Whether the platform was told.
    pub is_told: bool,
}

/// What an event is known by, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventName {
    /// Who pays.
    pub account: AccountId,
    /// Who reported.
    pub source: String,
    /// Unique in its source.
    pub id: String,
}

/// What is stored under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownEvent {
    /// Of its content.
    pub fingerprint: i64,
    /// The price; nothing of a lead.
    pub credits: Credits,
}

/// Rows of files with the same content that are stored under ids made of their places in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlacedRows {
    /// How many there are.
    pub count: u32,
    /// What one of them cost.
    pub credits: Credits,
}

/// What was stored of one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
    /// Those of these activities that the account has used and that are not listed.
    async fn unlisted_activities(
        &self,
        _account: AccountId,
        _names: &[String],
    ) -> StoreResult<Vec<String>> {
        Ok(Vec::new())
    }

    /// Accounts with more names than are listed.
    async fn unlisted(&self) -> StoreResult<Vec<Unlisted>> {
        Ok(Vec::new())
    }

    /// Remembers that the platform was told of one.
    async fn unlisted_told(&self, _account: AccountId, _sort: NameSort) -> StoreResult<()> {
        Ok(())
    }

    /// Does a group of writes in one durable transaction, with payments, roll-ups and cycle totals: the events first,
    /// then the acts, each in their order.
    ///
    /// The answers stand in the order of the writes. A refused write does not touch the others.
    /// Returned only after the commit reached the disk. `now` becomes `recorded_at`.
    async fn commit(&self, group: &[Write], now: Time) -> StoreResult<Vec<Written>>;

    /// Stores batches of events and nothing else.
    async fn commit_events(
        &self,
        batches: &[Vec<NewEvent>],
        now: Time,
    ) -> StoreResult<Vec<CommitOutcome>> {
        let writes: Vec<_> = batches.iter().cloned().map(Write::Events).collect();
        let written = self.commit(&writes, now).await?;
        Ok(written
            .into_iter()
            .filter_map(|written| match written {
                Written::Events(outcome) => Some(outcome),
                Written::Act(_) | Written::Overtaken => None,
            })
            .collect())
    }

    /// What is stored under names, usage or leads; an answer for each name.
    async fn known(&self, names: &[EventName]) -> StoreResult<Vec<Option<KnownEvent>>>;

    /// The rows of files that earlier versions stored under ids made of a line and a hash of the row, by the fingerprint
    /// of their content; an answer for each fingerprint.
    async fn placed_rows(
        &self,
        account: AccountId,
        fingerprints: &[i64],
    ) -> StoreResult<Vec<PlacedRows>>;

    /// One event by its identity.
    async fn event(
        &self,
        account: AccountId,
        source: &str,
        id: &str,
    ) -> StoreResult<Option<StoredEvent>>;
}

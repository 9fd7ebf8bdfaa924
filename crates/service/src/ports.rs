//! What the use-cases need from a database. Every tenant call names its account.

mod access;
mod alerts;
mod change;
mod digests;
mod directory;
mod email_links;
mod emails;
mod endings;
mod events;
mod identity;
mod leads;
mod ledger;
mod passkeys;
mod platform;
mod reading;
mod reversals;
mod reviews;
mod second_factor;
mod tries;

use std::collections::BTreeSet;

use async_trait::async_trait;

pub use access::{
    AccessStore, AuditEntry, AuditFilter, Identity, Invitation, NewPerson, PortalGrant,
};
pub use alerts::{
    Alert, AlertChange, AlertStore, AlertTurn, Delivery, DueAsk, Message, Noted, Outcome, Reached,
    Target, Webhook,
};
pub use change::{Edited, Expected, Offered, Version, Versioned};
pub use digests::DigestStore;
pub use directory::{ApiKey, DirectoryStore, KeyScope, NewApiKey, PutAccount, PutCompany, Stored};
pub use email_links::{EmailLink, EmailLinkStore, EmailOutcome, LinkKind};
pub use emails::{EmailKind, EmailStore};
pub use endings::{EndingMark, EndingStore, FailingEndpoint, PLATFORM};
pub use events::{
    CommitOutcome, Committed, EventName, EventStore, KnownEvent, NameSort, NewEvent, PlacedRows,
    StoredEvent, Unlisted,
};
pub use identity::{
    EmailProof, IdempotencyStore, IdentityStore, KnownRequest, Membership, NewUser, Proved,
    Remembered, SavedSession, SecondFactor, Standing, User,
};
pub use leads::{AgentCell, ChatCell, LeadCell, LeadReads};
pub use ledger::{
    AccountAct, Act, Acted, BooksNeeds, ChangedBooks, Chosen, CompanyLimits, DisputesQuery,
    EventPayment, Gift, LedgerStore, LoadedBooks, NewHold, NumberedEntry, OpenDispute, Refusal,
    Settlement, Terms, Write, Written,
};
pub use passkeys::{
    FactorOutcome, Passkey, PasskeyChallenge, PasskeyPurpose, PasskeyState, PasskeyStore,
    RemovedFactor,
};
pub use platform::{
    AccountDay, PlatformCell, PlatformGrain, PlatformGroupBy, PlatformKey, PlatformReads, RunOut,
    Span, SpanUse,
};
pub use reading::{
    Cell, Change, Direction, Grain, GroupBy, GroupKey, LogRange, ReadStore, Selection, Snapshot,
};
pub use reversals::{ReturnedTo, Reverse, Reversed, Reversible, StoredReversal};
pub use reviews::ReviewStore;
pub use second_factor::{NewAuthenticator, SecondFactorStore};
pub use tries::{CodeGuess, CodeLimits, MailAsk, MailKind, MailLimit, MailsOf, TryStore};

/// Why a storage call came to nothing; its text is for the log, never for a caller.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("storage: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A total would not fit its column. The database is well, and nothing of the call was stored.
    #[error("storage: {0}")]
    OutOfRange(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database cannot work now and may be able to later: the disk is full, or the file is locked for too long.
    #[error("storage: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Too much waits to be read for whoever asks.
    #[error("storage: too much waits to be read")]
    Crowded {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
}

impl StoreError {
    /// Wraps a database's own error.
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }

    /// The same failure for another who waited for it.
    #[must_use]
    pub fn shared(&self) -> Self {
        match self {
            Self::Failed(source) => Self::Failed(source.to_string().into()),
            Self::OutOfRange(source) => Self::OutOfRange(source.to_string().into()),
            Self::Unavailable(source) => Self::Unavailable(source.to_string().into()),
            Self::Crowded { retry_after_s } => Self::Crowded {
                retry_after_s: *retry_after_s,
            },
        }
    }
}

/// The answer of a storage call.
pub type StoreResult<T> = Result<T, StoreError>;

/// A whole database.
#[async_trait]
pub trait Store:
    EventStore
    + ReadStore
    + LedgerStore
    + DirectoryStore
    + IdentityStore
    + IdempotencyStore
    + AccessStore
    + AlertStore
    + ReviewStore
    + DigestStore
    + EmailStore
    + EmailLinkStore
    + EndingStore
    + SecondFactorStore
    + PasskeyStore
    + TryStore
    + Send
    + Sync
{
    /// Proves that events, roll-ups, cycle totals and the ledger agree; one sentence for each difference found.
    async fn doctor(&self) -> StoreResult<DoctorReport>;

    /// Remembers the latest comparison.
    async fn save_reconciliation(&self, latest: &Reconciliation) -> StoreResult<()>;

    /// The latest comparison; none before the first.
    async fn reconciliation(&self) -> StoreResult<Option<Reconciliation>>;

    /// What is damaged in the file, looked at as a whole and not closely; nothing when it is sound.
    async fn quick_damage(&self) -> StoreResult<Vec<String>> {
        Ok(Vec::new())
    }

    /// What is damaged in one table and its indexes, looked at closely; none when there are not so many tables.
    async fn table_damage(&self, _number: u32) -> StoreResult<Option<Vec<String>>> {
        Ok(None)
    }

    /// The background tasks of whoever opened the database, which those of the store are among.
    fn tasks(&self) -> crate::tasks::Tasks {
        crate::tasks::Tasks::default()
    }

    /// Whether the database answers.
    async fn ping(&self) -> StoreResult<()>;
}

/// The latest comparison of everything with everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// When it was done.
    pub checked_at: domain::Time,
    /// What was looked at and found.
    pub report: DoctorReport,
}

/// What `doctor` looked at and found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct DoctorReport {
    /// Events read.
    pub events: u64,
    /// Roll-up rows compared.
    pub rollups: u64,
    /// Cycle totals compared.
    pub cycles: u64,
    /// What does not agree, one sentence each.
    pub differences: Vec<String>,
    /// Keys of the accounts that they are about.
    pub differing: BTreeSet<String>,
    /// Whether a difference is about no single account, or there were too many to look at every account.
    pub concerns_all: bool,
}

impl DoctorReport {
    /// Whether all of an account was looked at and agrees.
    pub fn is_clean_for(&self, account: &str) -> bool {
        !self.concerns_all && !self.differing.contains(account)
    }
}

//! Reading roll-ups and the log, in one consistent snapshot.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    AccountId, Agent, CompanyId, Credits, Seq, Time, TimeRange,
    cursor::Cursor,
    ledger::{Hold, Refunded},
    live::HowFar,
    source::Source,
    spike::Part,
    usage::Totals,
};

use super::{BooksNeeds, LeadReads, LoadedBooks, PlatformReads, StoreResult, StoredEvent};

/// Which events of an account count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Of these companies; of all when `None`. `Some` of nothing selects nothing.
    pub companies: Option<Vec<CompanyId>>,
    /// By these agents; by all when empty.
    pub agents: Vec<Agent>,
    /// Of these activities, as totals count them ([`domain::event::OTHER`] is one); of all when empty. Names the account
    /// never used select nothing.
    pub activities: Vec<String>,
    /// Whose reference starts with this, both folded as [`domain::fold`] does.
    pub reference_prefix: Option<String>,
}

/// Where totals are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// Roll-ups of the account's civil days; the range begins and ends on such days.
    Day,
    /// 15-minute roll-ups; the range begins and ends on bucket edges.
    Bucket,
    /// The events themselves: for what is left at the edges, and for reference searches.
    Event,
}

/// What totals are kept apart by, besides time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// Nothing.
    All,
    /// The agent.
    Agent,
    /// The company.
    Company,
    /// The activity.
    Activity,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKey {
    /// Everything.
    All,
    /// An agent.
    Agent(Agent),
    /// A company.
    Company(CompanyId),
    /// An activity.
    Activity(String),
}

/// Totals of one group in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Start of the day or bucket; with [`Grain::Event`] the bucket start of the events, or the range's start when that is later.
    pub start: Time,
    /// Which group.
    pub key: GroupKey,
    /// The totals.
    pub totals: Totals,
}

/// Which way a page of the log is read. Rows are returned newest first either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From a place to older rows.
    Older,
    /// From a place to newer rows: those nearest to the place.
    Newer,
}

/// Which rows of the log, before any limit: those of `range`, strictly beyond `from` in the direction when given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRange {
    /// Events of these times.
    pub range: TimeRange,
    /// Strictly older (or newer) than this place.
    pub from: Option<Cursor>,
    /// Which way.
    pub direction: Direction,
}

/// How far an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which account.
    pub account: AccountId,
    /// How far it is.
    pub far: HowFar,
}

/// Opens snapshots.
#[async_trait]
pub trait ReadStore {
    /// How far accounts are, of all in one statement.
    async fn changes(&self, accounts: &[AccountId]) -> StoreResult<Vec<Change>>;

    /// A view of the database that does not change while it is read.
    async fn snapshot(&self) -> StoreResult<Box<dyn Snapshot>>;

    /// The same, for what somebody's permission to spend waits for: it does not wait for any other reader. Only for
    /// reads of a few rows.
    async fn prompt_snapshot(&self) -> StoreResult<Box<dyn Snapshot>> {
        self.snapshot().await
    }
}

/// A view of the database that does not change.
#[async_trait]
pub trait Snapshot: PlatformReads + LeadReads + Send {
    /// The newest event in it; [`Seq::ZERO`] when there is none.
    async fn as_of(&mut self) -> StoreResult<Seq>;

    /// Totals by stretch of time and group. Stretches and groups without events are left out.
    async fn cells(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        grain: Grain,
        group_by: GroupBy,
    ) -> StoreResult<Vec<Cell>>;

    /// Who reports an account's usage, by name.
    async fn sources(&mut self, account: AccountId) -> StoreResult<Vec<Source>>;

    /// What every company's agent used for every activity, bucket by bucket; the range begins and ends on bucket edges.
    async fn parts(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
    ) -> StoreResult<Vec<Part>>;

    /// Credits booked to the cycle that starts at `cycle_start`.
    async fn cycle_used(&mut self, account: AccountId, cycle_start: Time) -> StoreResult<Credits>;

    /// A page of the log, newest first, at most `limit` rows.
    async fn log(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: LogRange,
        limit: u32,
    ) -> StoreResult<Vec<StoredEvent>>;

    /// The row `skip` rows after the newest one of `range`; `range` is short (a bucket), so skipping is cheap.
    async fn log_skip(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        skip: u64,
    ) -> StoreResult<Option<Cursor>>;

    /// How many rows of `range` are newer than `place`; `range` is short (a bucket).
    async fn log_count_newer(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        place: Cursor,
    ) -> StoreResult<u64>;

    /// The books of accounts as they are stored, not yet brought up to `now`; accounts that do not exist are left out.
    async fn books(
        &mut self,
        needs: &BTreeMap<AccountId, BooksNeeds>,
        now: Time,
    ) -> StoreResult<Vec<LoadedBooks>>;

    /// Active holds of an account, oldest first; of these companies when given.
    async fn active_holds(
        &mut self,
        account: AccountId,
        companies: Option<&[CompanyId]>,
        limit: u32,
    ) -> StoreResult<Vec<(Hold, String)>>;

    /// Credits that corrections have taken off an account from a time on.
    async fn corrected_since(&mut self, account: AccountId, since: Time) -> StoreResult<Credits>;

    /// What was given back since a cycle ended: for its usage, and for earlier usage.
    async fn refunded_since(
        &mut self,
        account: AccountId,
        cycle: TimeRange,
    ) -> StoreResult<Refunded>;

    /// Counts the changes of an account's books; 0 before the first.
    async fn books_version(&mut self, account: AccountId) -> StoreResult<i64>;

    /// Events of an account stored after `after`, reversals included, oldest first, at most `limit`, and the place read
    /// up to: the newest event of the whole database, or the last one returned when `limit` cut the list.
    async fn events_after(
        &mut self,
        account: AccountId,
        after: Seq,
        limit: u32,
    ) -> StoreResult<(Vec<StoredEvent>, Seq)>;

    /// When an account's history begins: with its first event, or when it was made, whichever is earlier. Nothing is
    /// known of the time before.
    async fn history_start(&mut self, account: AccountId) -> StoreResult<Option<Time>>;

    /// The activities an account has used, sorted; when there are more than `most`, those it used most lately.
    async fn activities(&mut self, account: AccountId, most: usize) -> StoreResult<Vec<String>>;
}

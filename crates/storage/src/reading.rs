//! Snapshots: reads that belong together see the same database.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use domain::{
    AccountId, CompanyId, Credits, Seq, Time, TimeRange,
    cursor::Cursor,
    ledger::{Hold, Refunded},
    live::HowFar,
    source::Source,
    spike::Part,
};
use service::{
    ports::{
        BooksNeeds, Cell, Change, Grain, GroupBy, LoadedBooks, LogRange, ReadStore, Selection,
        Snapshot, StoreResult, StoredEvent,
    },
    turn::Held,
};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};

use crate::{
    SqliteStore, cells,
    error::Result,
    events,
    ledger::{self, Wanted},
    log, names, parts, sources,
};

/// After how many steps of SQLite's machine a statement looks whether somebody still waits for it: a fraction of a
/// millisecond.
const STEPS: i32 = 10_000;

/// An open read transaction; rolled back when dropped.
pub(crate) struct SqliteSnapshot {
    transaction: Transaction<'static, Sqlite>,
    as_of: Seq,
    /// Dropped after the transaction: the statement that is running ends, and what comes next rolls back.
    attention: Option<Attention>,
    /// Of whom it is read for.
    turn: Option<Held>,
}

/// Somebody waits for what is read.
struct Attention(Arc<AtomicBool>);

impl Drop for Attention {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Attention {
    /// Makes statements of a connection end once nobody waits for them.
    async fn to(connection: &mut SqliteConnection) -> Result<Self> {
        let is_awaited = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&is_awaited);
        connection
            .lock_handle()
            .await?
            .set_progress_handler(STEPS, move || asked.load(Ordering::Relaxed));
        Ok(Self(is_awaited))
    }
}

impl SqliteSnapshot {
    /// The connection, inside the transaction.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }
}

#[async_trait]
impl ReadStore for SqliteStore {
    async fn changes(&self, accounts: &[AccountId]) -> StoreResult<Vec<Change>> {
        Ok(changes(self.reading().await?.pool(), accounts).await?)
    }

    async fn snapshot(&self) -> StoreResult<Box<dyn Snapshot>> {
        let readers = self.reading().await?;
        let mut snapshot = attended(readers.pool()).await?;
        snapshot.turn = readers.into_turn();
        Ok(Box::new(snapshot))
    }

    async fn prompt_snapshot(&self) -> StoreResult<Box<dyn Snapshot>> {
        Ok(Box::new(open(&self.lookups).await?))
    }
}

/// A snapshot whose statements end when it is dropped.
async fn attended(readers: &SqlitePool) -> Result<SqliteSnapshot> {
    let mut snapshot = open(readers).await?;
    snapshot.attention = Some(Attention::to(&mut snapshot.transaction).await?);
    Ok(snapshot)
}

/// How far the accounts of a JSON array are.
const CHANGES: &str = "
    SELECT asked.value, coalesce(b.version, 0), coalesce((SELECT e.seq FROM events AS e INDEXED BY events_account
        WHERE e.account_id = asked.value ORDER BY e.seq DESC LIMIT 1), 0), coalesce(a.version, 0)
    FROM json_each(?1) AS asked LEFT JOIN books AS b ON b.account_id = asked.value
        LEFT JOIN alert_changes AS a ON a.account_id = asked.value";

#[tracing::instrument(name = "db.accounts.changes", skip_all)]
async fn changes(readers: &SqlitePool, accounts: &[AccountId]) -> Result<Vec<Change>> {
    let numbers: Vec<_> = accounts.iter().map(|account| account.0).collect();
    let rows: Vec<(i64, i64, i64, i64)> = sqlx::query_as(CHANGES)
        .bind(serde_json::to_string(&numbers)?)
        .fetch_all(readers)
        .await?;
    let change = |(account, books, newest, others)| Change {
        account: AccountId(account),
        far: HowFar {
            books,
            newest: Seq(newest),
            others,
        },
    };
    Ok(rows.into_iter().map(change).collect())
}

#[tracing::instrument(name = "db.snapshot.open", skip_all)]
async fn open(readers: &SqlitePool) -> Result<SqliteSnapshot> {
    let mut transaction = readers.begin().await?;
    // SQLite takes the view at the first read, not at BEGIN.
    let newest: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM events")
        .fetch_one(&mut *transaction)
        .await?;
    Ok(SqliteSnapshot {
        transaction,
        as_of: Seq(newest),
        attention: None,
        turn: None,
    })
}

#[async_trait]
impl Snapshot for SqliteSnapshot {
    async fn as_of(&mut self) -> StoreResult<Seq> {
        Ok(self.as_of)
    }

    async fn cells(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        grain: Grain,
        group_by: GroupBy,
    ) -> StoreResult<Vec<Cell>> {
        Ok(cells::read(
            &mut self.transaction,
            account,
            selection,
            range,
            grain,
            group_by,
        )
        .await?)
    }

    async fn sources(&mut self, account: AccountId) -> StoreResult<Vec<Source>> {
        Ok(sources::list(&mut self.transaction, account).await?)
    }

    async fn parts(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
    ) -> StoreResult<Vec<Part>> {
        Ok(parts::read(&mut self.transaction, account, selection, range).await?)
    }

    async fn cycle_used(&mut self, account: AccountId, cycle_start: Time) -> StoreResult<Credits> {
        Ok(cycle_used(&mut self.transaction, account, cycle_start).await?)
    }

    async fn log(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: LogRange,
        limit: u32,
    ) -> StoreResult<Vec<StoredEvent>> {
        Ok(log::page(&mut self.transaction, account, selection, range, limit).await?)
    }

    async fn log_skip(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        skip: u64,
    ) -> StoreResult<Option<Cursor>> {
        Ok(log::skip(&mut self.transaction, account, selection, range, skip).await?)
    }

    async fn log_count_newer(
        &mut self,
        account: AccountId,
        selection: &Selection,
        range: TimeRange,
        place: Cursor,
    ) -> StoreResult<u64> {
        Ok(log::count_newer(&mut self.transaction, account, selection, range, place).await?)
    }

    async fn books(
        &mut self,
        needs: &BTreeMap<AccountId, BooksNeeds>,
        now: Time,
    ) -> StoreResult<Vec<LoadedBooks>> {
        let wanted = Wanted {
            needs: needs.clone(),
            since: None,
            acts: true,
        };
        Ok(ledger::load(&mut self.transaction, &wanted, now).await?)
    }

    async fn active_holds(
        &mut self,
        account: AccountId,
        companies: Option<&[CompanyId]>,
        limit: u32,
    ) -> StoreResult<Vec<(Hold, String)>> {
        Ok(ledger::active_holds(&mut self.transaction, account, companies, limit).await?)
    }

    async fn corrected_since(&mut self, account: AccountId, since: Time) -> StoreResult<Credits> {
        Ok(ledger::corrected_since(&mut self.transaction, account, since).await?)
    }

    async fn refunded_since(
        &mut self,
        account: AccountId,
        cycle: TimeRange,
    ) -> StoreResult<Refunded> {
        Ok(ledger::refunded_since(&mut self.transaction, account, cycle).await?)
    }

    async fn books_version(&mut self, account: AccountId) -> StoreResult<i64> {
        Ok(ledger::version(&mut self.transaction, account).await?)
    }

    async fn events_after(
        &mut self,
        account: AccountId,
        after: Seq,
        limit: u32,
    ) -> StoreResult<(Vec<StoredEvent>, Seq)> {
        Ok(events::after(&mut self.transaction, account, after, self.as_of, limit).await?)
    }

    async fn history_start(&mut self, account: AccountId) -> StoreResult<Option<Time>> {
        Ok(history_start(&mut self.transaction, account).await?)
    }

    async fn activities(&mut self, account: AccountId, most: usize) -> StoreResult<Vec<String>> {
        let mut activities = names::activities(&mut self.transaction, account, most).await?;
        activities.sort_unstable();
        Ok(activities)
    }
}

const HISTORY_START: &str = "
    SELECT min(created_at, coalesce((SELECT min(time) FROM events WHERE account_id = ?1), created_at))
    FROM accounts WHERE account_id = ?1";

#[tracing::instrument(name = "db.history_start.get", skip_all)]
async fn history_start(
    transaction: &mut Transaction<'static, Sqlite>,
    account: AccountId,
) -> Result<Option<Time>> {
    let micros: Option<i64> = sqlx::query_scalar(HISTORY_START)
        .bind(account.0)
        .fetch_optional(&mut **transaction)
        .await?;
    Ok(micros.map(Time::from_micros))
}

#[tracing::instrument(name = "db.cycle_usage.get", skip_all)]
async fn cycle_used(
    transaction: &mut Transaction<'static, Sqlite>,
    account: AccountId,
    start: Time,
) -> Result<Credits> {
    const SQL: &str = "SELECT credits FROM cycle_usage WHERE account_id = ?1 AND cycle_start = ?2";
    let micro: Option<i64> = sqlx::query_scalar(SQL)
        .bind(account.0)
        .bind(start.micros())
        .fetch_optional(&mut **transaction)
        .await?;
    Ok(Credits::from_micro(micro.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use futures::poll;

    use super::*;
    use crate::{OpenOptions, plans::assert_searches};

    #[tokio::test]
    async fn how_far_accounts_are_is_looked_up() {
        let events = "SEARCH e USING COVERING INDEX events_account (account_id=?)";
        let books = "SEARCH b USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN";
        assert_searches(CHANGES, &[events, books]).await;
    }

    #[tokio::test]
    async fn where_history_begins_is_looked_up() {
        let first = "SEARCH events USING COVERING INDEX events_log (account_id=?)";
        let account = "SEARCH accounts USING INTEGER PRIMARY KEY (rowid=?)";
        assert_searches(HISTORY_START, &[account, first]).await;
    }

    #[tokio::test]
    async fn a_read_that_nobody_waits_for_any_more_ends_and_leaves_its_connection() {
        const ENDLESS: &str =
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)
            SELECT count(*) FROM numbers";
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions {
            readers: 1,
            ..OpenOptions::default()
        };
        let store = SqliteStore::open(&folder.path().join("test.db"), &options)
            .await
            .unwrap();
        for _ in 0..3 {
            // While the one before runs on, there is no connection.
            let mut snapshot = attended(store.reading().await.unwrap().pool())
                .await
                .unwrap();
            let reading = sqlx::query(ENDLESS).execute(snapshot.connection());
            let mut reading = Box::pin(reading);
            assert!(poll!(&mut reading).is_pending());
            drop(reading);
            drop(snapshot);
        }
        let mut snapshot = attended(store.reading().await.unwrap().pool())
            .await
            .unwrap();
        assert_eq!(snapshot.as_of().await.unwrap(), Seq::ZERO);
    }
}

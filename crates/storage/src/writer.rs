//! The one connection that writes, and its transactions.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{Mutex, MutexGuard, Notify};

use crate::{
    error::{Error, Result, unavailable_seen},
    names::{NameLimits, Names},
};

/// How often it is tried to write while nothing can be written.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// Hands out write transactions, one at a time.
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    names: NameLimits,
    /// Empty before the first transaction, and after one that failed.
    slot: Mutex<Option<Session>>,
    /// Told after each commit.
    pub(crate) committed: Notify,
    closed: AtomicBool,
    /// Told when a transaction did not end and the disk may be the reason.
    failed: Notify,
    /// Whether the last trial failed.
    stuck: AtomicBool,
}

/// Tells the writer of a transaction that did not end.
struct Unfinished<'a> {
    writer: &'a Writer,
    seen: u64,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if unavailable_seen() != self.seen {
            self.writer.failed.notify_one();
        }
    }
}

/// A connection and what it knows of the database.
struct Session {
    connection: SqliteConnection,
    names: Names,
}

/// A write transaction. Dropped without [`WriteTx::commit`], it leaves no trace.
///
/// The connection goes back to the writer only from a transaction that ended well. After a failure, or when its
/// caller went away, it is closed, which rolls back whatever was open: no state of a failed transaction can reach the
/// next one.
pub(crate) struct WriteTx<'a> {
    writer: &'a Writer,
    slot: MutexGuard<'a, Option<Session>>,
    session: Session,
    unfinished: Unfinished<'a>,
}

impl Writer {
    pub(crate) fn new(options: SqliteConnectOptions, names: NameLimits) -> Self {
        Self {
            options,
            names,
            slot: Mutex::new(None),
            committed: Notify::new(),
            closed: AtomicBool::new(false),
            failed: Notify::new(),
            stuck: AtomicBool::new(false),
        }
    }

    /// Waits for the transactions before and begins one. It holds the database's write lock from the start.
    pub(crate) async fn begin(&self) -> Result<WriteTx<'_>> {
        let unfinished = Unfinished {
            writer: self,
            seen: unavailable_seen(),
        };
        let mut slot = self.lock().await?;
        let mut session = match slot.take() {
            Some(session) => session,
            None => Session {
                connection: self.options.connect().await?,
                names: Names::new(self.names),
            },
        };
        execute(&mut session.connection, "BEGIN IMMEDIATE").await?;
        Ok(WriteTx {
            writer: self,
            slot,
            session,
            unfinished,
        })
    }

    /// Whether nothing could be written lately, and no trial has succeeded since.
    pub(crate) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }

    /// Waits for a transaction that failed for want of room, then tries to write until that succeeds: whoever is told
    /// that this server is not ready sends nothing that would show that it is again.
    pub(crate) async fn recover(&self) {
        self.failed.notified().await;
        loop {
            match self.try_to_write().await {
                Err(error) if error.is_unavailable() => {
                    if !self.stuck.swap(true, Ordering::Relaxed) {
                        tracing::error!(%error, "nothing can be written: is the disk full?");
                    }
                    tokio::time::sleep(TRY_EVERY).await;
                }
                Ok(()) => {
                    if self.stuck.swap(false, Ordering::Relaxed) {
                        tracing::info!("the database can be written again");
                    }
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, "it could not be tried whether the database can be written");
                    return;
                }
            }
        }
    }

    /// Writes a mebibyte, as much as a large batch needs, and removes it again: its pages remain, free for what comes.
    async fn try_to_write(&self) -> Result<()> {
        const REMOVE: &str = "DROP TABLE IF EXISTS write_trial";
        // Of a trial that was interrupted, first.
        self.alone(&[
            REMOVE,
            "CREATE TABLE write_trial (filler BLOB)",
            "INSERT INTO write_trial VALUES (zeroblob(1048576))",
        ])
        .await?;
        self.alone(&[REMOVE]).await
    }

    /// A transaction of these statements.
    async fn alone(&self, statements: &[&'static str]) -> Result<()> {
        let mut tx = self.begin().await?;
        for statement in statements {
            execute(tx.connection(), statement).await?;
        }
        tx.commit().await
    }

    /// Keeps this process from writing for as long as the answer lives.
    pub(crate) async fn pause(&self) -> Result<impl Drop + use<'_>> {
        self.lock().await
    }

    /// Waits for the running transaction and refuses later ones.
    pub(crate) async fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::Release);
        if let Some(session) = self.slot.lock().await.take() {
            session.connection.close().await?;
        }
        Ok(())
    }

    async fn lock(&self) -> Result<MutexGuard<'_, Option<Session>>> {
        let slot = self.slot.lock().await;
        if self.closed.load(Ordering::Acquire) {
            Err(Error::Closed)
        } else {
            Ok(slot)
        }
    }
}

impl WriteTx<'_> {
    /// The connection, inside the transaction.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.session.connection
    }

    /// The connection and the names it knows.
    pub(crate) fn parts(&mut self) -> (&mut SqliteConnection, &mut Names) {
        (&mut self.session.connection, &mut self.session.names)
    }

    /// Makes everything durable.
    pub(crate) async fn commit(mut self) -> Result<()> {
        execute(&mut self.session.connection, "COMMIT").await?;
        self.ended();
        *self.slot = Some(self.session);
        self.writer.committed.notify_one();
        Ok(())
    }

    /// Takes everything back and ends.
    pub(crate) async fn rollback(mut self) -> Result<()> {
        self.take_back().await?;
        self.ended();
        *self.slot = Some(self.session);
        Ok(())
    }

    /// Takes everything back and begins again.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        self.take_back().await?;
        execute(&mut self.session.connection, "BEGIN IMMEDIATE").await
    }

    fn ended(&mut self) {
        self.unfinished.seen = unavailable_seen();
    }

    async fn take_back(&mut self) -> Result<()> {
        // Names first used in what is taken back are not stored.
        self.session.names.forget();
        execute(&mut self.session.connection, "ROLLBACK").await
    }
}

async fn execute(connection: &mut SqliteConnection, statement: &'static str) -> Result<()> {
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}

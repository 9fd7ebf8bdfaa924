//! The one connection that writes, and its transactions.

use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{Mutex, MutexGuard, Notify};

use crate::{
    error::{Error, Result},
    names::Names,
};

/// Hands out write transactions, one at a time.
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    /// Empty before the first transaction, and after one that failed.
    slot: Mutex<Option<Session>>,
    /// Told after each commit.
    pub(crate) committed: Notify,
    closed: AtomicBool,
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
}

impl Writer {
    pub(crate) fn new(options: SqliteConnectOptions) -> Self {
        Self {
            options,
            slot: Mutex::new(None),
            committed: Notify::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// Waits for the transactions before and begins one. It holds the database's write lock from the start.
    pub(crate) async fn begin(&self) -> Result<WriteTx<'_>> {
        let mut slot = self.lock().await?;
        let mut session = match slot.take() {
            Some(session) => session,
            None => Session {
                connection: self.options.connect().await?,
                names: Names::default(),
            },
        };
        execute(&mut session.connection, "BEGIN IMMEDIATE").await?;
        Ok(WriteTx {
            writer: self,
            slot,
            session,
        })
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
        *self.slot = Some(self.session);
        self.writer.committed.notify_one();
        Ok(())
    }

    /// Takes everything back and ends.
    pub(crate) async fn rollback(mut self) -> Result<()> {
        self.take_back().await?;
        *self.slot = Some(self.session);
        Ok(())
    }

    /// Takes everything back and begins again.
    pub(crate) async fn restart(&mut self) -> Result<()> {
        self.take_back().await?;
        execute(&mut self.session.connection, "BEGIN IMMEDIATE").await
    }

    async fn take_back(&mut self) -> Result<()> {
        // Names first used in what is taken back are not stored.
        self.session.names = Names::default();
        execute(&mut self.session.connection, "ROLLBACK").await
    }
}

async fn execute(connection: &mut SqliteConnection, statement: &'static str) -> Result<()> {
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}

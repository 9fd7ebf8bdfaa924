//! How connections to SQLite are set up.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    error::DatabaseError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::error::{Error, Result};

/// The first version without the fault that could corrupt a database when the WAL was reset.
const SQLITE_NEEDED: &str = "3.51.3";

/// The code of "database is locked": <https://sqlite.org/rescode.html#busy>.
const SQLITE_BUSY: &str = "5";
/// How often a file that another program is setting up is tried.
const SET_UP_RETRY: Duration = Duration::from_millis(20);
/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Page cache of the writer, in KiB (negative by SQLite's convention): the hot ends of all indexes of a busy database.
const WRITER_CACHE_KIB: &str = "-24576";
/// Page cache of each reader, in KiB: one page of the dashboard; the system caches the rest of the file.
const READER_CACHE_KIB: &str = "-3072";
/// Rows a connection may be ahead of its reader.
const ROWS_AHEAD: usize = 512;
/// How long a reader waits for a free connection: past it the database is overloaded, and saying so is better.
const POOL_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes the file if there is none, and refuses a SQLite with the WAL-reset fault.
pub(crate) async fn set_up(path: &Path) -> Result<()> {
    let mut connection = first(path).await?;
    let found: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    if version_number(&found) < version_number(SQLITE_NEEDED) {
        return Err(Error::SqliteVersion {
            found,
            needed: SQLITE_NEEDED,
        });
    }
    Ok(())
}

/// The first connection to a file. SQLite does not wait for other programs when it turns a new file to WAL: two that do
/// so at once would wait for each other, so it answers "busy" at once, and trying again is left to us.
async fn first(path: &Path) -> Result<SqliteConnection> {
    let until = Instant::now() + BUSY_TIMEOUT;
    loop {
        match single(path).await {
            Err(Error::Sql(error)) if is_busy(&error) && Instant::now() < until => {
                tokio::time::sleep(SET_UP_RETRY).await;
            }
            connected => return connected,
        }
    }
}

/// Whether a statement was refused because of another program.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| code == SQLITE_BUSY)
}

/// `3.51.3` as numbers that compare; what is not a number counts as 0.
fn version_number(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

/// What every connection has in common.
fn common(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // Checkpoints run on a connection of their own: a commit never waits for one.
        .pragma("wal_autocheckpoint", "0")
        .row_buffer_size(ROWS_AHEAD)
}

/// The connection that writes.
pub(crate) fn writer(path: &Path) -> SqliteConnectOptions {
    common(path)
        .pragma("cache_size", WRITER_CACHE_KIB)
        .pragma("temp_store", "memory")
        .thread_name(|_| "db-writer".to_owned())
}

/// The connection that checkpoints: it waits for nobody.
pub(crate) fn checkpointer(path: &Path) -> SqliteConnectOptions {
    common(path)
        .busy_timeout(Duration::from_millis(100))
        .thread_name(|_| "db-checkpoint".to_owned())
}

/// A connection for one long job.
pub(crate) async fn single(path: &Path) -> Result<SqliteConnection> {
    Ok(common(path).connect().await?)
}

/// A connection that looks at a file and leaves it as it is.
pub(crate) fn looking(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT)
}

/// A connection that takes a file for itself, and waits for nobody.
pub(crate) fn alone(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(Duration::from_millis(100))
}

/// Connections that look up what permission to spend depends on, and who asks: a few rows each, found by an index.
const LOOKUPS: u32 = 3;

/// The connections that look up.
pub(crate) fn lookups(path: &Path) -> SqlitePool {
    let (options, connection) = pool(path, LOOKUPS, "db-lookup");
    options.connect_lazy_with(connection)
}

/// The connections that read. They are opened by whoever reads first, and their threads have the priority of that thread.
pub(crate) fn readers(path: &Path, count: u32) -> SqlitePool {
    let (options, connection) = pool(path, count.max(1), "db-reader");
    // What interrupts a read must not meet the next one.
    let options = options.after_release(|connection, _| {
        Box::pin(async move {
            // After what is still waiting to run: until then it can be needed.
            connection.ping().await?;
            connection.lock_handle().await?.remove_progress_handler();
            Ok(true)
        })
    });
    options.connect_lazy_with(connection)
}

fn pool(path: &Path, count: u32, name: &'static str) -> (SqlitePoolOptions, SqliteConnectOptions) {
    let connection = common(path)
        .pragma("cache_size", READER_CACHE_KIB)
        .pragma("query_only", "on")
        .thread_name(move |number| format!("{name}-{number}"));
    let options = SqlitePoolOptions::new()
        .max_connections(count)
        .acquire_timeout(POOL_TIMEOUT)
        // A reader is a thread of this process: it does not go away like a server's connection.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None);
    (options, connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_another_program_is_making_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.db");
        let mut other = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .connect()
            .await
            .unwrap();
        let making = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let mut setting_up = tokio::spawn(async move { set_up(&path).await });
        let early = tokio::time::timeout(SET_UP_RETRY * 10, &mut setting_up).await;
        assert!(early.is_err(), "it did not wait: {early:?}");
        making.rollback().await.unwrap();
        setting_up.await.unwrap().unwrap();
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(version_number("3.51.2") < version_number(SQLITE_NEEDED));
        assert!(version_number("3.9.0") < version_number(SQLITE_NEEDED));
        assert!(version_number("3.51.3") >= version_number(SQLITE_NEEDED));
        assert!(version_number("3.100") >= version_number(SQLITE_NEEDED));
    }
}

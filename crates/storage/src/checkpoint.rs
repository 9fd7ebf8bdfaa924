//! Moves committed pages from the WAL into the database file, beside the writer.

use std::{path::Path, sync::Arc, time::Duration};

use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::task::JoinHandle;

use crate::{connect, error::Result, writer::Writer};

/// How often the WAL is looked at while there are commits.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long to wait after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// A checkpoint syncs the database file, so it waits for this many pages (4 MiB) to share the cost.
const WORTHWHILE_PAGES: i64 = 1_000;
/// Past this many pages (64 MiB) the WAL starts over, for which the writer has to pause.
const RESTART_PAGES: i64 = 16_000;

/// The running task; it ends when this is dropped.
pub(crate) struct Checkpoints(JoinHandle<()>);

impl Checkpoints {
    /// Ends the task and waits until its connection is let go.
    pub(crate) async fn stop(mut self) {
        self.0.abort();
        // An aborted task answers with an error, which is what was asked for.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Pages in the WAL, and those of them that are in the database file too.
#[derive(sqlx::FromRow)]
struct Wal {
    log: i64,
    checkpointed: i64,
}

/// Starts checkpointing after commits.
pub(crate) fn start(path: &Path, writer: Arc<Writer>) -> Checkpoints {
    let options = connect::checkpointer(path);
    Checkpoints(tokio::spawn(async move {
        loop {
            if let Err(error) = run(&options, &writer).await {
                tracing::warn!(%error, "a checkpoint failed; the WAL grows until one succeeds");
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }))
}

async fn run(options: &SqliteConnectOptions, writer: &Writer) -> Result<()> {
    let mut connection = options.connect().await?;
    let mut restart_at = RESTART_PAGES;
    loop {
        writer.committed.notified().await;
        let wal = sqlx::query_as::<_, Wal>("PRAGMA wal_checkpoint(NOOP)").fetch_one(&mut connection).await?;
        if wal.log - wal.checkpointed >= WORTHWHILE_PAGES {
            let pages = checkpoint(&mut connection).await?;
            if pages >= restart_at {
                // A long read may be in the way. Trying again at once would pause the writer over and over.
                restart_at = if restart(&mut connection, writer).await? { RESTART_PAGES } else { pages + RESTART_PAGES };
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Copies what readers allow; how many pages the WAL has.
#[tracing::instrument(name = "db.wal.checkpoint", skip_all)]
async fn checkpoint(connection: &mut SqliteConnection) -> Result<i64> {
    let wal = sqlx::query_as::<_, Wal>("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(connection).await?;
    Ok(wal.log)
}

/// Lets the WAL start over; whether no reader was in the way.
#[tracing::instrument(name = "db.wal.restart", skip_all)]
async fn restart(connection: &mut SqliteConnection, writer: &Writer) -> Result<bool> {
    // Nearly all pages are in the file already, so the pause is short.
    let _pause = writer.pause().await?;
    let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
    Ok(busy == 0)
}

//! Moves committed pages from the WAL into the database file, beside the writer.

use std::{path::Path, sync::Arc, time::Duration};

use service::tasks::Tasks;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{sync::Notify, task::JoinHandle};

use crate::{connect, error::Result, writer::Writer};

/// Its name among background tasks.
const NAME: &str = "checkpoints";
/// How often the WAL is looked at while there are commits.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long to wait after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// A checkpoint syncs the database file, so it waits for this many pages (4 MiB) to share the cost.
const WORTHWHILE_PAGES: i64 = 1_000;
/// Past this many pages (64 MiB) the WAL starts over, for which the writer has to pause.
const RESTART_PAGES: i64 = 16_000;

/// The running task; it ends when this is dropped.
pub(crate) struct Checkpoints {
    task: JoinHandle<()>,
    stop: Arc<Notify>,
}

impl Checkpoints {
    /// Ends the task and waits until its connection is closed: the last one to close tidies the files up.
    pub(crate) async fn stop(mut self) {
        self.stop.notify_one();
        // A task that failed has no connection any more.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Pages in the WAL, and those of them that are in the database file too.
#[derive(sqlx::FromRow)]
struct Wal {
    log: i64,
    checkpointed: i64,
}

/// Starts checkpointing after commits.
pub(crate) fn start(path: &Path, writer: Arc<Writer>, tasks: Tasks) -> Checkpoints {
    let options = connect::checkpointer(path);
    let stop = Arc::new(Notify::new());
    let stopped = Arc::clone(&stop);
    // What an earlier process left behind is looked at now.
    writer.committed.notify_one();
    let task = tokio::spawn(async move {
        loop {
            match tasks.guard(NAME, run(&options, &writer, &stopped)).await {
                Some(Ok(())) => break,
                Some(Err(error)) => {
                    tracing::warn!(%error, "a checkpoint failed; the WAL grows until one succeeds");
                }
                // The panic has been told.
                None => {}
            }
            if tokio::time::timeout(RETRY_AFTER, stopped.notified())
                .await
                .is_ok()
            {
                break;
            }
        }
    });
    Checkpoints { task, stop }
}

/// Checkpoints until told to stop.
async fn run(options: &SqliteConnectOptions, writer: &Writer, stop: &Notify) -> Result<()> {
    let mut connection = options.connect().await?;
    let failed = tokio::select! {
        failed = keep_short(&mut connection, writer) => failed,
        () = stop.notified() => Ok(()),
    };
    connection.close().await?;
    failed
}

async fn keep_short(connection: &mut SqliteConnection, writer: &Writer) -> Result<()> {
    let mut restart_at = RESTART_PAGES;
    loop {
        writer.committed.notified().await;
        let wal = sqlx::query_as::<_, Wal>("PRAGMA wal_checkpoint(NOOP)")
            .fetch_one(&mut *connection)
            .await?;
        if wal.log - wal.checkpointed >= WORTHWHILE_PAGES {
            let pages = checkpoint(connection).await?;
            if pages >= restart_at {
                // A long read may be in the way. Trying again at once would pause the writer over and over.
                restart_at = if restart(connection, writer).await? {
                    RESTART_PAGES
                } else {
                    pages + RESTART_PAGES
                };
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Copies what readers allow; how many pages the WAL has.
#[tracing::instrument(name = "db.wal.checkpoint", skip_all)]
async fn checkpoint(connection: &mut SqliteConnection) -> Result<i64> {
    let wal = sqlx::query_as::<_, Wal>("PRAGMA wal_checkpoint(PASSIVE)")
        .fetch_one(connection)
        .await?;
    Ok(wal.log)
}

/// Lets the WAL start over; whether no reader was in the way.
#[tracing::instrument(name = "db.wal.restart", skip_all)]
async fn restart(connection: &mut SqliteConnection, writer: &Writer) -> Result<bool> {
    // Nearly all pages are in the file already, so the pause is short.
    let _pause = writer.pause().await?;
    let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(connection)
        .await?;
    Ok(busy == 0)
}

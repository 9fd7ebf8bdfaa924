//! The embedded database.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use service::{
    ports::{DoctorReport, Reconciliation, Store, StoreResult},
    tasks::Tasks,
    turn::{self, Held},
};
use sqlx::SqlitePool;
use tokio::task::AbortHandle;

use crate::{
    Database, OpenOptions, backup,
    checkpoint::{self, Checkpoints},
    connect, doctor,
    error::Error,
    integrity::{self, Depth},
    lock::{self, Lock},
    reconciliation, schema,
    writer::Writer,
};

/// How long closing waits for reads that are running.
const CLOSE_WITHIN: Duration = Duration::from_secs(3);

/// A SQLite file: one writing connection, a few that look up, several that read, one that checkpoints.
pub struct SqliteStore {
    path: PathBuf,
    pub(crate) writer: Arc<Writer>,
    /// For what permission to spend depends on.
    pub(crate) lookups: SqlitePool,
    /// For everything else; taken by [`SqliteStore::reading`] alone.
    readers: SqlitePool,
    checkpoints: Mutex<Option<Checkpoints>>,
    recovery: AbortHandle,
    /// Until the database is closed.
    lock: Mutex<Option<Lock>>,
    tasks: Tasks,
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.recovery.abort();
    }
}

/// Finds out when the database can be written again.
fn recover(writer: Arc<Writer>, tasks: Tasks) -> AbortHandle {
    let task = async move {
        let again = || async {
            writer.recover().await;
            Duration::ZERO
        };
        tasks.repeat("recovery", again).await;
    };
    tokio::spawn(task).abort_handle()
}

impl SqliteStore {
    /// Opens a file, creating it and its folder. The schema is brought up to date, or refused, as the options say.
    ///
    /// # Errors
    /// A SQLite that is too old, a schema newer than this program, a file that cannot be opened.
    #[tracing::instrument(name = "db.open", skip_all)]
    pub async fn open(path: &Path, options: &OpenOptions) -> std::result::Result<Self, Error> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(Error::Folder)?;
        }
        let lock = lock::shared(path)?;
        connect::set_up(path).await?;
        let writer = Arc::new(Writer::new(connect::writer(path), options.names()));
        if options.migrate {
            schema::migrate(path).await?;
        }
        let lookups = connect::lookups(path);
        schema::check(&mut *lookups.acquire().await?).await?;
        let readers = connect::readers(path, options.readers);
        let recovery = recover(Arc::clone(&writer), options.tasks.clone());
        let checkpoints = Mutex::new(Some(checkpoint::start(
            path,
            Arc::clone(&writer),
            options.tasks.clone(),
        )));
        Ok(Self {
            path: path.to_owned(),
            writer,
            lookups,
            readers,
            checkpoints,
            recovery,
            lock: Mutex::new(Some(lock)),
            tasks: options.tasks.clone(),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The connections that read, for whoever has a turn; it lasts as long as what is returned.
    pub(crate) async fn reading(&self) -> StoreResult<Readers<'_>> {
        let turn = turn::turn().await?;
        let pool = &self.readers;
        Ok(Readers { pool, turn })
    }
}

/// The connections that read, and the turn of whom they read for.
pub(crate) struct Readers<'a> {
    pool: &'a SqlitePool,
    turn: Option<Held>,
}

impl Readers<'_> {
    /// The connections.
    pub(crate) const fn pool(&self) -> &SqlitePool {
        self.pool
    }

    /// Takes the turn along, for what reads for longer.
    pub(crate) fn into_turn(self) -> Option<Held> {
        self.turn
    }
}

#[async_trait]
impl Database for SqliteStore {
    async fn migrate(&self) -> StoreResult<()> {
        Ok(schema::migrate(&self.path).await?)
    }

    async fn backup(&self, file: &Path) -> StoreResult<()> {
        Ok(backup::write(&self.path, file).await?)
    }

    async fn close(&self) -> StoreResult<()> {
        self.recovery.abort();
        let checkpoints = self
            .checkpoints
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(checkpoints) = checkpoints {
            checkpoints.stop().await;
        }
        // A read that does not end must not keep the program from ending: its connection only reads.
        let reading = async { tokio::join!(self.readers.close(), self.lookups.close()) };
        let _ = tokio::time::timeout(CLOSE_WITHIN, reading).await;
        // Last, so that closing it moves the whole WAL into the file.
        self.writer.close().await?;
        drop(
            self.lock
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        Ok(())
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn doctor(&self) -> StoreResult<DoctorReport> {
        Ok(doctor::examine(&self.path).await?)
    }

    async fn save_reconciliation(&self, latest: &Reconciliation) -> StoreResult<()> {
        Ok(reconciliation::save(&self.writer, latest).await?)
    }

    async fn reconciliation(&self) -> StoreResult<Option<Reconciliation>> {
        Ok(reconciliation::latest(self.reading().await?.pool()).await?)
    }

    async fn quick_damage(&self) -> StoreResult<Vec<String>> {
        Ok(integrity::examine(&self.path, Depth::Quick).await?)
    }

    async fn table_damage(&self, number: u32) -> StoreResult<Option<Vec<String>>> {
        Ok(integrity::examine_table(&self.path, number).await?)
    }

    fn tasks(&self) -> Tasks {
        self.tasks.clone()
    }

    async fn ping(&self) -> StoreResult<()> {
        if self.writer.is_stuck() {
            return Err(Error::NotWritable.into());
        }
        sqlx::query("SELECT 1")
            .execute(&self.lookups)
            .await
            .map_err(Error::from)?;
        Ok(())
    }
}

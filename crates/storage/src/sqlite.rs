//! The embedded database.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use service::ports::{DoctorReport, Reconciliation, Store, StoreResult};
use sqlx::{Connection, SqlitePool};

use crate::{
    Database, OpenOptions,
    checkpoint::{self, Checkpoints},
    connect, doctor,
    error::{Error, Result},
    reconciliation, schema,
    writer::Writer,
};

/// How long closing waits for reads that are running.
const CLOSE_WITHIN: Duration = Duration::from_secs(3);

/// A SQLite file: one writing connection, several reading ones, one that checkpoints.
pub struct SqliteStore {
    path: PathBuf,
    pub(crate) writer: Arc<Writer>,
    pub(crate) readers: SqlitePool,
    checkpoints: Mutex<Option<Checkpoints>>,
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
        connect::set_up(path).await?;
        let writer = Arc::new(Writer::new(connect::writer(path)));
        if options.migrate {
            schema::migrate(path).await?;
        }
        let readers = connect::readers(path, options.readers).await?;
        schema::check(&mut *readers.acquire().await?).await?;
        let checkpoints = Mutex::new(Some(checkpoint::start(path, Arc::clone(&writer))));
        Ok(Self {
            path: path.to_owned(),
            writer,
            readers,
            checkpoints,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[async_trait]
impl Database for SqliteStore {
    async fn migrate(&self) -> StoreResult<()> {
        Ok(schema::migrate(&self.path).await?)
    }

    async fn backup(&self, file: &Path) -> StoreResult<()> {
        Ok(backup(&self.path, file).await?)
    }

    async fn close(&self) -> StoreResult<()> {
        let checkpoints = self
            .checkpoints
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(checkpoints) = checkpoints {
            checkpoints.stop().await;
        }
        // A read that does not end must not keep the program from ending: its connection only reads.
        let _ = tokio::time::timeout(CLOSE_WITHIN, self.readers.close()).await;
        // Last, so that closing it moves the whole WAL into the file.
        Ok(self.writer.close().await?)
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
        Ok(reconciliation::latest(&self.readers).await?)
    }

    async fn ping(&self) -> StoreResult<()> {
        sqlx::query("SELECT 1")
            .execute(&self.readers)
            .await
            .map_err(Error::from)?;
        Ok(())
    }
}

/// Copies a database while others use it. The copy is one consistent moment, without unused pages.
#[tracing::instrument(name = "db.backup", skip_all)]
async fn backup(path: &Path, file: &Path) -> Result<()> {
    let file = file
        .to_str()
        .ok_or_else(|| Error::Url("the backup's path is not UTF-8".to_owned()))?;
    let mut connection = connect::single(path).await?;
    sqlx::query("VACUUM INTO ?1")
        .bind(file)
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

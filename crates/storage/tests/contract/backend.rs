//! The databases under test.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use storage::{Database, OpenOptions};
use tempfile::TempDir;

/// A fresh database, and ways to look at it from outside.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Another handle on the same database.
    async fn open(&self) -> Arc<dyn Database>;

    /// Opening may be refused.
    async fn try_open(&self) -> Result<Arc<dyn Database>, String>;

    /// Changes the database behind the store's back.
    async fn meddle(&self, sql: &str) -> Result<(), String>;

    /// The same with a backup.
    async fn meddle_with(&self, name: &str, sql: &str) -> Result<(), String>;

    /// Opens a backup that was written to `name`.
    async fn open_backup(&self, name: &str) -> Arc<dyn Database>;

    /// Where a backup named so goes.
    fn backup_path(&self, name: &str) -> PathBuf;

    /// Bytes of changes that are not yet in the main file.
    fn pending_bytes(&self) -> u64;
}

/// A SQLite file in a folder of its own.
pub struct Sqlite {
    folder: TempDir,
}

impl Sqlite {
    pub fn start() -> Arc<dyn Backend> {
        Arc::new(Self {
            folder: tempfile::tempdir().unwrap(),
        })
    }

    fn url(&self, name: &str) -> String {
        format!(
            "sqlite://{}",
            self.folder.path().join("inner").join(name).display()
        )
    }
}

#[async_trait]
impl Backend for Sqlite {
    async fn open(&self) -> Arc<dyn Database> {
        self.try_open().await.unwrap()
    }

    async fn try_open(&self) -> Result<Arc<dyn Database>, String> {
        storage::open(&self.url("test.db"), &OpenOptions::default())
            .await
            .map_err(|error| error.to_string())
    }

    async fn meddle(&self, sql: &str) -> Result<(), String> {
        self.meddle_with("test.db", sql).await
    }

    async fn meddle_with(&self, name: &str, sql: &str) -> Result<(), String> {
        let mut connection = SqliteConnection::connect(&self.url(name)).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .map_err(|error| error.to_string())?;
        connection.close().await.unwrap();
        Ok(())
    }

    async fn open_backup(&self, name: &str) -> Arc<dyn Database> {
        storage::open(&self.url(name), &OpenOptions::default())
            .await
            .unwrap()
    }

    fn backup_path(&self, name: &str) -> PathBuf {
        self.folder.path().join("inner").join(name)
    }

    fn pending_bytes(&self) -> u64 {
        self.folder
            .path()
            .join("inner")
            .join("test.db-wal")
            .metadata()
            .map_or(0, |data| data.len())
    }
}

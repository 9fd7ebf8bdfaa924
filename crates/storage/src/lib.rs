//! The only place with SQL: Creditscope's databases behind the ports of `service`.
//!
//! SQLite in WAL mode with `synchronous = FULL`: one writing connection, several reading ones with some set apart for
//! permission to spend, checkpoints on a connection of their own. Events, their roll-ups and their cycle totals change in one transaction.

#[macro_use]
mod sql;
mod access;
mod alerts;
mod backup;
mod cells;
mod checkpoint;
mod connect;
mod digests;
mod directory;
mod doctor;
mod emails;
mod endings;
mod error;
mod events;
mod filter;
mod fold;
mod idempotency;
mod identity;
pub mod integrity;
mod leads;
mod ledger;
mod lock;
mod log;
mod names;
mod parts;
#[cfg(test)]
mod plans;
mod platform;
mod reading;
mod reconciliation;
mod restore;
mod reviews;
mod rollups;
mod rows;
mod schema;
mod sources;
mod sqlite;
mod url;
mod wide;
mod writer;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use service::ports::{Store, StoreResult};

pub use error::Error;
pub use names::NAMES;
pub use restore::{Restore, Restored, restore};
pub use sqlite::SqliteStore;
pub use url::{OpenOptions, READERS};

/// A database with what only its operator needs.
#[async_trait]
pub trait Database: Store {
    /// Brings the schema up to this program's. A newer schema is refused.
    async fn migrate(&self) -> StoreResult<()>;

    /// Writes a consistent copy to a file that does not exist yet, while the database is in use, and proves that it is
    /// sound and complete.
    async fn backup(&self, file: &Path) -> StoreResult<()>;

    /// Finishes what is running and closes every connection; later calls fail.
    async fn close(&self) -> StoreResult<()>;
}

/// Opens the database a URL names: its scheme picks which kind. Creates and migrates it as the options say.
///
/// # Errors
/// A URL of another scheme, a schema newer than this program, a database that cannot be opened.
pub async fn open(database_url: &str, options: &OpenOptions) -> Result<Arc<dyn Database>, Error> {
    let path = url::sqlite_path(database_url, options)?;
    Ok(Arc::new(SqliteStore::open(&path, options).await?))
}

/// The file that a URL names, whether it is there or not.
///
/// # Errors
/// A URL of another scheme, or one that names no file.
pub fn file(database_url: &str, options: &OpenOptions) -> Result<std::path::PathBuf, Error> {
    url::sqlite_path(database_url, options)
}

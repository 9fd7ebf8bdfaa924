//! What can go wrong in a database, in words for its operator.

use std::sync::atomic::{AtomicU64, Ordering};

use service::ports::StoreError;

/// A failure inside the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL names no database this program can open.
    #[error("database URL: {0}")]
    Url(String),
    /// The file's folder cannot be made.
    #[error("cannot create the folder of the database: {0}")]
    Folder(#[source] std::io::Error),
    /// A file beside the database cannot be written or read.
    #[error("{}: {source}", .file.display())]
    File {
        /// Which.
        file: std::path::PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A copy that is not what it should be.
    #[error("the copy cannot be trusted and was removed: {0}")]
    Unsound(String),
    /// A file that SQLite says is damaged.
    #[error("{} is damaged: {what}", .file.display())]
    Damaged {
        /// Which.
        file: std::path::PathBuf,
        /// What SQLite says.
        what: String,
    },
    /// A backup whose totals do not agree.
    #[error("the backup's events, totals and ledger do not agree: {0}")]
    Differs(String),
    /// Somebody has the database open.
    #[error("{} is in use: stop the server and other commands first", .0.display())]
    InUse(std::path::PathBuf),
    /// Somebody replaces the database.
    #[error("{} is being replaced by a backup: wait until that is done", .0.display())]
    BeingReplaced(std::path::PathBuf),
    /// The linked SQLite has a known fault.
    #[error(
        "SQLite {found} is linked, but {needed} or later is needed: earlier versions can corrupt a database in WAL mode"
    )]
    SqliteVersion {
        /// What is linked.
        found: String,
        /// The first good one.
        needed: &'static str,
    },
    /// The schema is newer than this program.
    #[error(
        "the database has schema version {found}, but this program knows versions up to {known}: run the program that wrote it, or a later one"
    )]
    SchemaNewer {
        /// The database's.
        found: i64,
        /// The latest of this program.
        known: i64,
    },
    /// The schema is older than this program and may not be migrated.
    #[error(
        "the database has schema version {found}, but this program needs {known}: run `creditscope migrate`"
    )]
    SchemaOlder {
        /// The database's.
        found: i64,
        /// The latest of this program.
        known: i64,
    },
    /// A migration failed.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A constraint of the schema, in words.
    #[error("{message} ({source})")]
    Constraint {
        /// What it means.
        message: &'static str,
        /// As the database put it.
        source: sqlx::Error,
    },
    /// Any other failure of the database.
    #[error(transparent)]
    Sql(sqlx::Error),
    /// A total that does not fit its column. Nothing was stored.
    #[error("the total of {0} is larger than can be counted")]
    Overflow(&'static str),
    /// Something stored that this program cannot have written.
    #[error("the database holds an impossible value: {0}")]
    Corrupt(String),
    /// JSON that could not be written or read.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Nothing could be written lately, and no trial has succeeded since.
    #[error("nothing can be written")]
    NotWritable,
    /// Another process did this part of a request with a key meanwhile. Nothing was done.
    #[error("a part of this request was done by another process")]
    Overtaken,
    /// The database was closed.
    #[error("the database is closed")]
    Closed,
}

/// The answer of anything in here.
pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error
            .as_database_error()
            .and_then(|inner| constraint_message(inner.message()))
        {
            Some(message) => Self::Constraint {
                message,
                source: error,
            },
            None => Self::other(error),
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if error.is_out_of_range() {
            Self::OutOfRange(error.into())
        } else if error.is_unavailable() {
            Self::Unavailable(error.into())
        } else {
            Self::new(error)
        }
    }
}

/// How often this process met [`UNAVAILABLE`].
static UNAVAILABLE_SEEN: AtomicU64 = AtomicU64::new(0);

/// How often this process met what may be otherwise later.
pub(crate) fn unavailable_seen() -> u64 {
    UNAVAILABLE_SEEN.load(Ordering::Relaxed)
}

/// Primary result codes of what may be otherwise later: the file is locked by another program, written by none (a disk
/// that was remounted), not reachable, or the disk is full or fails. <https://sqlite.org/rescode.html>
const UNAVAILABLE: [i32; 6] = [5, 6, 8, 10, 13, 14];

impl Error {
    fn other(error: sqlx::Error) -> Self {
        let error = Self::Sql(error);
        if error.is_unavailable() {
            UNAVAILABLE_SEEN.fetch_add(1, Ordering::Relaxed);
        }
        error
    }

    /// Whether the same may succeed later, without anybody changing the database.
    pub(crate) fn is_unavailable(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) | Self::NotWritable => true,
            Self::Sql(error) => primary_code(error).is_some_and(|code| UNAVAILABLE.contains(&code)),
            _ => false,
        }
    }

    fn is_out_of_range(&self) -> bool {
        matches!(self, Self::Overflow(_))
            || matches!(self, Self::Constraint { message, .. } if *message == TOO_LARGE)
    }
}

/// The result code of SQLite without what extends it.
pub(crate) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// What it means that a sum left the range of its column.
const TOO_LARGE: &str = "a total is larger than can be counted";

/// What a broken constraint means to people, by the part of SQLite's message that names it.
fn constraint_message(message: &str) -> Option<&'static str> {
    const MEANINGS: [(&str, &str); 9] = [
        ("accounts.key", "an account with this key exists"),
        (
            "companies.account_id, companies.key",
            "the account has a company with this key",
        ),
        ("api_keys.prefix", "an API key with this prefix exists"),
        ("users.email", "a user with this email address exists"),
        (
            "rate_cards.event_type",
            "this version of the rate card exists",
        ),
        (
            "events are append-only",
            "events are never changed or deleted",
        ),
        (
            "FOREIGN KEY constraint failed",
            "it names something that is not there",
        ),
        ("cannot store REAL value in INTEGER column", TOO_LARGE),
        ("integer overflow", TOO_LARGE),
    ];
    MEANINGS
        .iter()
        .find(|(part, _)| message.contains(part))
        .map(|(_, meaning)| *meaning)
}

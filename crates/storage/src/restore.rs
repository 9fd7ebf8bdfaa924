//! Puts a backup in the place of a database that nobody has open.
//!
//! The backup is copied beside the database, proved and brought up to date there; only then are names exchanged. Whenever
//! it is interrupted, the name stands for the whole old database or for the whole new one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use service::ports::DoctorReport;
use sqlx::{ConnectOptions, Connection};

use crate::{
    OpenOptions, SqliteStore, backup, connect, doctor,
    error::{Error, Result},
    integrity::{self, Depth},
    lock::{self, beside},
};

/// What SQLite puts beside a database.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// A backup to put in the place of a database.
#[derive(Debug, Clone)]
pub struct Restore {
    /// The backup; it stays as it is.
    pub backup: PathBuf,
    /// The database.
    pub database: PathBuf,
    /// The name that the database so far is kept under.
    pub kept: PathBuf,
    /// Whether totals that do not agree are accepted: when there is no better backup.
    pub accept_differences: bool,
}

/// What was put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What doctor says of it.
    pub report: DoctorReport,
    /// The database so far; none when there was none.
    pub kept: Option<PathBuf>,
}

/// Puts a backup in place.
///
/// # Errors
/// The database is open, the backup is damaged, of a newer program or does not agree, or a file cannot be written: the
/// database is as it was.
#[tracing::instrument(name = "db.restore", skip_all)]
pub async fn restore(restore: &Restore) -> std::result::Result<Restored, Error> {
    let database = &restore.database;
    make_folder(database)?;
    let lock = lock::alone(database)?;
    let staged = beside(database, ".restoring");
    // Of one that was interrupted.
    remove_all(&staged)?;
    let proved = prove(restore, &staged).await;
    if proved.is_err() {
        let _ = remove_all(&staged);
    }
    let report = proved?;
    let kept = keep(database, &restore.kept).await?;
    put(|| fs::rename(&staged, database), database)?;
    backup::sync(database)?;
    let damage = integrity::examine(database, Depth::Quick).await?;
    drop(lock);
    if damage.is_empty() {
        Ok(Restored { report, kept })
    } else {
        Err(damaged(database, &damage))
    }
}

/// Copies the backup, brings the copy up to date and compares everything in it.
async fn prove(restore: &Restore, staged: &Path) -> Result<DoctorReport> {
    let damage = integrity::examine(&restore.backup, Depth::Full).await?;
    if !damage.is_empty() {
        return Err(damaged(&restore.backup, &damage));
    }
    backup::write(&restore.backup, staged).await?;
    let store = SqliteStore::open(staged, &OpenOptions::default()).await?;
    let report = doctor::examine(staged).await;
    let closed = crate::Database::close(&store).await;
    drop(store);
    let report = report?;
    closed.map_err(|error| Error::Unsound(error.to_string()))?;
    let _ = fs::remove_file(beside(staged, ".lock"));
    backup::sync(staged)?;
    if report.differences.is_empty() || restore.accept_differences {
        Ok(report)
    } else {
        Err(Error::Differs(report.differences.join(" ")))
    }
}

/// Gives the database so far another name besides its own, so that there is a database at any moment.
async fn keep(database: &Path, kept: &Path) -> Result<Option<PathBuf>> {
    if !database.exists() {
        return Ok(None);
    }
    // Moves the WAL into the file, and fails when a program that does not know of our lock has it open.
    match leave_wal(database).await {
        Ok(()) => {}
        Err(error) if integrity::is_damage(&error) => {}
        Err(error) if error.is_unavailable() => return Err(Error::InUse(database.to_owned())),
        Err(error) => return Err(error),
    }
    put(|| fs::hard_link(database, kept), kept)?;
    // Left only beside a damaged file: a stranger's WAL must not be applied to the new one.
    for end in COMPANIONS {
        let (from, to) = (beside(database, end), beside(kept, end));
        put(|| ignore_missing(fs::rename(&from, &to)), &from)?;
    }
    Ok(Some(kept.to_owned()))
}

async fn leave_wal(database: &Path) -> Result<()> {
    let mut connection = connect::alone(database).connect().await?;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode = DELETE")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    if mode == "delete" {
        Ok(())
    } else {
        Err(Error::InUse(database.to_owned()))
    }
}

fn damaged(file: &Path, damage: &[String]) -> Error {
    Error::Damaged {
        file: file.to_owned(),
        what: damage.join(" "),
    }
}

fn make_folder(database: &Path) -> Result<()> {
    match database.parent() {
        Some(folder) => fs::create_dir_all(folder).map_err(Error::Folder),
        None => Ok(()),
    }
}

fn remove_all(staged: &Path) -> Result<()> {
    for end in ["", "-wal", "-shm", "-journal", ".lock"] {
        let file = beside(staged, end);
        put(|| ignore_missing(fs::remove_file(&file)), &file)?;
    }
    Ok(())
}

fn ignore_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn put(act: impl FnOnce() -> io::Result<()>, file: &Path) -> Result<()> {
    act().map_err(|source| Error::File {
        file: file.to_owned(),
        source,
    })
}

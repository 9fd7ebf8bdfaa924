//! Copies a database while others use it, and believes the copy only when it was proved.

use std::{
    fs::{self, File},
    path::Path,
};

use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::{
    connect,
    error::{Error, Result},
    integrity::{self, Depth},
};

/// Rows of what is only ever added to, by table.
#[derive(sqlx::FromRow)]
struct Counts {
    events: i64,
    payments: i64,
    entries: i64,
    audit: i64,
}

impl Counts {
    fn values(&self) -> [(&'static str, i64); 4] {
        [
            ("events", self.events),
            ("payments", self.payments),
            ("ledger entries", self.entries),
            ("audit entries", self.audit),
        ]
    }
}

/// Writes a copy: one consistent moment, without unused pages. A copy that fails is removed.
#[tracing::instrument(name = "db.backup", skip_all)]
pub(crate) async fn write(path: &Path, file: &Path) -> Result<()> {
    create(file)?;
    let written = copy(path, file).await;
    if written.is_err() {
        // It is ours: there was none before.
        let _ = fs::remove_file(file);
    }
    written
}

/// Makes the file, so that nothing that was there is written over, and nobody else may read it. `VACUUM INTO` takes an
/// empty one.
fn create(file: &Path) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop).map_err(|source| Error::File {
        file: file.to_owned(),
        source,
    })
}

async fn copy(path: &Path, file: &Path) -> Result<()> {
    let name = file
        .to_str()
        .ok_or_else(|| Error::Url("the backup's path is not UTF-8".to_owned()))?;
    let mut connection = connect::looking(path).connect().await?;
    let before = count(&mut connection).await?;
    sqlx::query("VACUUM INTO ?1")
        .bind(name)
        .execute(&mut connection)
        .await?;
    let after = count(&mut connection).await?;
    connection.close().await?;
    sync(file)?;
    let damage = integrity::examine(file, Depth::Full).await?;
    let mut faults: Vec<String> = damage;
    if faults.is_empty() {
        let mut copied = connect::looking(file).connect().await?;
        faults = missing(&before, &count(&mut copied).await?, &after);
        copied.close().await?;
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Unsound(faults.join(" ")))
    }
}

/// What was there before has to be in the copy, and what is in the copy has to be there after.
fn missing(before: &Counts, copied: &Counts, after: &Counts) -> Vec<String> {
    let counts = before.values().into_iter().zip(copied.values());
    let counts = counts.zip(after.values());
    let wrong =
        counts.filter(|((before, copied), after)| copied.1 < before.1 || copied.1 > after.1);
    wrong
        .map(|((before, copied), after)| {
            let (name, low) = before;
            format!(
                "It has {} {name} instead of {low} to {}.",
                copied.1, after.1
            )
        })
        .collect()
}

async fn count(connection: &mut SqliteConnection) -> Result<Counts> {
    const SQL: &str = "
        SELECT
            (SELECT count(*) FROM events) AS events,
            (SELECT count(*) FROM payments) AS payments,
            (SELECT count(*) FROM ledger_entries) AS entries,
            (SELECT count(*) FROM audit) AS audit";
    Ok(sqlx::query_as(SQL).fetch_one(connection).await?)
}

/// The copy outlives a power cut, and so does its name.
pub(crate) fn sync(file: &Path) -> Result<()> {
    let synced = File::open(file).and_then(|opened| opened.sync_all());
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let synced = synced.and_then(|()| {
        File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all())
    });
    synced.map_err(|source| Error::File {
        file: file.to_owned(),
        source,
    })
}

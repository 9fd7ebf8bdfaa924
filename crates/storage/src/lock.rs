//! Who uses a database file: everybody who has it open together, or one who replaces it.
//!
//! The lock is on a file beside it, which is never removed, because the database itself is exchanged by its name. It ends
//! with the process that holds it, however that ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use crate::error::{Error, Result};

/// Held for as long as the database is open.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "the lock ends when the file is closed")] File);

/// Together with all others who have it open.
pub(crate) fn shared(path: &Path) -> Result<Lock> {
    let file = open(path)?;
    held(file.try_lock_shared(), path, Error::BeingReplaced)?;
    Ok(Lock(file))
}

/// Alone.
pub(crate) fn alone(path: &Path) -> Result<Lock> {
    let file = open(path)?;
    held(file.try_lock(), path, Error::InUse)?;
    Ok(Lock(file))
}

fn held(
    locked: std::result::Result<(), TryLockError>,
    path: &Path,
    refused: impl FnOnce(PathBuf) -> Error,
) -> Result<()> {
    locked.map_err(|error| match error {
        TryLockError::WouldBlock => refused(path.to_owned()),
        TryLockError::Error(source) => Error::File {
            file: beside(path, ".lock"),
            source,
        },
    })
}

fn open(path: &Path) -> Result<File> {
    let file = beside(path, ".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(&file)
        .map_err(|source| Error::File { file, source })
}

/// The path of a file with the same name and something after it.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

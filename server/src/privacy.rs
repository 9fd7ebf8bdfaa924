//! Files of this program are for the person it runs as, and for nobody else on the machine.

use std::path::{Path, PathBuf};

use crate::{cli::open, config::Config};

/// What all others, and the group, may do with a file.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// From now on every file this process makes is 0600 and every folder 0700: the database and what SQLite puts beside it,
/// emails, backups, exports.
pub fn keep_to_ourselves() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// A sentence for each file and folder that others may look at: one that was there before, or was changed.
pub fn wider(config: &Config) -> Vec<String> {
    let mut paths = vec![config.data_dir.clone(), config.data_dir.join(open::MAIL)];
    if let Ok(file) = open::file(config) {
        paths.extend(beside(&file));
        paths.push(file);
    }
    paths.extend(config.tls.iter().map(|tls| tls.key.clone()));
    paths.iter().filter_map(|path| told(path)).collect()
}

/// What SQLite puts beside a database.
fn beside(file: &Path) -> [PathBuf; 2] {
    ["-wal", "-shm"].map(|end| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    })
}

#[cfg(unix)]
fn told(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = path.metadata().ok()?;
    let mode = found.permissions().mode() & 0o777;
    let right = if found.is_dir() { "700" } else { "600" };
    (mode & OTHERS != 0).then(|| {
        let path = path.display();
        format!("others on this machine may open {path} ({mode:o}): chmod {right} {path}")
    })
}

#[cfg(not(unix))]
fn told(_path: &Path) -> Option<String> {
    None
}

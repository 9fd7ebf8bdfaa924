//! Which database a URL names, and how it is opened.

use std::path::{Path, PathBuf};

use service::tasks::Tasks;

use crate::{
    error::{Error, Result},
    names::{NAMES, NameLimits},
};

/// Reading connections unless told otherwise: reads are short, and a few keep two to eight cores busy.
pub const READERS: u32 = 6;

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Reading connections.
    pub readers: u32,
    /// The folder a relative path starts from; the working directory when left out.
    pub folder: Option<PathBuf>,
    /// Sources of an account that are counted by themselves.
    pub sources_per_account: u32,
    /// Activities of an account that are counted by themselves.
    pub activities_per_account: u32,
    /// Whether an older schema is brought up to date; refused otherwise.
    pub migrate: bool,
    /// The background tasks of the process, which those of the store are among.
    pub tasks: Tasks,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            readers: READERS,
            folder: None,
            sources_per_account: NAMES,
            activities_per_account: NAMES,
            migrate: true,
            tasks: Tasks::default(),
        }
    }
}

impl OpenOptions {
    pub(crate) fn names(&self) -> NameLimits {
        NameLimits {
            sources: self.sources_per_account,
            activities: self.activities_per_account,
        }
    }
}

/// The file a `sqlite://` URL names.
pub(crate) fn sqlite_path(database_url: &str, options: &OpenOptions) -> Result<PathBuf> {
    let Some((scheme, rest)) = database_url.split_once(':') else {
        return Err(refused("has no scheme: write sqlite://path/to/file.db"));
    };
    match scheme {
        "sqlite" => {}
        "postgres" | "postgresql" => {
            return Err(refused(
                "PostgreSQL is not supported yet: use sqlite://path",
            ));
        }
        _ => return Err(refused("its scheme is not known: use sqlite://path")),
    }
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path == ":memory:" {
        return Err(refused(
            "names no file: several connections share the database, so it cannot live in memory",
        ));
    }
    if path.contains('?') {
        return Err(refused("takes no parameters after '?'"));
    }
    Ok(options
        .folder
        .as_deref()
        .unwrap_or(Path::new(""))
        .join(path))
}

fn refused(why: &str) -> Error {
    Error::Url(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str) -> std::result::Result<PathBuf, String> {
        let options = OpenOptions {
            folder: Some("/data".into()),
            ..OpenOptions::default()
        };
        sqlite_path(url, &options).map_err(|error| error.to_string())
    }

    #[test]
    fn the_scheme_picks_the_database() {
        assert_eq!(path("sqlite://a.db"), Ok("/data/a.db".into()));
        assert_eq!(path("sqlite:///var/lib/a.db"), Ok("/var/lib/a.db".into()));
        assert_eq!(path("sqlite:a.db"), Ok("/data/a.db".into()));
        assert!(
            path("postgres://host/db")
                .unwrap_err()
                .contains("not supported yet")
        );
        for url in [
            "mysql://x",
            "a.db",
            "sqlite://",
            "sqlite::memory:",
            "sqlite://a.db?mode=ro",
        ] {
            assert!(path(url).is_err(), "{url}");
        }
    }
}

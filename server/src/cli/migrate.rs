//! `creditscope migrate` and `creditscope backup`

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use serde_json::json;

use super::{CliResult, open, output::Output};
use crate::config::Config;

/// Where to write a copy.
#[derive(Debug, Args)]
pub struct Backup {
    /// A file that does not exist yet
    file: PathBuf,
}

/// Brings the schema up to date.
pub async fn run(config: &Config, output: &Output) -> CliResult {
    let database = open::database(config, output, true).await?;
    database.close().await?;
    output.answer("The schema is up to date.", &json!({ "migrated": true }));
    Ok(ExitCode::SUCCESS)
}

/// Writes a consistent copy of the database.
pub async fn backup(backup: &Backup, config: &Config, output: &Output) -> CliResult {
    let database = open::existing(config, false).await?;
    database.backup(&backup.file).await?;
    database.close().await?;
    output.answer(
        &format!(
            "Copied to {}, and proved sound and complete.",
            backup.file.display()
        ),
        &json!({ "file": backup.file }),
    );
    Ok(ExitCode::SUCCESS)
}

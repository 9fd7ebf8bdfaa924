//! `creditscope restore`

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use serde_json::json;
use service::{Clock as _, SystemClock};

use super::{CliResult, doctor, open, output::Output};
use crate::config::Config;

/// Which backup to put in place.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup; it stays as it is
    file: PathBuf,
    /// Put it in place although its totals do not agree
    #[arg(long)]
    accept_differences: bool,
}

/// Puts a backup in the place of the database, and keeps the one so far beside it.
pub async fn run(restore: &Restore, config: &Config, output: &Output) -> CliResult {
    let database = open::file(config)?;
    let now = SystemClock.now().to_string().replace(':', "-");
    let stem = database.file_stem().unwrap_or_default().to_string_lossy();
    let kept = database.with_file_name(format!("{stem}-before-{now}.db"));
    let restored = storage::restore(&storage::Restore {
        backup: restore.file.clone(),
        database: database.clone(),
        kept,
        accept_differences: restore.accept_differences,
    })
    .await?;
    let kept = restored.kept.as_ref().map_or_else(String::new, |kept| {
        format!("\nThe database so far is kept as {}.", kept.display())
    });
    let text = format!(
        "Restored {}. {}{kept}",
        database.display(),
        doctor::text(&restored.report)
    );
    output.answer(
        &text,
        &json!({ "database": database, "kept": restored.kept, "report": restored.report }),
    );
    Ok(ExitCode::SUCCESS)
}

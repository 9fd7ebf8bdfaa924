//! `creditscope doctor`

use std::process::ExitCode;

use serde_json::json;
use service::ports::DoctorReport;
use storage::integrity::{self, Depth};

use super::{
    CliResult,
    open::{self, Shell},
    output::Output,
};
use crate::{config::Config, privacy};

/// Asks SQLite whether the file is sound, then checks that events, roll-ups, cycle totals and the ledger agree.
pub async fn run(config: &Config, output: &Output) -> CliResult {
    let file = open::existing_file(config)?;
    for sentence in privacy::wider(config) {
        output.note(&format!("warning: {sentence}"));
    }
    // Before anything is opened for writing.
    let damage = integrity::examine(&file, Depth::Rows).await?;
    if !damage.is_empty() {
        let lines = list(&damage);
        output.answer(
            &format!("{} is damaged:\n{lines}\nKeep the file, and restore a backup with creditscope restore.", file.display()),
            &json!({ "damage": damage }),
        );
        return Ok(ExitCode::FAILURE);
    }
    let shell = Shell::open(config, output).await?;
    let examined = shell.services.doctor(&shell.caller).await;
    shell.close().await?;
    let report = examined?;
    output.answer(&text(&report), &report);
    Ok(if report.differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What was found, for people.
pub fn text(report: &DoctorReport) -> String {
    let seen = format!(
        "{} events, {} roll-ups, {} cycle totals",
        report.events, report.rollups, report.cycles
    );
    if report.differences.is_empty() {
        format!("All agree: {seen}.")
    } else {
        let lines = list(&report.differences);
        format!(
            "{} differences in {seen}:\n{lines}",
            report.differences.len()
        )
    }
}

fn list(sentences: &[String]) -> String {
    let lines: Vec<_> = sentences.iter().map(|line| format!("- {line}")).collect();
    lines.join("\n")
}

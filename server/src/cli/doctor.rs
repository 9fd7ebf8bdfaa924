//! `creditscope doctor`

use std::process::ExitCode;

use super::{CliResult, open::Shell};

/// Checks that events, roll-ups, cycle totals and the ledger agree.
pub async fn run(shell: &Shell<'_>) -> CliResult {
    let report = shell.services.doctor(&shell.caller).await?;
    let seen = format!(
        "{} events, {} roll-ups, {} cycle totals",
        report.events, report.rollups, report.cycles
    );
    let text = if report.differences.is_empty() {
        format!("All agree: {seen}.")
    } else {
        let lines: Vec<_> = report
            .differences
            .iter()
            .map(|difference| format!("- {difference}"))
            .collect();
        format!(
            "{} differences in {seen}:\n{}",
            lines.len(),
            lines.join("\n")
        )
    };
    shell.output.answer(&text, &report);
    Ok(if report.differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

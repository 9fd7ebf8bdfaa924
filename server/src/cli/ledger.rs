//! `creditscope ledger`

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;
use domain::{Seq, ledger::Payer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use service::{Permission, ports::NumberedEntry};

use super::{CliError, CliResult, account::LISTED, open::Shell};
use crate::chain;

/// Write out an account's ledger, and prove that it is still what was written.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write every entry besides usage, oldest first, each line with the hash of all before
    Export {
        /// Key of the account
        account: String,
        /// A file that does not exist yet
        file: PathBuf,
    },
    /// Check an export, and that the ledger still begins with it; exit code 1 when not
    Verify {
        /// The export
        file: PathBuf,
        /// The hash it must end with, as it was noted when it was written
        #[arg(long)]
        head: Option<String>,
    },
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    account: String,
    /// Changes when lines of later exports are no longer those of earlier ones.
    format: u32,
}

/// An entry.
#[derive(Debug, Serialize)]
struct Line {
    number: i64,
    at: String,
    kind: &'static str,
    /// Number of the grant; null for overage.
    grant_number: Option<i64>,
    cycle_start: String,
    credits: String,
    balance_after: String,
    /// Number of the newest event then.
    as_of: i64,
    /// Number of the reversal's event.
    event: Option<i64>,
    reason: Option<String>,
    actor: String,
}

impl From<NumberedEntry> for Line {
    fn from(numbered: NumberedEntry) -> Self {
        let entry = numbered.entry;
        Self {
            number: numbered.number,
            at: numbered.at.to_string(),
            kind: entry.kind.id(),
            grant_number: match entry.payer {
                Payer::Grant(number) => Some(number.0),
                Payer::Overage => None,
            },
            cycle_start: entry.cycle_start.to_string(),
            credits: entry.credits.to_string(),
            balance_after: entry.balance_after.to_string(),
            as_of: numbered.as_of.0,
            event: entry.event.map(|Seq(seq)| seq),
            reason: entry.reason,
            actor: entry.actor,
        }
    }
}

/// Runs the command.
pub async fn run(command: Command, shell: &Shell<'_>) -> CliResult {
    match command {
        Command::Export { account, file } => export(shell, &account, &file).await,
        Command::Verify { file, head } => verify(shell, &file, head.as_deref()).await,
    }
}

async fn export(shell: &Shell<'_>, account: &str, file: &Path) -> CliResult {
    let lines = ledger(shell, account).await?;
    let head = head(&lines);
    let failed = |error| CliError::Io(file.display().to_string(), error);
    let mut out = fs::File::create_new(file).map_err(failed)?;
    let mut text = lines.join("\n");
    text.push('\n');
    out.write_all(text.as_bytes()).map_err(failed)?;
    out.sync_all().map_err(failed)?;
    let entries = lines.len() - 1;
    shell.output.answer(
        &format!("{entries} entries. Keep this hash elsewhere: {head}"),
        &json!({ "account": account, "entries": entries, "head": head, "file": file }),
    );
    Ok(ExitCode::SUCCESS)
}

async fn verify(shell: &Shell<'_>, file: &Path, noted: Option<&str>) -> CliResult {
    let text = fs::read_to_string(file)
        .map_err(|error| CliError::Io(file.display().to_string(), error))?;
    let written: Vec<&str> = text.lines().collect();
    let fault = match chain::check(written.iter().copied()) {
        Err(line) => Some(format!("line {line} does not follow from those before it")),
        Ok(head) if noted.is_some_and(|noted| noted != head) => {
            Some(format!("it ends with {head}, another hash was noted"))
        }
        Ok(_) => differs(shell, &written).await?,
    };
    let entries = written.len().saturating_sub(1);
    let text = fault.as_ref().map_or_else(
        || format!("{entries} entries are as they were written, and the ledger begins with them."),
        |fault| format!("{} cannot be trusted: {fault}.", file.display()),
    );
    let is_sound = fault.is_none();
    shell.output.answer(
        &text,
        &json!({ "entries": entries, "is_sound": is_sound, "fault": fault }),
    );
    Ok(if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// How the ledger as it is now differs from one that was written earlier. Later entries are none.
async fn differs(shell: &Shell<'_>, written: &[&str]) -> Result<Option<String>, CliError> {
    let header = written
        .first()
        .and_then(|line| line.split_once(' '))
        .and_then(|(_, json)| serde_json::from_str::<Header>(json).ok());
    let Some(header) = header else {
        return Ok(Some(
            "it does not begin with the name of an account".to_owned(),
        ));
    };
    let now = ledger(shell, &header.account).await?;
    let place =
        (0..written.len()).find(|&place| now.get(place).is_none_or(|line| line != written[place]));
    Ok(place.map(|place| format!("the ledger has something else at line {}", place + 1)))
}

/// The lines of an account's ledger, oldest first.
async fn ledger(shell: &Shell<'_>, account: &str) -> Result<Vec<String>, CliError> {
    let scope = shell
        .services
        .scope(&shell.caller, Some(account), Permission::Read)
        .await?;
    let mut entries = Vec::new();
    let mut before = None;
    loop {
        let page = shell
            .services
            .ledger_entries(&scope, before, LISTED)
            .await?;
        let Some(oldest) = page.last() else { break };
        before = Some(oldest.number);
        entries.extend(page.into_iter().map(Line::from));
    }
    entries.reverse();
    let header = Header {
        account: account.to_owned(),
        format: 1,
    };
    let mut payloads = vec![text(&header)?];
    for entry in &entries {
        payloads.push(text(entry)?);
    }
    Ok(chain::join(payloads))
}

fn text(line: &impl Serialize) -> Result<String, CliError> {
    serde_json::to_string(line).map_err(|error| CliError::Usage(error.to_string()))
}

fn head(lines: &[String]) -> &str {
    lines
        .last()
        .and_then(|line| line.split_once(' '))
        .map_or("", |(hash, _)| hash)
}

//! `creditscope audit`

use std::process::ExitCode;

use clap::Args;
use domain::calendar::Zone;
use serde::Serialize;
use service::{Permission, audit::AuditAsk, ports::AuditEntry};

use super::{
    CliError, CliResult,
    open::{Shell, zone_of},
};
use crate::api::times;

/// Read the audit log, newest first.
#[derive(Debug, Args)]
pub struct Audit {
    /// Key of an account; all accounts when left out
    #[arg(long)]
    account: Option<String>,
    /// Only actions that begin with this, such as member or key.made
    #[arg(long, default_value = "")]
    action: String,
    /// Only entries whose actor contains this, without regard to case
    #[arg(long, default_value = "")]
    actor: String,
    /// Only entries older than the one with this number
    #[arg(long)]
    before: Option<i64>,
}

/// An entry as it is printed.
#[derive(Serialize)]
struct Row {
    number: i64,
    at: String,
    /// When, as people read it: with the offset of the account's zone.
    #[serde(skip)]
    shown_at: String,
    actor: String,
    address: Option<String>,
    action: String,
    target: String,
    detail: String,
}

impl Row {
    fn new(entry: AuditEntry, zone: &Zone) -> Self {
        Self {
            number: entry.number,
            at: times::rfc3339_utc(entry.at),
            shown_at: zone.rfc3339(entry.at),
            actor: entry.actor,
            address: entry.address,
            action: entry.action,
            target: entry.target,
            detail: entry.detail,
        }
    }
}

/// Runs the command.
pub async fn run(audit: Audit, shell: &Shell<'_>) -> CliResult {
    let rows = read(audit, shell).await?;
    shell.output.list(&rows, |row| {
        vec![
            row.number.to_string(),
            row.shown_at.clone(),
            row.actor.clone(),
            row.address.clone().unwrap_or_else(|| "-".to_owned()),
            row.action.clone(),
            row.target.clone(),
            row.detail.clone(),
        ]
    });
    Ok(ExitCode::SUCCESS)
}

async fn read(audit: Audit, shell: &Shell<'_>) -> Result<Vec<Row>, CliError> {
    let (services, caller) = (&shell.services, &shell.caller);
    let ask = AuditAsk {
        action: audit.action,
        actor: audit.actor,
        before: audit.before,
    };
    let (entries, zone) = match audit.account {
        Some(account) => {
            let scope = services
                .scope(caller, Some(&account), Permission::Manage)
                .await?;
            (services.audit(&scope, &ask).await?, zone_of(&scope))
        }
        None => (services.platform_audit(caller, &ask).await?, Zone::utc()),
    };
    Ok(entries
        .into_iter()
        .map(|entry| Row::new(entry, &zone))
        .collect())
}

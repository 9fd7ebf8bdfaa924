//! `creditscope account`

use std::process::ExitCode;

use clap::Subcommand;
use domain::{calendar::Zone, tenancy::AccountKind};
use service::ports::PutAccount;

use super::{CliError, CliResult, open::Shell};
use crate::api::{accounts::AccountBody, times};

/// Most rows a listing shows.
pub const LISTED: u32 = 10_000;

/// Create and list accounts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create or replace an account
    Create {
        /// Its key
        key: String,
        /// Display name
        #[arg(long)]
        name: String,
        /// customer or agency
        #[arg(long, default_value = "customer")]
        kind: AccountKind,
        /// IANA time zone in which its days and cycles are counted
        #[arg(long, default_value = "UTC")]
        time_zone: String,
        /// Start of its first billing cycle: a date in the time zone, or an RFC 3339 time [default: the first of this month]
        #[arg(long)]
        cycle_anchor: Option<String>,
        /// Key of its plan
        #[arg(long)]
        plan: String,
    },
    /// List accounts
    List,
}

/// Runs the command.
pub async fn run(command: Command, shell: &Shell<'_>) -> CliResult {
    let (services, caller) = (&shell.services, &shell.caller);
    match command {
        Command::Create {
            key,
            name,
            kind,
            time_zone,
            cycle_anchor,
            plan,
        } => {
            let zone = Zone::named(&time_zone)
                .map_err(|error| CliError::Usage(format!("--time-zone: {error}")))?;
            let cycle_anchor = match cycle_anchor {
                Some(text) => times::parse("--cycle-anchor", &text, &zone)
                    .map_err(|_| CliError::Usage(format!("--cycle-anchor: '{text}' must be a date such as 2026-11-23, or an RFC 3339 time")))?,
                None => zone.day_start(zone.at(services.now()).date().first_of_month()),
            };
            let put = services
                .put_account(
                    caller,
                    PutAccount {
                        key,
                        name,
                        kind,
                        time_zone,
                        cycle_anchor,
                        plan,
                    },
                )
                .await?;
            let verb = if put.created { "Created" } else { "Replaced" };
            let account = AccountBody::from(put.value);
            shell
                .output
                .answer(&format!("{verb} account {}.", account.key), &account);
        }
        Command::List => {
            let accounts: Vec<_> = services
                .accounts(caller, None, LISTED)
                .await?
                .into_iter()
                .map(AccountBody::from)
                .collect();
            shell.output.list(&accounts, |account| {
                format!(
                    "{}\t{}\t{}\t{}\t{}",
                    account.key, account.name, account.kind, account.time_zone, account.plan
                )
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

//! `creditscope account`

use std::process::ExitCode;

use clap::Subcommand;
use domain::{Credits, calendar::Zone, tenancy::AccountKind};
use service::{books::policy_from, ports::PutAccount};

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
        /// What happens when no credits remain
        #[arg(long, default_value = "hard_stop", value_parser = ["hard_stop", "grace", "overage"])]
        policy: String,
        /// With grace: how much overage is allowed, in percent of the allocation
        #[arg(long)]
        grace_percent: Option<u32>,
        /// Credits that the system may refund in a billing cycle without a decision of the platform
        #[arg(long, default_value = "0")]
        auto_refund_credits: Credits,
    },
    /// Stop an account's AI features: every check is denied
    Suspend {
        /// Its key
        key: String,
    },
    /// Let a suspended account's AI features go on
    Resume {
        /// Its key
        key: String,
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
            policy,
            grace_percent,
            auto_refund_credits,
        } => {
            let policy = policy_from(Some(&policy), grace_percent)?;
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
                        policy,
                        auto_refund: auto_refund_credits,
                    },
                )
                .await?;
            let verb = put.verb();
            let account = AccountBody::from(put.value);
            shell
                .output
                .answer(&format!("{verb} account {}.", account.key), &account);
        }
        Command::Suspend { key } => suspend(shell, &key, true).await?,
        Command::Resume { key } => suspend(shell, &key, false).await?,
        Command::List => {
            let accounts: Vec<_> = services
                .accounts(caller, None, None, LISTED)
                .await?
                .into_iter()
                .map(AccountBody::from)
                .collect();
            shell.output.list(&accounts, |account| {
                vec![
                    account.key.clone(),
                    account.name.clone(),
                    account.kind.to_string(),
                    account.time_zone.clone(),
                    account.plan.clone().unwrap_or_default(),
                ]
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn suspend(shell: &Shell<'_>, key: &str, is_suspended: bool) -> Result<(), CliError> {
    let (services, caller) = (&shell.services, &shell.caller);
    services.suspend(caller, key, is_suspended).await?;
    let account = AccountBody::from(services.account(caller, key).await?);
    let verb = if is_suspended { "Suspended" } else { "Resumed" };
    shell
        .output
        .answer(&format!("{verb} account {key}."), &account);
    Ok(())
}

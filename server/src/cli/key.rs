//! `creditscope key`

use std::process::ExitCode;

use clap::Subcommand;
use domain::calendar::Zone;
use serde_json::json;
use service::{
    Permission,
    keys::KeyAsk,
    ports::{ApiKey, KeyScope},
};

use super::{
    CliError, CliResult,
    account::LISTED,
    open::{Shell, zone_of},
};
use crate::api::keys::KeyBody;

/// Create, list and revoke API keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a key and print it once, alone
    Create {
        /// platform, or of one account: ingest, check, read; repeatable, also with commas
        #[arg(long = "scope", required = true, value_delimiter = ',')]
        scopes: Vec<KeyScope>,
        /// Key of the account; none for platform keys
        #[arg(long)]
        account: Option<String>,
        /// Name of the key
        #[arg(long, default_value = "")]
        name: String,
        /// Seconds until it expires [default: never]
        #[arg(long, value_name = "SECONDS")]
        expires_in_s: Option<u32>,
    },
    /// List keys, without their secrets
    List {
        /// Key of the account; platform keys when left out
        #[arg(long)]
        account: Option<String>,
    },
    /// Revoke a key
    Revoke {
        /// The public part of the key
        prefix: String,
        /// Key of the account; none for platform keys
        #[arg(long)]
        account: Option<String>,
    },
}

/// Runs the command.
pub async fn run(command: Command, shell: &Shell<'_>) -> CliResult {
    let (services, caller) = (&shell.services, &shell.caller);
    match command {
        Command::Create {
            scopes,
            account,
            name,
            expires_in_s,
        } => {
            let made = services
                .make_key(
                    caller,
                    account.as_deref(),
                    KeyAsk {
                        scopes,
                        name,
                        expires_in_s,
                    },
                )
                .await?;
            let answer = json!({ "key": made.token, "prefix": made.key.prefix, "scopes": made.key.scopes, "account": account });
            shell.output.answer(&made.token, &answer);
        }
        Command::List { account } => {
            list(account.as_deref(), shell).await?;
        }
        Command::Revoke { prefix, account } => {
            services
                .revoke_key(caller, account.as_deref(), &prefix)
                .await?;
            shell
                .output
                .answer(&format!("Revoked {prefix}."), &json!({ "revoked": prefix }));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(account: Option<&str>, shell: &Shell<'_>) -> Result<(), CliError> {
    let (services, caller) = (&shell.services, &shell.caller);
    let keys = services.keys(caller, account, None, LISTED).await?;
    // Keys of the platform belong to no account, and so to no zone of one.
    let zone = match account {
        Some(key) => zone_of(&services.scope(caller, Some(key), Permission::Read).await?),
        None => Zone::utc(),
    };
    let lines: Vec<_> = keys.iter().map(|key| line(key, &zone)).collect();
    if shell.output.is_json() {
        let keys: Vec<_> = keys.into_iter().map(KeyBody::from).collect();
        shell.output.list(&keys, |_| Vec::new());
    } else {
        shell.output.list(&lines, Clone::clone);
    }
    Ok(())
}

/// A key as people read it, its times with the offset of the account's zone.
fn line(key: &ApiKey, zone: &Zone) -> Vec<String> {
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.id()).collect();
    let state = key.revoked_at.map_or_else(
        || "active".to_owned(),
        |at| format!("revoked {}", zone.rfc3339(at)),
    );
    vec![
        key.prefix.clone(),
        scopes.join(","),
        key.name.clone(),
        zone.rfc3339(key.created_at),
        state,
    ]
}

//! `creditscope company`

use std::process::ExitCode;

use clap::Subcommand;
use service::Permission;

use super::{CliResult, account::LISTED, open::Shell};
use crate::api::companies::CompanyBody;

/// Create and list companies.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create or replace a company
    Create {
        /// Its key
        key: String,
        /// Key of its account
        #[arg(long)]
        account: String,
        /// Display name
        #[arg(long)]
        name: String,
    },
    /// List the companies of an account
    List {
        /// Key of the account
        #[arg(long)]
        account: String,
    },
}

/// Runs the command.
pub async fn run(command: Command, shell: &Shell<'_>) -> CliResult {
    let (services, caller) = (&shell.services, &shell.caller);
    match command {
        Command::Create { key, account, name } => {
            let put = services.put_company(caller, &account, &key, &name).await?;
            let verb = if put.created { "Created" } else { "Replaced" };
            shell.output.answer(
                &format!("{verb} company {key} of {account}."),
                &CompanyBody::from(put.value),
            );
        }
        Command::List { account } => {
            let scope = services
                .scope(caller, Some(&account), Permission::Read)
                .await?;
            let companies = services.companies(&scope, None, None, LISTED).await?;
            let companies: Vec<_> = companies.into_iter().map(CompanyBody::from).collect();
            shell.output.list(&companies, |company| {
                format!("{}\t{}", company.key, company.name)
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

//! `creditscope company`

use std::process::ExitCode;

use clap::Subcommand;
use domain::{Agent, Credits};
use service::{Permission, ports::PutCompany};

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
        /// Credits it may spend in a billing cycle
        #[arg(long)]
        budget: Option<Credits>,
        /// Credits one agent may spend in it in a billing cycle; may be given for several
        #[arg(long = "agent-cap", value_name = "AGENT=CREDITS", value_parser = agent_cap)]
        agent_caps: Vec<(Agent, Credits)>,
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
        Command::Create {
            key,
            account,
            name,
            budget,
            agent_caps,
        } => {
            let company = PutCompany {
                key: key.clone(),
                name,
                budget,
                agent_caps: agent_caps.into_iter().collect(),
            };
            let put = services.put_company(caller, &account, &company).await?;
            let verb = put.verb();
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
                vec![company.key.clone(), company.name.clone()]
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads `voice_outbound=1200`.
fn agent_cap(text: &str) -> Result<(Agent, Credits), String> {
    let (agent, credits) = text
        .split_once('=')
        .ok_or("must be an agent and credits, such as voice_outbound=1200")?;
    let agent: Agent = agent
        .parse()
        .map_err(|error| format!("'{agent}' {error}"))?;
    let credits: Credits = credits
        .parse()
        .map_err(|error| format!("'{credits}' {error}"))?;
    Ok((agent, credits))
}

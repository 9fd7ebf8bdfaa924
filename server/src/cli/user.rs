//! `creditscope user`

use std::{
    io::{BufRead as _, IsTerminal as _},
    process::ExitCode,
};

use clap::Subcommand;
use domain::tenancy::{PlatformRole, Role};
use serde::Serialize;
use service::{
    ports::User,
    users::{Joining, PutUser},
};

use super::{CliError, CliResult, account::LISTED, open::Shell};

/// Create and list people who sign in.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a person, or replace the one with this email, who is signed out
    Create {
        /// Email
        email: String,
        /// Display name
        #[arg(long)]
        name: String,
        /// Password; read from stdin when left out
        #[arg(long)]
        password: Option<String>,
        /// Key of the account they belong to
        #[arg(long)]
        account: Option<String>,
        /// Role: owner, `billing_admin`, analyst or client
        #[arg(long, default_value = "owner")]
        role: Role,
        /// Company access: key of a company; repeatable; all companies when left out
        #[arg(long = "company", requires = "account")]
        companies: Vec<String>,
        /// Role of platform staff: operator or `product_manager`
        #[arg(long)]
        platform_role: Option<PlatformRole>,
    },
    /// List people
    List,
    /// Disable a person: they are signed out at once
    Disable {
        /// Email
        email: String,
    },
    /// Remove the second factor of a person who lost it: they are signed out
    ResetSecondFactor {
        /// Email
        email: String,
    },
    /// Enable a person again
    Enable {
        /// Email
        email: String,
    },
}

#[derive(Serialize)]
struct Row {
    email: String,
    name: String,
    platform_role: Option<&'static str>,
    accounts: usize,
    disabled: bool,
}

impl From<User> for Row {
    fn from(user: User) -> Self {
        Self {
            email: user.email,
            name: user.name,
            platform_role: user.platform_role.map(PlatformRole::id),
            accounts: user.memberships.len(),
            disabled: user.disabled,
        }
    }
}

/// Runs the command.
pub async fn run(command: Command, shell: &Shell<'_>) -> CliResult {
    let (services, caller) = (&shell.services, &shell.caller);
    match command {
        Command::Create {
            email,
            name,
            password,
            account,
            role,
            companies,
            platform_role,
        } => {
            let password = match password {
                Some(password) => password,
                None => read_password(shell)?,
            };
            let memberships = account
                .into_iter()
                .map(|account| Joining {
                    account,
                    role,
                    companies: companies.clone(),
                })
                .collect();
            let user = services
                .put_user(
                    caller,
                    PutUser {
                        email,
                        name,
                        password,
                        platform_role,
                        memberships,
                    },
                )
                .await?;
            let row = Row::from(user);
            shell
                .output
                .answer(&format!("{} can sign in.", row.email), &row);
        }
        Command::List => {
            let users: Vec<_> = services
                .users(caller, None, LISTED)
                .await?
                .into_iter()
                .map(Row::from)
                .collect();
            shell.output.list(&users, |user| {
                vec![
                    user.email.clone(),
                    user.name.clone(),
                    user.platform_role.unwrap_or("-").to_owned(),
                    format!("{} accounts", user.accounts),
                ]
            });
        }
        Command::ResetSecondFactor { email } => {
            let row = Row::from(services.reset_second_factor(caller, &email).await?);
            let text = format!("{} signs in with the password alone.", row.email);
            shell.output.answer(&text, &row);
        }
        Command::Disable { email } => set_disabled(shell, &email, true).await?,
        Command::Enable { email } => set_disabled(shell, &email, false).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn set_disabled(shell: &Shell<'_>, email: &str, disabled: bool) -> Result<(), CliError> {
    let (services, caller) = (&shell.services, &shell.caller);
    let user = services.set_disabled(caller, email, disabled).await?;
    let row = Row::from(user);
    let can = if disabled { "can no longer" } else { "can" };
    shell
        .output
        .answer(&format!("{} {can} sign in.", row.email), &row);
    Ok(())
}

fn read_password(shell: &Shell<'_>) -> Result<String, CliError> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        shell
            .output
            .note("Password (shown while you type; pipe it in to keep it hidden):");
    }
    let mut line = String::new();
    stdin
        .lock()
        .read_line(&mut line)
        .map_err(|error| CliError::Io("stdin".to_owned(), error))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

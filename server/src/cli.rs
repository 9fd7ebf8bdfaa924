//! The command line.

pub mod account;
pub mod audit;
pub mod company;
pub mod demo;
pub mod doctor;
pub mod import;
pub mod key;
pub mod ledger;
pub mod migrate;
pub mod open;
pub mod order;
pub mod output;
pub mod pack;
pub mod plan;
pub mod rate_card;
pub mod restore;
pub mod serve;
pub mod user;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{
    config::{Config, ConfigError, Layers},
    telemetry,
};
use open::Shell;
use output::Output;

/// Meters, enforces and shows the AI credits of a platform.
#[derive(Debug, Parser)]
#[command(name = "creditscope", version, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// Settings that may also stand in the environment or in creditscope.toml.
#[derive(Debug, Args)]
struct Settings {
    /// The settings file [default: creditscope.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The database [default: creditscope.db in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Where the embedded database lives [default: data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// What is logged, such as info or info,server=debug [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// Answer as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Run the server on a database with demonstration data: history and live traffic
    Demo(demo::Demo),
    /// Bring the database's schema up to date
    Migrate,
    /// Write a consistent copy of the embedded database, also while it is in use
    Backup(migrate::Backup),
    /// Put a backup in the place of the embedded database while no server runs; the one so far is kept beside it
    Restore(restore::Restore),
    /// Check that the file is sound, and that events, roll-ups, cycle totals and the ledger agree; exit code 1 when they do not
    Doctor,
    /// Backfill usage from a CSV file
    Import(Box<import::Import>),
    /// Create and list accounts
    #[command(subcommand)]
    Account(account::Command),
    /// Create and list companies
    #[command(subcommand)]
    Company(company::Command),
    /// Create and list people who sign in
    #[command(subcommand)]
    User(user::Command),
    /// Read who did what, newest first
    Audit(audit::Audit),
    /// Create, list and revoke API keys
    #[command(subcommand)]
    Key(key::Command),
    /// Create and list plans
    #[command(subcommand)]
    Plan(plan::Command),
    /// Create, list and grant packs
    #[command(subcommand)]
    Pack(pack::Command),
    /// List orders, and say what became of their payments
    #[command(subcommand)]
    Order(order::Command),
    /// Write out an account's ledger, and prove that it is still what was written
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Create and list rate cards
    #[command(subcommand)]
    RateCard(rate_card::Command),
}

/// Why a command failed, in words for the person who typed it.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The settings cannot be used.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The service refused or failed.
    #[error("{0}")]
    Service(#[from] service::ServiceError),
    /// The database cannot be opened or copied.
    #[error("{0}")]
    Storage(#[from] storage::Error),
    /// The database failed.
    #[error("{0}")]
    Store(#[from] service::ports::StoreError),
    /// A file or a socket.
    #[error("{0}: {1}")]
    Io(String, #[source] std::io::Error),
    /// What was typed cannot be right.
    #[error("{0}")]
    Usage(String),
}

/// The answer of a command: its exit code.
pub type CliResult = Result<ExitCode, CliError>;

/// Reads the command line, runs the command, and says what went wrong.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.settings.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            output.error(&format!("the runtime cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli, &output)) {
        Ok(code) => code,
        Err(error) => {
            output.error(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

impl Settings {
    fn flags(&self) -> [(&'static str, Option<String>); 3] {
        [
            ("database_url", self.database_url.clone()),
            ("data_dir", self.data_dir.clone()),
            ("log", self.log.clone()),
        ]
    }
}

async fn run(cli: Cli, output: &Output) -> CliResult {
    let mut flags: Vec<_> = cli.settings.flags().into();
    match &cli.command {
        Command::Serve(serve) => flags.extend(serve.flags()),
        Command::Demo(demo) => flags.extend(demo.serve.flags()),
        _ => {}
    }
    let config = Config::load(Layers::of_flags(flags), cli.settings.config.as_deref())?;
    telemetry::start_logging(&config.log, config.log_format).map_err(CliError::Usage)?;
    match cli.command {
        Command::Serve(_) => serve::run(&config, output).await,
        Command::Demo(demo) => demo::run(&demo, &config, output).await,
        Command::Migrate => migrate::run(&config, output).await,
        Command::Backup(backup) => migrate::backup(&backup, &config, output).await,
        Command::Restore(restore) => restore::run(&restore, &config, output).await,
        Command::Doctor => doctor::run(&config, output).await,
        command => {
            let shell = Shell::open(&config, output).await?;
            let result = administer(command, &shell).await;
            shell.close().await?;
            result
        }
    }
}

async fn administer(command: Command, shell: &Shell<'_>) -> CliResult {
    match command {
        Command::Import(import) => import::run(*import, shell).await,
        Command::Account(command) => account::run(command, shell).await,
        Command::Company(command) => company::run(command, shell).await,
        Command::User(command) => user::run(command, shell).await,
        Command::Audit(command) => audit::run(command, shell).await,
        Command::Key(command) => key::run(command, shell).await,
        Command::Plan(command) => plan::run(command, shell).await,
        Command::Pack(command) => pack::run(command, shell).await,
        Command::Order(command) => order::run(command, shell).await,
        Command::Ledger(command) => ledger::run(command, shell).await,
        Command::RateCard(command) => rate_card::run(command, shell).await,
        Command::Serve(_)
        | Command::Demo(_)
        | Command::Migrate
        | Command::Backup(_)
        | Command::Restore(_)
        | Command::Doctor => Ok(ExitCode::SUCCESS),
    }
}

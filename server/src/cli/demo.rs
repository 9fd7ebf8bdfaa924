//! `creditscope demo`

use std::{process::ExitCode, sync::Arc};

use clap::Args;
use domain::number;
use service::Caller;
use tokio::sync::watch;

use super::{
    CliError, CliResult, open,
    output::Output,
    serve::{Serve, Server},
};
use crate::{config::Config, demo, listener};

/// The demo's file in earlier versions.
const EARLIER_FILE: &str = "demo.db";

/// How long the calls that run are given to end when the demo stops.
const END_CALLS_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);

/// Settings of the demo.
#[derive(Debug, Args)]
pub struct Demo {
    /// The server's settings.
    #[command(flatten)]
    pub serve: Serve,
    /// Only history, no simulated traffic
    #[arg(long)]
    no_traffic: bool,
}

/// Fills the database where needed, and runs the server on it.
pub async fn run(demo: &Demo, config: &Config, output: &Output) -> CliResult {
    refuse_earlier(config)?;
    let database = open::database(config, output, true).await?;
    let services = open::with_outside(open::services(&database), config)?;
    let server = Server::bind(config, services.clone(), Arc::clone(&database)).await?;
    output.note("Preparing the demo: 32 accounts with some months of history…");
    let made = demo::Demo {
        seed: demo::SEED,
        size: demo::Size::FULL,
    };
    let filled = demo::fill(database, services.now(), made).await?;
    output.note(&format!(
        "{} events of history added.",
        number::count(filled.added)
    ));
    let caller = Caller::operator("demo");
    let (stop, stopping) = watch::channel(false);
    let traffic = (!demo.no_traffic)
        .then(|| tokio::spawn(demo::traffic(services, caller, filled.live(), stopping)));
    let url = config
        .edge
        .origin
        .url
        .clone()
        .unwrap_or(format!("http://{}", server.addr()?));
    output.line(&format!("\nCreditscope demo: {url}\n\nSign in as"));
    for (email, who) in demo::PEOPLE.map(|person| (person.email, person.who)) {
        output.line(&format!("  {email:<28} {who}"));
    }
    output.line(&format!("with the password {}\n", demo::PASSWORD));
    // Calls end while the server still runs, so that their holds are settled and not left to expire.
    let stopped = async {
        listener::stop_signal().await;
        stop.send_replace(true);
        if let Some(traffic) = traffic {
            let _ = tokio::time::timeout(END_CALLS_WITHIN, traffic).await;
        }
    };
    server.run(stopped).await?;
    Ok(ExitCode::SUCCESS)
}

/// A demo of an earlier version is not made into one of this, nor is a second one put beside it.
fn refuse_earlier(config: &Config) -> Result<(), CliError> {
    let earlier = config.data_dir.join(EARLIER_FILE);
    let is_chosen = config.database_url.is_some() || config.data_dir.join(open::FILE).exists();
    if is_chosen || !earlier.exists() {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "{} is a demo of an earlier version: remove it for a new demo, or look at it with creditscope serve --database-url sqlite://{EARLIER_FILE}",
        earlier.display()
    )))
}

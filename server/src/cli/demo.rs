//! `creditscope demo`

use std::process::ExitCode;

use clap::Args;
use domain::number;
use service::Caller;
use tokio::sync::watch;

use super::{
    CliResult, open,
    output::Output,
    serve::{Serve, Server},
};
use crate::{config::Config, demo, listener};

/// The demo's own file, so that it never mixes with real data.
const FILE: &str = "demo.db";

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
    let database = open::database(config, FILE, true).await?;
    let services = open::with_outside(open::services(&database), config)?;
    let server = Server::bind(config, services.clone(), database).await?;
    let caller = Caller::operator("demo");
    output.note("Preparing the demo: two accounts, 90 days of history …");
    let filled = demo::fill(&services, &caller).await?;
    output.note(&format!(
        "{} events of history added.",
        number::count(filled.added)
    ));
    let (stop, stopping) = watch::channel(false);
    let traffic =
        (!demo.no_traffic).then(|| tokio::spawn(demo::traffic(services, caller, stopping)));
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

//! `creditscope serve`

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use clap::Args;
use service::Services;
use storage::Database;
use tokio::{net::TcpListener, sync::watch};

use super::{CliError, CliResult, open, output::Output};
use crate::{AppState, api, config::Config, listener, router, telemetry};

/// How often sessions that have ended are removed.
const SWEEP_EVERY: std::time::Duration = std::time::Duration::from_hours(1);

/// How often it is written down when keys were used.
const NOTE_EVERY: std::time::Duration = std::time::Duration::from_mins(1);

/// How often books are looked at that have to be brought up to now: an abandoned hold ends this late at most.
const RENEW_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// How often accounts with news are looked at for alerts.
const WATCH_EVERY: std::time::Duration = std::time::Duration::from_secs(1);
/// How often all accounts are, also at their past.
const WATCH_ALL_EVERY: std::time::Duration = std::time::Duration::from_mins(10);
/// How often messages are looked for that are due again.
const SEND_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// How often usage across accounts is read before anybody asks for it: what came late is read again.
const READ_AHEAD_EVERY: std::time::Duration = std::time::Duration::from_mins(5);

/// When everything is first compared: once the first pages have been served.
const RECONCILE_FIRST: std::time::Duration = std::time::Duration::from_secs(20);
/// How often after that.
const RECONCILE_EVERY: std::time::Duration = std::time::Duration::from_mins(10);
/// It reads every event: on a large database it rests this many times as long as it took.
const RECONCILE_REST: u32 = 30;

/// Settings of the server.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where the server listens [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS")]
    addr: Option<String>,
    /// How browsers reach it: scheme and host, without a path
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// A listener of its own for /metrics
    #[arg(long, value_name = "ADDRESS")]
    metrics_addr: Option<String>,
    /// text or json
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Refuse to start on an older schema instead of bringing it up to date
    #[arg(long)]
    no_migrate: bool,
}

impl Serve {
    /// The settings made by flags.
    pub fn flags(&self) -> [(&'static str, Option<String>); 5] {
        [
            ("addr", self.addr.clone()),
            ("public_url", self.public_url.clone()),
            ("metrics_addr", self.metrics_addr.clone()),
            ("log_format", self.log_format.clone()),
            ("migrate", self.no_migrate.then(|| "false".to_owned())),
        ]
    }
}

/// A server that is about to run.
pub struct Server {
    services: Services,
    database: Arc<dyn Database>,
    listener: TcpListener,
    state: AppState,
    metrics: Option<TcpListener>,
    tls: Option<listener::Tls>,
}

/// Runs the server until it is told to stop.
pub async fn run(config: &Config, output: &Output) -> CliResult {
    let database = open::database(config, output, config.migrate).await?;
    let services = open::with_outside(open::services(&database), config)?;
    let server = Server::bind(config, services, database).await?;
    output.note(&format!("Creditscope listens on http://{}", server.addr()?));
    server.run(listener::stop_signal()).await?;
    Ok(ExitCode::SUCCESS)
}

impl Server {
    /// Takes the addresses, so that a wrong one is told before anything runs.
    pub async fn bind(
        config: &Config,
        services: Services,
        database: Arc<dyn Database>,
    ) -> Result<Self, CliError> {
        let listener = bind(config.addr).await?;
        let metrics = match config.metrics_addr {
            Some(addr) => Some(bind(addr).await?),
            None => None,
        };
        let mut edge = config.edge.clone();
        edge.origin.local = listener
            .local_addr()
            .ok()
            .map(|addr| format!("http://{addr}"));
        let state = AppState::new(services.clone(), edge);
        let tls = config.tls.as_ref().map(listener::Tls::load).transpose();
        Ok(Self {
            services,
            database,
            listener,
            state,
            metrics,
            tls: tls.map_err(CliError::Usage)?,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> Result<SocketAddr, CliError> {
        self.listener
            .local_addr()
            .map_err(|error| CliError::Io("the listener".to_owned(), error))
    }

    /// Serves until `stop` resolves; then finishes running requests and makes everything accepted durable.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), CliError> {
        let (stopping, stopped) = watch::channel(false);
        let background = tokio::spawn(housekeeping(self.services.clone(), self.state.clone()));
        let metrics = self.metrics.map(|listener| {
            let mut stopped = stopped.clone();
            let wait = async move {
                let _ = stopped.wait_for(|stopping| *stopping).await;
            };
            tokio::spawn(listener::serve(
                listener,
                None,
                api::ops::own_router(&self.state),
                wait,
            ))
        });
        listener::serve(self.listener, self.tls, router(&self.state), stop).await;
        stopping.send_replace(true);
        background.abort();
        if let Some(metrics) = metrics {
            metrics.abort();
        }
        self.services.close().await;
        Ok(self.database.close().await?)
    }
}

async fn bind(addr: SocketAddr) -> Result<TcpListener, CliError> {
    TcpListener::bind(addr)
        .await
        .map_err(|error| CliError::Io(format!("{addr} cannot be listened on"), error))
}

/// What has to be done now and then.
async fn housekeeping(services: Services, state: AppState) {
    let upkeep = telemetry::upkeep(state.metrics);
    let limiter = state.limiter;
    let notes = async {
        loop {
            tokio::time::sleep(NOTE_EVERY).await;
            limiter.forget_quiet();
            if let Err(error) = services.note_used_keys().await {
                tracing::error!(%error, "when keys were used could not be written down");
            }
        }
    };
    let sweep = async {
        loop {
            match services.sweep_sessions().await {
                Ok(0) => {}
                Ok(ended) => tracing::info!(ended, "removed sessions that have ended"),
                Err(error) => tracing::error!(%error, "ended sessions could not be removed"),
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    };
    tokio::join!(
        upkeep,
        notes,
        sweep,
        renewal(&services),
        reconciliation(&services),
        alerts(&services),
        messages(&services),
        reading_ahead(&services)
    );
}

/// Compares everything with everything now and then: a page says when that was, and whether it agreed.
async fn reconciliation(services: &Services) {
    let mut pause = RECONCILE_FIRST;
    loop {
        tokio::time::sleep(pause).await;
        let begun = tokio::time::Instant::now();
        match services.reconcile().await {
            Ok(0) => tracing::info!("log, totals and ledger agree"),
            Ok(differences) => tracing::error!(
                differences,
                "log, totals and ledger do not agree: run creditscope doctor"
            ),
            Err(error) => tracing::error!(%error, "log, totals and ledger could not be compared"),
        }
        pause = RECONCILE_EVERY.max(begun.elapsed() * RECONCILE_REST);
    }
}

/// Looks at accounts with news, and now and then at all: what crossed a level is told within two seconds.
async fn alerts(services: &Services) {
    let mut all_at = tokio::time::Instant::now();
    loop {
        services.watch_news().await;
        if all_at.elapsed() >= WATCH_ALL_EVERY {
            all_at = tokio::time::Instant::now();
            if let Err(error) = services.watch_all().await {
                tracing::error!(%error, "alerts could not be looked at");
            }
            if let Err(error) = services.tell_weeks().await {
                tracing::error!(%error, "weeks could not be told");
            }
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

/// Reads what is read most slowly before somebody waits for it.
async fn reading_ahead(services: &Services) {
    loop {
        if let Err(error) = services.read_platform_ahead().await {
            tracing::error!(%error, "usage across accounts could not be read ahead");
        }
        tokio::time::sleep(READ_AHEAD_EVERY).await;
    }
}

/// Sends what is to be told, at once when there is something new, and again when it is due.
async fn messages(services: &Services) {
    loop {
        match services.send_due().await {
            Ok(0) => {}
            Ok(sent) => {
                tracing::debug!(sent, "tried to send messages");
                continue;
            }
            Err(error) => tracing::error!(%error, "messages could not be sent"),
        }
        let _ = tokio::time::timeout(SEND_EVERY, services.messages()).await;
    }
}

/// Brings books up to now that nobody asks about, so that cycles begin and abandoned holds end in time.
async fn renewal(services: &Services) {
    loop {
        match services.renew_due().await {
            Ok(0) => {}
            Ok(accounts) => tracing::info!(accounts, "brought books up to now"),
            Err(error) => tracing::error!(%error, "books could not be brought up to now"),
        }
        tokio::time::sleep(RENEW_EVERY).await;
    }
}

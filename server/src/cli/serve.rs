//! `creditscope serve`

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use clap::Args;
use service::Services;
use storage::Database;
use tokio::{net::TcpListener, sync::watch};

use super::{CliError, CliResult, open, output::Output};
use crate::{
    AppState, api,
    config::Config,
    housekeeping,
    listener::{self, Bounds, DRAIN_TIMEOUT, Listener},
    middleware::lane,
    privacy, router,
};

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
    bounds: Bounds,
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
        for sentence in privacy::wider(config) {
            tracing::warn!("{sentence}");
        }
        let listener = bind(config.addr).await?;
        let metrics = match config.metrics_addr {
            Some(addr) => Some(bind(addr).await?),
            None => None,
        };
        let mut edge = config.edge.clone();
        if edge.live.address >= edge.bounds.connections_address {
            tracing::warn!(
                "open pages of one address may take all of its connections: keep live_address below connections_address"
            );
        }
        edge.bounds = listener::make_room(edge.bounds);
        let bounds = edge.bounds;
        edge.origin.local = listener
            .local_addr()
            .ok()
            .map(|addr| format!("http://{addr}"));
        let state = AppState::new(services.clone(), edge);
        if let Some(sign_on) = state.sign_on.clone() {
            let now = services.now();
            tokio::spawn(async move { sign_on.look(now).await });
        }
        let tls = config.tls.as_ref().map(listener::Tls::load).transpose();
        Ok(Self {
            services,
            database,
            listener,
            state,
            metrics,
            tls: tls.map_err(CliError::Usage)?,
            bounds,
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
        let background =
            lane::handle().spawn(housekeeping::run(self.services.clone(), self.state.clone()));
        let metrics = self.metrics.map(|listener| {
            let mut stopped = stopped.clone();
            let wait = async move {
                let _ = stopped.wait_for(|stopping| *stopping).await;
            };
            let listener = Listener::new("metrics-listener", listener, self.services.tasks());
            tokio::spawn(listener.serve(api::ops::own_router(&self.state), wait))
        });
        Listener::new("listener", self.listener, self.services.tasks())
            .with_tls(self.tls)
            .with_bounds(self.bounds, self.state.proxies.clone())
            .serve(router(&self.state), stop)
            .await;
        // What was begun under a key is finished although its client has left, and with them the connection.
        let finished = self.state.in_flight.finished();
        if tokio::time::timeout(DRAIN_TIMEOUT, finished).await.is_err() {
            tracing::warn!("requests with an Idempotency-Key that took too long were cut off");
        }
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

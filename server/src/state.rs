//! What every handler shares.

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use service::Services;

use crate::{api::idempotency::InFlight, telemetry, web::sign_in::Attempts};

/// What every handler shares; cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// All use-cases.
    pub services: Services,
    /// What the page's shell needs to find its files.
    pub leptos: LeptosOptions,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// How browsers reach the server.
    pub origin: Origin,
    /// Failed sign-ins.
    pub attempts: Arc<Attempts>,
    /// Writes with an `Idempotency-Key` that are running.
    pub in_flight: InFlight,
}

/// How browsers reach the server.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// `https://credits.example.com`, without a path; none when not configured.
    pub url: Option<String>,
}

impl Origin {
    /// Whether browsers come over TLS, so that cookies and transport security may insist on it.
    pub fn is_https(&self) -> bool {
        self.url
            .as_ref()
            .is_some_and(|url| url.starts_with("https://"))
    }
}

impl AppState {
    /// The state of a server.
    pub fn new(services: Services, origin: Origin) -> Self {
        let leptos = LeptosOptions::builder()
            .output_name("creditscope")
            .site_root("target/site")
            .site_pkg_dir("pkg")
            .build();
        Self {
            services,
            leptos,
            metrics: telemetry::metrics(),
            origin,
            attempts: Arc::default(),
            in_flight: InFlight::default(),
        }
    }
}

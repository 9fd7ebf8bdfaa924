//! What every handler shares.

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use service::{Services, passkeys::PasskeySite};

use crate::{
    api::idempotency::InFlight,
    listener::Bounds,
    middleware::{
        address::Proxies,
        at_once::AtOnce,
        bodies::{Bodies, BodyLimits},
        guesses::Guesses,
        rates::{Limiter, Rates},
    },
    telemetry,
    turns::{ReadLimits, Turns},
    web::{
        live::{LiveLimits, Places, Renderings},
        recovery::Recovery,
        sign_on::SignOn,
    },
};

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
    /// Proxies that are believed.
    pub proxies: Proxies,
    /// Counts requests by sender.
    pub limiter: Limiter,
    /// Hands out turns at reading.
    pub turns: Turns,
    /// Counts requests that run, by sender.
    pub at_once: AtOnce,
    /// Counts what is kept of bodies.
    pub bodies: Bodies,
    /// How long connections may take.
    pub bounds: Bounds,
    /// Origins whose pages may show a platform's users our pages in a frame.
    pub embed_origins: Arc<Vec<String>>,
    /// The provider of single sign-on; none when not configured.
    pub sign_on: Option<SignOn>,
    /// Counts guesses at secrets.
    pub guesses: Guesses,
    /// How often links by email may be asked for.
    pub recovery: Recovery,
    /// Writes with an `Idempotency-Key` that are running.
    pub in_flight: InFlight,
    /// Counts live streams.
    pub places: Places,
    /// Pages that are rendered again for those who follow them.
    pub renderings: Renderings,
}

/// How browsers reach the server.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// `https://credits.example.com`, without a path; none when not configured.
    pub url: Option<String>,
    /// Where the server listens, which is how browsers of the same machine reach it.
    pub local: Option<String>,
}

impl Origin {
    /// What links in emails begin with. What a request says of the host is not believed.
    pub fn address(&self) -> &str {
        let known = self.url.as_deref().or(self.local.as_deref());
        known.unwrap_or("http://localhost")
    }

    /// Where passkeys are made and used: by the configured address alone, since what a request says of the host is not
    /// believed. None where browsers make none.
    pub fn passkeys(&self) -> Option<PasskeySite> {
        PasskeySite::of(self.url.as_deref()?)
    }

    /// Whether browsers come over TLS, so that cookies and transport security may insist on it.
    pub fn is_https(&self) -> bool {
        self.url
            .as_ref()
            .is_some_and(|url| url.starts_with("https://"))
    }
}

/// How the server meets the world.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// How browsers reach it.
    pub origin: Origin,
    /// Proxies that are believed.
    pub proxies: Proxies,
    /// How many requests one sender may make.
    pub rates: Rates,
    /// How many live streams there may be at once.
    pub live: LiveLimits,
    /// How many requests may read, and wait to.
    pub reads: ReadLimits,
    /// How many connections there may be, and how long they may take.
    pub bounds: Bounds,
    /// How much of all bodies may be kept.
    pub bodies: BodyLimits,
    /// Origins whose pages may show a platform's users our pages in a frame.
    pub embed_origins: Vec<String>,
    /// The provider of single sign-on.
    pub sign_on: Option<SignOn>,
}

impl AppState {
    /// The state of a server.
    pub fn new(services: Services, edge: Edge) -> Self {
        let leptos = LeptosOptions::builder()
            .output_name("creditscope")
            .site_root("target/site")
            .site_pkg_dir("pkg")
            .build();
        Self {
            services,
            leptos,
            metrics: telemetry::metrics(),
            origin: edge.origin,
            proxies: edge.proxies,
            limiter: Limiter::new(edge.rates),
            turns: Turns::new(edge.reads),
            at_once: AtOnce::new(edge.bounds.connections_address),
            bodies: Bodies::new(edge.bodies),
            bounds: edge.bounds,
            embed_origins: Arc::new(edge.embed_origins),
            sign_on: edge.sign_on,
            guesses: Guesses::default(),
            recovery: Recovery::default(),
            in_flight: InFlight::default(),
            places: Places::new(edge.live),
            renderings: Renderings::default(),
        }
    }
}

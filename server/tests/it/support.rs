//! A server on a temporary database, with a clock that stands still.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use domain::{
    Credits, Time,
    tenancy::{AccountKind, Plan},
};
use serde_json::{Value, json};
use server::{
    AppState,
    state::{Edge, Origin},
};
use service::keys::KeyAsk;
use service::{
    Caller, Clock, Services,
    ports::{KeyScope, PutAccount, PutCompany, Store},
};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// When every test begins: a Monday afternoon in the middle of a cycle.
pub const NOW: &str = "2026-11-23T14:00:00Z";

#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
    }
}

pub struct TestServer {
    pub services: Services,
    pub clock: Arc<TestClock>,
    pub state: AppState,
    pub router: Router,
    pub platform: String,
    pub ingest: String,
    pub read: String,
    pub check: String,
    /// A key of another account that may read and ingest there.
    pub foreign: String,
    /// The database beneath, for what brings use-cases of its own.
    pub store: Arc<dyn Store>,
    folder: Arc<TempDir>,
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The `(index, field, reason)` of every error.
    pub fn errors(&self) -> Vec<(Option<u64>, String, String)> {
        let body = self.json();
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
        errors
            .iter()
            .map(|error| {
                (
                    error["index"].as_u64(),
                    text(error, "field"),
                    text(error, "reason"),
                )
            })
            .collect()
    }

    /// Asserts that it is a problem of this status, and hands it on.
    #[track_caller]
    pub fn problem(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.json()["status"], status);
        assert!(
            self.json()["type"]
                .as_str()
                .unwrap()
                .starts_with("/problems/")
        );
        assert!(!self.header("x-request-id").is_empty());
        self
    }

    #[track_caller]
    pub fn ok(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert!(!self.header("x-request-id").is_empty());
        self
    }
}

pub async fn database(folder: &TempDir) -> Arc<dyn storage::Database> {
    database_with(folder, &storage::OpenOptions::default()).await
}

async fn database_with(
    folder: &TempDir,
    options: &storage::OpenOptions,
) -> Arc<dyn storage::Database> {
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    storage::open(&url, options).await.unwrap()
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_at(Origin::default()).await
    }

    pub async fn start_at(origin: Origin) -> Self {
        Self::start_edge(Edge {
            origin,
            ..Edge::default()
        })
        .await
    }

    /// A server that meets the world in its own way.
    pub async fn start_edge(edge: Edge) -> Self {
        Self::start_with(edge, true).await
    }

    /// The database's file.
    pub fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("test.db")
    }

    /// Everything in the database's files.
    pub fn stored_bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    }

    /// A server on a database with nothing but a platform key in it.
    pub async fn bare() -> Self {
        Self::start_with(Edge::default(), false).await
    }

    /// Another server on the same database, with the same keys.
    pub async fn beside(&self) -> Self {
        let store: Arc<dyn Store> = database(&self.folder).await;
        let clock = Arc::<TestClock>::clone(&self.clock);
        let services = Services::start(Arc::clone(&store), Arc::<TestClock>::clone(&clock));
        let state = AppState::new(services.clone(), Edge::default());
        Self {
            router: server::router(&state),
            services,
            clock,
            state,
            platform: self.platform.clone(),
            ingest: self.ingest.clone(),
            read: self.read.clone(),
            check: self.check.clone(),
            foreign: self.foreign.clone(),
            store,
            folder: Arc::clone(&self.folder),
        }
    }

    /// The same server, paying orders in another way.
    pub fn paying(mut self, payments: Arc<dyn service::payments::PaymentProvider>) -> Self {
        self.services = self.services.with_payments(payments);
        self.state.services = self.services.clone();
        self.router = server::router(&self.state);
        self
    }

    /// A server whose accounts may have few sources and activities.
    pub async fn with_few_names(sources: u32, activities: u32) -> Self {
        let options = storage::OpenOptions {
            sources_per_account: sources,
            activities_per_account: activities,
            ..storage::OpenOptions::default()
        };
        Self::start_on(Edge::default(), true, &options).await
    }

    async fn start_with(edge: Edge, provisioned: bool) -> Self {
        Self::start_on(edge, provisioned, &storage::OpenOptions::default()).await
    }

    async fn start_on(edge: Edge, provisioned: bool, options: &storage::OpenOptions) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let store: Arc<dyn Store> = database_with(&folder, options).await;
        let clock = Arc::new(TestClock(AtomicI64::new(
            NOW.parse::<Time>().unwrap().micros(),
        )));
        // Everything a test calls is on this machine.
        let courier = server::courier::WebCourier::new(true, Some(vec![5, 300]));
        let services = Services::start(Arc::clone(&store), Arc::<TestClock>::clone(&clock))
            .with_courier(Arc::new(courier));
        if provisioned {
            provision(&services).await;
        }
        let operator = Caller::operator("test");
        let key = async |account: Option<&str>, scopes: &[KeyScope]| {
            if account.is_some() && !provisioned {
                return String::new();
            }
            services
                .make_key(&operator, account, KeyAsk::lasting(scopes.to_vec(), "test"))
                .await
                .unwrap()
                .token
        };
        let platform = key(None, &[KeyScope::Platform]).await;
        let ingest = key(Some("northwind"), &[KeyScope::Ingest]).await;
        let read = key(Some("northwind"), &[KeyScope::Read]).await;
        let check = key(Some("northwind"), &[KeyScope::Check]).await;
        let foreign = key(Some("brightside"), &[KeyScope::Read, KeyScope::Ingest]).await;
        let state = AppState::new(services.clone(), edge);
        let router = server::router(&state);
        Self {
            services,
            clock,
            state,
            router,
            platform,
            ingest,
            read,
            check,
            foreign,
            store,
            folder,
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .unwrap()
            .to_vec();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub async fn get(&self, path: &str, token: &str) -> Reply {
        self.send(
            request(Method::GET, path, token)
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    pub async fn json(&self, method: Method, path: &str, token: &str, body: &Value) -> Reply {
        let request = request(method, path, token).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.json(Method::PUT, path, &self.platform, body).await
    }

    /// Sends events as one JSON array.
    pub async fn post_events(&self, events: &Value) -> Reply {
        self.json(Method::POST, "/api/v1/events", &self.ingest, events)
            .await
    }

    /// Sends JSON with the account's key for checks.
    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> Reply {
        self.json(method, path, &self.check, body).await
    }

    /// Sends JSON with the platform's key.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.json(Method::POST, path, &self.platform, body).await
    }

    /// The balance of the account.
    pub async fn balance(&self) -> Value {
        self.get("/api/v1/balance", &self.read).await.ok(200).json()
    }

    /// Spends credits of Acme Dental by chat.
    pub async fn spend(&self, id: &str, credits: &str) {
        let event = event_with(id, "/data/credits", json!(credits));
        self.post_events(&event).await.ok(204);
    }

    /// How many events are stored.
    pub async fn stored(&self) -> u64 {
        let reply = self
            .get(
                "/api/v1/usage/summary?from=2000-01-01&to=2100-01-01",
                &self.read,
            )
            .await
            .ok(200);
        reply.json()["events"].as_u64().unwrap()
    }
}

pub fn request(method: Method, path: &str, token: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    if token.is_empty() {
        request
    } else {
        request.header(header::AUTHORIZATION, format!("Bearer {token}"))
    }
}

/// An event of Acme Dental, an hour ago, for 1.5 credits.
pub fn event(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "test", "type": "creditscope.usage", "subject": "acme-dental",
        "time": "2026-11-23T13:00:00Z",
        "data": { "agent": "chat", "activity": "chat_reply", "credits": "1.5", "reference": format!("conv_{id}") }
    })
}

/// The same event with something else at a JSON pointer.
pub fn event_with(id: &str, pointer: &str, value: Value) -> Value {
    let mut event = event(id);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap()[name] = value;
    event
}

async fn provision(services: &Services) {
    let operator = Caller::operator("test");
    let plan = Plan {
        key: "growth".to_owned(),
        name: "Growth".to_owned(),
        monthly_credits: Credits::from_whole(1_000).unwrap(),
        price: None,
        currency: None,
        rollover: None,
    };
    services.put_plan(&operator, plan).await.unwrap();
    for (key, zone, companies) in [
        (
            "northwind",
            "Europe/Berlin",
            ["acme-dental", "bluewater-spa"],
        ),
        (
            "brightside",
            "America/New_York",
            ["brightside-east", "brightside-west"],
        ),
    ] {
        let account = PutAccount {
            key: key.to_owned(),
            name: key.to_owned(),
            kind: AccountKind::Agency,
            time_zone: zone.to_owned(),
            cycle_anchor: "2026-01-01T00:00:00Z".parse().unwrap(),
            plan: "growth".to_owned(),
            policy: domain::ledger::OveragePolicy::HardStop,
            auto_refund: domain::Credits::ZERO,
        };
        services.put_account(&operator, account).await.unwrap();
        for company in companies {
            services
                .put_company(&operator, key, &PutCompany::named(company, company))
                .await
                .unwrap();
        }
    }
}

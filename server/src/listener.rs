//! What takes connections: axum-server, with bounds on how many there may be and how long they may take.
//!
//! A connection of somebody who has too many is closed at once; slow clients are cut off; running requests are finished
//! before the process ends. The loop that accepts is a supervised task: [`service::tasks`].

mod bounds;
mod files;
mod line;
mod stream;
mod visit;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::Router;
use axum_server::{
    Handle,
    accept::Accept,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use service::tasks::Tasks;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::Instant,
};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tower::service_fn;

pub use bounds::Bounds;
pub use files::make_room;
pub use line::Line;
pub use visit::{Held, Watch};

use crate::{config::TlsFiles, middleware::address::Proxies};
use bounds::Places;
use stream::Guarded;
use visit::Visit;

/// How long running requests may take once the server is told to stop.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// How long the loop that accepts rests after it failed without a panic.
const PAUSE: Duration = Duration::from_millis(500);
/// How often it is told that connections cannot be taken.
const TELL_EVERY_S: i64 = 10;
/// Of a request's head, and of what is sent at once: memory of each connection.
const BUFFER_BYTES: usize = 64 * 1_024;
/// Requests at once on one connection of HTTP/2.
const STREAMS: u32 = 128;
/// How often a connection of HTTP/2 is asked whether somebody is there.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Speaks TLS with a certificate.
#[derive(Clone)]
pub struct Tls(RustlsConfig);

impl Tls {
    /// Reads a certificate and its key.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn load(files: &TlsFiles) -> Result<Self, String> {
        let certificate = files.certificate.display();
        let chain: Vec<_> = CertificateDer::pem_file_iter(&files.certificate)
            .and_then(Iterator::collect)
            .map_err(|error| format!("tls_certificate {certificate}: {error}"))?;
        let key = PrivateKeyDer::from_pem_file(&files.key)
            .map_err(|error| format!("tls_key {}: {error}", files.key.display()))?;
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| format!("tls_certificate {certificate}: {error}"))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(RustlsConfig::from_config(Arc::new(config))))
    }
}

/// What takes connections at an address.
pub struct Listener {
    name: &'static str,
    tcp: TcpListener,
    tls: Option<Tls>,
    bounds: Bounds,
    proxies: Proxies,
    tasks: Tasks,
}

impl Listener {
    /// Listens without TLS and with the usual bounds; named for the log and among the background tasks.
    pub fn new(name: &'static str, tcp: TcpListener, tasks: &Tasks) -> Self {
        Self {
            name,
            tcp,
            tls: None,
            bounds: Bounds::default(),
            proxies: Proxies::default(),
            tasks: tasks.clone(),
        }
    }

    /// Speaks TLS.
    #[must_use]
    pub fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// With bounds of its own; connections of proxies are not counted by address.
    #[must_use]
    pub fn with_bounds(self, bounds: Bounds, proxies: Proxies) -> Self {
        Self {
            bounds,
            proxies,
            ..self
        }
    }

    /// Serves until `stop` resolves, then finishes running requests.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()>) {
        self.serve_with(move |_| router.clone(), stop).await;
    }

    async fn serve_with<M>(self, make: M, stop: impl Future<Output = ()>)
    where
        M: Fn(SocketAddr) -> Router + Clone,
    {
        let (name, tasks) = (self.name, self.tasks.clone());
        let attempts = match Attempts::new(self) {
            Ok(attempts) => attempts,
            Err(error) => return tracing::error!(%error, "cannot listen"),
        };
        let (attempts, over) = (&attempts, &Notify::new());
        let attempt = || {
            let make = make.clone();
            async move {
                match attempts.serve(make).await {
                    Ok(()) => over.notify_one(),
                    Err(error) => tracing::error!(%error, name, "no more connections were taken"),
                }
                PAUSE
            }
        };
        let told = async {
            stop.await;
            attempts.stop();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = tasks.repeat(name, attempt) => {}
            () = told => {}
            () = over.notified() => {}
        }
    }
}

/// Everything that goes on when the loop that accepts is begun again.
struct Attempts {
    /// None once it is told to stop: then nobody else is to be let in.
    tcp: Mutex<Option<std::net::TcpListener>>,
    tls: Option<Tls>,
    door: Door,
    handle: Handle<SocketAddr>,
    told_s: Arc<AtomicI64>,
    begun: Instant,
}

impl Attempts {
    fn new(listener: Listener) -> io::Result<Self> {
        Ok(Self {
            tcp: Mutex::new(Some(listener.tcp.into_std()?)),
            tls: listener.tls,
            door: Door {
                places: Places::new(listener.bounds, listener.proxies),
            },
            handle: Handle::new(),
            told_s: Arc::new(AtomicI64::new(-TELL_EVERY_S)),
            begun: Instant::now(),
        })
    }

    fn stop(&self) {
        self.tcp
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        self.handle.graceful_shutdown(Some(DRAIN_TIMEOUT));
    }

    fn listening(&self) -> Option<io::Result<std::net::TcpListener>> {
        let tcp = self.tcp.lock().unwrap_or_else(PoisonError::into_inner);
        tcp.as_ref().map(std::net::TcpListener::try_clone)
    }

    /// Takes connections until it is told to stop and the last of them has ended.
    async fn serve<M>(&self, make: M) -> io::Result<()>
    where
        M: Fn(SocketAddr) -> Router,
    {
        let Some(tcp) = self.listening() else {
            return Ok(());
        };
        let read_timeout = self.door.places.bounds().read_timeout;
        let mut server = axum_server::from_tcp(tcp?)?
            .handle(self.handle.clone())
            .first_request_timeout(read_timeout)
            .accept_error_handler(self.teller());
        let http = server.http_builder();
        http.http1().max_buf_size(BUFFER_BYTES);
        http.http2()
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(BUFFER_BYTES).unwrap_or(u32::MAX))
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(read_timeout);
        let make = service_fn(move |peer| ready(Ok::<_, Infallible>(make(peer))));
        match &self.tls {
            None => server.acceptor(self.door.clone()).serve(make).await,
            Some(tls) => {
                let tls = RustlsAcceptor::new(tls.0.clone()).handshake_timeout(read_timeout);
                let tls = tls.acceptor(self.door.clone());
                server.acceptor(tls).serve(make).await
            }
        }
    }

    /// Tells of what could not be accepted, now and then: it may be very much.
    fn teller(&self) -> impl Fn(Option<&SocketAddr>, &io::Error) + Send + Sync + use<> {
        let (told_s, begun) = (Arc::clone(&self.told_s), self.begun);
        move |peer, error| {
            // With an address it is one client's, without one everybody's.
            let (Some(peer), false) = (peer, error.kind() == io::ErrorKind::QuotaExceeded) else {
                let now_s = i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX);
                if now_s - told_s.load(Ordering::Relaxed) >= TELL_EVERY_S {
                    told_s.store(now_s, Ordering::Relaxed);
                    tracing::warn!(%error, ?peer, "a connection could not be accepted");
                }
                return;
            };
            tracing::debug!(%error, %peer, "a connection came to nothing");
        }
    }
}

/// Lets in whoever there is a place for.
#[derive(Clone)]
struct Door {
    places: Places,
}

impl Accept<TcpStream, Router> for Door {
    type Stream = Guarded<TcpStream>;
    type Service = Visit;
    type Future = Ready<io::Result<(Self::Stream, Visit)>>;

    fn accept(&self, stream: TcpStream, router: Router) -> Self::Future {
        ready(self.let_in(stream, router))
    }
}

impl Door {
    fn let_in(&self, stream: TcpStream, router: Router) -> io::Result<(Guarded<TcpStream>, Visit)> {
        let peer = stream.peer_addr()?;
        let Some(place) = self.places.claim(peer.ip()) else {
            let why = "too many connections, of one address or of all";
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, why));
        };
        // Small answers must not wait for the acknowledgement of the one before.
        stream.set_nodelay(true)?;
        let times = self.places.bounds().times(place.kind);
        let line = Arc::new(Line::new(place, times));
        self.places.settle(&line);
        let visit = Visit {
            peer,
            line: Arc::clone(&line),
            router,
        };
        Ok((Guarded::new(stream, line), visit))
    }
}

/// Resolves when the process is asked to stop.
pub async fn stop_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn ask(addr: SocketAddr) -> String {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let mut answer = String::new();
        if stream.write_all(request).await.is_ok() {
            let _ = stream.read_to_string(&mut answer).await;
        }
        answer
    }

    #[tokio::test]
    async fn a_panic_where_connections_are_accepted_is_told_and_they_are_accepted_again() {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = tcp.local_addr().unwrap();
        let (tasks, calls) = (Tasks::default(), Arc::new(AtomicU32::new(0)));
        let make = move |_| {
            assert!(calls.fetch_add(1, Ordering::SeqCst) != 0, "a fault");
            Router::new().route("/", get(async || "here"))
        };
        let listener = Listener::new("listener", tcp, &tasks);
        let running = tokio::spawn(listener.serve_with(make, std::future::pending()));
        let first = ask(addr).await;
        assert_eq!(first, "", "it panicked");
        let second = ask(addr).await;
        assert!(second.ends_with("here"), "{second}");
        assert_eq!(tasks.panics(), [("listener", 1)]);
        running.abort();
    }
}

//! The accept loop: slow clients are cut off, running requests are finished before the process ends.
//!
//! `axum::serve` sets no timer for request heads, so a client that sends half a head would hold its connection for ever.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};
use tower::Service;

use crate::config::TlsFiles;

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long running requests may take once the server is told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// Connections at once: each costs a file descriptor and some tens of kilobytes.
const MAX_CONNECTIONS: u32 = 8_192;
/// How long to wait when the system has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Speaks TLS with a certificate.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

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
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }
}

/// Serves until `stop` resolves, then finishes running requests.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    stop: impl Future<Output = ()>,
) {
    let (stopping, stopped) = watch::channel(false);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut stop => break,
        };
        if let Some((stream, peer, place)) = accepted {
            let visit = Visit {
                peer,
                place,
                router: router.clone(),
                stopped: stopped.clone(),
            };
            tokio::spawn(receive(stream, tls.clone(), visit));
        }
    }
    drop(listener);
    stopping.send_replace(true);
    // Holding every place means that no connection is left.
    if tokio::time::timeout(DRAIN_TIMEOUT, places.acquire_many(MAX_CONNECTIONS))
        .await
        .is_err()
    {
        tracing::warn!("requests that took too long were cut off");
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// One connection, and what it is answered with.
struct Visit {
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    router: Router,
    stopped: watch::Receiver<bool>,
}

async fn receive(stream: TcpStream, tls: Option<Tls>, visit: Visit) {
    // Small answers must not wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return connect(stream, visit).await;
    };
    match tokio::time::timeout(HEAD_TIMEOUT, tls.0.accept(stream)).await {
        Ok(Ok(stream)) => connect(stream, visit).await,
        Ok(Err(error)) => tracing::debug!(%error, peer = %visit.peer, "no TLS came about"),
        Err(_) => tracing::debug!(peer = %visit.peer, "no TLS came about in time"),
    }
}

async fn connect<S>(stream: S, visit: Visit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Visit {
        peer,
        place,
        router,
        mut stopped,
    } = visit;
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let mut router = router.clone();
        async move { answer(&mut router, request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection broke");
    }
    drop(place);
}

async fn answer(
    router: &mut Router,
    request: Request<Body>,
) -> Result<axum::response::Response, Infallible> {
    router.call(request).await
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

//! Whether the server lives, whether it can work, and what it measures.

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use service::{Permission, Services, Unready, ports::StoreError};

use super::{
    auth::key_caller,
    problem::{Answer, Problem},
};
use crate::{AppState, telemetry};

/// When to ask again for readiness.
const RETRY_AFTER_S: u32 = 1;

/// The routes on the main listener.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(guarded_metrics))
}

/// The routes on a listener of their own, which only the operator's network reaches.
pub fn own_router(state: &AppState) -> Router {
    let routes = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics));
    routes.with_state(state.clone())
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(services): State<Services>) -> Response {
    match services.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                [(header::RETRY_AFTER, RETRY_AFTER_S.to_string())],
                format!("not ready: {}\n", reason(&error)),
            )
                .into_response()
        }
    }
}

/// What anybody may know: names of background tasks, and nothing of what the database said.
fn reason(unready: &Unready) -> String {
    match unready {
        Unready::Database(StoreError::Unavailable(_)) => "nothing can be stored".to_owned(),
        Unready::Database(_) => "the database does not answer".to_owned(),
        Unready::Busy | Unready::Damaged | Unready::Down(_) => unready.to_string(),
    }
}

async fn guarded_metrics(State(state): State<AppState>, request: Request) -> Answer<Response> {
    let (mut parts, _) = request.into_parts();
    let caller = key_caller(&state, &parts.headers, &mut parts.extensions).await?;
    caller
        .require_platform(Permission::Provision)
        .map_err(Problem::from)?;
    Ok(metrics(State(state.services), State(state.metrics)).await)
}

async fn metrics(
    State(services): State<Services>,
    State(handle): State<PrometheusHandle>,
) -> Response {
    let text = telemetry::render(&handle, &services);
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}

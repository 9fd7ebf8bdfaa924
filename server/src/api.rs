//! The HTTP API under `/api/v1`: thin handlers, one file for each resource.

pub mod accounts;
pub mod advice;
pub mod alerts;
pub mod auth;
pub mod balance;
pub mod body;
pub mod companies;
pub mod csv;
pub mod digest;
pub mod disputes;
pub mod docs;
pub mod enforce;
pub mod events;
pub mod file;
pub mod forecast;
pub mod format;
pub mod idempotency;
pub mod ingest;
pub mod keys;
pub mod leads;
pub mod ledger;
pub mod list;
pub mod openapi;
pub mod ops;
pub mod orders;
pub mod packs;
pub mod plans;
pub mod platform;
pub mod portal;
pub mod problem;
pub mod query;
pub mod rate_cards;
pub mod series;
pub mod sources;
pub mod spikes;
pub mod table;
pub mod times;
pub mod usage;
pub mod version;
pub mod webhooks;

use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::get,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;
use problem::Problem;

/// All routes under `/api`, with the readable and the machine-readable description of them.
pub fn router(state: &AppState) -> Router<AppState> {
    let (v1, _) = described().split_for_parts();
    let v1 = v1.layer(from_fn_with_state(state.clone(), idempotency::once));
    Router::new()
        .merge(v1)
        .route("/api/v1/openapi.json", get(openapi::document))
        .route("/api/docs", get(docs::page))
        .route("/api/docs/style.css", get(docs::style))
        .route("/problems/{name}", get(docs::problem))
        .route("/api", axum::routing::any(not_found))
        .route("/api/{*rest}", axum::routing::any(not_found))
        .layer(from_fn(as_problem))
}

/// Every described operation. The paths are whole, so that the description says what a client types.
pub fn described() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(ingest::post_events, events::list_events))
        .routes(routes!(events::get_event))
        .routes(routes!(ledger::post_reversal))
        .routes(routes!(enforce::post_check))
        .routes(routes!(enforce::post_hold))
        .routes(routes!(
            enforce::get_hold,
            enforce::patch_hold,
            enforce::delete_hold
        ))
        .routes(routes!(enforce::settle_hold))
        .routes(routes!(usage::get_summary))
        .routes(routes!(series::get_series))
        .routes(routes!(leads::get_leads_summary))
        .routes(routes!(spikes::get_spikes))
        .routes(routes!(sources::get_sources))
        .routes(routes!(platform::get_platform_trends))
        .routes(routes!(balance::get_balance))
        .routes(routes!(advice::get_advice))
        .routes(routes!(forecast::get_forecast))
        .routes(routes!(accounts::list_accounts))
        .routes(routes!(accounts::get_account, accounts::put_account))
        .routes(routes!(accounts::put_suspension))
        .routes(routes!(packs::post_account_pack))
        .routes(routes!(orders::list_orders, orders::post_order))
        .routes(routes!(orders::post_order_payment))
        .routes(routes!(orders::post_payment_event))
        .routes(routes!(orders::list_disputes))
        .routes(routes!(disputes::post_dispute_decision))
        .routes(routes!(ledger::post_adjustment))
        .routes(routes!(ledger::list_grants))
        .routes(routes!(ledger::list_ledger))
        .routes(routes!(companies::list_companies))
        .routes(routes!(companies::get_company, companies::put_company))
        .routes(routes!(plans::list_plans))
        .routes(routes!(plans::get_plan, plans::put_plan))
        .routes(routes!(packs::list_packs))
        .routes(routes!(packs::get_pack, packs::put_pack))
        .routes(routes!(rate_cards::list_rate_cards))
        .routes(routes!(
            rate_cards::get_rate_card,
            rate_cards::put_rate_card
        ))
        .routes(routes!(keys::list_keys, keys::post_key))
        .routes(routes!(keys::delete_key))
        .routes(routes!(keys::rotate_key))
        .routes(routes!(alerts::list_rules))
        .routes(routes!(alerts::put_rule, alerts::delete_rule))
        .routes(routes!(alerts::snooze_rule))
        .routes(routes!(alerts::list_alerts))
        .routes(routes!(alerts::acknowledge))
        .routes(routes!(digest::get_digest, digest::put_digest))
        .routes(routes!(webhooks::list_webhooks, webhooks::post_webhook))
        .routes(routes!(webhooks::delete_webhook))
        .routes(routes!(webhooks::enable_webhook))
        .routes(routes!(webhooks::test_webhook))
        .routes(routes!(webhooks::list_deliveries))
        .routes(routes!(webhooks::replay))
        .routes(routes!(portal::post_portal_session))
        .routes(routes!(portal::delete_portal_sessions))
}

async fn not_found() -> Problem {
    Problem::not_found()
}

/// Gives refusals of the framework (a wrong method, a path that cannot be read) the form all others have.
async fn as_problem(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == problem::MEDIA_TYPE);
    let status = response.status();
    if is_problem || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let mut answer = match status {
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Problem::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => Problem::method_not_allowed(),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
        _ => {
            tracing::error!(%status, "an answer had no reason");
            Problem::internal()
        }
    }
    .into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allow.clone());
    }
    answer
}

//! `POST /api/v1/events`: `CloudEvents` in all their content modes, stored all or nothing.

mod content;
mod envelope;

use std::collections::HashSet;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse as _, Response},
};
use domain::{
    FieldError, Invalid,
    event::{AgeLimit, MAX_EVENTS},
};
use serde::Serialize;
use service::{Caller, ServiceError, Services, ingest::IngestBatch, ports::Committed};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    body,
    problem::{Answer, Problem},
    query::Params,
};
use crate::{seat::Seat, telemetry::EVENTS};
use envelope::Parsed;

/// A body that takes as long to read as a page takes to render: such ones take turns.
const LARGE_BYTES: usize = 256 * 1024;

/// What became of a request, when it is asked for with `Prefer: return=representation`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// Events stored now.
    pub accepted: u32,
    /// Events that had been stored before.
    pub duplicates: u32,
}

/// Reports usage
///
/// One event or a batch of at most 10,000, as `CloudEvents` 1.0. All or nothing: if any event is invalid, nothing is stored
/// and `errors` names every one that is. The answer is sent when the events are durable. An event that was stored before
/// (same `source` and `id`, same content) is a duplicate and has no effect.
#[utoipa::path(
    post, path = "/api/v1/events", tag = "Events", operation_id = "post_events",
    params(
        ("account" = Option<String>, Query, description = "The account, when the events do not say it and the key may write to several."),
        ("Prefer" = Option<String>, Header, description = "`return=representation` asks for the counts as JSON."),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer to the same request. Events do not need it: their ids do the same."),
    ),
    request_body(
        description = "The event, or the events.",
        content(
            (super::openapi::CloudEvent = "application/cloudevents+json"),
            (Vec<super::openapi::CloudEvent> = "application/cloudevents-batch+json"),
            (super::openapi::CloudEvent = "application/json"),
        ),
    ),
    responses(
        (status = 204, description = "Stored.", headers(
            ("Events-Accepted" = u32, description = "Events stored now."),
            ("Events-Duplicate" = u32, description = "Events that had been stored before."),
        )),
        (status = 200, description = "Stored; the counts were asked for.", body = Accepted),
        (status = 403, description = "The key has no scope ingest."),
        (status = 413, description = "More than 10,000 events or 8 MiB."),
        (status = 415, description = "Neither JSON nor CloudEvents."),
        (status = 422, description = "Nothing was stored; `errors` says why."),
    ),
)]
pub async fn post_events(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
    request: Request,
) -> Answer<Response> {
    let mut rest = params.plain();
    let account = rest.take("account");
    rest.finish()?;
    let headers = request.headers().clone();
    let mode = content::mode(&headers)?;
    let seat = request.extensions().get::<Seat>().cloned();
    let body = body::read(request).await?;
    // Only now, so that nobody keeps a turn by sending slowly.
    if let Some(seat) = seat.filter(|_| body.len() > LARGE_BYTES) {
        seat.take(&caller).await?;
    }
    let parsed = envelope::parse(mode, &headers, &body)?;
    let events = parsed.events.len();
    match store(&services, &caller, account, parsed).await {
        Ok(committed) => {
            metrics::counter!(EVENTS, "outcome" => "accepted").increment(committed.accepted.into());
            metrics::counter!(EVENTS, "outcome" => "duplicate")
                .increment(committed.duplicates.into());
            Ok(answer(&headers, committed))
        }
        Err(error) => {
            metrics::counter!(EVENTS, "outcome" => "refused").increment(events as u64);
            Err(error)
        }
    }
}

async fn store(
    services: &Services,
    caller: &Caller,
    account: Option<String>,
    parsed: Parsed,
) -> Answer<Committed> {
    if parsed.events.len() > MAX_EVENTS {
        return Err(Problem::too_large().with_detail(&format!(
            "the request holds {} events: send at most {MAX_EVENTS} in one",
            parsed.events.len()
        )));
    }
    let batch = IngestBatch {
        events: parsed.events,
        account,
        age: AgeLimit::Enforced,
    };
    match services.ingest(caller, batch).await {
        Err(ServiceError::Invalid(Invalid(found))) => {
            Err(Problem::invalid(merge(parsed.errors, found)))
        }
        Err(error) => Err(error.into()),
        Ok(committed) if parsed.errors.is_empty() => Ok(committed),
        // An event that could not be read is handed on without its version, which the service never takes.
        Ok(_) => Err(Problem::internal()),
    }
}

/// Joins what was wrong with the shape of events and with their content, in the order of the events.
fn merge(shape: Vec<FieldError>, content: Vec<FieldError>) -> Vec<FieldError> {
    let unreadable: HashSet<_> = shape
        .iter()
        .map(|error| (error.index, error.field.as_str()))
        .collect();
    let broken: HashSet<_> = shape.iter().map(|error| error.index).collect();
    let is_news = |error: &FieldError| {
        let hidden = error.field == "specversion" && broken.contains(&error.index);
        let whole = unreadable.contains(&(error.index, "event"));
        !hidden && !whole && !unreadable.contains(&(error.index, error.field.as_str()))
    };
    let news: Vec<_> = content.into_iter().filter(is_news).collect();
    let mut all: Vec<_> = shape.into_iter().chain(news).collect();
    all.sort_by_key(|error| error.index);
    all
}

fn answer(headers: &HeaderMap, committed: Committed) -> Response {
    let prefer = headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let wants_body = prefer
        .flat_map(|text| text.split([',', ';']))
        .any(|part| part.trim().eq_ignore_ascii_case("return=representation"));
    let mut response = if wants_body {
        let body = Accepted {
            accepted: committed.accepted,
            duplicates: committed.duplicates,
        };
        let mut response = Json(body).into_response();
        response.headers_mut().insert(
            "preference-applied",
            HeaderValue::from_static("return=representation"),
        );
        response
    } else {
        StatusCode::NO_CONTENT.into_response()
    };
    response
        .headers_mut()
        .insert("events-accepted", committed.accepted.into());
    response
        .headers_mut()
        .insert("events-duplicate", committed.duplicates.into());
    response
}

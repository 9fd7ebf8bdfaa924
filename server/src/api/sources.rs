//! Who reports usage, and up to when all of it is probably here.

use axum::{Json, extract::State};
use serde::Serialize;
use service::{Permission, Services};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    problem::{Answer, ProblemBody},
    query::Params,
    times,
};

/// The sources of an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sources)]
pub struct SourcesBody {
    /// Up to when everything is probably here: the latest event of the source that is late for longest. Null when none is.
    #[schema(required)]
    complete_to: Option<String>,
    /// By name.
    items: Vec<SourceBody>,
}

/// A source of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub struct SourceBody {
    /// Its name, as events have it.
    #[schema(example = "voice-gw-2")]
    source: String,
    /// The latest time of an event.
    last_event_at: String,
    /// When something came last.
    last_seen_at: String,
    /// How many events and leads came.
    events: u64,
    /// The longest it was silent in the last one to two weeks, in seconds.
    longest_silence_s: i64,
    /// Whether it has been silent for half as long again as that, and for 15 minutes at least. Not said in its first two
    /// days, nor after 35 days of silence.
    is_late: bool,
}

/// Lists who reports usage, and who is late
#[utoipa::path(
    get, path = "/api/v1/sources", tag = "Usage", operation_id = "get_sources",
    params(("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out.")),
    responses(
        (status = 200, description = "The sources.", body = SourcesBody),
        (status = 401, description = "No or a wrong key.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key has no scope read.", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such account.", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub async fn get_sources(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<SourcesBody>> {
    let scope = params.scope(&services, &caller, Permission::Read).await?;
    let found = services.sources(&scope).await?;
    let (zone, now) = (&found.zone, found.now);
    let items = found.sources.iter().map(|source| SourceBody {
        source: source.name.clone(),
        last_event_at: times::rfc3339(source.last_time, zone),
        last_seen_at: times::rfc3339(source.seen_at, zone),
        events: source.events,
        longest_silence_s: source.longest_silence_us / 1_000_000,
        is_late: source.is_late(now),
    });
    Ok(Json(SourcesBody {
        items: items.collect(),
        complete_to: found.complete_to.map(|time| times::rfc3339(time, zone)),
    }))
}

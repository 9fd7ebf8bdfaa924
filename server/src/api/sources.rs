//! Who reports usage, and up to when all of it is probably here.

use axum::{Json, extract::State};
use domain::source::Source;
use serde::Serialize;
use service::{Permission, Services};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    list::{ListParams, Paging, Sorted},
    problem::Answer,
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
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
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
    params(
        ("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out."),
        ListParams,
    ),
    responses(
        (status = 200, description = "The sources.", body = SourcesBody),
        (status = 403, description = "The key has no scope read."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn get_sources(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<SourcesBody>> {
    let mut rest = params.plain();
    let (account, page) = (rest.take("account"), Paging::take(&mut rest));
    rest.finish()?;
    let scope = services
        .scope(&caller, account.as_deref(), Permission::Read)
        .await?;
    let page = page.of::<String>(format!("sources:{}", scope.account().key))?;
    let found = services.sources(&scope).await?;
    let (zone, now) = (&found.zone, found.now);
    let place = |source: &Source| source.name.clone();
    let page = page.page_of_all(found.sources, Sorted::Up, place, |source| SourceBody {
        last_event_at: times::rfc3339(source.last_time, zone),
        last_seen_at: times::rfc3339(source.seen_at, zone),
        events: source.events,
        longest_silence_s: source.longest_silence_us / 1_000_000,
        is_late: source.is_late(now),
        source: source.name,
    });
    Ok(Json(SourcesBody {
        items: page.items,
        next_cursor: page.next_cursor,
        complete_to: found.complete_to.map(|time| times::rfc3339(time, zone)),
    }))
}

//! The activity log: events newest first, and one with its receipt.

mod export;

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use domain::{
    Agent, Credits,
    activity::{PaidPart, ReturnedPart, ReversalLine},
    calendar::Zone,
    cursor::Cursor,
};
use serde::Serialize;
use serde_json::value::RawValue;
use service::{Permission, Services, ports::StoredEvent};
use utoipa::ToSchema;

use crate::turns::Turns;

pub use export::EXPORT_COLUMNS;

use super::{
    auth::Authed,
    format::Format,
    list::{ListParams, Page, Paging},
    problem::Answer,
    query::{Params, ViewParams},
    times,
};

/// A usage event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventItem {
    /// Who reported it.
    #[schema(example = "voice-gw-2")]
    pub source: String,
    /// Its id in that source.
    pub id: String,
    /// The event time.
    #[schema(example = "2026-11-23T15:03:10.25+01:00")]
    pub time: String,
    /// Who spent the credits.
    #[schema(value_type = String, example = "voice_inbound")]
    pub agent: Agent,
    /// On what.
    #[schema(example = "voice_call")]
    pub activity: String,
    /// How many.
    #[schema(value_type = String, example = "3.75")]
    pub credits: Credits,
    /// The company's key.
    #[schema(example = "acme-dental")]
    pub company: String,
    /// The sender's reference.
    #[schema(required, example = "call_81f")]
    pub reference: Option<String>,
    /// Whatever else the sender sent.
    #[schema(required, value_type = Option<Object>)]
    pub metadata: Option<Box<RawValue>>,
    /// How much of it was refunded.
    #[schema(value_type = String, example = "0")]
    pub reversed_credits: Credits,
}

/// A usage event with its receipt.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventWithReceipt {
    /// The event.
    #[serde(flatten)]
    pub event: EventItem,
    /// The event type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What explains its price.
    pub receipt: ReceiptBody,
}

/// What explains the price of an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Receipt)]
pub struct ReceiptBody {
    /// When the event became durable.
    pub recorded_at: String,
    /// Display name of the company.
    pub company_name: String,
    /// The quantity a rate card priced; null when the event carried credits.
    #[schema(required, value_type = Option<String>, example = "225")]
    pub quantity: Option<domain::Quantity>,
    /// Unit of the quantity.
    #[schema(required, example = "second")]
    pub unit: Option<String>,
    /// Version of the rate card that priced it.
    #[schema(required)]
    pub rate_version: Option<u32>,
    /// Price, version and rounding in words.
    #[schema(required, example = "0.016666666667 per second · v1 · rounded up")]
    pub rate: Option<String>,
    /// Which grants paid, and how much each, in order.
    pub paid_by: Vec<Payment>,
    /// The balance right afterwards, below zero with overage; null for callers who see some companies only.
    #[schema(required, value_type = Option<String>, example = "18760")]
    pub balance_after: Option<Credits>,
    /// What was refunded since, oldest first.
    pub reversals: Vec<ReversalItem>,
}

/// A part of an event's cost that was refunded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reversal)]
pub struct ReversalItem {
    /// Its id.
    pub id: String,
    /// How much.
    #[schema(value_type = String, example = "1.25")]
    pub credits: Credits,
    /// When.
    pub at: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// Where it went; empty for callers who see some companies only.
    pub returned_to: Vec<ReturnedItem>,
}

/// Where a part of a refund went.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnedItem {
    /// Id of the grant that has it; `overage` for what lowered the overage.
    #[schema(example = "refund-9")]
    pub grant: String,
    /// What people call it.
    #[schema(example = "Refund")]
    pub name: String,
    /// How much.
    #[schema(value_type = String, example = "1.25")]
    pub credits: Credits,
    /// Until when it can be spent; null for what lowered the overage.
    #[schema(required, example = "2026-12-01T00:00:00+01:00")]
    pub expires_at: Option<String>,
}

impl From<ReturnedPart> for ReturnedItem {
    fn from(part: ReturnedPart) -> Self {
        Self {
            grant: part.id,
            name: part.name,
            credits: part.credits,
            expires_at: part.expires_at,
        }
    }
}

impl From<ReversalLine> for ReversalItem {
    fn from(line: ReversalLine) -> Self {
        Self {
            id: line.id,
            credits: line.credits,
            at: line.at,
            reason: line.reason,
            actor: line.actor,
            returned_to: line.returned_to.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<PaidPart> for Payment {
    fn from(part: PaidPart) -> Self {
        Self {
            grant: part.id,
            name: part.name,
            credits: part.credits,
        }
    }
}

/// A part of an event's price.
#[derive(Debug, Serialize, ToSchema)]
pub struct Payment {
    /// Id of the grant; `overage` for what no grant paid.
    #[schema(example = "plan-3")]
    pub grant: String,
    /// What people call it.
    #[schema(example = "Growth plan")]
    pub name: String,
    /// What it paid.
    #[schema(value_type = String, example = "3.75")]
    pub credits: Credits,
}

impl EventItem {
    /// A stored event as the API tells it.
    pub fn new(event: StoredEvent, zone: &Zone) -> Self {
        Self {
            time: times::rfc3339(event.time, zone),
            source: event.source,
            id: event.id,
            agent: event.agent,
            activity: event.activity,
            credits: event.credits,
            company: event.company_key,
            reference: event.reference,
            metadata: event
                .metadata
                .and_then(|text| RawValue::from_string(text).ok()),
            reversed_credits: event.reversed,
        }
    }
}

/// Lists events, newest first
///
/// `Accept: text/csv` or `format=csv` streams the whole filtered set; cells that start like a formula are escaped.
/// `Accept: application/x-ndjson` or `format=ndjson` streams it with an event a line, as the list has them. The header
/// `creditscope-rows` says how many events there are when a stream begins, for those who show how far it is.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "Events", operation_id = "list_events",
    params(ViewParams, ListParams, ("format" = Option<String>, Query, description = "`csv` or `ndjson` for links, which cannot set `Accept`.")),
    responses(
        (status = 200, description = "The events.", content((Page<EventItem> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = 403, description = "The key has no scope read."),
        (status = 404, description = "No such account."),
        (status = 422, description = "A filter is wrong."),
    ),
)]
pub async fn list_events(
    State(services): State<Services>,
    State(turns): State<Turns>,
    Authed(caller): Authed,
    headers: HeaderMap,
    params: Params,
) -> Answer<Response> {
    let (view, mut rest) = params.view();
    let format = rest.format(&headers);
    let page = Paging::take(&mut rest);
    rest.finish()?;
    let scope = services
        .scope(&caller, view.account.as_deref(), Permission::Read)
        .await?;
    let zone = times::view_zone(scope.account(), &view)?;
    if format != Format::Json {
        let rows = services.count_events(scope.clone(), &view).await?;
        let reader = export::Reader {
            services,
            turns,
            caller,
            scope,
        };
        return Ok(export::stream(reader, view, zone, format, rows));
    }
    let page = page.of::<Cursor>(format!("events:{}", scope.account().key))?;
    let events = services
        .events(scope, &view, page.after, page.to_read())
        .await?;
    let place = |event: &StoredEvent| Cursor {
        time: event.time,
        seq: event.seq,
    };
    let page = page.page(events, place, |event| EventItem::new(event, &zone));
    Ok(Json(page).into_response())
}

/// Reads an event with its receipt
#[utoipa::path(
    get, path = "/api/v1/events/{source}/{id}", tag = "Events", operation_id = "get_event",
    params(
        ("source" = String, Path, description = "Who reported it; percent-encoded."),
        ("id" = String, Path, description = "Its id in that source; percent-encoded."),
        ("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out."),
        ("tz" = Option<String>, Query, description = "IANA time zone of the times; the account's when left out."),
    ),
    responses(
        (status = 200, description = "The event.", body = EventWithReceipt),
        (status = 403, description = "The key has no scope read."),
        (status = 404, description = "No such event, or someone else's."),
    ),
)]
pub async fn get_event(
    State(services): State<Services>,
    Authed(caller): Authed,
    Path((source, id)): Path<(String, String)>,
    params: Params,
) -> Answer<Json<EventWithReceipt>> {
    let mut rest = params.plain();
    let (account, tz) = (rest.take("account"), rest.take("tz"));
    rest.finish()?;
    let scope = services
        .scope(&caller, account.as_deref(), Permission::Read)
        .await?;
    let zone = times::zone(scope.account(), tz.as_deref())?;
    let event = services.event(&scope, &source, &id).await?;
    let words = services
        .receipt(&scope, tz.as_deref(), &source, &id)
        .await?;
    let receipt = ReceiptBody {
        recorded_at: times::rfc3339(event.recorded_at, &zone),
        company_name: event.company_name.clone(),
        quantity: event.quantity,
        unit: event.unit.clone(),
        rate_version: event.rate_version,
        rate: words.rate,
        paid_by: words.paid_by.into_iter().map(Payment::from).collect(),
        balance_after: words.balance_after,
        reversals: words
            .reversals
            .into_iter()
            .map(ReversalItem::from)
            .collect(),
    };
    Ok(Json(EventWithReceipt {
        kind: event.kind.clone(),
        event: EventItem::new(event, &zone),
        receipt,
    }))
}

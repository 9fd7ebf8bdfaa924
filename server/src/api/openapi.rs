//! The OpenAPI 3.1 description, made from the handlers.

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use super::problem::{DeniedProblem, ProblemSchema};

mod refusals;

/// What the description says before any operation.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Creditscope",
        version = "1",
        description = "Meters, enforces and shows the AI credits of a platform. Credits are exact decimals of at most six places: \
                       sent as number or string, answered as string. One amount is at most 1000000000 credits, and an account is counted \
                       to 1000000000000 credits in all: what is more is refused with the reason `out_of_range`. Times are RFC 3339 with offset. Unknown fields and \
                       parameters are errors. Errors are `application/problem+json` (RFC 9457). Every answer carries `x-request-id`.",
        license(name = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemSchema, DeniedProblem)),
    modifiers(&Bearer),
    security(("api_key" = [])),
)]
struct Head;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("cs_<prefix>_<secret>".to_owned());
        scheme.description = Some("An API key. `platform` keys do everything; keys of an account have the scopes `ingest`, `check`, `read`.".to_owned());
        if let Some(components) = &mut openapi.components {
            components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
        }
    }
}

/// A usage event as `CloudEvents` 1.0.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the lenient reader takes")]
pub struct CloudEvent {
    /// Must be `1.0`.
    #[schema(example = "1.0")]
    specversion: String,
    /// Unique in its source for ever. Time-ordered ids (`UUIDv7`) store fastest.
    #[schema(example = "0193f0c4-9f6a-7c3e-8a51-2b7d9e4f1a60")]
    id: String,
    /// Who reports.
    #[schema(example = "voice-gw-2")]
    source: String,
    /// `creditscope.usage`, `creditscope.lead`, or a type that a rate card maps.
    #[schema(example = "creditscope.usage")]
    r#type: String,
    /// The company's key.
    #[schema(example = "acme-dental")]
    subject: String,
    /// The event time, RFC 3339; now when left out. At most 35 days old and 5 minutes ahead.
    #[schema(example = "2026-11-23T14:03:10.25Z")]
    time: Option<String>,
    /// The account's key, where the company's key alone does not say it.
    account: Option<String>,
    /// What was used, or what came in.
    data: EventData,
}

/// What an event says, by its type.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what the lenient reader takes")]
enum EventData {
    /// Of a `creditscope.usage` event.
    Usage(UsageData),
    /// Of a `creditscope.lead` event.
    Lead(LeadData),
}

/// `data` of a `creditscope.lead` event: what an agent brought in. It costs nothing.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the lenient reader takes")]
struct LeadData {
    /// The agent that brought it in.
    #[schema(example = "chat")]
    agent: String,
    /// `lead`, `booking` or `sale`.
    #[schema(example = "booking")]
    kind: String,
    /// The reference of the conversation or call it came from, as its usage events have it.
    #[schema(example = "conv_3fa")]
    reference: Option<String>,
    /// What it is worth: a number or a decimal string, not negative, at most a billion; goes with `currency`.
    #[schema(example = "120")]
    value: Option<String>,
    /// ISO 4217 code of the value.
    #[schema(example = "EUR")]
    currency: Option<String>,
}

/// `data` of a `creditscope.usage` event: `credits`, or a `quantity` that the rate card prices.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the lenient reader takes")]
struct UsageData {
    /// `chat`, `voice_inbound`, `voice_outbound`, `voice_web`, `auto_trigger` or `nox`.
    #[schema(example = "voice_inbound")]
    agent: String,
    /// What the agent did.
    #[schema(example = "voice_call")]
    activity: String,
    /// What it cost: a number or a decimal string, at most six decimals, not negative. At most 1000000000.
    #[schema(example = "3.75")]
    credits: Option<String>,
    /// How much was used, to be priced by the rate card.
    /// From 0 to 1000000000000, and at a price of at most 1000000000 credits.
    quantity: Option<String>,
    /// Of what; must be the rate card's unit when given.
    unit: Option<String>,
    /// The sender's own reference, at most 255 bytes.
    #[schema(example = "call_81f")]
    reference: Option<String>,
    /// Whatever else the receipt should show, at most 8 KiB.
    #[schema(value_type = Option<Object>, example = json!({"duration_s": 225}))]
    metadata: Option<Value>,
}

/// A line of a rate card.
#[derive(ToSchema)]
#[schema(as = RateRule)]
#[expect(
    dead_code,
    reason = "describes a type of the domain, which knows nothing of HTTP"
)]
pub struct RateRuleSchema {
    /// Fields of the event's `data` that must have these values.
    #[schema(value_type = Option<Object>, example = json!({"activity": "chat_reply"}))]
    r#match: Option<Value>,
    /// The agent that events of another type are recorded for.
    #[schema(example = "chat")]
    agent: Option<String>,
    /// The activity that events of another type are recorded as.
    #[schema(example = "chat_reply")]
    activity: Option<String>,
    /// JSON Pointer into `data` of events of another type.
    #[schema(example = "/total_tokens")]
    quantity: Option<String>,
    /// What is counted.
    #[schema(example = "token")]
    unit: String,
    /// Credits for one unit, at most 12 decimals. From 0, below 1000000000.
    #[schema(example = "0.001")]
    credits_per_unit: String,
    /// `up`, `half_up` or `exact` (default).
    #[schema(example = "up")]
    rounding: Option<String>,
    /// Decimals to round to, 0 to 6 (default 6).
    #[schema(example = 3)]
    decimals: Option<u8>,
}

/// The description without its operations.
pub fn head() -> utoipa::openapi::OpenApi {
    Head::openapi()
}

/// The whole description.
pub fn description() -> &'static Value {
    static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
        let (_, mut openapi) = super::described().split_for_parts();
        refusals::describe(&mut openapi);
        serde_json::to_value(openapi).unwrap_or_default()
    });
    &DESCRIPTION
}

/// The description as a file, as it is committed and served.
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(description()).unwrap_or_default();
    text.push('\n');
    text
}

/// `GET /api/v1/openapi.json`
pub async fn document() -> Response {
    (
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        text(),
    )
        .into_response()
}

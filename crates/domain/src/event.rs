//! Usage events: the `CloudEvents` envelope, its validation, and the bounds on its time.

mod lead;
mod payload;

use crate::{
    Agent, Credits, FieldError, Quantity, Time,
    ids::check_text,
    lead::{LEAD_TYPE, NewLead},
    time::{DAY_US, MINUTE_US},
};
use lead::parse_lead;
use payload::parse_usage;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The event type that carries usage in Creditscope's own form.
pub const USAGE_TYPE: &str = "creditscope.usage";

/// Most events in one request.
pub const MAX_EVENTS: usize = 10_000;

/// Longest `source`, `id` or `type`, in bytes: they are index keys.
pub const MAX_NAME_BYTES: usize = 255;

/// Longest `reference`, in bytes.
pub const MAX_REFERENCE_BYTES: usize = 255;

/// Largest metadata object, in bytes of JSON: what a receipt can show and a row can carry.
pub const MAX_METADATA_BYTES: usize = 8 * 1024;

/// How far back an event may lie: the longest billing cycle plus the grace after it.
pub const MAX_AGE_US: i64 = 35 * DAY_US;

/// How far ahead of the server's clock a sender's clock may run.
pub const MAX_AHEAD_US: i64 = 5 * MINUTE_US;

/// A `CloudEvents` 1.0 event as it arrives, before anything is checked.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Envelope {
    /// Must be `1.0`.
    pub specversion: Option<String>,
    /// Unique in its source.
    pub id: Option<String>,
    /// Who reports.
    pub source: Option<String>,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The company's key.
    pub subject: Option<String>,
    /// When it happened; RFC 3339.
    pub time: Option<String>,
    /// Must be JSON when given.
    pub datacontenttype: Option<String>,
    /// The payload.
    pub data: Option<Value>,
    /// The account's key, for callers that may write to several.
    pub account: Option<String>,
    /// Binary payloads are refused.
    pub data_base64: Option<Value>,
}

/// How an event says what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charge {
    /// In credits.
    Credits(Credits),
    /// In a quantity that a rate card prices.
    Quantity {
        /// How much.
        quantity: Quantity,
        /// Of what, when said.
        unit: Option<String>,
    },
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// `creditscope.usage`.
    Usage {
        /// Who spent.
        agent: Agent,
        /// On what.
        activity: String,
        /// At what cost.
        charge: Charge,
        /// The sender's own reference, such as a call id.
        reference: Option<String>,
        /// Whatever else the receipt should show.
        metadata: Option<Map<String, Value>>,
    },
    /// `creditscope.lead`.
    Lead {
        /// Who brought it in.
        agent: Agent,
        /// What it is.
        lead: NewLead,
        /// The sender's reference of the conversation or call it came from.
        reference: Option<String>,
    },
    /// Any other type; a rate-card rule must map it.
    Foreign(Map<String, Value>),
}

/// An event whose form is right; time bounds, company and price are still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedEvent {
    /// Who reports.
    pub source: String,
    /// Unique in its source.
    pub id: String,
    /// The event type.
    pub kind: String,
    /// The company's key.
    pub company: String,
    /// The account's key, when said.
    pub account: Option<String>,
    /// When it happened, when said.
    pub time: Option<Time>,
    /// What it says.
    pub payload: Payload,
}

impl ParsedEvent {
    /// Checks the form of an event.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(envelope: Envelope) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        check_envelope(&envelope, &mut errors);
        let id = name_field("id", envelope.id, &mut errors);
        let source = name_field("source", envelope.source, &mut errors);
        let kind = name_field("type", envelope.kind, &mut errors);
        let company = name_field("subject", envelope.subject, &mut errors);
        let time = envelope
            .time
            .and_then(|text| parse_time(&text, &mut errors));
        let payload = parse_payload(&kind, envelope.data, &mut errors);
        match payload {
            Some(payload) if errors.is_empty() => Ok(Self {
                source,
                id,
                kind,
                company,
                account: envelope.account,
                time,
                payload,
            }),
            _ => Err(errors),
        }
    }

    /// A text that is equal for two sendings of the same event and different for any other content.
    ///
    /// The time counts only as it was sent: an event sent twice without one is the same event.
    pub fn content(&self) -> String {
        let payload = match &self.payload {
            Payload::Usage {
                agent,
                activity,
                charge,
                reference,
                metadata,
            } => {
                let (credits, quantity, unit) = match charge {
                    Charge::Credits(credits) => (Some(credits), None, None),
                    Charge::Quantity { quantity, unit } => (None, Some(quantity), unit.as_ref()),
                };
                serde_json::json!([
                    agent, activity, credits, quantity, unit, reference, metadata
                ])
            }
            Payload::Lead {
                agent,
                lead,
                reference,
            } => serde_json::json!([agent, lead, reference]),
            Payload::Foreign(data) => Value::Object(data.clone()),
        };
        serde_json::json!([self.kind, self.company, self.time, payload]).to_string()
    }
}

fn check_envelope(envelope: &Envelope, errors: &mut Vec<FieldError>) {
    match envelope.specversion.as_deref() {
        Some("1.0") => {}
        Some(_) => errors.push(FieldError::invalid("specversion", "must be \"1.0\"")),
        None => errors.push(required("specversion", "send \"1.0\"")),
    }
    let is_json = |kind: &String| {
        let kind = kind.to_ascii_lowercase();
        kind.starts_with("application/json") || kind.contains("+json")
    };
    if envelope
        .datacontenttype
        .as_ref()
        .is_some_and(|kind| !is_json(kind))
    {
        errors.push(FieldError::invalid(
            "datacontenttype",
            "must be application/json",
        ));
    }
    if envelope.data_base64.is_some() {
        errors.push(FieldError::invalid(
            "data_base64",
            "is not supported: send the payload as JSON in data",
        ));
    }
}

fn required(field: &str, cure: &str) -> FieldError {
    FieldError::new(field, "required", format!("is missing: {cure}"))
}

fn name_field(field: &str, value: Option<String>, errors: &mut Vec<FieldError>) -> String {
    match value {
        None => errors.push(required(field, "send a text of 1 to 255 bytes")),
        Some(text) => match check_text(&text, MAX_NAME_BYTES) {
            Ok(()) => return text,
            Err(rule) => errors.push(FieldError::invalid(field, rule)),
        },
    }
    String::new()
}

#[cfg(feature = "calendar")]
fn parse_time(text: &str, errors: &mut Vec<FieldError>) -> Option<Time> {
    text.parse()
        .map_err(|error| errors.push(FieldError::invalid("time", error)))
        .ok()
}

#[cfg(not(feature = "calendar"))]
fn parse_time(_: &str, errors: &mut Vec<FieldError>) -> Option<Time> {
    errors.push(FieldError::invalid(
        "time",
        "cannot be read without a calendar",
    ));
    None
}

fn parse_payload(kind: &str, data: Option<Value>, errors: &mut Vec<FieldError>) -> Option<Payload> {
    match data {
        None => errors.push(required("data", "send a JSON object")),
        Some(Value::Object(data)) if kind == USAGE_TYPE => return parse_usage(data, errors),
        Some(Value::Object(data)) if kind == LEAD_TYPE => return parse_lead(data, errors),
        Some(Value::Object(data)) => {
            check_size("data", &data, errors);
            return Some(Payload::Foreign(data));
        }
        Some(_) => errors.push(FieldError::invalid("data", "must be a JSON object")),
    }
    None
}

/// Turns serde's words for an unknown field into a field error that names it.
pub fn unknown_or_invalid(parent: &str, error: &serde_json::Error) -> FieldError {
    let text = error.to_string();
    match text
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split_once('`'))
    {
        Some((name, _)) => FieldError::new(
            format!("{parent}.{name}").trim_start_matches('.'),
            "unknown_field",
            "is not a known field: remove it or check its spelling",
        ),
        None => FieldError::invalid(parent, text),
    }
}

/// Reads an exact amount out of JSON, pushing an error that names the field.
pub fn amount<T: serde::de::DeserializeOwned>(
    field: &str,
    value: &Value,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    serde_json::from_value(value.clone())
        .map_err(|error| errors.push(FieldError::invalid(field, error)))
        .ok()
}

/// Metadata, and the whole payload of an event of another type, which becomes its metadata.
fn check_size(field: &str, object: &Map<String, Value>, errors: &mut Vec<FieldError>) {
    let bytes = serde_json::to_string(object).map_or(0, |text| text.len());
    if bytes > MAX_METADATA_BYTES {
        errors.push(FieldError::invalid(
            field,
            format!("must be at most {MAX_METADATA_BYTES} bytes of JSON, is {bytes}"),
        ));
    }
}

/// Whether history older than the usual bound may be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgeLimit {
    /// The 35-day bound and the grace after a cycle's end hold.
    Enforced,
    /// A backfill by an operator: any past time is right.
    Lifted,
}

/// Checks an event's time against the server's clock.
///
/// # Errors
/// `time_in_future` or `time_too_old`, with the bound.
pub fn check_time(time: Time, now: Time, age: AgeLimit) -> Result<(), FieldError> {
    let ahead_us = time.micros_since(now);
    if ahead_us > MAX_AHEAD_US {
        return Err(FieldError::new(
            "time",
            "time_in_future",
            "is more than 5 minutes ahead of the server: check the sender's clock",
        ));
    }
    if age == AgeLimit::Enforced && ahead_us < -MAX_AGE_US {
        return Err(FieldError::new(
            "time",
            "time_too_old",
            "is more than 35 days old: import history with the command line, or report it as an adjustment",
        ));
    }
    Ok(())
}

//! Usage events: the `CloudEvents` envelope, its validation, and the bounds on its time.

mod envelope;
mod lead;
mod payload;

use crate::{
    Agent, Credits, FieldError, Json, Quantity, Time,
    credits::micro_of,
    ids::check_text,
    json::Object,
    lead::{LEAD_TYPE, NewLead},
    time::{DAY_US, MINUTE_US},
};
pub use envelope::Envelope;
use lead::parse_lead;
use payload::parse_usage;
use serde::{Deserialize, Serialize};

/// The event type that carries usage in Creditscope's own form.
pub const USAGE_TYPE: &str = "creditscope.usage";

/// Most events in one request.
pub const MAX_EVENTS: usize = 10_000;

/// What sources and activities are counted under that an account has too many of to be counted by themselves. No key of an
/// activity and no source that others report can be this.
pub const OTHER: &str = "creditscope:other";

/// Most activities that are offered to choose from.
pub const MOST_CHOICES: usize = 100;

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
        metadata: Option<Object>,
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
    Foreign(Object),
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
    /// The time counts only as it was sent: an event sent twice without one is the same event. Fingerprints of stored
    /// events and the ids of imported rows are made of it: it must never change.
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
                Json::List(vec![
                    said(agent),
                    said(activity),
                    said(&credits),
                    said(&quantity),
                    said(&unit),
                    said(reference),
                    metadata.clone().map_or(Json::Null, Json::Object),
                ])
            }
            Payload::Lead {
                agent,
                lead,
                reference,
            } => Json::List(vec![said(agent), said(lead), said(reference)]),
            Payload::Foreign(data) => Json::Object(data.clone()),
        };
        let (kind, company) = (said(&self.kind), said(&self.company));
        Json::List(vec![kind, company, said(&self.time), payload]).canonical()
    }

    /// The content as versions saw it that read numbers of JSON as doubles; none when that is the same.
    pub fn rounded_content(&self) -> Option<String> {
        let (Payload::Usage {
            metadata: Some(object),
            ..
        }
        | Payload::Foreign(object)) = &self.payload
        else {
            return None;
        };
        let json = Json::Object(object.clone());
        if json.inexact(None).is_empty() {
            return None;
        }
        let rounded: serde_json::Value = serde_json::from_str(&json.to_string()).ok()?;
        let Json::Object(rounded) = Json::from(rounded) else {
            return None;
        };
        let mut event = self.clone();
        match &mut event.payload {
            Payload::Usage { metadata, .. } => *metadata = Some(rounded),
            Payload::Foreign(data) => *data = rounded,
            Payload::Lead { .. } => {}
        }
        Some(event.content())
    }
}

/// A part of an event as its content tells it.
fn said(part: &impl Serialize) -> Json {
    serde_json::to_value(part).unwrap_or_default().into()
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

fn parse_payload(kind: &str, data: Option<Json>, errors: &mut Vec<FieldError>) -> Option<Payload> {
    match data {
        None => errors.push(required("data", "send a JSON object")),
        Some(Json::Object(data)) if kind == USAGE_TYPE => return parse_usage(data, errors),
        Some(Json::Object(data)) if kind == LEAD_TYPE => return parse_lead(data, errors),
        Some(Json::Object(data)) => {
            let data = check_size("data", data, errors);
            return Some(Payload::Foreign(data));
        }
        Some(_) => errors.push(FieldError::invalid("data", "must be a JSON object")),
    }
    None
}

/// Names what is left of an object's members after the known ones were taken.
fn refuse_unknown(left: Object, errors: &mut Vec<FieldError>) {
    errors.extend(left.into_keys().map(|name| {
        FieldError::new(
            format!("data.{name}"),
            "unknown_field",
            "is not a known field: remove it or check its spelling",
        )
    }));
}

/// Reads an exact amount, in millionths, pushing an error that names the field.
pub fn amount(field: &str, value: &Json, errors: &mut Vec<FieldError>) -> Option<i64> {
    micro_of(value)
        .map_err(|error| errors.push(error.of_field(field)))
        .ok()
}

/// Metadata, and the whole payload of an event of another type, which becomes its metadata.
fn check_size(field: &str, object: Object, errors: &mut Vec<FieldError>) -> Object {
    let json = Json::Object(object);
    let bytes = json.to_string().len();
    if bytes > MAX_METADATA_BYTES {
        errors.push(FieldError::invalid(
            field,
            format!("must be at most {MAX_METADATA_BYTES} bytes of JSON, is {bytes}"),
        ));
    }
    match json {
        Json::Object(object) => object,
        _ => Object::new(),
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

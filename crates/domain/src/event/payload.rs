//! The payload of a usage event in our own form.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Charge, MAX_REFERENCE_BYTES, Payload, amount, check_size, required, unknown_or_invalid,
};
use crate::{Agent, Credits, FieldError, Quantity, ids::check_key};

/// `data` of a `creditscope.usage` event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UsageData {
    agent: Option<Value>,
    activity: Option<Value>,
    credits: Option<Value>,
    quantity: Option<Value>,
    unit: Option<Value>,
    reference: Option<Value>,
    metadata: Option<Value>,
}

pub(super) fn parse_usage(
    data: Map<String, Value>,
    errors: &mut Vec<FieldError>,
) -> Option<Payload> {
    let data: UsageData = match serde_json::from_value(Value::Object(data)) {
        Ok(data) => data,
        Err(error) => {
            errors.push(unknown_or_invalid("data", &error));
            return None;
        }
    };
    let agent = parse_agent(data.agent, errors);
    let activity = parse_activity(data.activity, errors);
    let charge = parse_charge(data.credits, data.quantity, data.unit, errors);
    let reference = parse_reference(data.reference, errors);
    let metadata = parse_metadata(data.metadata, errors);
    Some(Payload::Usage {
        agent: agent?,
        activity: activity?,
        charge: charge?,
        reference,
        metadata,
    })
}

pub(super) fn parse_agent(value: Option<Value>, errors: &mut Vec<FieldError>) -> Option<Agent> {
    let Some(value) = value else {
        errors.push(required("data.agent", "name the agent that it was"));
        return None;
    };
    let agent = value.as_str().and_then(|text| text.parse().ok());
    if agent.is_none() {
        errors.push(FieldError::new(
            "data.agent",
            "unknown_agent",
            crate::agent::UnknownAgent.to_string(),
        ));
    }
    agent
}

fn parse_activity(value: Option<Value>, errors: &mut Vec<FieldError>) -> Option<String> {
    match value {
        None => errors.push(required(
            "data.activity",
            "name what the agent did, such as chat_reply",
        )),
        Some(Value::String(text)) => match check_key(&text) {
            Ok(()) => return Some(text),
            Err(rule) => errors.push(FieldError::invalid("data.activity", rule)),
        },
        Some(_) => errors.push(FieldError::invalid("data.activity", "must be a text")),
    }
    None
}

fn parse_charge(
    credits: Option<Value>,
    quantity: Option<Value>,
    unit: Option<Value>,
    errors: &mut Vec<FieldError>,
) -> Option<Charge> {
    match (credits, quantity) {
        (Some(credits), None) => {
            if unit.is_some() {
                errors.push(FieldError::invalid(
                    "data.unit",
                    "goes with quantity, not with credits",
                ));
            }
            let credits: Credits = amount("data.credits", &credits, errors)?;
            if credits.is_negative() {
                errors.push(FieldError::new(
                    "data.credits",
                    "negative",
                    "must not be negative: correct usage by a reversal",
                ));
                return None;
            }
            Some(Charge::Credits(credits))
        }
        (None, Some(quantity)) => {
            let quantity: Quantity = amount("data.quantity", &quantity, errors)?;
            if quantity.micro() < 0 {
                errors.push(FieldError::new(
                    "data.quantity",
                    "negative",
                    "must not be negative",
                ));
                return None;
            }
            let unit = optional_text("data.unit", unit, crate::ids::KEY_MAX_CHARS, errors);
            Some(Charge::Quantity { quantity, unit })
        }
        (Some(_), Some(_)) => {
            errors.push(FieldError::invalid(
                "data.quantity",
                "send either credits or quantity, not both",
            ));
            None
        }
        (None, None) => {
            errors.push(required(
                "data.credits",
                "send credits, or quantity with a rate card",
            ));
            None
        }
    }
}

fn optional_text(
    field: &str,
    value: Option<Value>,
    max_bytes: usize,
    errors: &mut Vec<FieldError>,
) -> Option<String> {
    match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text))
            if text.len() <= max_bytes && !text.chars().any(char::is_control) =>
        {
            Some(text).filter(|text| !text.is_empty())
        }
        Some(_) => {
            errors.push(FieldError::invalid(
                field,
                format!("must be a text of at most {max_bytes} bytes without control characters"),
            ));
            None
        }
    }
}

pub(super) fn parse_reference(
    value: Option<Value>,
    errors: &mut Vec<FieldError>,
) -> Option<String> {
    optional_text("data.reference", value, MAX_REFERENCE_BYTES, errors)
}

fn parse_metadata(
    value: Option<Value>,
    errors: &mut Vec<FieldError>,
) -> Option<Map<String, Value>> {
    match value {
        None | Some(Value::Null) => None,
        Some(Value::Object(metadata)) => {
            check_size("data.metadata", &metadata, errors);
            Some(metadata)
        }
        Some(_) => {
            errors.push(FieldError::invalid(
                "data.metadata",
                "must be a JSON object",
            ));
            None
        }
    }
}

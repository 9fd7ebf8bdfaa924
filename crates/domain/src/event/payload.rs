//! The payload of a usage event in our own form.

use super::{
    Charge, MAX_REFERENCE_BYTES, Payload, amount, check_size, envelope::given, refuse_unknown,
    required,
};
use crate::{Agent, Credits, FieldError, Json, Quantity, ids::check_key, json::Object};

/// `data` of a `creditscope.usage` event.
pub(super) fn parse_usage(mut data: Object, errors: &mut Vec<FieldError>) -> Option<Payload> {
    let mut take = |name| given(&mut data, name);
    let agent = parse_agent(take("agent"), errors);
    let activity = parse_activity(take("activity"), errors);
    let charge = parse_charge(take("credits"), take("quantity"), take("unit"), errors);
    let reference = parse_reference(take("reference"), errors);
    let metadata = parse_metadata(take("metadata"), errors);
    refuse_unknown(data, errors);
    Some(Payload::Usage {
        agent: agent?,
        activity: activity?,
        charge: charge?,
        reference,
        metadata,
    })
}

pub(super) fn parse_agent(value: Option<Json>, errors: &mut Vec<FieldError>) -> Option<Agent> {
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

fn parse_activity(value: Option<Json>, errors: &mut Vec<FieldError>) -> Option<String> {
    match value {
        None => errors.push(required(
            "data.activity",
            "name what the agent did, such as chat_reply",
        )),
        Some(Json::Text(text)) => match check_key(&text) {
            Ok(()) => return Some(text),
            Err(rule) => errors.push(FieldError::invalid("data.activity", rule)),
        },
        Some(_) => errors.push(FieldError::invalid("data.activity", "must be a text")),
    }
    None
}

fn parse_charge(
    credits: Option<Json>,
    quantity: Option<Json>,
    unit: Option<Json>,
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
            let credits = Credits::from_micro(amount("data.credits", &credits, errors)?);
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
            let quantity = Quantity::from_micro(amount("data.quantity", &quantity, errors)?);
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
    value: Option<Json>,
    max_bytes: usize,
    errors: &mut Vec<FieldError>,
) -> Option<String> {
    match value {
        None | Some(Json::Null) => None,
        Some(Json::Text(text))
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

pub(super) fn parse_reference(value: Option<Json>, errors: &mut Vec<FieldError>) -> Option<String> {
    optional_text("data.reference", value, MAX_REFERENCE_BYTES, errors)
}

fn parse_metadata(value: Option<Json>, errors: &mut Vec<FieldError>) -> Option<Object> {
    match value {
        None | Some(Json::Null) => None,
        Some(Json::Object(metadata)) => Some(check_size("data.metadata", metadata, errors)),
        Some(_) => {
            errors.push(FieldError::invalid(
                "data.metadata",
                "must be a JSON object",
            ));
            None
        }
    }
}

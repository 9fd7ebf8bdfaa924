//! The payload of a lead.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Payload, amount,
    payload::{parse_agent, parse_reference},
    required, unknown_or_invalid,
};
use crate::{
    Credits, FieldError,
    lead::{LeadKind, MAX_WORTH_MICRO, NewLead, UnknownLeadKind, Worth},
};

/// `data` of a `creditscope.lead` event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeadData {
    agent: Option<Value>,
    kind: Option<Value>,
    reference: Option<Value>,
    value: Option<Value>,
    currency: Option<Value>,
}

pub(super) fn parse_lead(
    data: Map<String, Value>,
    errors: &mut Vec<FieldError>,
) -> Option<Payload> {
    let data: LeadData = match serde_json::from_value(Value::Object(data)) {
        Ok(data) => data,
        Err(error) => {
            errors.push(unknown_or_invalid("data", &error));
            return None;
        }
    };
    let agent = parse_agent(data.agent, errors);
    let kind = parse_kind(data.kind, errors);
    let reference = parse_reference(data.reference, errors);
    let before = errors.len();
    let worth = parse_worth(data.value, data.currency, errors);
    if errors.len() > before {
        return None;
    }
    Some(Payload::Lead {
        agent: agent?,
        lead: NewLead { kind: kind?, worth },
        reference,
    })
}

fn parse_kind(value: Option<Value>, errors: &mut Vec<FieldError>) -> Option<LeadKind> {
    let Some(value) = value else {
        errors.push(required("data.kind", "send lead, booking or sale"));
        return None;
    };
    let kind = value.as_str().and_then(|text| text.parse().ok());
    if kind.is_none() {
        errors.push(FieldError::invalid("data.kind", UnknownLeadKind));
    }
    kind
}

fn parse_worth(
    value: Option<Value>,
    currency: Option<Value>,
    errors: &mut Vec<FieldError>,
) -> Option<Worth> {
    let is_given = |value: &Value| !value.is_null();
    match (value.filter(is_given), currency.filter(is_given)) {
        (None, None) => None,
        (Some(value), Some(currency)) => {
            let amount = parse_amount(&value, errors);
            let currency = parse_currency(&currency, errors);
            Some(Worth {
                amount_micro: amount?,
                currency: currency?,
            })
        }
        (Some(_), None) => {
            errors.push(required(
                "data.currency",
                "a value needs the code of its currency, such as EUR",
            ));
            None
        }
        (None, Some(_)) => {
            errors.push(required("data.value", "a currency goes with a value"));
            None
        }
    }
}

/// An amount of money is a decimal with as many places as credits.
fn parse_amount(value: &Value, errors: &mut Vec<FieldError>) -> Option<i64> {
    let amount: Credits = amount("data.value", value, errors)?;
    if amount.is_negative() {
        errors.push(FieldError::new(
            "data.value",
            "negative",
            "must not be negative",
        ));
        return None;
    }
    if amount.micro() > MAX_WORTH_MICRO {
        errors.push(FieldError::new(
            "data.value",
            "out_of_range",
            "must be at most 1000000000",
        ));
        return None;
    }
    Some(amount.micro())
}

fn parse_currency(value: &Value, errors: &mut Vec<FieldError>) -> Option<String> {
    let code = value
        .as_str()
        .filter(|text| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()));
    if code.is_none() {
        errors.push(FieldError::invalid(
            "data.currency",
            "must be an ISO 4217 code of three capital letters, such as EUR",
        ));
    }
    code.map(str::to_owned)
}

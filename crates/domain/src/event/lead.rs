//! The payload of a lead.

use super::{
    Payload, amount,
    envelope::given,
    payload::{parse_agent, parse_reference},
    refuse_unknown, required,
};
use crate::{
    FieldError, Json,
    json::Object,
    lead::{LeadKind, MAX_WORTH_MICRO, NewLead, UnknownLeadKind, Worth},
};

/// `data` of a `creditscope.lead` event.
pub(super) fn parse_lead(mut data: Object, errors: &mut Vec<FieldError>) -> Option<Payload> {
    let mut take = |name| given(&mut data, name);
    let agent = parse_agent(take("agent"), errors);
    let kind = parse_kind(take("kind"), errors);
    let reference = parse_reference(take("reference"), errors);
    let before = errors.len();
    let worth = parse_worth(take("value"), take("currency"), errors);
    refuse_unknown(data, errors);
    if errors.len() > before {
        return None;
    }
    Some(Payload::Lead {
        agent: agent?,
        lead: NewLead { kind: kind?, worth },
        reference,
    })
}

fn parse_kind(value: Option<Json>, errors: &mut Vec<FieldError>) -> Option<LeadKind> {
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
    value: Option<Json>,
    currency: Option<Json>,
    errors: &mut Vec<FieldError>,
) -> Option<Worth> {
    match (value, currency) {
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
fn parse_amount(value: &Json, errors: &mut Vec<FieldError>) -> Option<i64> {
    let micro = amount("data.value", value, errors)?;
    if micro < 0 {
        errors.push(FieldError::new(
            "data.value",
            "negative",
            "must not be negative",
        ));
        return None;
    }
    if micro > MAX_WORTH_MICRO {
        errors.push(FieldError::new(
            "data.value",
            "out_of_range",
            "must be at most 1000000000",
        ));
        return None;
    }
    Some(micro)
}

fn parse_currency(value: &Json, errors: &mut Vec<FieldError>) -> Option<String> {
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

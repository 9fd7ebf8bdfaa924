//! Reads events one by one, so that one of a wrong shape is told by its place and the others are still checked.

use axum::http::HeaderMap;
use domain::{FieldError, event::Envelope};
use serde_json::{Map, Value, value::RawValue};

use super::content::Mode;
use crate::api::{
    body::malformed,
    problem::{Answer, Problem},
};

/// Attributes that are texts.
const TEXTS: [&str; 8] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "account",
];

/// The events of a request.
#[derive(Debug, Default)]
pub struct Parsed {
    /// In the order they were sent. One of a wrong shape holds what could be read of it, and never its `specversion`.
    pub events: Vec<Envelope>,
    /// What is wrong with the shape of which.
    pub errors: Vec<FieldError>,
}

/// Reads the events of a request.
pub fn parse(mode: Mode, headers: &HeaderMap, body: &[u8]) -> Answer<Parsed> {
    match mode {
        Mode::Binary => binary(headers, body),
        Mode::Structured => one(text(body)?),
        Mode::Batch => many(body),
        Mode::Either => {
            let is_array = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
            if is_array {
                many(body)
            } else {
                one(text(body)?)
            }
        }
    }
}

fn refused(error: &serde_json::Error) -> Problem {
    Problem::invalid(vec![malformed(error)])
}

fn text(body: &[u8]) -> Answer<&str> {
    std::str::from_utf8(body).map_err(|error| {
        let message = format!("is not JSON: not UTF-8 after byte {}", error.valid_up_to());
        Problem::invalid_field("body", "malformed_json", message)
    })
}

fn one(body: &str) -> Answer<Parsed> {
    let event: &RawValue = serde_json::from_str(body).map_err(|error| refused(&error))?;
    let mut parsed = Parsed::default();
    parsed.take(event);
    Ok(parsed)
}

fn many(body: &[u8]) -> Answer<Parsed> {
    let body = text(body)?;
    let events: Vec<&RawValue> = serde_json::from_str(body).map_err(|error| {
        if error.is_data() {
            Problem::invalid_field("body", "invalid", "must be a JSON array of events")
        } else {
            refused(&error)
        }
    })?;
    let mut parsed = Parsed {
        events: Vec::with_capacity(events.len()),
        errors: Vec::new(),
    };
    for event in events {
        parsed.take(event);
    }
    Ok(parsed)
}

impl Parsed {
    fn take(&mut self, event: &RawValue) {
        match serde_json::from_str(event.get()) {
            Ok(envelope) => self.events.push(envelope),
            Err(error) => self.take_broken(event, &error),
        }
    }

    /// Keeps what can be read of an event of a wrong shape, and says what cannot.
    fn take_broken(&mut self, event: &RawValue, error: &serde_json::Error) {
        let index = self.events.len();
        let (envelope, errors) = match serde_json::from_str(event.get()) {
            Ok(Value::Object(fields)) => salvage(fields, error),
            _ => (
                Envelope::default(),
                vec![FieldError::invalid("event", "must be a JSON object")],
            ),
        };
        let id = envelope.id.clone();
        self.errors.extend(
            errors
                .into_iter()
                .map(|error| error.at(index, id.as_deref())),
        );
        self.events.push(Envelope {
            specversion: None,
            ..envelope
        });
    }
}

fn salvage(
    mut fields: Map<String, Value>,
    error: &serde_json::Error,
) -> (Envelope, Vec<FieldError>) {
    let mut errors = Vec::new();
    for name in TEXTS {
        if fields
            .get(name)
            .is_some_and(|value| !(value.is_string() || value.is_null()))
        {
            fields.remove(name);
            errors.push(FieldError::invalid(name, "must be a text"));
        }
    }
    let envelope = serde_json::from_value(Value::Object(fields)).unwrap_or_default();
    if errors.is_empty() {
        let text = error.to_string();
        let duplicate = text
            .strip_prefix("duplicate field `")
            .and_then(|rest| rest.split('`').next());
        errors.push(match duplicate {
            Some(name) => FieldError::new(name, "duplicate_field", "is given twice"),
            None => FieldError::invalid("event", text),
        });
    }
    (envelope, errors)
}

/// Binary mode: every attribute is a `ce-` header, and the body is the payload.
fn binary(headers: &HeaderMap, body: &[u8]) -> Answer<Parsed> {
    let attribute = |name: &str| {
        let value = headers.get(format!("ce-{name}"))?;
        Some(percent_decoded(&String::from_utf8_lossy(value.as_bytes())))
    };
    let data = if body.iter().all(u8::is_ascii_whitespace) {
        None
    } else {
        Some(serde_json::from_slice(body).map_err(|error| refused(&error))?)
    };
    let envelope = Envelope {
        specversion: attribute("specversion"),
        id: attribute("id"),
        source: attribute("source"),
        kind: attribute("type"),
        subject: attribute("subject"),
        time: attribute("time"),
        datacontenttype: None,
        data,
        account: attribute("account"),
        data_base64: None,
    };
    Ok(Parsed {
        events: vec![envelope],
        errors: Vec::new(),
    })
}

/// Undoes the percent-encoding that header values of the HTTP binding have. What is no escape stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escape = after
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = escape.filter(|_| first == b'%') {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_a_wrong_shape_is_named_and_never_complete() {
        let body = br#"[{"specversion":"1.0","id":"a"},{"specversion":"1.0","id":"b","source":7,"time":false},3]"#;
        let parsed = parse(Mode::Batch, &HeaderMap::new(), body).unwrap();
        assert_eq!(parsed.events.len(), 3);
        assert_eq!(parsed.events[1].id.as_deref(), Some("b"));
        assert_eq!(parsed.events[1].specversion, None);
        let named: Vec<_> = parsed
            .errors
            .iter()
            .map(|error| (error.index.unwrap(), error.field.as_str()))
            .collect();
        assert_eq!(named, [(1, "source"), (1, "time"), (2, "event")]);
    }

    #[test]
    fn header_values_are_percent_decoded() {
        assert_eq!(percent_decoded("caf%C3%A9%20100%"), "café 100%");
    }
}

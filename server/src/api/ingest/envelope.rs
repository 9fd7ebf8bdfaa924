//! Reads events one by one, so that one of a wrong shape is told by its place and the others are still checked.

use axum::http::HeaderMap;
use domain::{FieldError, Json, event::Envelope};
use serde_json::value::RawValue;

use super::content::Mode;
use crate::api::{
    body::{malformed, text},
    problem::{Answer, Problem},
};

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
    /// Takes an event with what can be read of it, and says what cannot.
    fn take(&mut self, event: &RawValue) {
        let (json, mut faults) = Json::of(event);
        let (envelope, errors) = Envelope::read(json);
        faults.extend(errors);
        self.push(envelope, faults);
    }

    fn push(&mut self, mut envelope: Envelope, faults: Vec<FieldError>) {
        let index = self.events.len();
        if !faults.is_empty() {
            envelope.specversion = None;
        }
        let id = envelope.id.as_deref();
        self.errors
            .extend(faults.into_iter().map(|error| error.at(index, id)));
        self.events.push(envelope);
    }
}

/// Binary mode: every attribute is a `ce-` header, and the body is the payload.
fn binary(headers: &HeaderMap, body: &[u8]) -> Answer<Parsed> {
    let mut faults = twice(headers);
    let attribute = |name: &str| {
        let value = headers.get(format!("ce-{name}"))?;
        Some(percent_decoded(&String::from_utf8_lossy(value.as_bytes())))
    };
    let data = if body.iter().all(u8::is_ascii_whitespace) {
        None
    } else {
        let (data, found) = Json::parse(text(body)?).map_err(|error| refused(&error))?;
        faults.extend(found.into_iter().map(inside_data));
        Some(data)
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
    let mut parsed = Parsed::default();
    parsed.push(envelope, faults);
    Ok(parsed)
}

/// Names the attributes that stand in more than one header.
fn twice(headers: &HeaderMap) -> Vec<FieldError> {
    let attributes = headers
        .keys()
        .filter_map(|name| Some((name, name.as_str().strip_prefix("ce-")?)));
    attributes
        .filter(|(name, _)| headers.get_all(*name).iter().count() > 1)
        .map(|(_, attribute)| FieldError::new(attribute, "duplicate_field", "is given twice"))
        .collect()
}

/// Names a place in the payload as structured mode does.
fn inside_data(mut error: FieldError) -> FieldError {
    error.field = if error.field == "body" {
        "data".to_owned()
    } else {
        format!("data.{}", error.field)
    };
    error
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

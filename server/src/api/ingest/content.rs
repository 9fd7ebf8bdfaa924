//! Which of the `CloudEvents` content modes a request is in.

use axum::http::HeaderMap;

use crate::api::{
    body::{check_encoding, media_type},
    problem::{Answer, Problem},
};

/// How the events of a request are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One event as a JSON object.
    Structured,
    /// Events as a JSON array.
    Batch,
    /// One or an array of them.
    Either,
    /// One event: attributes in `ce-` headers, the payload as body.
    Binary,
}

/// The mode of a request, by its headers.
pub fn mode(headers: &HeaderMap) -> Answer<Mode> {
    check_encoding(headers)?;
    let is_binary = headers.keys().any(|name| name.as_str().starts_with("ce-"));
    let kind = media_type(headers);
    match kind.as_deref() {
        Some("application/cloudevents+json") => Ok(Mode::Structured),
        Some("application/cloudevents-batch+json") => Ok(Mode::Batch),
        Some(kind) if is_binary && is_json(kind) => Ok(Mode::Binary),
        None if is_binary => Ok(Mode::Binary),
        Some("application/json") => Ok(Mode::Either),
        _ => Err(Problem::unsupported_media_type(
            "send application/cloudevents+json, application/cloudevents-batch+json or application/json, \
             or an event in binary mode with ce- headers and a JSON body",
        )),
    }
}

fn is_json(kind: &str) -> bool {
    matches!(kind, "application/json" | "text/json") || kind.ends_with("+json")
}

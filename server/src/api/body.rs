//! Request bodies: exactly one JSON value of a known shape, and errors that name the field.

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use bytes::Bytes;
use domain::{FieldError, Json, credits::AmountError};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// A JSON body of a known shape; unknown fields are errors.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

/// The media type of a request, in lower case and without parameters.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase(),
    )
}

/// Reads a whole body, which the layers around keep small.
pub async fn read(request: Request) -> Result<Bytes, Problem> {
    use axum::{extract::rejection::BytesRejection, response::IntoResponse as _};
    Bytes::from_request(request, &())
        .await
        .map_err(|error: BytesRejection| {
            if error.into_response().status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                Problem::too_large()
            } else {
                Problem::invalid_field("body", "unreadable", "could not be read to its end")
            }
        })
}

/// Refuses bodies in an encoding or character set that is not understood.
pub fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .map(|value| value.as_bytes().to_ascii_lowercase());
    if encoding.is_some_and(|encoding| encoding != b"identity") {
        return Err(Problem::unsupported_media_type(
            "send the body without Content-Encoding",
        ));
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let charset = kind
        .split(';')
        .skip(1)
        .find_map(|parameter| parameter.trim().strip_prefix("charset="));
    match charset.map(|charset| charset.trim_matches('"')) {
        None | Some("utf-8" | "utf8" | "us-ascii") => Ok(()),
        Some(_) => Err(Problem::unsupported_media_type("send the body as UTF-8")),
    }
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_encoding(request.headers())?;
        let kind = media_type(request.headers()).unwrap_or_default();
        if kind != "application/json"
            && !(kind.starts_with("application/") && kind.ends_with("+json"))
        {
            return Err(Problem::unsupported_media_type(
                "send Content-Type: application/json",
            ));
        }
        parse(&read(request).await?).map(Self)
    }
}

/// Reads JSON of a known shape. No name may be given twice anywhere in it, and no number lose a digit.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = text(body)?;
    let refused = |error: serde_json::Error| Problem::invalid(vec![malformed(&error)]);
    let faults = Json::check(text).map_err(refused)?;
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        Problem::invalid(vec![shape_error(path.trim_matches('.'), error.inner())])
    })
}

/// A body as text.
pub fn text(body: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(body).map_err(|error| {
        let message = format!("is not JSON: not UTF-8 after byte {}", error.valid_up_to());
        Problem::invalid_field("body", "malformed_json", message)
    })
}

/// The error for a body that is no JSON, with its place.
pub fn malformed(error: &serde_json::Error) -> FieldError {
    let place = format!("line {}, column {}", error.line(), error.column());
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or("is not JSON");
    FieldError::new(
        "body",
        "malformed_json",
        format!("is not JSON: {what} at {place}"),
    )
}

/// The error for JSON of another shape, with the field it is about.
fn shape_error(path: &str, error: &serde_json::Error) -> FieldError {
    if !error.is_data() {
        return malformed(error);
    }
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let inside = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let quoted = |prefix: &str| {
        text.strip_prefix(prefix)
            .and_then(|rest| rest.split('`').next())
    };
    if let Some(name) = quoted("unknown field `") {
        // The path already ends with the unknown field.
        let field = if path == name || path.ends_with(&format!(".{name}")) {
            path.to_owned()
        } else {
            inside(name)
        };
        return FieldError::new(
            field,
            "unknown_field",
            "is not a known field: remove it or check its spelling",
        );
    }
    if let Some(name) = quoted("missing field `") {
        return FieldError::new(inside(name), "required", "is missing");
    }
    let field = if path.is_empty() { "body" } else { path };
    if text == AmountError::TooLarge.to_string() {
        return AmountError::TooLarge.of_field(field);
    }
    FieldError::invalid(field, text)
}

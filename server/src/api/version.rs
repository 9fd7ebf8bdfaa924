//! Versions of what is read and written: `ETag`, `If-Match` and `If-None-Match`.

use std::convert::Infallible;

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use service::{
    accounts::Put,
    ports::{Expected, Version, Versioned},
};

use super::list::put_answer;

/// What a request that writes expects to find.
///
/// `If-Match` names versions, or `*` for any; `If-None-Match: *` says that there is nothing yet.
#[derive(Debug, Clone)]
pub struct Precondition(pub Expected);

impl<S: Send + Sync> FromRequestParts<S> for Precondition {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(expected(&parts.headers)))
    }
}

fn expected(headers: &HeaderMap) -> Expected {
    let tags = |name: HeaderName| {
        let values = headers.get_all(name).into_iter();
        let texts = values.map(|value| value.to_str().unwrap_or_default());
        let tags = texts.flat_map(|text| text.split(',')).map(str::trim);
        tags.map(str::to_owned).collect::<Vec<_>>()
    };
    let wanted = tags(header::IF_MATCH);
    if wanted.iter().any(|tag| tag == "*") {
        return Expected::Present;
    }
    if !wanted.is_empty() {
        // A tag that we never gave is of no version, and so is a weak one.
        return Expected::Versions(wanted.iter().filter_map(|tag| version(tag)).collect());
    }
    if tags(header::IF_NONE_MATCH).iter().any(|tag| tag == "*") {
        return Expected::Absent;
    }
    Expected::Any
}

fn version(tag: &str) -> Option<Version> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    inner.parse().ok()
}

/// The version as a strong entity tag.
fn tag(version: Version) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("\"{version}\"")).ok()
}

/// An answer with the version of what it shows.
fn tagged(mut answer: Response, version: Version) -> Response {
    if let Some(tag) = tag(version) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

/// An answer that lists what follows one another, with the version of the latest.
pub fn latest_of(answer: Response, latest: Option<Version>) -> Response {
    match latest {
        Some(version) => tagged(answer, version),
        None => answer,
    }
}

/// What was read, with its version.
pub fn read_answer<T: Versioned, B: Serialize>(value: T, body: impl FnOnce(T) -> B) -> Response {
    let version = value.version();
    tagged(Json(body(value)).into_response(), version)
}

/// The answer to a create-or-replace, with the version that is stored now.
pub fn versioned_put<T: Versioned, B: Serialize>(put: Put<T>, body: impl Fn(T) -> B) -> Response {
    let version = put.value.version();
    tagged(put_answer(put, body), version)
}

#[cfg(test)]
mod tests {
    use domain::brand::Brand;

    use super::*;

    fn of(pairs: &[(HeaderName, &str)]) -> Expected {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        expected(&headers)
    }

    #[test]
    fn preconditions_are_read_as_http_says() {
        let version = Brand::default().version();
        let tag = format!("\"{version}\"");
        let one = Expected::version(version);
        assert_eq!(of(&[]), Expected::Any);
        assert_eq!(of(&[(header::IF_MATCH, "*")]), Expected::Present);
        assert_eq!(of(&[(header::IF_MATCH, &tag)]), one);
        let list = format!("\"other\", {tag}");
        assert_eq!(of(&[(header::IF_MATCH, &list)]), one);
        let twice = [
            (header::IF_MATCH, "\"other\""),
            (header::IF_MATCH, tag.as_str()),
        ];
        assert_eq!(of(&twice), one);
        let none = Expected::Versions(vec![]);
        let weak = format!("W/{tag}");
        for unknown in [weak.as_str(), "\"other\"", &version.to_string(), ""] {
            assert_eq!(of(&[(header::IF_MATCH, unknown)]), none, "{unknown}");
        }
        assert_eq!(of(&[(header::IF_NONE_MATCH, "*")]), Expected::Absent);
        assert_eq!(of(&[(header::IF_NONE_MATCH, &tag)]), Expected::Any);
    }
}

//! The site's files: in the binary for releases, from the disk for development.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::hex::hex;

/// What `cargo leptos build` leaves behind, with compressed copies beside the files where the build made them.
#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// A name that changes with the content may be kept for ever.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Any other may be kept, and must be asked about each time.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// Fewest characters of a hash in a file name.
const MIN_HASH_CHARS: usize = 8;

/// The file at a path, if there is one.
pub fn find(uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let path = uri.path().trim_start_matches('/');
    let file = Site::get(path)?;
    let kind = HeaderValue::from_str(file.metadata.mimetype()).ok()?;
    let (file, encoding) = smallest(path, file, headers);
    let tag =
        HeaderValue::from_str(&format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]))).ok()?;
    let mut response = if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| *known == tag)
    {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(file.data).into_response()
    };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, kind);
    out.insert(header::ETAG, tag);
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    out.insert(
        header::CACHE_CONTROL,
        if is_versioned(uri) {
            FOR_EVER
        } else {
            ASK_AGAIN
        },
    );
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

/// The compressed copy beside a file, when there is one that the client understands.
fn smallest(
    path: &str,
    file: EmbeddedFile,
    headers: &HeaderMap,
) -> (EmbeddedFile, Option<&'static str>) {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let accepts = |name: &str| {
        accepted.split(',').any(|part| {
            let mut words = part.split(';').map(str::trim);
            words.next() == Some(name) && !words.any(|weight| matches!(weight, "q=0" | "q=0.0"))
        })
    };
    for (encoding, extension) in [("br", "br"), ("gzip", "gz")] {
        if accepts(encoding)
            && let Some(copy) = Site::get(&format!("{path}.{extension}"))
        {
            return (copy, Some(encoding));
        }
    }
    (file, None)
}

/// Whether a path names a content for ever: by a version in the query, or by a hash in the name.
fn is_versioned(uri: &Uri) -> bool {
    let by_query = uri.query().is_some_and(|query| {
        query
            .split('&')
            .any(|pair| pair.starts_with("v=") && pair.len() > 2)
    });
    let name = uri.path().rsplit('/').next().unwrap_or_default();
    let is_hash = |part: &str| {
        part.len() >= MIN_HASH_CHARS
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && part.bytes().any(|byte| byte.is_ascii_digit())
    };
    by_query || name.split('.').skip(1).any(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_change_with_their_content_are_kept_for_ever() {
        let versioned = |path: &str| is_versioned(&path.parse().unwrap());
        assert!(versioned("/pkg/creditscope.wasm?v=5f0c2a9b"));
        assert!(versioned("/pkg/creditscope.Xb3kQ9-_a1.js"));
        assert!(!versioned("/pkg/creditscope.wasm"));
        assert!(!versioned("/pkg/creditscope.css?v="));
        assert!(!versioned("/favicon.svg"));
    }
}

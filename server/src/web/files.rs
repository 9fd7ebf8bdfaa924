//! The site's files: in the binary for releases, from the disk for development.

use std::sync::LazyLock;

use app::context::Assets;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest as _, Sha256};

use crate::hex::hex;

/// What `cargo leptos build` leaves behind, with compressed copies beside the files where the build made them.
#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// A name with the hash of the content may be kept for ever.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Any other may be kept, and must be asked about each time.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
/// The script of every page.
const SCRIPT: &str = "pkg/creditscope.js";
/// What it runs: as `cargo leptos` names it, and as our own scripts do, which take the other away.
const WASM: [&str; 2] = ["pkg/creditscope.wasm", "pkg/creditscope_bg.wasm"];
/// The style sheet of every page.
const STYLE: &str = "pkg/creditscope.css";
/// What all pages but the usage page need in addition; `cargo leptos` makes one sheet of both.
const PAGES_STYLE: &str = "pkg/pages.css";

/// The typeface of every page, a part of Inter.
const FONT: &str = "fonts/inter-latin.woff2";

/// Characters of a hash in an address.
const HASH_CHARS: usize = 16;

/// The address of a file of the site, with the hash of its content in its name.
///
/// Not while developing: what a page has loaded is replaced under its name.
pub fn address(path: &str) -> String {
    let is_fixed = std::env::var_os("LEPTOS_WATCH").is_none();
    if is_fixed {
        fixed_address(path)
    } else {
        format!("/{path}")
    }
}

/// The same, also while developing: the style sheet names the typeface so.
fn fixed_address(path: &str) -> String {
    let Some(file) = Site::get(path) else {
        return format!("/{path}");
    };
    let (name, extension) = path.rsplit_once('.').unwrap_or((path, ""));
    format!("/{name}.{}.{extension}", hash_of(&file))
}

/// What every page loads. One build of the page is told from another by it.
pub fn assets() -> &'static Assets {
    static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
        let [theirs, ours] = WASM;
        let wasm = Site::get(theirs).map_or(ours, |_| theirs);
        let files = [SCRIPT, wasm, STYLE].map(address);
        let pages_style = Site::get(PAGES_STYLE).map(|_| address(PAGES_STYLE));
        let mut build = Sha256::new();
        for file in files.iter().chain(&pages_style) {
            build.update(file);
        }
        let [script, wasm, style] = files;
        Assets {
            script,
            wasm,
            style,
            pages_style,
            font: fixed_address(FONT),
            icon: address("favicon.svg"),
            build: hex(&build.finalize())[..HASH_CHARS].to_owned(),
        }
    });
    &ASSETS
}

fn hash_of(file: &EmbeddedFile) -> String {
    let mut hash = hex(&file.metadata.sha256_hash());
    hash.truncate(HASH_CHARS);
    hash
}

/// The path without the hash in its name, when it is the hash of what is there now.
fn unhashed(path: &str) -> Option<String> {
    let (rest, extension) = path.rsplit_once('.')?;
    let (name, hash) = rest.rsplit_once('.')?;
    let path = format!("{name}.{extension}");
    let file = Site::get(&path)?;
    (hash_of(&file) == hash).then_some(path)
}

/// The file at a path, if there is one.
pub fn find(uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let asked = uri.path().trim_start_matches('/');
    let unhashed = unhashed(asked);
    let is_named_by_hash = unhashed.is_some();
    let path = unhashed.as_deref().unwrap_or(asked);
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
        if is_named_by_hash {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(path: &str) -> Option<HeaderValue> {
        let found = find(&path.parse().unwrap(), &HeaderMap::new())?;
        found.headers().get(header::CACHE_CONTROL).cloned()
    }

    #[test]
    fn the_style_sheet_names_the_typeface_by_its_content() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../public/fonts/inter-latin.woff2"
        );
        let font = std::fs::read(path).unwrap();
        assert!(font.len() <= 40_000, "{} bytes", font.len());
        let hash = &hex(&Sha256::digest(&font))[..HASH_CHARS];
        let sheet = include_str!("../../../style/tokens.css");
        assert!(sheet.contains(&format!("url(\"/fonts/inter-latin.{hash}.woff2\")")));
    }

    #[test]
    fn only_names_with_the_hash_of_their_content_are_kept_for_ever() {
        // Every build has it: it is not compiled.
        let (plain, hashed) = ("favicon.svg", address("favicon.svg"));
        if Site::get(plain).is_none() {
            assert_eq!(hashed, "/favicon.svg");
            return;
        }
        assert_eq!(kept(&hashed), Some(FOR_EVER));
        assert_eq!(kept("/favicon.svg"), Some(ASK_AGAIN));
        assert_eq!(
            kept("/favicon.0123456789abcdef.svg"),
            None,
            "of another build"
        );
    }
}

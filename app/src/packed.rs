//! How the server and its pages speak to each other: postcard, which writes a struct as its fields and nothing else.
//!
//! Both sides are always of one build, so neither needs the fields' names; decoders that need not look for them are a
//! third of the size of JSON's in the browser, and every reader downloads them.

use leptos::server_fn::{ContentType, Decodes, Encodes, Format, FormatType};
use serde::{Serialize, de::DeserializeOwned};

/// The codec of server functions and of the live stream.
pub struct Packed;

impl ContentType for Packed {
    const CONTENT_TYPE: &'static str = "application/octet-stream";
}

impl FormatType for Packed {
    const FORMAT_TYPE: Format = Format::Binary;
}

impl<T: Serialize> Encodes<T> for Packed {
    type Error = postcard::Error;

    fn encode(output: &T) -> Result<bytes::Bytes, Self::Error> {
        postcard::to_allocvec(output).map(bytes::Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for Packed {
    type Error = &'static str;

    fn decode(bytes: bytes::Bytes) -> Result<T, Self::Error> {
        // What exactly is wrong with an answer of the same build helps nobody, and would need words in the browser.
        postcard::from_bytes(&bytes).map_err(|_| "unreadable")
    }
}

/// Where bytes that cannot stand in a page as they are begin: each becomes the character this far above it.
const SHIFT: u32 = 0x100;

/// Bytes as text that any element of a page can hold, and in which texts stay what they are: they compress together
/// with the same texts in the page.
#[cfg(feature = "ssr")]
pub fn to_text(bytes: &[u8]) -> String {
    let stands = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'<' && byte != b'&';
    let character = |byte: &u8| {
        let code = u32::from(*byte);
        char::from_u32(if stands(*byte) { code } else { SHIFT + code })
    };
    bytes.iter().filter_map(character).collect()
}

/// The bytes of such a text.
pub fn from_text(text: &str) -> Vec<u8> {
    text.chars()
        .filter_map(|character| u8::try_from(u32::from(character) % SHIFT).ok())
        .collect()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_stand_in_a_page_and_come_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = to_text(&bytes);
        assert!(!text.contains(['<', '&', '\0', '\r', '\n']));
        assert!(text.contains("abc"));
        assert_eq!(from_text(&text), bytes);
    }
}

//! A place in the log and its text are the same thing, whichever of the two comes first.
#![no_main]

use domain::{Seq, Time, cursor::Cursor};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = str::from_utf8(bytes) {
        text_first(text);
    }
    if let Some((time, seq)) = two_numbers(bytes) {
        place_first(Cursor {
            time: Time::from_micros(time),
            seq: Seq(seq),
        });
    }
});

fn text_first(text: &str) {
    let looks_right = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.parse::<Cursor>() {
        Ok(cursor) => {
            assert!(looks_right, "took what no server gave out");
            assert_eq!(cursor.to_string(), text.to_ascii_lowercase());
        }
        Err(_) => assert!(!looks_right, "refused its own form"),
    }
}

fn place_first(cursor: Cursor) {
    assert_eq!(cursor.to_string().parse(), Ok(cursor));
}

fn two_numbers(bytes: &[u8]) -> Option<(i64, i64)> {
    let (first, rest) = bytes.split_first_chunk()?;
    let (second, _) = rest.split_first_chunk()?;
    Some((i64::from_le_bytes(*first), i64::from_le_bytes(*second)))
}

//! Places in the activity log, and the opaque text that carries them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Seq, Time};

/// A place in the log: its order is (time, seq), newest first on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// When the event happened.
    pub time: Time,
    /// Which of the events of that time.
    pub seq: Seq,
}

/// The text is not a cursor this server gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor from an earlier answer: start again without one")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.time.micros(), self.seq.0)
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotACursor);
        }
        let number = |hex: &str| {
            u64::from_str_radix(hex, 16)
                .map(u64::cast_signed)
                .map_err(|_| NotACursor)
        };
        let (time, seq) = text.split_at(16);
        Ok(Self {
            time: Time::from_micros(number(time)?),
            seq: Seq(number(seq)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_survives_its_text(time: i64, seq: i64) {
            let cursor = Cursor { time: Time::from_micros(time), seq: Seq(seq) };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn no_text_makes_a_cursor_panic(text: String) {
            let _ = text.parse::<Cursor>();
        }
    }
}

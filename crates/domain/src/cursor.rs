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

/// A place in a list that is sorted by time, and by id where times are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimedId {
    /// The time that the list is sorted by.
    pub time: Time,
    /// Which of the things of that time.
    pub id: String,
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
        let (time, seq) = text.split_at_checked(DIGITS).ok_or(NotACursor)?;
        Ok(Self {
            time: Time::from_micros(number(time)?),
            seq: Seq(number(seq)?),
        })
    }
}

impl fmt::Display for TimedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{}", self.time.micros(), self.id)
    }
}

impl FromStr for TimedId {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (time, id) = text.split_at_checked(DIGITS).ok_or(NotACursor)?;
        Ok(Self {
            time: Time::from_micros(number(time)?),
            id: id.to_owned(),
        })
    }
}

/// Hexadecimal digits of a number in a cursor.
const DIGITS: usize = 16;

fn number(digits: &str) -> Result<i64, NotACursor> {
    if digits.len() != DIGITS || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(NotACursor);
    }
    let number = u64::from_str_radix(digits, 16).map_err(|_| NotACursor)?;
    Ok(number.cast_signed())
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
        fn a_place_by_time_and_id_survives_its_text(time: i64, id: String) {
            let place = TimedId { time: Time::from_micros(time), id };
            prop_assert_eq!(place.to_string().parse(), Ok(place));
        }

        #[test]
        fn no_text_makes_a_cursor_panic(text: String) {
            let _ = text.parse::<Cursor>();
            let _ = text.parse::<TimedId>();
        }
    }
}

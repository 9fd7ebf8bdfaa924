//! Instants and half-open ranges of time.

use serde::{Deserialize, Serialize};

/// An instant: whole microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

/// A half-open range `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeRange {
    /// The first instant inside.
    pub start: Time,
    /// The first instant after.
    pub end: Time,
}

/// Microseconds in a second.
pub const SECOND_US: i64 = 1_000_000;
/// Microseconds in a minute.
pub const MINUTE_US: i64 = 60 * SECOND_US;
/// Microseconds in an hour.
pub const HOUR_US: i64 = 60 * MINUTE_US;
/// Microseconds in 24 hours; a calendar day may have 23 or 25.
pub const DAY_US: i64 = 24 * HOUR_US;
/// Width of a roll-up bucket: every time zone in use has its days on these edges.
pub const BUCKET_US: i64 = 15 * MINUTE_US;

impl Time {
    /// The earliest instant.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant.
    pub const MAX: Self = Self(i64::MAX);

    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Later by `micros`, stopping at the ends of time.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this instant.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Start of the roll-up bucket that holds this instant.
    #[must_use]
    pub const fn bucket(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(BUCKET_US)))
    }

    /// The first bucket edge at or after this instant.
    #[must_use]
    pub const fn bucket_ceil(self) -> Self {
        let floor = self.bucket();
        if floor.0 == self.0 {
            floor
        } else {
            floor.plus_micros(BUCKET_US)
        }
    }
}

impl TimeRange {
    /// The range `[start, end)`; empty when `end` is not after `start`.
    pub const fn new(start: Time, end: Time) -> Self {
        Self { start, end }
    }

    /// Whether `time` lies inside.
    pub fn contains(&self, time: Time) -> bool {
        self.start <= time && time < self.end
    }

    /// Whether no instant lies inside.
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }

    /// The part of it that lies in another; empty when none does.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }

    /// Length in microseconds; 0 when empty.
    pub fn micros(&self) -> i64 {
        self.end.micros_since(self.start).max(0)
    }
}

#[cfg(feature = "calendar")]
mod rfc3339 {
    use std::{fmt, str::FromStr};

    use jiff::Timestamp;

    use super::Time;

    /// The text is not an RFC 3339 time with an offset.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
    #[error("must be an RFC 3339 time with an offset, such as 2026-11-23T14:03:10Z")]
    pub struct NotATime;

    impl Time {
        /// As a calendar timestamp, clamped to the years jiff knows.
        pub fn timestamp(self) -> Timestamp {
            let clamped = self.micros().clamp(
                Timestamp::MIN.as_microsecond(),
                Timestamp::MAX.as_microsecond(),
            );
            // Counted in nanoseconds: from microseconds jiff refuses the last second it knows.
            Timestamp::from_nanosecond(i128::from(clamped) * 1_000).unwrap_or(Timestamp::UNIX_EPOCH)
        }
    }

    impl From<Timestamp> for Time {
        fn from(timestamp: Timestamp) -> Self {
            Self::from_micros(timestamp.as_microsecond())
        }
    }

    impl FromStr for Time {
        type Err = NotATime;

        fn from_str(text: &str) -> Result<Self, Self::Err> {
            text.parse::<Timestamp>()
                .map(Self::from)
                .map_err(|_| NotATime)
        }
    }

    /// RFC 3339 in UTC.
    impl fmt::Display for Time {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.timestamp().fmt(f)
        }
    }
}
#[cfg(feature = "calendar")]
pub use rfc3339::NotATime;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_floor_and_ceil_also_before_the_epoch() {
        assert_eq!(
            Time::from_micros(-1).bucket(),
            Time::from_micros(-BUCKET_US)
        );
        assert_eq!(Time::from_micros(-1).bucket_ceil(), Time::from_micros(0));
        assert_eq!(
            Time::from_micros(BUCKET_US).bucket_ceil(),
            Time::from_micros(BUCKET_US)
        );
    }

    #[test]
    fn the_ends_of_time_have_buckets() {
        assert_eq!(Time::MIN.bucket(), Time::MIN);
        assert_eq!(Time::MAX.bucket_ceil(), Time::MAX);
    }

    #[test]
    fn rfc3339_needs_an_offset() {
        assert_eq!(
            "2026-11-23T14:03:10.25Z"
                .parse::<Time>()
                .unwrap()
                .to_string(),
            "2026-11-23T14:03:10.25Z"
        );
        assert_eq!(
            "2026-11-23T15:03:10+01:00".parse::<Time>(),
            "2026-11-23T14:03:10Z".parse()
        );
        assert_eq!("2026-11-23T14:03:10".parse::<Time>(), Err(NotATime));
    }
}

//! Sources of events: what arrived from each, and which are late.

use crate::event::OTHER;
use crate::{
    Time,
    time::{DAY_US, MINUTE_US},
};

/// A source is not late before it has been silent for so long.
const LEAST_SILENCE_US: i64 = 15 * MINUTE_US;
/// For so long it is only watched: its nights are not known yet.
const WATCHED_US: i64 = 2 * DAY_US;
/// After so long it is gone, not late.
pub const GONE_US: i64 = 35 * DAY_US;

/// A source of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name, as events have it.
    pub name: String,
    /// When something came first.
    pub first_seen: Time,
    /// The latest time of an event.
    pub last_time: Time,
    /// When something came last.
    pub seen_at: Time,
    /// How many events and leads came.
    pub events: u64,
    /// The longest it was silent in the last one to two weeks, in microseconds.
    pub longest_silence_us: i64,
}

impl Source {
    /// Whether it has been silent for half as long again as it ever is. A gateway that sleeps at night is not late then.
    pub fn is_late(&self, now: Time) -> bool {
        let silence_us = now.micros_since(self.seen_at);
        let usual_us = self.longest_silence_us + self.longest_silence_us / 2;
        // What many senders report together has no habit of its own.
        self.name != OTHER
            && now.micros_since(self.first_seen) >= WATCHED_US
            && silence_us > usual_us.max(LEAST_SILENCE_US)
            && silence_us < GONE_US
    }
}

/// Up to when everything is probably here: the latest event of the source that is late for longest; none when none is.
pub fn complete_to(sources: &[Source], now: Time) -> Option<Time> {
    let late = sources.iter().filter(|source| source.is_late(now));
    late.map(|source| source.last_time).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::HOUR_US;

    fn hour(number: i64) -> Time {
        Time::from_micros(number * HOUR_US)
    }

    fn source(seen: i64, longest_hours: i64) -> Source {
        Source {
            name: "gateway".to_owned(),
            first_seen: hour(0),
            last_time: hour(seen),
            seen_at: hour(seen),
            events: 9,
            longest_silence_us: longest_hours * HOUR_US,
        }
    }

    #[test]
    fn a_source_is_late_after_half_as_long_again_as_it_is_ever_silent() {
        let nights = source(100, 8);
        assert!(!nights.is_late(hour(112)));
        assert!(nights.is_late(hour(113)));
        let busy = source(100, 0);
        assert!(!busy.is_late(hour(100).plus_micros(15 * MINUTE_US)));
        assert!(busy.is_late(hour(101)));
    }

    #[test]
    fn a_new_source_is_watched_and_an_old_one_is_gone() {
        assert!(!source(10, 0).is_late(hour(47)));
        assert!(source(10, 0).is_late(hour(48)));
        assert!(!source(10, 0).is_late(hour(10).plus_micros(GONE_US)));
    }

    #[test]
    fn all_is_here_up_to_the_latest_event_of_whoever_is_late_longest() {
        let sources = [source(120, 8), source(90, 1), source(100, 1)];
        assert_eq!(complete_to(&sources, hour(121)), Some(hour(90)));
        assert_eq!(complete_to(&sources[..1], hour(121)), None);
    }
}

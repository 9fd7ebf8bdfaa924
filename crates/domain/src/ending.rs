//! When it is told that something will end by itself, before it does: an API key, or the calls of an endpoint.

use crate::{Time, time::DAY_US};

/// How near the end is. Each stage is told once; a later one says nothing of those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Early enough to plan.
    Early,
    /// Soon.
    Soon,
    /// The last call.
    Last,
    /// It has ended.
    Over,
}

/// How long after its end a key is still told to have ended: longer than a server is down.
const STALE_US: i64 = 3 * DAY_US;
/// Keys that live no longer are made to end: nobody is told.
const SHORT_US: i64 = DAY_US;

impl Stage {
    /// The word in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Soon => "soon",
            Self::Last => "last",
            Self::Over => "over",
        }
    }

    /// What is to be told of a key: from 14 days before its end on, from 3 days, from 1 day, and when it has ended while
    /// it was in use.
    pub fn of_key(
        created_at: Time,
        expires_at: Time,
        used_at: Option<Time>,
        now: Time,
    ) -> Option<Self> {
        if expires_at.micros_since(created_at) <= SHORT_US {
            return None;
        }
        let left = expires_at.micros_since(now);
        if left <= 0 {
            let was_used = used_at.is_some_and(|used| expires_at.micros_since(used) <= STALE_US);
            return (was_used && left > -STALE_US).then_some(Self::Over);
        }
        let stages = [(1, Self::Last), (3, Self::Soon), (14, Self::Early)];
        let found = stages.into_iter().find(|(days, _)| left <= days * DAY_US);
        found.map(|(_, stage)| stage)
    }

    /// What is to be told of an endpoint that accepts nothing and will be disabled at `ends_at`, when it is tried for
    /// `patience_us` in all: after a quarter of that, and when a quarter is left.
    pub fn of_endpoint(ends_at: Time, patience_us: i64, now: Time) -> Option<Self> {
        let left = ends_at.micros_since(now);
        if left <= patience_us / 4 {
            Some(Self::Last)
        } else if left <= patience_us / 4 * 3 {
            Some(Self::Soon)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_micros(1_795_425_600_000_000);

    fn in_days(days: f64) -> Time {
        #[expect(clippy::cast_possible_truncation, reason = "a few days")]
        NOW.plus_micros((days * 86_400e6) as i64)
    }

    #[test]
    fn a_key_is_told_of_fourteen_three_and_one_day_before_it_ends() {
        let stage = |left: f64| Stage::of_key(in_days(-60.0), in_days(left), None, NOW);
        for (left, expected) in [
            (90.0, None),
            (14.1, None),
            (14.0, Some(Stage::Early)),
            (3.1, Some(Stage::Early)),
            (3.0, Some(Stage::Soon)),
            (1.1, Some(Stage::Soon)),
            (1.0, Some(Stage::Last)),
            (0.001, Some(Stage::Last)),
        ] {
            assert_eq!(stage(left), expected, "{left} days left");
        }
    }

    #[test]
    fn a_key_that_ended_is_told_when_it_was_in_use_and_not_for_ever() {
        let stage = |used: Option<f64>, ended: f64| {
            Stage::of_key(in_days(-60.0), in_days(-ended), used.map(in_days), NOW)
        };
        assert_eq!(stage(Some(-0.2), 0.1), Some(Stage::Over));
        assert_eq!(stage(None, 0.1), None, "it was never used");
        assert_eq!(stage(Some(-9.0), 0.1), None, "it was out of use");
        assert_eq!(stage(Some(-3.2), 3.1), None, "it is long ago");
    }

    #[test]
    fn nobody_is_told_of_keys_that_are_made_for_a_day_or_less() {
        let stage = |life: f64| Stage::of_key(in_days(-0.1), in_days(life - 0.1), None, NOW);
        assert_eq!(stage(1.0), None);
        assert_eq!(stage(1.5), Some(Stage::Soon));
    }

    #[test]
    fn an_endpoint_is_told_of_twice_before_it_is_disabled() {
        let stage = |left: f64| Stage::of_endpoint(in_days(left), 4 * DAY_US, NOW);
        assert_eq!(stage(3.5), None);
        assert_eq!(stage(3.0), Some(Stage::Soon));
        assert_eq!(stage(1.1), Some(Stage::Soon));
        assert_eq!(stage(1.0), Some(Stage::Last));
        assert_eq!(stage(-0.1), Some(Stage::Last));
    }
}

//! Running calls as the page shows them.

use domain::{Time, ledger::MAX_SHOWN_HOLDS, time::SECOND_US};

/// The attribute of an element that counts the time since a call began: when that was, in microseconds.
pub const SINCE: &str = "data-since";
/// Calls shown one by one, the longest first; the others open below.
#[cfg(feature = "ssr")]
pub const SHOWN_CALLS: usize = 4;
/// The browser's clock and the server's are taken to agree when they are no further apart than a slow page takes to
/// load.
#[cfg(any(test, feature = "hydrate"))]
const SLACK_US: i64 = 30 * SECOND_US;

/// How long a call has been running: `2:05`, or `1:02:05` past an hour.
pub fn duration(since: Time, now: Time) -> String {
    let seconds = now.micros_since(since).max(0) / SECOND_US;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

/// How far the server's clock is ahead of the browser's: zero unless one of them is wrong.
#[cfg(any(test, feature = "hydrate"))]
pub fn ahead_us(server: Time, browser: Time) -> i64 {
    let ahead = server.micros_since(browser);
    if ahead.abs() <= SLACK_US { 0 } else { ahead }
}

/// How many calls are active, in words: `4 active calls`, `50+ active calls` when a page is not told of all.
pub fn calls(running: usize) -> String {
    match running {
        0 => "No active calls".to_owned(),
        1 => "1 active call".to_owned(),
        most if most >= MAX_SHOWN_HOLDS as usize => format!("{most}+ active calls"),
        calls => format!("{calls} active calls"),
    }
}

/// How many are not shown one by one, if any: `+ 3 more`.
#[cfg(feature = "ssr")]
pub fn more(running: usize) -> Option<String> {
    let more = running.checked_sub(SHOWN_CALLS).filter(|more| *more > 0)?;
    let sign = if running >= MAX_SHOWN_HOLDS as usize {
        "+"
    } else {
        ""
    };
    Some(format!("+ {more}{sign} more"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * SECOND_US)
    }

    #[test]
    fn a_duration_has_minutes_and_from_an_hour_on_hours() {
        for (seconds, text) in [
            (0, "00:00"),
            (65, "01:05"),
            (3_599, "59:59"),
            (3_725, "1:02:05"),
        ] {
            assert_eq!(duration(at(100), at(100 + seconds)), text);
        }
        assert_eq!(duration(at(100), at(90)), "00:00", "a clock that is behind");
    }

    #[test]
    fn clocks_agree_unless_they_are_far_apart() {
        assert_eq!(ahead_us(at(100), at(104)), 0);
        assert_eq!(ahead_us(at(100), at(3_700)), -3_600 * SECOND_US);
    }

    #[test]
    fn calls_that_are_not_shown_are_counted() {
        assert_eq!(more(SHOWN_CALLS), None);
        assert_eq!(more(SHOWN_CALLS + 3).as_deref(), Some("+ 3 more"));
        assert_eq!(more(50).as_deref(), Some("+ 46+ more"));
        assert_eq!(
            (calls(1), calls(4), calls(50)),
            (
                "1 active call".into(),
                "4 active calls".into(),
                "50+ active calls".into()
            )
        );
    }
}

//! What windows are called, and what is compared, in words.

use domain::{
    Time, TimeRange,
    calendar::{Comparison, Window, Zone},
    number,
};
use service::trends::Trends;

/// What the windows are called; the one that is running says so.
pub(super) fn labels(trends: &Trends) -> Vec<String> {
    let windows = trends.windows.iter();
    windows
        .map(|window| told_label(*window, trends.window, &trends.zone, trends.now))
        .collect()
}

/// What is compared, in words: `vs 82,845 in the previous period · `; why it is not, where nothing is known.
pub(super) fn compared(trends: &Trends) -> Option<String> {
    let then = trends.compared.words()?;
    if let Some(why) = uncompared(trends) {
        return Some(format!("{why} · "));
    }
    let before = number::whole_credits(trends.previous.credits);
    Some(format!("vs {before} in {then} · "))
}

/// Why no change is shown.
pub(in crate::pages::settings) fn uncompared(trends: &Trends) -> Option<String> {
    match trends.compared {
        Comparison::Nothing => Some("Not compared with anything".to_owned()),
        _ => trends.coverage.words(trends.previous_range, &trends.zone),
    }
}

/// What a description adds while a period runs.
pub(super) fn so_far(trends: &Trends) -> &'static str {
    if running(&trends.windows, trends.now).is_some() {
        " so far"
    } else {
        ""
    }
}

/// The window that is running.
pub(in crate::pages::settings) fn running(windows: &[TimeRange], now: Time) -> Option<usize> {
    windows.iter().position(|window| window.contains(now))
}

/// What a window is called in words: `23 Nov so far` while it runs.
pub(in crate::pages::settings) fn told_label(
    range: TimeRange,
    window: Window,
    zone: &Zone,
    now: Time,
) -> String {
    let label = label(range.start, window, zone);
    if range.contains(now) {
        format!("{label} so far")
    } else {
        label
    }
}

/// What a window is called.
pub(in crate::pages::settings) fn label(start: Time, window: Window, zone: &Zone) -> String {
    let format = match window {
        Window::Hour => "%-d %b %H:%M",
        Window::Day | Window::Week => "%-d %b",
        Window::Month => "%b %Y",
    };
    zone.at(start).strftime(format).to_string()
}

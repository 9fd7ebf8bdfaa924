//! The seconds of active calls, counted in the server's time as far as it can be told.

use std::time::Duration;

use domain::Time;
use leptos::prelude::*;

use crate::{
    state::{PageState, SINCE, ahead_us, duration},
    tab::elements,
};

const TICK: Duration = Duration::from_secs(1);

/// Counts on, once a second, as long as the page is shown.
pub fn tick(state: PageState) {
    let ahead = StoredValue::new(0);
    // Right after it was read, the page's time is the server's.
    Effect::new(move |_| {
        state.generation.track();
        let read_at = state.dashboard.with_untracked(|dashboard| dashboard.now);
        ahead.set_value(ahead_us(read_at, browser_time()));
    });
    let show = move || {
        if let Some(ahead) = ahead.try_get_value() {
            show(browser_time().plus_micros(ahead));
        }
    };
    if let Ok(ticks) = set_interval_with_handle(show, TICK) {
        on_cleanup(move || ticks.clear());
    }
}

fn show(now: Time) {
    for element in elements(&["[", SINCE, "]"].concat()) {
        let since = element.get_attribute(SINCE);
        if let Some(since) = since.and_then(|since| since.parse().ok()) {
            element.set_text_content(Some(&duration(Time::from_micros(since), now)));
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "microseconds of any date fit"
)]
fn browser_time() -> Time {
    Time::from_micros((js_sys::Date::now() * 1_000.0) as i64)
}

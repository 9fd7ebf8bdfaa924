//! The server's time in the browser, as far as it can be told.

use domain::Time;
use leptos::prelude::*;

use crate::state::PageState;

/// The time the page was read at, which ticks once a second in the browser while `is_needed`.
pub fn ticking(state: PageState, is_needed: Memo<bool>) -> RwSignal<Time> {
    let read_at = state.dashboard.with_untracked(|dashboard| dashboard.now);
    let now = RwSignal::new(read_at);
    #[cfg(feature = "hydrate")]
    browser::tick(state, is_needed, now);
    #[cfg(not(feature = "hydrate"))]
    let _ = is_needed;
    now
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use domain::Time;
    use leptos::prelude::*;

    use crate::state::{PageState, ahead_us};

    const TICK: Duration = Duration::from_secs(1);

    pub fn tick(state: PageState, is_needed: Memo<bool>, now: RwSignal<Time>) {
        let ahead = StoredValue::new(0);
        // Right after it was read, the page's time is the server's.
        Effect::new(move |_| {
            state.generation.track();
            let read_at = state.dashboard.with_untracked(|dashboard| dashboard.now);
            ahead.set_value(ahead_us(read_at, browser_time()));
        });
        Effect::new(move |_| {
            if !is_needed.get() {
                return;
            }
            let show = move || now.set(browser_time().plus_micros(ahead.get_value()));
            show();
            if let Ok(ticks) = set_interval_with_handle(show, TICK) {
                on_cleanup(move || ticks.clear());
            }
        });
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "microseconds of any date fit"
    )]
    fn browser_time() -> Time {
        Time::from_micros((js_sys::Date::now() * 1_000.0) as i64)
    }
}

//! The usage page, made live: changes are taken into what it began with, and written over what the server rendered.

mod charts;
mod clock;
mod figures;

use domain::usage::Dashboard;
use leptos::{prelude::*, task::spawn_local};

use super::{Tab, query_shown, shown};
use crate::{
    components::activity_log::{Asking, LogActions},
    functions::{Start, load_page},
    state::{EventRef, PageState, follow_live, view_of},
};

/// Makes the page live that stands in the document; it is until what is returned is cleaned up.
pub fn begin(tab: Tab, start: Start) -> Owner {
    let owner = Owner::new_root(None);
    owner.with(|| {
        let state = PageState::new(start);
        let query = tab.address.query();
        let view = view_of(&query_shown());
        let reading = StoredValue::new(None);
        let again = Callback::new(move |()| read_again(tab, state, reading));
        let link = follow_live(state, again);
        figures::follow(state);
        charts::listen(state);
        clock::tick(state);
        LogActions::begin(
            state,
            Asking {
                view: StoredValue::new(view),
                // An open receipt is in the address, and not in the view.
                event: Memo::new(move |_| query.with(|query| EventRef::of_query(query))),
                link,
                again,
            },
        );
    });
    owner
}

/// Reads again what the page began with, and keeps what is shown until that has come: a form that is being filled in
/// stays what it is.
fn read_again(tab: Tab, state: PageState, reading: StoredValue<Option<u32>>) {
    let (query, generation) = (shown().1, state.generation);
    let Some(before) = generation.try_get_untracked() else {
        return;
    };
    // Changes that arrive meanwhile ask for the same.
    if reading.try_get_value() == Some(Some(before)) {
        return;
    }
    reading.set_value(Some(before));
    spawn_local(async move {
        let answer = load_page(query.clone()).await;
        let _ = reading.try_set_value(None);
        // The page was left, or read again by another question.
        if generation.try_get_untracked() != Some(before) || shown().1 != query {
            return;
        }
        match answer {
            Ok(page) => {
                let is_other_day = state.dashboard.with_untracked(|shown| {
                    shown.cycle != page.dashboard.cycle
                        || days_of(shown) != days_of(&page.dashboard)
                });
                tab.connection.is_read();
                state.replace(page);
                if is_other_day {
                    // What the page is called and its charts' labels are of the day before.
                    tab.refresh();
                }
            }
            Err(_) => tab.refresh(),
        }
    });
}

/// What a page's period is called, and its windows.
fn days_of(dashboard: &Dashboard) -> (&str, &str, &str, usize) {
    let period = &dashboard.period;
    (
        &period.label,
        &period.first_label,
        &period.last_label,
        dashboard.bars.len(),
    )
}

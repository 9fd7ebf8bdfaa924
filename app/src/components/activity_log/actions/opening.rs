//! Opening and closing receipts. Which one is open is told by the address, so that the back button, a reload and a link
//! know it.

use domain::activity::LogRow;
use leptos::prelude::*;
use web_sys::Element;

use super::{super::pool::has_focus, LogActions};
use crate::{
    functions::read_receipt,
    state::{Anchor, EventRef, event_href, view_href},
    tab::tab,
};

/// Events whose receipts were opened that are remembered.
const REMEMBERED: usize = 100;

impl LogActions {
    /// Opens the receipt of a row, or closes it.
    pub fn toggle(self, index: u64) {
        let row = self.state.log.with_untracked(|log| {
            let open = log.open.as_ref().filter(|open| open.index == index);
            let row = open.map(|open| &open.row);
            row.or_else(|| log.window.row(index)).cloned()
        });
        let Some(row) = row else {
            return;
        };
        let is_open = self.state.log.with_untracked(|log| {
            let open = log.open.as_ref();
            open.is_some_and(|open| open.row.seq == row.seq)
        });
        if is_open {
            self.close();
        } else {
            self.go_to_event(&row);
        }
    }

    /// Goes to the address of an event. The way back leads to the log without a receipt, however many were opened.
    fn go_to_event(self, row: &LogRow) {
        let Some(tab) = tab() else {
            return;
        };
        self.remember(row);
        let entry = tab.entry();
        let is_own = self.own.with_value(|own| own.entry) == Some(entry);
        let view = self.view();
        tab.go(&event_href(&view, &row.source, &row.id), is_own);
        self.own.update_value(|own| own.entry = Some(tab.entry()));
    }

    fn remember(self, row: &LogRow) {
        self.own.update_value(|own| {
            own.known.retain(|known| known.seq != row.seq);
            own.known.push(row.clone());
            if own.known.len() > REMEMBERED {
                own.known.remove(0);
            }
        });
    }

    /// Opens and closes what the address says.
    pub fn follow_event(self) {
        Effect::new(move |before: Option<Option<EventRef>>| {
            let shown = self.asking.event.get();
            if before.is_some_and(|before| before != shown) {
                self.show_event(shown.as_ref());
            }
            shown
        });
    }

    fn show_event(self, event: Option<&EventRef>) {
        let Some(event) = event else {
            self.close_now();
            return;
        };
        let is_it = |row: &LogRow| event.is(row);
        let held = self.state.log.with_untracked(|log| {
            let rows = log.window.start()..log.window.end();
            rows.filter_map(|index| log.window.row(index))
                .find(|row| is_it(row))
                .cloned()
        });
        let known = || {
            self.own
                .with_value(|own| own.known.iter().find(|row| is_it(row)).cloned())
        };
        match held.or_else(known) {
            Some(row) => self.open_now(row),
            None => self.asking.again.run(()),
        }
    }

    fn open_now(self, row: LogRow) {
        let place = row.cursor();
        self.remember(&row);
        self.active.set(Some(place));
        let mut is_held = true;
        self.state.log.update(|log| {
            let index = log.window.index_of(place);
            is_held = index.is_some();
            let top = index
                .filter(|index| log.scroll.shows(*index))
                .map(|index| log.scroll.row_top(index) - log.scroll.position);
            log.open(row);
            match (top, index) {
                (Some(top), _) => drop(log.hold(Anchor { place, top })),
                (None, Some(index)) => {
                    let top = log.scroll.row_top(index);
                    log.scroll.go(top);
                }
                (None, None) => {}
            }
        });
        if !is_held {
            self.reveal(place);
        }
    }

    /// Closes the receipt; the address says so too.
    pub fn close(self) {
        if self.state.log.with_untracked(|log| log.open.is_none()) {
            return;
        }
        self.close_now();
        let view = self.view();
        if let Some(tab) = tab() {
            tab.go(&view_href(&view), true);
        }
    }

    fn close_now(self) {
        let had_focus = self.with_receipt(has_focus).unwrap_or_default();
        self.state.log.update(crate::state::LogState::close);
        if let Some(scroller) = self.scroller().filter(|_| had_focus) {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = scroller.focus_with_options(&options);
        }
    }

    /// Does something with the receipt that is open.
    pub fn with_receipt<T>(self, run: impl FnOnce(&Element) -> T) -> Option<T> {
        self.own.with_value(|own| {
            let pool = own.pool.as_ref()?;
            pool.receipt().map(run)
        })
    }

    /// Reads the receipt of the open event.
    pub fn read_open_receipt(self) {
        let row = self
            .state
            .log
            .with_untracked(|log| log.open.as_ref().map(|open| open.row.clone()));
        let Some(row) = row else {
            return;
        };
        let query = self.view();
        self.lifetime.spawn(async move {
            let answer = read_receipt(query, row.source, row.id).await;
            let is_open = self.state.log.with_untracked(|log| {
                let open = log.open.as_ref();
                open.is_some_and(|open| open.row.seq == row.seq)
            });
            if !is_open {
                return;
            }
            self.own.update_value(|own| own.is_unread = answer.is_err());
            match answer {
                Ok(html) => self.fill(&html),
                Err(error) => self.fill_failed(&error),
            }
        });
    }

    /// Reads the receipt again if it could not be read.
    pub fn read_receipt_again(self) {
        if self.own.with_value(|own| own.is_unread) {
            self.read_open_receipt();
        }
    }
}

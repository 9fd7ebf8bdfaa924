//! The keyboard and the pointer on the log's rows.

use domain::activity::LogRow;
use leptos::{ev, prelude::*};
use web_sys::Element;

use super::{LogActions, index_of};
use crate::ui::browser::within;

impl LogActions {
    /// A click on a row or in a receipt.
    pub fn clicked(self, event: &ev::MouseEvent) {
        if let Some(button) = within(event, "[data-log]") {
            self.press(&button);
            return;
        }
        if within(event, ".log-scroll").is_none() {
            return;
        }
        let is_plain =
            !(event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key());
        let is_link = within(event, "a").is_some();
        if within(event, ".receipt").is_some() || (is_link && !is_plain) {
            return;
        }
        if let Some(index) = within(event, ".log-row").and_then(|row| index_in(&row)) {
            // The row's link leads to the same place without scripts.
            event.prevent_default();
            self.toggle(index);
        }
    }

    /// A button within a receipt.
    fn press(self, button: &Element) {
        match button.get_attribute("data-log").as_deref() {
            Some("close") => self.close(),
            Some("newest") => self.to_newest(),
            Some("again") => self.try_again(),
            Some("cancel") => Self::cancel_request(button),
            _ => {}
        }
    }

    fn go_to_row(self, index: u64) {
        self.state.log.update(|log| {
            let index = index.min(log.window.total().saturating_sub(1));
            let place = log.window.row(index).map(LogRow::cursor);
            self.own
                .update_value(|own| own.wanted = place.is_none().then_some(index));
            self.active.set(place);
            let (top, row, view) = (
                log.scroll.row_top(index),
                log.scroll.row_px,
                log.scroll.view_px,
            );
            if top < log.scroll.position {
                log.scroll.go(top);
            } else if top + row > log.scroll.position + view {
                log.scroll.go(top + row - view);
            }
        });
    }

    /// Puts the keyboard at the row it was sent to, once that has been read.
    pub fn reach_wanted(self) {
        let Some(index) = self.own.with_value(|own| own.wanted) else {
            return;
        };
        let row = self
            .state
            .log
            .with_untracked(|log| log.window.row(index).map(LogRow::cursor));
        if row.is_some() {
            self.own.update_value(|own| own.wanted = None);
            self.active.set(row);
        }
    }

    /// Arrow keys, page keys, Home, End, Enter and Escape.
    pub fn key(self, event: &ev::KeyboardEvent) {
        let key = event.key();
        // Fields, links and buttons of a receipt use the same keys.
        if key != "Escape" && within(event, ".receipt, a").is_some() {
            return;
        }
        let wanted = self.own.with_value(|own| own.wanted);
        let (first, page, at) = self.state.log.with_untracked(|log| {
            let at = index_of(log, self.active.get_untracked()).or(wanted);
            (
                log.scroll.first_row(),
                log.scroll.rows_in_view().saturating_sub(2),
                at,
            )
        });
        match key.as_str() {
            "ArrowDown" => self.go_to_row(at.map_or(first, |row| row + 1)),
            "ArrowUp" => self.go_to_row(at.map_or(first, |row| row.saturating_sub(1))),
            "PageDown" => self.go_to_row(at.unwrap_or(first) + page),
            "PageUp" => self.go_to_row(at.unwrap_or(first).saturating_sub(page)),
            "Home" => self.go_to_row(0),
            "End" => self.go_to_row(u64::MAX),
            "Enter" | " " => at.into_iter().for_each(|row| self.toggle(row)),
            "Escape" => self.close(),
            _ => return,
        }
        event.prevent_default();
    }
}

/// Which row of the log an element shows.
fn index_in(row: &Element) -> Option<u64> {
    row.id().strip_prefix("row-")?.parse().ok()
}

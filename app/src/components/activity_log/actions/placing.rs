//! Sizes and places of the log's elements, set through the CSSOM.

use std::time::Duration;

use leptos::prelude::*;

use super::{super::ABOVE, LogActions, index_of, needed_ask};
use crate::{
    state::LogState,
    ui::{browser::set_style, length},
};

/// Height of an open receipt; the same in CSS.
const RECEIPT_PX: f64 = 168.0;
/// After this long without movement the reader's hand is at rest.
const REST: Duration = Duration::from_millis(160);

impl LogActions {
    /// Keeps the elements' sizes and places in step with the log, and reads what comes into view.
    pub fn mount(self) {
        let log = self.state.log;
        let total = Memo::new(move |_| log.with(|log| log.window.total()));
        Effect::new(move |_| {
            self.state.generation.track();
            self.close();
            self.active.set(None);
            self.wanted.set_value(None);
        });
        Effect::new(move |_| {
            let extra_px = if self.open.get().is_some() {
                RECEIPT_PX
            } else {
                0.0
            };
            let total = total.get();
            log.update(|log| log.scroll.resize(total, extra_px));
        });
        Effect::new(move |_| {
            log.track();
            self.place();
        });
        Effect::new(move |_| {
            log.with(needed_ask)
                .into_iter()
                .for_each(|ask| self.read(ask));
        });
        let resized = window_event_listener(leptos::ev::resize, move |_| self.measure());
        on_cleanup(move || resized.remove());
    }

    /// Takes in where the browser has scrolled to.
    pub fn scrolled(self) {
        let Some(scroller) = self.scroller.get_untracked() else {
            return;
        };
        let top = f64::from(scroller.scroll_top());
        self.state.log.update(|log| {
            log.scroll.scrolled(top);
            if log.scroll.position <= 0.0 {
                log.unseen = 0;
            }
        });
        self.moved.update_value(|moved| *moved += 1);
        let mine = self.moved.get_value();
        set_timeout(
            move || {
                if self.moved.try_get_value() == Some(mine) {
                    self.state.log.update(|log| log.scroll.settle());
                }
            },
            REST,
        );
    }

    fn measure(self) {
        let Some(scroller) = self.scroller.get_untracked() else {
            return;
        };
        let Some(row) = self
            .rows
            .get_untracked()
            .and_then(|rows| rows.first_element_child())
        else {
            return;
        };
        let (view_px, row_px) = (
            f64::from(scroller.client_height()),
            row.get_bounding_client_rect().height(),
        );
        let is_changed = self
            .state
            .log
            .try_update_untracked(|log| log.scroll.measured(view_px, row_px));
        if is_changed == Some(true) {
            self.state.log.notify();
        }
    }

    fn place(self) {
        let (Some(scroller), Some(sizer)) =
            (self.scroller.get_untracked(), self.sizer.get_untracked())
        else {
            return;
        };
        let (Some(layer), Some(rows)) = (self.layer.get_untracked(), self.rows.get_untracked())
        else {
            return;
        };
        let _ = scroller.class_list().add_1("is-virtual");
        let (list_px, view_px, shift, placing) = self
            .state
            .log
            .try_update_untracked(|log| {
                let placing = log.scroll.take_placing();
                (
                    log.scroll.element_px(),
                    log.scroll.view_px,
                    self.shift(log),
                    placing,
                )
            })
            .unwrap_or_default();
        set_style(&sizer, "height", &format!("{}px", length(list_px)));
        set_style(
            &layer,
            "height",
            &format!("{}px", length(view_px.min(list_px))),
        );
        set_style(
            &rows,
            "transform",
            &format!("translateY({}px)", length(shift)),
        );
        if let Some(top) = placing {
            #[expect(clippy::cast_possible_truncation, reason = "at most a few million")]
            scroller.set_scroll_top(top as i32);
        }
        self.measure();
    }

    /// How far the first row that exists is from the top of the view.
    fn shift(self, log: &LogState) -> f64 {
        let first = log.scroll.first_row().saturating_sub(ABOVE);
        let is_above = index_of(log, self.open.get_untracked()).is_some_and(|open| open < first);
        log.scroll.row_top(first) + if is_above { RECEIPT_PX } else { 0.0 } - log.scroll.position
    }
}

//! Sizes and places of the log's elements, set through the CSSOM.

use std::time::Duration;

use domain::{Credits, cursor::Cursor};
use leptos::prelude::*;

use super::{super::ABOVE, LogActions, index_of, needed_ask};
use crate::{
    state::LogState,
    ui::{browser::set_style, length},
};

/// After this long without movement the reader's hand is at rest.
const REST: Duration = Duration::from_millis(160);

impl LogActions {
    /// Keeps the elements' sizes and places in step with the log, and reads what comes into view.
    pub fn mount(self) {
        let log = self.state.log;
        let total = Memo::new(move |_| log.with(|log| log.window.total()));
        Effect::new(move |shown: Option<u32>| {
            let generation = self.state.generation.get();
            if shown.is_some_and(|shown| shown != generation) {
                self.begin_again();
            }
            generation
        });
        self.follow_receipt();
        Effect::new(move |_| {
            let extra_px = if self.open.get().is_some() {
                self.receipt_px.get()
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

    /// Another page was read: nothing is open but what its address leads to.
    fn begin_again(self) {
        self.close();
        let opened = self
            .state
            .asked
            .with_untracked(|asked| asked.opened().cloned());
        let place = opened.as_ref().map(|receipt| receipt.row.cursor());
        self.active.set(place);
        self.open.set(place);
        self.receipt.set(opened.map(Ok));
        self.state.is_reading.set(place.is_some());
        self.wanted.set_value(None);
    }

    /// Measures the receipt whenever it has changed, and reads it again when more of its event was given back.
    fn follow_receipt(self) {
        Effect::new(move |_| {
            self.receipt.track();
            self.open.track();
            self.lifetime.before_paint(move || self.measure());
        });
        Effect::new(move |known: Option<Option<(Cursor, Credits)>>| {
            let row = self.open.get().and_then(|open| {
                self.state.log.with(|log| {
                    let row = log
                        .window
                        .index_of(open)
                        .and_then(|index| log.window.row(index))?;
                    Some((open, row.reversed, row.source.clone(), row.id.clone()))
                })
            });
            let (open, reversed, source, id) = row?;
            let known = known.flatten();
            if known.is_some_and(|known| known.0 == open && known.1 != reversed) {
                self.read_receipt(open, source, id);
            }
            Some((open, reversed))
        });
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
        self.lifetime.after(REST, move || {
            if self.moved.get_value() == mine {
                self.state.log.update(|log| log.scroll.settle());
            }
        });
    }

    fn measure(self) {
        let Some(scroller) = self.scroller.get_untracked() else {
            return;
        };
        let Some(rows) = self.rows.get_untracked() else {
            return;
        };
        let Some(row) = rows.first_element_child() else {
            return;
        };
        // Scrolled out of sight it is not there; then it is as tall as before.
        if let Ok(Some(receipt)) = rows.query_selector(".receipt") {
            let receipt_px = receipt.get_bounding_client_rect().height();
            if (receipt_px - self.receipt_px.get_untracked()).abs() >= 0.5 {
                self.receipt_px.set(receipt_px);
            }
        }
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
        log.scroll.row_top(first)
            + if is_above {
                self.receipt_px.get_untracked()
            } else {
                0.0
            }
            - log.scroll.position
    }
}

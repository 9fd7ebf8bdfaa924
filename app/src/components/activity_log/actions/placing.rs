//! Sizes and places of the log's elements, set through the CSSOM.

use std::time::Duration;

use domain::{Credits, Seq};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, ResizeObserver};

use super::{
    super::pool::{Look, Pool, first_row},
    LogActions,
    reading::needed_ask,
};
use crate::{
    state::Link,
    ui::{browser::set_style, length},
};

/// After this long without movement the reader's hand is at rest.
const REST: Duration = Duration::from_millis(160);

/// Tells when the receipt becomes taller or shorter.
pub struct Watcher {
    observer: ResizeObserver,
    watched: Option<Element>,
    /// Kept as long as the observer calls it.
    _changed: Closure<dyn FnMut()>,
}

impl Watcher {
    fn new(changed: impl FnMut() + 'static) -> Option<Self> {
        let changed = Closure::<dyn FnMut()>::new(changed);
        let observer = ResizeObserver::new(changed.as_ref().unchecked_ref()).ok()?;
        Some(Self {
            observer,
            watched: None,
            _changed: changed,
        })
    }

    fn watch(&mut self, receipt: Option<&Element>) {
        if self.watched.as_ref() == receipt {
            return;
        }
        self.observer.disconnect();
        if let Some(receipt) = receipt {
            self.observer.observe(receipt);
        }
        self.watched = receipt.cloned();
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

impl LogActions {
    /// Keeps the elements' sizes and places in step with the log, and reads what comes into view.
    pub fn mount(self) {
        let log = self.state.log;
        Effect::new(move |shown: Option<u32>| {
            let generation = self.state.generation.get();
            if shown.is_some_and(|shown| shown != generation) {
                self.begin_again();
            }
            generation
        });
        Effect::new(move |_| {
            log.track();
            self.active.track();
            self.place();
        });
        self.follow_receipt();
        self.follow_event();
        self.read_when_needed();
        self.remember_places();
        let resized = window_event_listener(leptos::ev::resize, move |_| self.measure());
        on_cleanup(move || {
            resized.remove();
            self.own.try_update_value(|own| {
                own.pool = None;
                own.watcher = None;
            });
        });
    }

    fn read_when_needed(self) {
        let log = self.state.log;
        Effect::new(move |_| {
            if self.trouble.with(Option::is_none) {
                log.with(needed_ask)
                    .into_iter()
                    .for_each(|ask| self.read(ask));
            }
        });
        // What could not be read is read once the connection is back.
        Effect::new(move |before: Option<Link>| {
            let link = self.asking.link.get();
            if link == Link::Live && before.is_some_and(|before| before != link) {
                self.try_again();
            }
            link
        });
    }

    /// Another page was read: open is what its address leads to.
    fn begin_again(self) {
        self.active.set(self.state.log.with_untracked(|log| {
            let open = log.open.as_ref();
            open.map(|open| open.row.cursor())
        }));
        self.trouble.set(None);
        self.missed.set(None);
        self.own.update_value(|own| {
            own.wanted = None;
            own.is_reading = false;
            own.asked += 1;
        });
        let lost = self.state.log.try_update_untracked(|log| log.lost.take());
        if let Some(anchor) = lost.flatten() {
            self.reveal_at(anchor);
        }
    }

    /// Reads the receipt of an event that was opened, and again when more of the event was refunded.
    fn follow_receipt(self) {
        let log = self.state.log;
        let open = Memo::new(move |_| {
            log.with(|log| {
                log.open
                    .as_ref()
                    .map(|open| (open.row.seq, open.row.reversed))
            })
        });
        Effect::new(move |before: Option<Option<(Seq, Credits)>>| {
            let open = open.get();
            // The first one stands in the page.
            let is_news = before.is_some_and(|before| before != open);
            if open.is_some() && is_news {
                self.place();
                self.read_open_receipt();
            }
            open
        });
    }

    /// Takes in where the browser has scrolled to.
    pub fn scrolled(self) {
        let Some(scroller) = self.scroller() else {
            return;
        };
        let top = f64::from(scroller.scroll_top());
        self.state.log.update(|log| {
            log.scroll.scrolled(top);
            if log.scroll.position <= 0.0 {
                log.unseen = 0;
            }
        });
        let mut mine = 0;
        self.own.update_value(|own| {
            own.moved += 1;
            mine = own.moved;
        });
        self.lifetime.after(REST, move || {
            if self.own.with_value(|own| own.moved) == mine {
                self.state.log.update(|log| log.scroll.settle());
                // Elsewhere reading may succeed.
                self.trouble.set(None);
            }
        });
    }

    fn measure(self) {
        let Some(scroller) = self.scroller() else {
            return;
        };
        let (row_px, receipt_px) = self.own.with_value(|own| {
            let height = |element: &Element| element.get_bounding_client_rect().height();
            let pool = own.pool.as_ref();
            (
                pool.and_then(Pool::any_row).map(height).unwrap_or_default(),
                pool.and_then(Pool::receipt).map(height),
            )
        });
        let view_px = f64::from(scroller.client_height());
        let is_changed = self.state.log.try_update_untracked(|log| {
            let is_measured = log.scroll.measured(view_px, row_px);
            receipt_px.is_some_and(|px| log.receipt_measured(px)) || is_measured
        });
        if is_changed == Some(true) {
            self.state.log.notify();
        }
    }

    /// The rows, taken over from the server when they are first needed.
    fn draw(self, look: &Look, rows: Element) {
        let mut is_new = false;
        self.own.update_value(|own| {
            is_new = own.pool.is_none();
            let pool = own.pool.get_or_insert_with(|| Pool::adopt(rows, look));
            pool.show(look);
            let watcher = own.watcher.take();
            own.watcher = watcher.or_else(|| Watcher::new(move || self.measure()));
            if let Some(watcher) = &mut own.watcher {
                watcher.watch(pool.receipt());
            }
        });
        if is_new {
            self.restore_draft();
        }
    }

    /// Puts everything where it belongs now.
    pub fn place(self) {
        let (Some(scroller), Some(sizer)) = (self.scroller(), self.framed(|frame| &frame.sizer))
        else {
            return;
        };
        let (Some(layer), Some(rows)) = (
            self.framed(|frame| &frame.layer),
            self.framed(|frame| &frame.rows),
        ) else {
            return;
        };
        let _ = scroller.class_list().add_1("is-virtual");
        let placing = self
            .state
            .log
            .try_update_untracked(|log| log.scroll.take_placing())
            .flatten();
        let view = self.view();
        let year = self
            .state
            .dashboard
            .with_untracked(|dashboard| dashboard.year);
        let active = self.active.get_untracked();
        let (list_px, view_px, shift) = self.state.log.with_untracked(|log| {
            let look = Look {
                log,
                year,
                view: &view,
                active,
            };
            self.draw(&look, rows.clone().into());
            let scroll = &log.scroll;
            let shift = scroll.row_top(first_row(log)) - scroll.position;
            (scroll.element_px(), scroll.view_px, shift)
        });
        set_style(&sizer, "height", &[&length(list_px), "px"].concat());
        let layer_px = length(view_px.min(list_px));
        set_style(&layer, "height", &[&layer_px, "px"].concat());
        let transform = ["translateY(", &length(shift), "px)"].concat();
        set_style(&rows, "transform", &transform);
        if let Some(top) = placing {
            #[expect(clippy::cast_possible_truncation, reason = "at most a few million")]
            scroller.set_scroll_top(top as i32);
        }
        self.measure();
    }
}

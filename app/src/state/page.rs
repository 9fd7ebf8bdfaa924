//! The page's state: what was read, changed by what arrives.

use domain::{
    Seq,
    activity::{Arrival, LogPage, LogWindow},
    live::{Applied, Delta},
    usage::{Dashboard, ForecastView},
};
use leptos::prelude::*;

use super::{Remedy, live::Followed, scroll::Scroll};
use crate::functions::{Charts, EventAsked, Page, Reader, TipsView};

/// Rows that stay in view above the row a link leads to.
pub const ROWS_ABOVE: u64 = 3;

/// The rows held of the log, and where the reader is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogState {
    /// The rows held.
    pub window: LogWindow,
    /// Where the reader is.
    pub scroll: Scroll,
    /// Rows that arrived above the reader since they last were at the top.
    pub unseen: u64,
    /// Whether rows were left out of a delta, so that what is held must be read again.
    pub is_stale: bool,
    as_of: Seq,
}

impl LogState {
    /// The log at its newest end.
    pub fn new(page: LogPage) -> Self {
        let mut state = Self {
            as_of: page.as_of,
            window: LogWindow::new(page),
            ..Self::default()
        };
        state.scroll.resize(state.window.total(), 0.0);
        state
    }

    /// The log with the reader at the row a link leads to, or at the newest.
    fn asked(page: LogPage, asked: &EventAsked) -> Self {
        let mut state = Self::new(page);
        let index = asked
            .opened()
            .and_then(|receipt| state.window.index_of(receipt.row.cursor()));
        if let Some(index) = index {
            let top = state.scroll.row_top(index.saturating_sub(ROWS_ABOVE));
            state.scroll.go(top);
        }
        state
    }

    /// Shows other rows, read by a jump: the reader stays where they jumped to.
    pub fn replace(&mut self, page: LogPage) {
        self.as_of = self.as_of.max(page.as_of);
        self.is_stale = false;
        self.window = LogWindow::new(page);
    }

    /// Takes in a delta. While `holds_still`, what is being read does not move.
    pub fn arrive(&mut self, delta: &Delta, holds_still: bool) {
        let at_top = self.scroll.position <= 0.0 && !holds_still;
        let known = self.as_of;
        for row in delta.rows.iter().filter(|row| row.seq > known) {
            let above = match self.window.arrive(row.clone()) {
                Arrival::Above => true,
                Arrival::At(index) => index <= self.scroll.first_row(),
                Arrival::Below => false,
            };
            if above && !at_top {
                self.hold_still(1);
            }
        }
        for (seq, reversed) in &delta.reversed {
            self.window.reverse(*seq, *reversed);
        }
        if delta.rows_left_out > 0 && delta.up_to > self.as_of {
            self.window.arrive_unseen(delta.rows_left_out);
            self.is_stale = true;
            if !at_top {
                self.hold_still(delta.rows_left_out);
            }
        }
        self.as_of = self.as_of.max(delta.up_to);
    }

    fn hold_still(&mut self, rows: u64) {
        self.unseen += rows;
        self.scroll.hold_still(rows);
    }
}

/// Everything the page shows, as signals.
#[derive(Clone, Copy)]
pub struct PageState {
    /// Gauge and cards.
    pub dashboard: RwSignal<Dashboard>,
    /// Their charts.
    pub charts: RwSignal<Charts>,
    /// What will probably be of the cycle, as of the last reading.
    pub forecast: RwSignal<Option<ForecastView>>,
    /// What is worth knowing, as of the last reading.
    pub tips: RwSignal<TipsView>,
    /// The log.
    pub log: RwSignal<LogState>,
    /// Who reads.
    pub reader: StoredValue<Reader>,
    /// What helps them when credits run out.
    pub helps: RwSignal<Remedy>,
    /// The event that the page's address leads to.
    pub asked: RwSignal<EventAsked>,
    /// Whether a receipt is open, so that the log holds still.
    pub is_reading: RwSignal<bool>,
    /// Counts the readings of the page: each is followed live from its own place.
    pub generation: RwSignal<u32>,
}

impl PageState {
    /// The state right after the page was read.
    pub fn new(page: Page) -> Self {
        Self {
            dashboard: RwSignal::new(page.dashboard),
            charts: RwSignal::new(page.charts),
            forecast: RwSignal::new(page.forecast),
            tips: RwSignal::new(page.tips),
            log: RwSignal::new(LogState::asked(page.log, &page.event)),
            helps: RwSignal::new(Remedy::for_reader(&page.reader)),
            reader: StoredValue::new(page.reader),
            is_reading: RwSignal::new(page.event.opened().is_some()),
            asked: RwSignal::new(page.event),
            generation: RwSignal::new(0),
        }
    }

    /// How the page is followed.
    pub fn followed(self) -> Followed {
        Followed {
            generation: self.generation,
            read_at: Callback::new(move |()| self.dashboard.with_untracked(Dashboard::read_at)),
            apply: Callback::new(move |delta: Box<Delta>| self.apply(&delta)),
        }
    }

    /// Shows another view, or the same one read again.
    pub fn replace(&self, page: Page) {
        self.is_reading.set(page.event.opened().is_some());
        self.dashboard.set(page.dashboard);
        self.helps.set(Remedy::for_reader(&page.reader));
        self.charts.set(page.charts);
        self.forecast.set(page.forecast);
        self.tips.set(page.tips);
        self.log.update(|log| {
            let (view_px, row_px) = (log.scroll.view_px, log.scroll.row_px);
            *log = LogState::asked(page.log, &page.event);
            log.scroll.measured(view_px, row_px);
        });
        self.asked.set(page.event);
        self.generation.update(|generation| *generation += 1);
    }

    /// Applies a delta everywhere at once; says whether the page must be read again instead.
    pub fn apply(&self, delta: &Delta) -> Applied {
        let mut dashboard = self.dashboard.write();
        let applied = dashboard.apply(delta);
        if applied == Applied::Yes {
            let holds_still = self.is_reading.get_untracked();
            self.log.update(|log| log.arrive(delta, holds_still));
        } else if applied == Applied::Stale {
            dashboard.untrack();
        }
        applied
    }
}

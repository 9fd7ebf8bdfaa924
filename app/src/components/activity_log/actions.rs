//! What readers do with the log: scroll, jump, open a receipt, use the keyboard.
#![cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "only a browser scrolls and reads more")
)]

#[cfg(feature = "hydrate")]
mod placing;

use domain::{
    activity::{LogAsk, LogPage, LogRow, Receipt},
    cursor::Cursor,
    filter::ViewQuery,
};
use leptos::{html::Div, prelude::*};

use crate::{
    error::AppError,
    functions::{read_log, read_receipt},
    state::{LogState, PageState, Url},
    ui::Lifetime,
};

/// Rows of one reading.
const READ_ROWS: u32 = 150;
/// Rows read before they are needed.
const READ_AHEAD: u64 = 30;

/// Handles to the log; cheap to copy.
#[derive(Clone, Copy)]
pub struct LogActions {
    /// The element with the scrollbar.
    pub scroller: NodeRef<Div>,
    /// The element that is as tall as the log, or as tall as allowed.
    pub sizer: NodeRef<Div>,
    /// The element that stays in view over the whole length.
    pub layer: NodeRef<Div>,
    /// The element that holds the rows and moves in the layer.
    pub rows: NodeRef<Div>,
    /// The row the keyboard is at.
    pub active: RwSignal<Option<Cursor>>,
    /// The row whose receipt is open.
    pub open: RwSignal<Option<Cursor>>,
    /// That receipt.
    pub receipt: RwSignal<Option<Result<Receipt, AppError>>>,
    state: PageState,
    query: Memo<String>,
    lifetime: Lifetime,
    /// Height of the open receipt, as measured last.
    receipt_px: RwSignal<f64>,
    asked: StoredValue<u32>,
    is_reading: StoredValue<bool>,
    moved: StoredValue<u32>,
    /// Where the keyboard was sent to, while that row is still being read.
    wanted: StoredValue<Option<u64>>,
}

impl LogActions {
    /// Handles to the page's log.
    pub fn new(state: PageState, query: Memo<String>) -> Self {
        let opened = state.asked.with_untracked(|asked| asked.opened().cloned());
        let place = opened.as_ref().map(|receipt| receipt.row.cursor());
        Self {
            scroller: NodeRef::new(),
            sizer: NodeRef::new(),
            layer: NodeRef::new(),
            rows: NodeRef::new(),
            active: RwSignal::new(place),
            open: RwSignal::new(place),
            receipt: RwSignal::new(opened.map(Ok)),
            state,
            query,
            lifetime: Lifetime::of_component(),
            receipt_px: RwSignal::new(0.0),
            asked: StoredValue::new(0),
            is_reading: StoredValue::new(false),
            moved: StoredValue::new(0),
            wanted: StoredValue::new(None),
        }
    }

    /// Keeps the elements' sizes and places in step with the log. On the server there is nothing to keep.
    #[cfg(not(feature = "hydrate"))]
    #[expect(clippy::unused_self, reason = "the browser's version uses it")]
    pub fn mount(self) {}

    /// Only a browser scrolls.
    #[cfg(not(feature = "hydrate"))]
    #[expect(clippy::unused_self, reason = "the browser's version uses it")]
    pub fn scrolled(self) {}

    fn toggle_receipt(self, cursor: Cursor, source: String, id: String) {
        if self.open.get_untracked() == Some(cursor) {
            self.close();
            return;
        }
        self.open.set(Some(cursor));
        self.receipt.set(None);
        self.state.is_reading.set(true);
        self.read_receipt(cursor, source, id);
    }

    fn read_receipt(self, cursor: Cursor, source: String, id: String) {
        let query = self.query.get_untracked();
        self.lifetime.spawn(async move {
            let receipt = read_receipt(query, source, id).await;
            if self.open.get_untracked() == Some(cursor) {
                self.receipt.set(Some(receipt));
            }
        });
    }

    /// Opens the receipt of a row, or closes it.
    pub fn toggle(self, index: u64) {
        let row = self
            .state
            .log
            .with_untracked(|log| log.window.row(index).cloned());
        if let Some(row) = row {
            self.active.set(Some(row.cursor()));
            self.toggle_receipt(row.cursor(), row.source, row.id);
        }
    }

    /// The view that links out of a receipt keep: its account, by name, and its zone.
    pub fn linked_view(self) -> ViewQuery {
        let account = self
            .state
            .dashboard
            .with(|dashboard| dashboard.account.key.clone());
        ViewQuery {
            account: Some(account),
            tz: self.query.with(|query| Url::read(query).0.tz),
            ..ViewQuery::default()
        }
    }

    fn close(self) {
        self.open.set(None);
        self.receipt.set(None);
        self.state.is_reading.set(false);
    }

    /// Goes to the newest row.
    pub fn to_newest(self) {
        self.close();
        self.state.log.update(|log| {
            log.scroll.go(0.0);
            log.unseen = 0;
        });
    }

    /// Goes to the newest row of a date.
    pub fn to_time(self, date: String) {
        self.close();
        self.ask(LogAsk::AtTime(date), |log, page| {
            let position = page.position;
            log.replace(page);
            log.scroll.resize(log.window.total(), 0.0);
            log.scroll.go(log.scroll.row_top(position));
        });
    }

    fn go_to_row(self, index: u64) {
        let last = self
            .state
            .log
            .with_untracked(|log| log.window.total().saturating_sub(1));
        let index = index.min(last);
        self.state.log.update(|log| {
            let place = log.window.row(index).map(LogRow::cursor);
            self.wanted.set_value(place.is_none().then_some(index));
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
    fn reach_wanted(self) {
        let Some(index) = self.wanted.get_value() else {
            return;
        };
        let row = self
            .state
            .log
            .with_untracked(|log| log.window.row(index).map(LogRow::cursor));
        if row.is_some() {
            self.wanted.set_value(None);
            self.active.set(row);
        }
    }

    /// Arrow keys, page keys, Home, End, Enter and Escape.
    pub fn key(self, event: &leptos::ev::KeyboardEvent) {
        let (first, page, at) = self.state.log.with_untracked(|log| {
            let at = index_of(log, self.active.get_untracked()).or(self.wanted.get_value());
            (
                log.scroll.first_row(),
                log.scroll.rows_in_view().saturating_sub(2),
                at,
            )
        });
        match event.key().as_str() {
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

    fn read(self, ask: LogAsk) {
        if self.is_reading.get_value() {
            return;
        }
        let kind = ask.clone();
        self.ask(ask, move |log, page| take_in(log, &kind, page));
    }

    /// Asks for a page of the log; an answer that was overtaken by another question or view is dropped.
    fn ask(self, ask: LogAsk, take: impl FnOnce(&mut LogState, LogPage) + 'static) {
        self.asked.update_value(|asked| *asked += 1);
        let (mine, generation) = (
            self.asked.get_value(),
            self.state.generation.get_untracked(),
        );
        self.is_reading.set_value(true);
        let query = self.query.get_untracked();
        self.lifetime.spawn(async move {
            let answer = read_log(query, ask, READ_ROWS).await;
            if self.asked.get_value() != mine {
                return;
            }
            self.is_reading.set_value(false);
            if generation != self.state.generation.get_untracked() {
                return;
            }
            if let Ok(page) = answer {
                self.state.log.update(|log| take(log, page));
                self.reach_wanted();
            }
        });
    }
}

/// Index of a row of the log, while it is held.
pub fn index_of(log: &LogState, place: Option<Cursor>) -> Option<u64> {
    log.window.index_of(place?)
}

/// What must be read so that the rows in view, and some beyond, are there.
fn needed_ask(log: &LogState) -> Option<LogAsk> {
    let (start, end, total) = (log.window.start(), log.window.end(), log.window.total());
    let first = log.scroll.first_row();
    let last = (first + log.scroll.rows_in_view()).min(total);
    let is_far = last + READ_AHEAD < start || first > end + READ_AHEAD;
    if log.is_stale || is_far {
        return Some(LogAsk::AtPosition(first.saturating_sub(READ_AHEAD)));
    }
    if !log.window.reaches_newest() && first < start + READ_AHEAD {
        return log.window.newest().map(LogAsk::NewerThan);
    }
    if !log.window.reaches_oldest() && last + READ_AHEAD > end {
        return log.window.oldest().map(LogAsk::OlderThan);
    }
    None
}

fn take_in(log: &mut LogState, ask: &LogAsk, page: LogPage) {
    let is_short = page.rows.len() < READ_ROWS as usize;
    match ask {
        LogAsk::OlderThan(_) => {
            log.window.append(page);
            if is_short {
                log.window.found_oldest();
            }
        }
        LogAsk::NewerThan(_) => {
            log.window.prepend(page);
            if is_short {
                log.window.found_newest();
            }
        }
        _ => log.replace(page),
    }
}

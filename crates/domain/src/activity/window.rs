//! The consecutive rows a reader holds out of a log that may have millions, kept right while new rows arrive.

use std::collections::VecDeque;

use super::{LogPage, LogRow};
use crate::{Credits, Seq, cursor::Cursor};

/// Most rows held: far more than a screen, far fewer than a browser feels.
const MAX_ROWS: usize = 600;

/// Consecutive rows, newest first, and where they lie in the whole log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogWindow {
    rows: VecDeque<LogRow>,
    start: u64,
    total: u64,
}

impl LogWindow {
    /// A window that holds one page.
    pub fn new(page: LogPage) -> Self {
        Self {
            start: page.position,
            total: page.total,
            rows: page.rows.into(),
        }
    }

    /// How many rows the whole log has.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Which row of the log the first one held is, counted from 0 at the newest.
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// The row after the last one held.
    pub fn end(&self) -> u64 {
        self.start + self.rows.len() as u64
    }

    /// Row `index` of the log, if it is held.
    pub fn row(&self, index: u64) -> Option<&LogRow> {
        let offset = usize::try_from(index.checked_sub(self.start)?).ok()?;
        self.rows.get(offset)
    }

    /// Which row of the log stands at a place, if it is held.
    pub fn index_of(&self, place: Cursor) -> Option<u64> {
        let offset = self
            .rows
            .binary_search_by(|held| place.cmp(&held.cursor()))
            .ok()?;
        Some(self.start + offset as u64)
    }

    /// Place of the newest row held.
    pub fn newest(&self) -> Option<Cursor> {
        self.rows.front().map(LogRow::cursor)
    }

    /// Place of the oldest row held.
    pub fn oldest(&self) -> Option<Cursor> {
        self.rows.back().map(LogRow::cursor)
    }

    /// Whether nothing newer exists.
    pub const fn reaches_newest(&self) -> bool {
        self.start == 0
    }

    /// Whether nothing older exists.
    pub fn reaches_oldest(&self) -> bool {
        self.end() >= self.total
    }

    /// Adds the page that was read right after [`LogWindow::oldest`]; lets go of rows at the other end.
    pub fn append(&mut self, page: LogPage) {
        let last = self.oldest();
        let older = page
            .rows
            .into_iter()
            .filter(|row| last.is_none_or(|last| row.cursor() < last));
        self.rows.extend(older);
        while self.rows.len() > MAX_ROWS {
            self.rows.pop_front();
            self.start += 1;
        }
    }

    /// Adds the page that was read right before [`LogWindow::newest`]; lets go of rows at the other end.
    pub fn prepend(&mut self, page: LogPage) {
        let first = self.newest();
        let newer = page
            .rows
            .into_iter()
            .filter(|row| first.is_none_or(|first| row.cursor() > first));
        let newer: Vec<_> = newer.collect();
        self.start = self.start.saturating_sub(newer.len() as u64);
        for row in newer.into_iter().rev() {
            self.rows.push_front(row);
        }
        self.rows.truncate(MAX_ROWS);
    }

    /// Notes that nothing is newer than the first row held: a page read before it came back short.
    pub fn found_newest(&mut self) {
        self.total -= self.start;
        self.start = 0;
    }

    /// Notes that nothing is older than the last row held: a page read after it came back short.
    pub fn found_oldest(&mut self) {
        self.total = self.end();
    }

    /// Takes in a row that has just become durable and returns its place in the log, counted from 0 at the newest.
    ///
    /// Rows newer than those held only move the window down; rows among them are put in order.
    pub fn arrive(&mut self, row: LogRow) -> Arrival {
        self.total += 1;
        let cursor = row.cursor();
        let known = self
            .rows
            .binary_search_by(|held| cursor.cmp(&held.cursor()));
        if known.is_ok() {
            // A page read meanwhile had it already.
            return Arrival::Below;
        }
        let newer_than_all = self.newest().is_none_or(|newest| cursor > newest);
        if newer_than_all && !self.reaches_newest() {
            self.start += 1;
            return Arrival::Above;
        }
        let offset = self.rows.partition_point(|held| held.cursor() > cursor);
        let beyond_held = offset == self.rows.len() && self.end() < self.total - 1;
        if beyond_held {
            return Arrival::Below;
        }
        self.rows.insert(offset, row);
        self.rows.truncate(MAX_ROWS);
        Arrival::At(self.start + offset as u64)
    }

    /// Notes that so much of a row, if it is held, was given back in all.
    pub fn reverse(&mut self, seq: Seq, reversed: Credits) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.seq == seq) {
            row.reversed = reversed;
        }
    }

    /// Counts rows that were too many to be sent one by one.
    ///
    /// The rows held stay consecutive, but where they lie is only known after the next read.
    pub fn arrive_unseen(&mut self, count: u64) {
        self.total += count;
        self.start += count;
    }
}

/// Where an arriving row went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Above every row held.
    Above,
    /// At this index of the log.
    At(u64),
    /// Below every row held.
    Below,
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Agent, Credits, Seq, Time};

    pub(in crate::activity) fn row(time: i64, seq: i64) -> LogRow {
        LogRow {
            seq: Seq(seq),
            time: Time::from_micros(time),
            at: "2026-11-03T14:03:10+01:00".into(),
            source: "test".into(),
            id: seq.to_string(),
            agent: Agent::Chat,
            activity: "chat_reply".into(),
            credits: Credits::from_micro(1),
            reversed: Credits::ZERO,
            company: "a".into(),
            company_name: "A".into(),
            reference: None,
        }
    }

    /// The whole log, as the server would page it.
    struct Log(Vec<LogRow>);

    impl Log {
        fn page(&self, position: usize, rows: usize) -> LogPage {
            LogPage {
                as_of: Seq(0),
                total: self.0.len() as u64,
                position: position as u64,
                rows: self.0.iter().skip(position).take(rows).cloned().collect(),
            }
        }

        fn add(&mut self, row: LogRow) {
            let at = self.0.partition_point(|held| held.cursor() > row.cursor());
            self.0.insert(at, row);
        }

        fn place(&self, cursor: Cursor) -> usize {
            self.0
                .iter()
                .position(|row| row.cursor() == cursor)
                .unwrap()
        }
    }

    #[test]
    fn a_place_is_found_while_its_row_is_held() {
        let rows = vec![row(30, 3), row(20, 2), row(10, 1)];
        let window = LogWindow::new(LogPage {
            as_of: Seq(3),
            total: 9,
            position: 4,
            rows,
        });
        assert_eq!(window.index_of(row(20, 2).cursor()), Some(5));
        assert_eq!(window.index_of(row(20, 7).cursor()), None);
    }

    proptest! {
        #[test]
        fn a_window_is_always_a_slice_of_the_log(
            times in prop::collection::vec(0_i64..1_000, 1..120),
            jump in 0_usize..100,
            steps in prop::collection::vec((0_u8..3, 0_i64..1_200), 0..60),
        ) {
            let mut log = Log(Vec::new());
            for (seq, time) in times.iter().enumerate() {
                log.add(row(*time, i64::try_from(seq).unwrap()));
            }
            let mut window = LogWindow::new(log.page(jump.min(log.0.len() - 1), 10));
            for (number, (step, time)) in steps.into_iter().enumerate() {
                match step {
                    0 => {
                        let new = row(time, 1_000 + i64::try_from(number).unwrap());
                        log.add(new.clone());
                        window.arrive(new);
                    }
                    1 => {
                        let after = log.place(window.oldest().unwrap()) + 1;
                        window.append(log.page(after, 7));
                    }
                    _ => {
                        let first = log.place(window.newest().unwrap());
                        let from = first.saturating_sub(7);
                        window.prepend(log.page(from, first - from));
                    }
                }
                prop_assert_eq!(window.total(), log.0.len() as u64);
                for index in window.start()..window.end() {
                    prop_assert_eq!(window.row(index), log.0.get(usize::try_from(index).unwrap()));
                }
            }
        }
    }

    #[test]
    fn the_first_row_of_an_empty_log_appears() {
        let mut window = LogWindow::new(Log(Vec::new()).page(0, 10));
        assert_eq!(window.arrive(row(1, 1)), Arrival::At(0));
        assert_eq!(window.row(0).map(|row| row.seq), Some(Seq(1)));
    }

    #[test]
    fn a_window_lets_go_of_rows_far_away() {
        let log = Log((0..2_000).rev().map(|number| row(number, number)).collect());
        let mut window = LogWindow::new(log.page(0, 500));
        window.append(log.page(500, 500));
        assert_eq!((window.start(), window.end()), (400, 1_000));
        window.prepend(log.page(100, 300));
        assert_eq!((window.start(), window.end()), (100, 700));
    }
}

//! The log: the rows held of it, where the reader is, and the event whose receipt is open.

use domain::{
    Seq,
    activity::{Arrival, LogPage, LogRow, LogWindow},
    cursor::Cursor,
    live::Delta,
};

use super::scroll::Scroll;

/// Rows that stay in view above the row a link leads to.
pub const ROWS_ABOVE: u64 = 3;

/// The event whose receipt is open. It is known by itself, wherever its row lies and whether it is held or not.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRow {
    /// The row.
    pub row: LogRow,
    /// Which row of the log it is, as far as that is known.
    pub index: u64,
    /// Height of its receipt in pixels, as measured last.
    pub receipt_px: f64,
}

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
    /// Where the reader was when the page was read again, if the rows there are not held any more.
    pub lost: Option<Anchor>,
    /// The event whose receipt is open.
    pub open: Option<OpenRow>,
    as_of: Seq,
}

/// A row, and how far below the top of the view it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anchor {
    /// The row's place.
    pub place: Cursor,
    /// In pixels; negative when its beginning is above the view.
    pub top: f64,
}

impl LogState {
    /// The log at its newest end.
    pub fn new(page: LogPage) -> Self {
        let mut state = Self {
            as_of: page.as_of,
            window: LogWindow::new(page),
            ..Self::default()
        };
        state.resize();
        state
    }

    /// The log with the reader at the row a link leads to, or at the newest.
    pub fn asked(page: LogPage, open: Option<&LogRow>) -> Self {
        let mut state = Self::new(page);
        if let Some(row) = open {
            state.open(row.clone());
            if let Some(open) = &state.open {
                let top = state.scroll.row_top(open.index.saturating_sub(ROWS_ABOVE));
                state.scroll.go(top);
            }
        }
        state
    }

    /// The same page read again, or another one: an event that is open in both stays where it is on the screen.
    #[must_use]
    pub fn read_again(&self, page: LogPage, open: Option<&LogRow>) -> Self {
        let mut next = Self::asked(page, open);
        next.scroll
            .measured(self.scroll.view_px, self.scroll.row_px);
        let is_same = |open: &OpenRow, before: &OpenRow| open.row.seq == before.row.seq;
        if let (Some(open), Some(before)) = (&mut next.open, &self.open)
            && is_same(open, before)
        {
            open.receipt_px = before.receipt_px;
            let top = self.scroll.row_top(before.index) - self.scroll.position;
            let place = open.row.cursor();
            next.resize();
            next.hold(Anchor { place, top });
        } else if let Some(anchor) = self.anchor().filter(|_| self.scroll.position > 0.0) {
            next.lost = (!next.hold(anchor)).then_some(anchor);
        }
        next.scroll.place_anew();
        next
    }

    /// Opens the receipt of a row; another one is closed.
    pub fn open(&mut self, row: LogRow) {
        let index = self.window.index_of(row.cursor()).unwrap_or_default();
        self.open = Some(OpenRow {
            row,
            index,
            receipt_px: 0.0,
        });
        self.resize();
    }

    /// Closes the receipt. What is in view stays there.
    pub fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        let is_above = self.scroll.row_top(open.index) + self.scroll.row_px + open.receipt_px
            <= self.scroll.position;
        let position = self.scroll.position;
        self.resize();
        if is_above {
            self.scroll.go(position - open.receipt_px);
        }
    }

    /// Takes in how tall the open receipt is. Says whether that is new.
    pub fn receipt_measured(&mut self, px: f64) -> bool {
        let Some(open) = self
            .open
            .as_mut()
            .filter(|open| (open.receipt_px - px).abs() >= 0.5)
        else {
            return false;
        };
        open.receipt_px = px;
        self.resize();
        true
    }

    /// Brings the lengths of the list in step with its rows.
    fn resize(&mut self) {
        let receipt = self.open.as_ref().map(|open| (open.index, open.receipt_px));
        self.scroll.resize(self.window.total(), receipt);
    }

    /// What a reader sees stand still: the open event while it is in view, else the row at the top of the view.
    pub fn anchor(&self) -> Option<Anchor> {
        let open = self
            .open
            .as_ref()
            .filter(|open| self.scroll.shows(open.index));
        let (place, index) = if let Some(open) = open {
            (open.row.cursor(), open.index)
        } else {
            let first = self.scroll.first_row();
            (self.window.row(first)?.cursor(), first)
        };
        let top = self.scroll.row_top(index) - self.scroll.position;
        Some(Anchor { place, top })
    }

    /// Brings a row to where it stood before. Says whether it is held.
    pub fn hold(&mut self, anchor: Anchor) -> bool {
        let Some(index) = self.window.index_of(anchor.place) else {
            return false;
        };
        let position = self.scroll.row_top(index) - anchor.top;
        if (position - self.scroll.position).abs() >= 0.5 {
            self.scroll.go(position);
        }
        true
    }

    /// Shows other rows, read by a jump: the reader stays where they jumped to.
    pub fn replace(&mut self, page: LogPage) {
        self.as_of = self.as_of.max(page.as_of);
        self.is_stale = false;
        self.window = LogWindow::new(page);
        self.find_open();
        self.resize();
    }

    /// Shows the rows again that were read because some were left out: what is read does not move.
    pub fn refresh(&mut self, page: LogPage) {
        let is_at_top = self.scroll.position <= 0.0 && self.open.is_none();
        let anchor = self.anchor().filter(|_| !is_at_top);
        self.replace(page);
        if let Some(anchor) = anchor {
            self.hold(anchor);
        }
    }

    /// Takes in rows read before or after those held.
    pub fn extend(&mut self, add: impl FnOnce(&mut LogWindow)) {
        add(&mut self.window);
        self.find_open();
        self.resize();
    }

    /// Learns where the open event is, while its row is held.
    fn find_open(&mut self) {
        if let Some(open) = &mut self.open
            && let Some(index) = self.window.index_of(open.row.cursor())
        {
            open.index = index;
        }
    }

    /// Takes in a delta. What is being read does not move.
    pub fn arrive(&mut self, delta: &Delta) {
        let known = self.as_of;
        for row in delta.rows.iter().filter(|row| row.seq > known) {
            self.arrive_row(row);
        }
        for (seq, reversed) in &delta.reversed {
            self.window.reverse(*seq, *reversed);
            if let Some(open) = self.open.as_mut().filter(|open| open.row.seq == *seq) {
                open.row.reversed = *reversed;
            }
        }
        if delta.rows_left_out > 0 && delta.up_to > self.as_of {
            let holds_still = self.holds_still();
            self.window.arrive_unseen(delta.rows_left_out);
            self.is_stale = true;
            if let Some(open) = &mut self.open {
                open.index += delta.rows_left_out;
            }
            if holds_still {
                self.hold_still(delta.rows_left_out);
            }
        }
        self.as_of = self.as_of.max(delta.up_to);
        self.resize();
    }

    /// At the top the newest row is what is read, unless a receipt is open.
    fn holds_still(&self) -> bool {
        self.scroll.position > 0.0 || self.open.is_some()
    }

    fn arrive_row(&mut self, row: &LogRow) {
        let holds_still = self.holds_still();
        let place = row.cursor();
        let open = self.open.as_ref();
        let frozen = open
            .filter(|open| self.scroll.shows(open.index))
            .map(|open| open.row.cursor());
        let first = self.scroll.first_row();
        let arrival = self.window.arrive(row.clone());
        let is_above = match (arrival, frozen) {
            (Arrival::Above, _) => true,
            (Arrival::At(_), Some(frozen)) => place > frozen,
            (Arrival::At(index), None) => index <= first,
            (Arrival::Below, _) => false,
        };
        if let Some(open) = &mut self.open
            && place > open.row.cursor()
            && arrival != Arrival::Below
        {
            open.index += 1;
        }
        self.find_open();
        if is_above && holds_still {
            self.hold_still(1);
        }
        self.resize();
    }

    fn hold_still(&mut self, rows: u64) {
        self.unseen += rows;
        self.scroll.hold_still(rows);
    }
}

#[cfg(test)]
mod tests {
    use domain::{Agent, Credits, Time};

    use super::*;

    fn row(time: i64, seq: i64) -> LogRow {
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

    /// Rows of the times 1,000 to 1 above one another, each with its time as its number.
    fn page(position: u64, rows: i64) -> LogPage {
        let newest = 1_000 - i64::try_from(position).unwrap();
        LogPage {
            as_of: Seq(1_000),
            total: 1_000,
            position,
            rows: (newest - rows + 1..=newest)
                .rev()
                .map(|at| row(at, at))
                .collect(),
        }
    }

    fn delta(rows: Vec<LogRow>, left_out: u64) -> Delta {
        let up_to = rows.iter().map(|row| row.seq).max().unwrap_or(Seq(5_000));
        Delta {
            after: Seq(0),
            up_to,
            usage: vec![],
            books: crate::state::fixture::dashboard().books,
            uncompared: None,
            reversed: vec![],
            activities: vec![],
            rows,
            rows_left_out: left_out,
        }
    }

    /// Pixels from the top of the view to the open row.
    fn top(log: &LogState) -> f64 {
        let open = log.open.as_ref().unwrap();
        log.scroll.row_top(open.index) - log.scroll.position
    }

    #[test]
    fn a_thousand_events_move_neither_an_open_event_nor_what_is_around_it() {
        let mut log = LogState::new(page(0, 150));
        log.open(row(996, 996));
        log.receipt_measured(400.0);
        let before = top(&log);
        for event in 0..1_000 {
            // Every third is late: it belongs among the rows in view, above or below the open one.
            let time = if event % 3 == 0 {
                990 + event % 10
            } else {
                2_000 + event
            };
            log.arrive(&delta(vec![row(time, 2_000 + event)], 0));
            let open = log.open.as_ref().unwrap();
            assert_eq!(open.row.seq, Seq(996));
            assert!((top(&log) - before).abs() < 0.5, "event {event}");
            if let Some(index) = log.window.index_of(row(996, 996).cursor()) {
                assert_eq!(open.index, index);
            }
        }
        assert!(log.unseen >= 600);
    }

    #[test]
    fn a_burst_of_which_rows_are_left_out_leaves_the_open_event_where_it_is() {
        let mut log = LogState::new(page(0, 150));
        log.open(row(996, 996));
        log.receipt_measured(300.0);
        let before = top(&log);
        log.arrive(&delta(vec![], 1_000));
        assert!(log.is_stale);
        assert!((top(&log) - before).abs() < 0.5);
        // Of the thousand, seven were late and lie below it.
        let read = LogPage {
            as_of: Seq(6_000),
            total: 2_000,
            position: 980,
            rows: (0..150).map(|at| row(1_009 - at, 1_009 - at)).collect(),
        };
        log.refresh(read);
        assert_eq!(log.open.as_ref().unwrap().index, 993);
        assert!((top(&log) - before).abs() < 0.5);
    }

    #[test]
    fn an_open_event_is_known_while_its_row_is_not_held() {
        let mut log = LogState::new(page(0, 150));
        log.open(row(996, 996));
        log.replace(page(700, 150));
        assert_eq!(log.open.as_ref().unwrap().index, 4);
        log.arrive(&delta(vec![row(3_000, 3_000)], 0));
        assert_eq!(log.open.as_ref().unwrap().index, 5);
        log.close();
        assert_eq!(log.open, None);
    }

    #[test]
    fn closing_a_receipt_above_the_view_moves_nothing_in_it() {
        let mut log = LogState::new(page(0, 150));
        log.open(row(996, 996));
        log.receipt_measured(400.0);
        log.scroll.go(log.scroll.row_top(50));
        let first = log.scroll.first_row();
        log.close();
        assert_eq!((first, log.scroll.first_row()), (50, 50));
    }
}

//! The rows that exist in the document, however long the log is: each shows whichever row of the log stands at its
//! place, and is written again only when that has changed.
//!
//! The open event is out of this: its row and its receipt stay the elements they are, and are never moved in the
//! document, because a field that is moved loses its focus. The other rows are put around them.

use std::collections::VecDeque;

use domain::{Credits, Seq, cursor::Cursor};
use leptos::prelude::document;
use web_sys::Element;

use super::{
    ABOVE, POOL,
    drawn::Drawn,
    line::{Line, Place, receipt_markup},
};
use crate::{
    state::LogState,
    ui::{browser::set_style, length},
};

/// Farther out of the view than this nothing is placed.
const FAR_PX: f64 = 20_000.0;

/// What the rows show.
pub struct Look<'a> {
    /// The log.
    pub log: &'a LogState,
    /// The year that times need not say.
    pub year: i16,
    /// The query string of the view.
    pub view: &'a str,
    /// The row the keyboard is at.
    pub active: Option<Cursor>,
}

/// What tells whether a row's texts are still right.
pub type Key = (Seq, Credits);

impl Look<'_> {
    /// The first row that exists.
    pub fn first(&self) -> u64 {
        first_row(self.log)
    }

    /// What stands at a place: the row's key, its own place, and how to make its texts.
    pub fn at(&self, index: u64) -> (Option<Key>, Option<Cursor>) {
        let row = self.log.window.row(index);
        (
            row.map(|row| (row.seq, row.reversed)),
            row.map(domain::activity::LogRow::cursor),
        )
    }

    /// The texts of a place.
    pub fn line(&self, index: u64) -> Line {
        Line::at(self.log, index, self.year, self.view)
    }
}

/// The first row that exists in the document.
pub fn first_row(log: &LogState) -> u64 {
    log.scroll.first_row().saturating_sub(ABOVE)
}

/// The row and the receipt of the open event.
struct OpenPair {
    place: Cursor,
    drawn: Drawn,
    receipt: Element,
}

/// The rows.
pub struct Pool {
    holder: Element,
    /// From the top, without that of the open event.
    lines: VecDeque<Drawn>,
    open: Option<OpenPair>,
    /// Year and view that the texts were written for.
    written_for: (i16, String),
}

impl Pool {
    /// Takes the rows over that the server wrote; makes them where it wrote none.
    pub fn adopt(holder: Element, look: &Look) -> Self {
        if holder.first_element_child().is_none() {
            let blank = Line::empty(Place::Beyond);
            let rows: Vec<_> = (0..POOL).map(|index| blank.html(index, false)).collect();
            holder.set_inner_html(&rows.concat());
        }
        let mut pool = Self {
            lines: VecDeque::new(),
            open: None,
            written_for: (look.year, look.view.to_owned()),
            holder,
        };
        let mut next = pool.holder.first_element_child();
        let mut index = look.first();
        while let Some(element) = next {
            next = element.next_element_sibling();
            if element.class_list().contains("receipt") {
                let open = look.log.open.as_ref().zip(pool.lines.pop_back());
                pool.open = open.map(|(open, drawn)| OpenPair {
                    place: open.row.cursor(),
                    drawn,
                    receipt: element,
                });
            } else {
                pool.lines.push_back(Drawn::adopted(element, look, index));
                index += 1;
            }
        }
        pool
    }

    /// The receipt that is open.
    pub fn receipt(&self) -> Option<&Element> {
        self.open.as_ref().map(|open| &open.receipt)
    }

    /// A row, to measure.
    pub fn any_row(&self) -> Option<&Element> {
        self.lines.front().map(Drawn::element)
    }

    /// Brings the rows in step with the log.
    pub fn show(&mut self, look: &Look) {
        if self.written_for.0 != look.year || self.written_for.1 != look.view {
            self.written_for = (look.year, look.view.to_owned());
            self.lines.iter_mut().for_each(Drawn::forget);
        }
        self.pin(look);
        let first = look.first();
        let last = first + self.lines.len() as u64;
        let open_at = self
            .open
            .as_ref()
            .and(look.log.open.as_ref())
            .map(|open| open.index)
            .filter(|open| (first..=last).contains(open));
        self.rotate(look, first, open_at);
        let mut index = first;
        for drawn in &mut self.lines {
            if open_at == Some(index) {
                index += 1;
            }
            drawn.show(look, index);
            index += 1;
        }
        self.show_open(look, first, open_at.is_some());
        self.put_in_order(look, first, open_at);
    }

    /// Takes the open event's row out of the others, or back among them.
    fn pin(&mut self, look: &Look) {
        let wanted = look.log.open.as_ref().map(|open| open.row.cursor());
        if self.open.as_ref().map(|open| open.place) == wanted {
            return;
        }
        self.unpin();
        let Some(place) = wanted else {
            return;
        };
        let at = self
            .lines
            .iter()
            .position(|drawn| drawn.place() == Some(place));
        let at = at.unwrap_or_else(|| self.lines.len().saturating_sub(1));
        let Some(drawn) = self.lines.remove(at) else {
            return;
        };
        let loading = "<p class=\"receipt-loading\">Loading…</p>";
        let row = drawn.element();
        let _ = row.insert_adjacent_html("afterend", &receipt_markup(loading));
        if let Some(receipt) = row.next_element_sibling() {
            self.open = Some(OpenPair {
                place,
                drawn,
                receipt,
            });
        }
    }

    fn unpin(&mut self) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        open.receipt.remove();
        open.drawn.close();
        place_away(open.drawn.element(), None);
        let mut before = 0;
        let mut at = open.drawn.element().previous_element_sibling();
        while let Some(element) = at {
            before += 1;
            at = element.previous_element_sibling();
        }
        self.lines.insert(before.min(self.lines.len()), open.drawn);
    }

    /// Moves rows that left the view at one end to the other end, so that those in view stay as they are.
    fn rotate(&mut self, look: &Look, first: u64, open_at: Option<u64>) {
        let count = self.lines.len();
        let moved = self.lines.iter().enumerate().find_map(|(was, drawn)| {
            let index = look.log.window.index_of(drawn.place()?)?;
            let is_below_open = open_at.is_some_and(|open| open < index);
            let now = index.checked_sub(first + u64::from(is_below_open))?;
            let now = usize::try_from(now).ok().filter(|now| *now < count)?;
            Some((was, now))
        });
        match moved {
            Some((was, now)) if was > now => {
                for _ in 0..was - now {
                    if let Some(drawn) = self.lines.pop_front() {
                        let _ = self.holder.append_child(drawn.element());
                        self.lines.push_back(drawn);
                    }
                }
            }
            Some((was, now)) => {
                for _ in 0..now - was {
                    if let Some(drawn) = self.lines.pop_back() {
                        let top = self.holder.first_element_child();
                        let top = top.as_deref();
                        let _ = self.holder.insert_before(drawn.element(), top);
                        self.lines.push_front(drawn);
                    }
                }
            }
            None => {}
        }
    }

    fn show_open(&mut self, look: &Look, first: u64, is_among_rows: bool) {
        let (Some(pair), Some(open)) = (&mut self.open, &look.log.open) else {
            return;
        };
        pair.drawn.show_open(look, open);
        let scroll = &look.log.scroll;
        let away = scroll.row_top(open.index) - scroll.row_top(first);
        let away = (!is_among_rows).then(|| away.clamp(-FAR_PX, FAR_PX));
        place_away(pair.drawn.element(), away);
        place_away(&pair.receipt, away.map(|top| top + scroll.row_px));
    }

    /// Puts the other rows before and after the open event's, which is not touched.
    fn put_in_order(&self, look: &Look, first: u64, open_at: Option<u64>) {
        let (Some(pair), Some(open)) = (&self.open, &look.log.open) else {
            return;
        };
        let before = match open_at {
            Some(open) => usize::try_from(open - first).unwrap_or_default(),
            None if open.index < first => 0,
            None => self.lines.len(),
        };
        let rows = |range: std::ops::Range<usize>| self.lines.range(range).map(Drawn::element);
        let fixed = [pair.drawn.element(), &pair.receipt];
        let mut at = self.holder.first_element_child();
        for row in rows(0..before) {
            at = self.put(row, at);
        }
        // What still stands before the open event belongs behind it.
        while let Some(row) = at.take().filter(|row| row != fixed[0]) {
            at = row.next_element_sibling();
            let _ = self.holder.append_child(&row);
        }
        at = fixed[1].next_element_sibling();
        for row in rows(before..self.lines.len()) {
            at = self.put(row, at);
        }
    }

    /// Puts a row before an element, if it is not that element; returns what follows it.
    fn put(&self, row: &Element, at: Option<Element>) -> Option<Element> {
        if at.as_ref() == Some(row) {
            return row.next_element_sibling();
        }
        let _ = self.holder.insert_before(row, at.as_deref());
        at
    }
}

/// Places an element out of the flow, so many pixels below the first row; or back in it.
fn place_away(element: &Element, top: Option<f64>) {
    let was_away = element.class_list().contains("away");
    let _ = match top {
        Some(top) => {
            set_style(element, "top", &[&length(top), "px"].concat());
            element.class_list().add_1("away")
        }
        None if was_away => {
            set_style(element, "top", "auto");
            element.class_list().remove_1("away")
        }
        None => Ok(()),
    };
}

/// Whether the focus is within an element.
pub fn has_focus(element: &Element) -> bool {
    let active = document().active_element();
    active.is_some_and(|active| element.contains(Some(&active)))
}

//! Scrolling a list that is longer than any element may be tall.
//!
//! A browser caps an element's height near 33 million pixels, which is about 800,000 rows. So the scrollable element
//! is never taller than [`MAX_PX`]; beyond that its scrollbar maps onto the list, except near both ends, where it is
//! the list's own. Small movements (wheel, keys, touch) move the list by exactly as many pixels; large ones (a dragged
//! thumb) jump to the mapped place.

/// Height of a row until it is measured.
const ROW_PX: f64 = 40.0;
/// Tallest scrollable element: far below every browser's cap.
const MAX_PX: f64 = 4_000_000.0;
/// So near to an end of a long list the scrollbar is as true as that of a short one: there the ends are reached.
const EDGE_PX: f64 = 20_000.0;
/// A movement of more than this many view heights is a jump.
const JUMP_VIEWS: f64 = 2.5;

/// Where in the list the reader is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scroll {
    /// Pixels of list above the top of the view.
    pub position: f64,
    /// Height of the view.
    pub view_px: f64,
    /// Height of a row.
    pub row_px: f64,
    rows: u64,
    /// The row whose receipt is open, and the receipt's height.
    receipt: Option<(u64, f64)>,
    last_top: f64,
    needs_placing: bool,
}

impl Default for Scroll {
    fn default() -> Self {
        Self {
            position: 0.0,
            view_px: 16.0 * ROW_PX,
            row_px: ROW_PX,
            rows: 0,
            receipt: None,
            last_top: 0.0,
            needs_placing: false,
        }
    }
}

impl Scroll {
    /// Sets how long the list is: so many rows, and a receipt of some height below one of them.
    pub fn resize(&mut self, rows: u64, receipt: Option<(u64, f64)>) {
        (self.rows, self.receipt) = (rows, receipt);
        self.position = self.position.clamp(0.0, self.farthest());
    }

    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 rows")]
    fn list_px(&self) -> f64 {
        self.rows as f64 * self.row_px + self.receipt.map_or(0.0, |(_, px)| px)
    }

    /// Height the scrollable element must have.
    pub fn element_px(&self) -> f64 {
        self.list_px().min(MAX_PX)
    }

    /// The last position.
    pub fn farthest(&self) -> f64 {
        (self.list_px() - self.view_px).max(0.0)
    }

    fn farthest_top(&self) -> f64 {
        (self.element_px() - self.view_px).max(0.0)
    }

    /// Pixels of list, and of element, between the two edges; the same when the list is short.
    fn middle(&self) -> (f64, f64) {
        (
            self.farthest() - 2.0 * EDGE_PX,
            self.farthest_top() - 2.0 * EDGE_PX,
        )
    }

    fn is_mapped(&self) -> bool {
        self.farthest() > self.farthest_top()
    }

    /// The `scrollTop` that stands for the position.
    pub fn top(&self) -> f64 {
        let (list, element) = self.middle();
        if !self.is_mapped() || self.position <= EDGE_PX {
            self.position
        } else if self.position >= EDGE_PX + list {
            self.farthest_top() - (self.farthest() - self.position)
        } else {
            (EDGE_PX + (self.position - EDGE_PX) / list * element).round()
        }
    }

    /// The position that a `scrollTop` stands for.
    fn position_at(&self, top: f64) -> f64 {
        let (list, element) = self.middle();
        let position = if !self.is_mapped() || top <= EDGE_PX {
            top
        } else if top >= EDGE_PX + element {
            self.farthest() - (self.farthest_top() - top)
        } else {
            EDGE_PX + (top - EDGE_PX) / element * list
        };
        position.clamp(0.0, self.farthest())
    }

    /// Takes in where the browser has scrolled to.
    pub fn scrolled(&mut self, top: f64) {
        let moved = top - self.last_top;
        if moved.abs() < 1.0 {
            return;
        }
        self.last_top = top;
        let is_jump = moved.abs() > self.view_px * JUMP_VIEWS;
        if !self.is_mapped() || is_jump {
            self.position = self.position_at(top);
            return;
        }
        let (farthest, farthest_top) = (self.farthest(), self.farthest_top());
        self.position = (self.position + moved).clamp(0.0, farthest);
        let stuck_at_start = top <= 0.0 && self.position > 0.0;
        let stuck_at_end = top >= farthest_top && self.position < farthest;
        self.needs_placing |= stuck_at_start || stuck_at_end;
    }

    /// The `scrollTop` to set now, when the list was moved by us and not by the reader.
    pub fn take_placing(&mut self) -> Option<f64> {
        if !std::mem::take(&mut self.needs_placing) {
            return None;
        }
        self.last_top = self.top();
        Some(self.last_top)
    }

    /// Brings the thumb to where it stands for the position, once the reader's hand has come to rest.
    pub fn settle(&mut self) {
        self.needs_placing |= (self.top() - self.last_top).abs() >= 1.0;
    }

    /// The browser's own place is set anew, wherever it stands.
    pub fn place_anew(&mut self) {
        self.needs_placing = true;
    }

    /// Moves to a position.
    pub fn go(&mut self, position: f64) {
        self.position = position.clamp(0.0, self.farthest());
        self.needs_placing = true;
    }

    /// Keeps the rows in view where they are while others are added above them.
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    pub fn hold_still(&mut self, added_rows: u64) {
        self.position += added_rows as f64 * self.row_px;
        self.needs_placing = true;
    }

    /// The row at the top of the view: that of the receipt while the receipt is there.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never negative, far below 2^53"
    )]
    pub fn first_row(&self) -> u64 {
        let row_at = |px: f64| (px.max(0.0) / self.row_px).floor() as u64;
        let plain = row_at(self.position);
        match self.receipt {
            Some((open, px)) if plain > open => row_at(self.position - px).max(open),
            _ => plain,
        }
    }

    /// How many rows the view can show, in part or whole.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few dozen"
    )]
    pub fn rows_in_view(&self) -> u64 {
        (self.view_px / self.row_px).ceil() as u64 + 1
    }

    /// Pixels from the top of the list to a row.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 rows")]
    pub fn row_top(&self, index: u64) -> f64 {
        let above = self.receipt.filter(|(open, _)| *open < index);
        index as f64 * self.row_px + above.map_or(0.0, |(_, px)| px)
    }

    /// Whether any part of a row is in view.
    pub fn shows(&self, index: u64) -> bool {
        let top = self.row_top(index) - self.position;
        top + self.row_px > 0.0 && top < self.view_px
    }

    /// Takes in the measured heights; the row at the top stays there. Says whether anything changed.
    pub fn measured(&mut self, view_px: f64, row_px: f64) -> bool {
        let is_same = (view_px - self.view_px).abs() < 0.5 && (row_px - self.row_px).abs() < 0.5;
        if is_same || view_px <= 0.0 || row_px <= 0.0 {
            return false;
        }
        let first = self.first_row();
        (self.view_px, self.row_px) = (view_px, row_px);
        self.go(self.row_top(first));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: u64) -> Scroll {
        let mut scroll = Scroll {
            view_px: 640.0,
            ..Scroll::default()
        };
        scroll.resize(rows, None);
        scroll
    }

    #[test]
    fn a_short_list_scrolls_as_usual() {
        let mut scroll = list(100);
        scroll.scrolled(1_000.0);
        assert_eq!((scroll.first_row(), scroll.take_placing()), (25, None));
    }

    #[test]
    fn the_thumb_reaches_both_ends_of_ten_million_rows() {
        let mut scroll = list(10_000_000);
        scroll.scrolled(scroll.element_px() - 640.0);
        assert_eq!(scroll.first_row(), 10_000_000 - 16);
        scroll.scrolled(0.0);
        assert_eq!(scroll.first_row(), 0);
    }

    #[test]
    fn a_wheel_step_moves_a_long_list_by_its_own_pixels() {
        let mut scroll = list(10_000_000);
        scroll.go(5_000_000.0 * ROW_PX);
        let top = scroll.take_placing().unwrap();
        scroll.scrolled(top + 120.0);
        assert_eq!(scroll.first_row(), 5_000_003);
    }

    #[test]
    fn both_ends_of_a_long_list_are_reached_by_the_wheel() {
        let mut scroll = list(10_000_000);
        scroll.go(400.0);
        assert_eq!(scroll.take_placing(), Some(400.0));
        scroll.scrolled(0.0);
        assert_eq!((scroll.first_row(), scroll.take_placing()), (0, None));
        scroll.go(scroll.farthest() - 400.0);
        let top = scroll.take_placing().unwrap();
        scroll.scrolled(top + 400.0);
        assert_eq!(
            (scroll.first_row(), scroll.take_placing()),
            (10_000_000 - 16, None)
        );
    }

    #[test]
    fn every_position_survives_the_scrollbar() {
        let mut scroll = list(10_000_000);
        for row in [0, 499, 500, 501, 5_000_000, 9_999_000, 9_999_900] {
            scroll.go(scroll.row_top(row));
            let (position, top) = (scroll.position, scroll.top());
            // A pixel of the scrollbar is a hundred of this list.
            assert!(
                (scroll.position_at(top) - position).abs() <= 101.0,
                "row {row}"
            );
        }
    }

    #[test]
    fn no_row_of_a_long_list_is_skipped_by_the_wheel() {
        let mut scroll = list(150_000);
        let (mut top, mut seen) = (0.0, 0);
        while scroll.first_row() < 150_000 - 16 {
            top = f64::min(top + 400.0, scroll.element_px() - 640.0);
            scroll.scrolled(top);
            top = scroll.take_placing().unwrap_or(top);
            assert!(scroll.first_row() > seen && scroll.first_row() <= seen + 16);
            seen = scroll.first_row();
        }
    }

    #[test]
    fn rows_added_above_do_not_move_what_is_read() {
        let mut scroll = list(100);
        scroll.scrolled(1_000.0);
        scroll.hold_still(1);
        scroll.resize(101, None);
        assert_eq!(
            (scroll.first_row(), scroll.take_placing()),
            (26, Some(1_040.0))
        );
    }

    #[test]
    fn a_receipt_pushes_the_rows_below_it_down_by_its_height() {
        let mut scroll = list(100);
        scroll.resize(100, Some((10, 500.0)));
        assert_eq!((scroll.row_top(10), scroll.row_top(11)), (400.0, 940.0));
        assert!((scroll.farthest() - (4_500.0 - 640.0)).abs() < 0.5);
        for (position, first) in [
            (399.0, 9),
            (400.0, 10),
            (700.0, 10),
            (939.0, 10),
            (940.0, 11),
            (2_100.0, 40),
        ] {
            scroll.go(position);
            assert_eq!(scroll.first_row(), first, "at {position}");
        }
    }
}

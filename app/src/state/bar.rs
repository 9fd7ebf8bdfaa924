//! The gauge's bar: what of its width is used, held, past the allocation.

use domain::{Credits, usage::Dashboard};

/// Something is never drawn so narrow that it is not seen, in percent of the bar.
const LEAST: f64 = 1.2;
/// The whole bar.
const WHOLE: f64 = 100.0;

/// A piece of the bar, in percent of its width.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Piece {
    /// Where it begins.
    pub start: f64,
    /// How wide it is; zero when there is nothing to draw.
    pub width: f64,
}

/// The pieces of the bar, from left to right; what no piece covers is free.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bar {
    /// Used by the companies looked at.
    pub used: Piece,
    /// Used by the others.
    pub others: Piece,
    /// Reserved by running calls.
    pub held: Piece,
    /// Used past the allocation.
    pub overage: Piece,
    /// Ended unused, at the right end.
    pub expired: Piece,
}

impl Bar {
    /// The bar of a dashboard; empty for those who see no balance.
    pub fn of(dashboard: &Dashboard) -> Self {
        let Some(balance) = dashboard.balance() else {
            return Self::default();
        };
        let whole = balance
            .allocation
            .max(Credits::ZERO)
            .saturating_add(balance.overage);
        let within = balance
            .used
            .saturating_sub(balance.overage)
            .max(Credits::ZERO);
        let selected = dashboard.cycle_used.max(Credits::ZERO).min(within);
        let share = |credits: Credits| (credits.share_of(whole) * WHOLE).clamp(0.0, WHOLE);
        let used = Piece {
            start: 0.0,
            width: share(selected),
        };
        let others = Piece {
            start: used.width,
            width: share(within.saturating_sub(selected)),
        };
        let end = others.start + others.width;
        let expired = share(balance.expired);
        Self {
            used,
            others,
            held: seen(end, share(balance.held.min(balance.remaining))),
            overage: seen(end, share(balance.overage)),
            expired: Piece {
                start: WHOLE - expired,
                width: expired,
            },
        }
    }
}

/// A piece wide enough to be seen. At the bar's end it takes the room from what is before it.
fn seen(start: f64, width: f64) -> Piece {
    if width <= 0.0 {
        return Piece { start, width: 0.0 };
    }
    let width = width.max(LEAST);
    Piece {
        start: start.min(WHOLE - width),
        width,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_seen_and_stays_within_the_bar() {
        let piece = |start, width| Piece { start, width };
        assert_eq!(seen(40.0, 10.0), piece(40.0, 10.0));
        assert_eq!(seen(40.0, 0.01), piece(40.0, LEAST));
        assert_eq!(seen(99.9, 0.1), piece(WHOLE - LEAST, LEAST));
        assert_eq!(seen(40.0, 0.0), piece(40.0, 0.0));
    }
}

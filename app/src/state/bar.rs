//! The gauge's bar: what of its width is used, held, past the allocation.

use domain::{Credits, ledger::Balance, usage::Dashboard};

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
        dashboard
            .balance()
            .map(|balance| Self::new(balance, dashboard.cycle_used))
            .unwrap_or_default()
    }

    /// The bar of a balance, of which some companies used so much.
    fn new(balance: Balance, used: Credits) -> Self {
        let whole = balance
            .allocation
            .max(Credits::ZERO)
            .saturating_add(balance.overage);
        let within = balance
            .used
            .saturating_sub(balance.overage)
            .max(Credits::ZERO);
        let selected = used.max(Credits::ZERO).min(within);
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

    fn credits(whole: i64) -> Credits {
        Credits::from_whole(whole).unwrap()
    }

    fn balance(allocation: i64, used: i64, held: i64) -> Balance {
        Balance {
            allocation: credits(allocation),
            used: credits(used),
            held: credits(held),
            remaining: credits((allocation - used).max(0)),
            overage: credits((used - allocation).max(0)),
            ..Balance::EMPTY
        }
    }

    /// Start and width of others, held and overage, to whole percent.
    fn pieces(bar: &Bar) -> [(f64, f64); 3] {
        [bar.others, bar.held, bar.overage].map(|piece| (piece.start.round(), piece.width.round()))
    }

    #[test]
    fn the_pieces_follow_one_another() {
        let bar = Bar::new(balance(1_000, 600, 100), credits(250));
        assert_eq!(
            bar.used,
            Piece {
                start: 0.0,
                width: 25.0
            }
        );
        assert_eq!(pieces(&bar), [(25.0, 35.0), (60.0, 10.0), (60.0, 0.0)]);
    }

    #[test]
    fn past_the_allocation_the_whole_is_what_was_used() {
        let bar = Bar::new(balance(1_000, 1_250, 50), credits(1_250));
        // Nothing is left that could be held.
        assert_eq!(pieces(&bar), [(80.0, 0.0), (80.0, 0.0), (80.0, 20.0)]);
        let without_any = Bar::new(balance(0, 5, 0), credits(5));
        assert_eq!(pieces(&without_any), [(0.0, 0.0), (0.0, 0.0), (0.0, 100.0)]);
        assert_eq!(
            Bar::new(balance(0, 0, 0), credits(0)).used,
            Piece::default()
        );
    }

    #[test]
    fn what_ended_unused_stands_at_the_end() {
        let ended = Balance {
            expired: credits(200),
            ..balance(1_000, 600, 0)
        };
        assert_eq!(
            Bar::new(ended, credits(600)).expired,
            Piece {
                start: 80.0,
                width: 20.0
            }
        );
    }

    #[test]
    fn a_piece_is_seen_and_stays_within_the_bar() {
        let piece = |start, width| Piece { start, width };
        assert_eq!(seen(40.0, 10.0), piece(40.0, 10.0));
        assert_eq!(seen(40.0, 0.01), piece(40.0, LEAST));
        assert_eq!(seen(99.9, 0.1), piece(WHOLE - LEAST, LEAST));
        assert_eq!(seen(40.0, 0.0), piece(40.0, 0.0));
    }
}

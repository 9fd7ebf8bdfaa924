//! The gauge's bar: what of its width is used, reserved, overage, and what will probably be.

use domain::{
    Credits,
    ledger::Balance,
    usage::{Dashboard, ForecastView},
};

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
    /// Used.
    pub used: Piece,
    /// Reserved by active calls.
    pub held: Piece,
    /// Used by the cycle's end, in the middle of what may be.
    pub projected: Piece,
    /// Used by the cycle's end, if it is much.
    pub possible: Piece,
    /// Used past the allocation.
    pub overage: Piece,
    /// Ended unused, at the right end.
    pub expired: Piece,
}

impl Bar {
    /// The bar of a dashboard; empty where nothing limits the use.
    pub fn of(dashboard: &Dashboard, forecast: Option<&ForecastView>) -> Self {
        let Some(balance) = dashboard.measure() else {
            return Self::default();
        };
        let bar = Self::new(balance);
        match forecast.and_then(|forecast| forecast.cycle_use) {
            Some(cycle_use) => bar.projected(balance, cycle_use),
            None => bar,
        }
    }

    /// The bar with what will probably be used besides, in the room that is left.
    fn projected(mut self, balance: Balance, [_, middle, much]: [Credits; 3]) -> Self {
        if balance.remaining.is_zero() {
            return self;
        }
        let start = self.held.start + self.held.width;
        let room = WHOLE - self.expired.width - start;
        let whole = balance.allocation;
        let reach =
            |credits: Credits| (credits.share_of(whole) * WHOLE - start).clamp(0.0, room.max(0.0));
        self.projected = Piece {
            start,
            width: reach(middle),
        };
        self.possible = Piece {
            start: start + self.projected.width,
            width: reach(much) - self.projected.width,
        };
        self
    }

    /// The bar of a balance.
    fn new(balance: Balance) -> Self {
        let whole = balance
            .allocation
            .max(Credits::ZERO)
            .saturating_add(balance.overage);
        let within = balance
            .used
            .saturating_sub(balance.overage)
            .max(Credits::ZERO);
        let share = |credits: Credits| (credits.share_of(whole) * WHOLE).clamp(0.0, WHOLE);
        let end = share(within);
        let expired = share(balance.expired);
        Self {
            used: Piece {
                start: 0.0,
                width: end,
            },
            held: seen(end, share(balance.held.min(balance.remaining))),
            projected: Piece::default(),
            possible: Piece::default(),
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
            held: credits(held),
            ..crate::state::fixture::balance(used, allocation)
        }
    }

    /// Start and width of used, held and overage, to whole percent.
    fn pieces(bar: &Bar) -> [(f64, f64); 3] {
        [bar.used, bar.held, bar.overage].map(|piece| (piece.start.round(), piece.width.round()))
    }

    #[test]
    fn the_pieces_follow_one_another() {
        let bar = Bar::new(balance(1_000, 600, 100));
        assert_eq!(pieces(&bar), [(0.0, 60.0), (60.0, 10.0), (60.0, 0.0)]);
    }

    #[test]
    fn past_the_allocation_the_whole_is_what_was_used() {
        let bar = Bar::new(balance(1_000, 1_250, 50));
        // Nothing is left that could be held.
        assert_eq!(pieces(&bar), [(0.0, 80.0), (80.0, 0.0), (80.0, 20.0)]);
        let without_any = Bar::new(balance(0, 5, 0));
        assert_eq!(pieces(&without_any), [(0.0, 0.0), (0.0, 0.0), (0.0, 100.0)]);
        assert_eq!(Bar::new(balance(0, 0, 0)).used, Piece::default());
    }

    #[test]
    fn what_is_projected_follows_what_is_held_and_stays_within_the_bar() {
        let pieces = |held, expected: [i64; 3]| {
            let balance = balance(1_000, 600, held);
            let bar = Bar::new(balance).projected(balance, expected.map(credits));
            [bar.projected, bar.possible].map(|piece| (piece.start.round(), piece.width.round()))
        };
        assert_eq!(pieces(100, [700, 800, 900]), [(70.0, 10.0), (80.0, 10.0)]);
        assert_eq!(pieces(0, [900, 980, 1_200]), [(60.0, 38.0), (98.0, 2.0)]);
        // Running calls hold more than was foreseen.
        assert_eq!(pieces(300, [650, 700, 800]), [(90.0, 0.0), (90.0, 0.0)]);
        let empty = balance(1_000, 1_100, 0);
        let bar = Bar::new(empty).projected(empty, [1_200, 1_300, 1_400].map(credits));
        assert_eq!(bar.projected, Piece::default());
    }

    #[test]
    fn what_ended_unused_stands_at_the_end() {
        let ended = Balance {
            expired: credits(200),
            ..balance(1_000, 600, 0)
        };
        assert_eq!(
            Bar::new(ended).expired,
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

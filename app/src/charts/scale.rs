//! An axis of credits: from zero to a round number in a few round steps.

use std::ops::Range;

use domain::{Credits, number};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::ratio;

/// Most steps: gridlines that help rather than crowd.
const MAX_STEPS: i128 = 5;
/// The finest step, in micro-credits.
const FINEST: i128 = 10;
/// Where an axis ends when there is nothing to measure.
const EMPTY: Credits = Credits::from_micro(100_000_000);
/// What numbers are told in once steps are this many credits, the largest first.
const UNITS: [(i128, &str); 4] = [
    (1_000_000_000_000, "T"),
    (1_000_000_000, "B"),
    (1_000_000, "M"),
    (1_000, "k"),
];
const MICRO: i128 = 1_000_000;

/// A vertical axis of micro-credits: its values stay exact until they become places on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    step: i128,
    steps: i128,
}

impl Scale {
    /// The scale that `largest` fits on.
    pub(super) fn reaching(largest: Credits) -> Self {
        let largest = if largest.micro() > 0 { largest } else { EMPTY };
        let largest = i128::from(largest.micro());
        let mut decade = FINEST;
        let step = loop {
            // 2.5 of a decade is whole, as the finest decade is 10.
            let fitting = [decade, decade * 2, decade * 5 / 2, decade * 5]
                .into_iter()
                .find(|step| step * MAX_STEPS >= largest);
            match fitting {
                Some(step) => break step,
                None => decade *= 10,
            }
        };
        Self {
            step,
            steps: (largest + step - 1) / step,
        }
    }

    /// Where it ends.
    pub(super) const fn top(self) -> i128 {
        self.step * self.steps
    }

    /// Where its gridlines are, zero first.
    fn ticks(self) -> impl Iterator<Item = i128> {
        (0..=self.steps).map(move |tick| tick * self.step)
    }

    /// A value in the axis's unit: `20k`.
    fn label(self, micro: i128) -> String {
        if micro == 0 {
            return "0".to_owned();
        }
        let unit = UNITS
            .iter()
            .find(|(credits, _)| self.step >= credits * MICRO);
        let (credits, name) = unit.copied().unwrap_or((1, ""));
        let shown = Credits::from_wide(micro / credits).unwrap_or(Credits::MAX);
        format!("{}{name}", number::credits(shown))
    }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = i128;

    #[expect(clippy::cast_possible_truncation, reason = "a place on the screen")]
    fn map(&self, micro: &i128, (zero, top): (i32, i32)) -> i32 {
        zero + (ratio(*micro, self.top()) * f64::from(top - zero)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<i128> {
        // No lines between the gridlines.
        if hint.weight().allow_light_points() {
            Vec::new()
        } else {
            self.ticks().collect()
        }
    }

    fn range(&self) -> Range<i128> {
        0..self.top()
    }
}

impl ValueFormatter<i128> for Scale {
    fn format_ext(&self, micro: &i128) -> String {
        self.label(*micro)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(largest: &str) -> Vec<String> {
        let scale = Scale::reaching(largest.parse().unwrap());
        scale.ticks().map(|tick| scale.label(tick)).collect()
    }

    #[test]
    fn an_axis_has_few_round_steps_in_one_unit() {
        assert_eq!(labels("80000"), ["0", "20k", "40k", "60k", "80k"]);
        assert_eq!(
            labels("80000.000001"),
            ["0", "20k", "40k", "60k", "80k", "100k"]
        );
        assert_eq!(labels("12000"), ["0", "2.5k", "5k", "7.5k", "10k", "12.5k"]);
        assert_eq!(
            labels("2400"),
            ["0", "500", "1,000", "1,500", "2,000", "2,500"]
        );
        assert_eq!(labels("0.7"), ["0", "0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(labels("3000000"), ["0", "1M", "2M", "3M"]);
    }

    #[test]
    fn an_axis_of_nothing_still_has_a_scale() {
        assert_eq!(labels("0"), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(labels("-5"), labels("0"));
    }

    #[test]
    fn the_largest_and_the_smallest_amounts_fit() {
        assert_eq!(
            labels("9223372036854.775807").last().map(String::as_str),
            Some("10T")
        );
        assert_eq!(labels("0.000001"), ["0", "0.00001"]);
        for exponent in 0..63 {
            let largest = Credits::from_micro(1 << exponent);
            let scale = Scale::reaching(largest);
            assert!(
                scale.top() >= i128::from(largest.micro()) && scale.steps <= MAX_STEPS,
                "{largest}"
            );
        }
    }
}

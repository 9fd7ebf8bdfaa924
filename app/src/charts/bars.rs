//! The small bar chart of an agent's card.

use domain::{
    Credits, Time, TimeRange,
    usage::{AgentUsage, Bar, Totals},
};
use plotters::{
    chart::ChartBuilder, coord::Shift, drawing::DrawingArea, element::Rectangle, style::Color as _,
};

use super::{
    Drawn,
    mark::Mark,
    ratio,
    svg::{Frame, SvgBackend},
};

const FRAME: Frame = Frame {
    class: "chart bars",
    width: 300,
    height: HEIGHT,
    stretches: true,
};
const HEIGHT: u32 = 56;
/// What a bar takes of its window's width.
const FILLED: f64 = 0.76;
/// Widest bar, so that few windows do not make blocks.
const WIDEST: f64 = 28.0;
/// Height of a window in which nothing was spent, or nothing yet.
const STUB: f64 = 2.0;
/// Least height of a window in which something was spent, however little.
const LEAST: f64 = 4.0;

/// An agent's use in every window of the period, as an SVG that fills any width.
///
/// Each window has a `hit` area over its whole height and a `bar`, both with the window's number as `data-i`; the
/// bar follows its area, so that hovering the one can light up the other.
pub fn agent_bars(usage: &AgentUsage, bars: &[Bar], now: Time) -> String {
    let windows: Vec<_> = bars
        .iter()
        .enumerate()
        .map(|(index, bar)| {
            Window::new(
                index,
                bar.range,
                usage.bars.get(index).copied().unwrap_or_default(),
                now,
            )
        })
        .collect();
    FRAME.draw(|area| draw(area, &windows))
}

/// A window and how it is drawn.
struct Window {
    number: u16,
    mark: Mark,
    credits: Credits,
}

impl Window {
    fn new(index: usize, range: TimeRange, totals: Totals, now: Time) -> Self {
        let mark = match totals.credits.micro() {
            0 if range.start > now => Mark::BarFuture,
            _ if range.contains(now) => Mark::BarToday,
            0 => Mark::BarEmpty,
            _ => Mark::Bar,
        };
        Self {
            number: u16::try_from(index).unwrap_or(u16::MAX),
            mark,
            credits: totals.credits,
        }
    }

    /// From 0 to 1, never less than what can be seen.
    fn height(&self, highest: Credits) -> f64 {
        let least = if self.credits.is_zero() { STUB } else { LEAST };
        ratio(self.credits.micro().into(), highest.micro().into()).max(least / f64::from(HEIGHT))
    }
}

fn draw(area: &DrawingArea<SvgBackend<'_>, Shift>, windows: &[Window]) -> Drawn {
    let Some(last) = windows.last() else {
        return Ok(());
    };
    let highest = windows
        .iter()
        .map(|window| window.credits)
        .max()
        .unwrap_or_default();
    let count = f64::from(last.number) + 1.0;
    let width = FILLED.min(WIDEST * count / f64::from(FRAME.width));
    let mut chart = ChartBuilder::on(area).build_cartesian_2d(0.0..count, 0.0..1.0)?;
    let shapes = windows.iter().flat_map(|window| {
        let left = f64::from(window.number);
        let inset = (1.0 - width) / 2.0;
        let hit = Rectangle::new(
            [(left, 0.0), (left + 1.0, 1.0)],
            Mark::Hit.key_of(window.number).filled(),
        );
        let bar = [
            (left + inset, 0.0),
            (left + inset + width, window.height(highest)),
        ];
        [
            hit,
            Rectangle::new(bar, window.mark.key_of(window.number).filled()),
        ]
    });
    chart.draw_series(shapes).map(|_| ())
}

//! The page's charts, drawn on the server by plotters on a backend of our own that writes SVG with classes only.
//!
//! Colours, stroke widths and hover belong to `style/components/charts.css`. Every chart stands beside a table with
//! the same figures, so the drawings themselves carry no text alternative.

mod bars;
mod cumulative;
mod file;
mod mark;
mod paper;
mod scale;
mod sheet;
mod stacked;
mod svg;
mod text;

pub use bars::agent_bars;
pub use cumulative::cumulative;
pub use file::file;
pub use sheet::sheet;
pub use stacked::{Layer, Marked, stacked};

use std::convert::Infallible;

use plotters::drawing::DrawingAreaErrorKind;

/// Writing into a text cannot fail, but plotters may find no room for what it was asked to draw.
type Drawn = Result<(), DrawingAreaErrorKind<Infallible>>;

/// Where `part` lies on the way from 0 to `whole`; 0 when there is no way.
#[expect(
    clippy::cast_precision_loss,
    reason = "a place on the screen, never added up"
)]
fn ratio(part: i128, whole: i128) -> f64 {
    if whole <= 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests;

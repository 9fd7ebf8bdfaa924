//! A plotters backend that writes SVG with classes, and neither colours nor styles.

use std::{
    convert::Infallible,
    fmt::{self, Write as _},
};

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    text_anchor::{HPos, VPos},
};

use super::{Drawn, mark::Mark, text};

/// Backend units in a unit of the view box: plotters counts in whole numbers, and a whole pixel is too coarse for thin bars.
pub(super) const UNIT: u32 = 10;
/// Corner radius of bars. Small, because a stretched chart stretches it.
const BAR_RADIUS: u32 = 2 * UNIT;

type Outcome = Result<(), DrawingErrorKind<Infallible>>;

/// The `<svg>` element around a drawing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub class: &'static str,
    pub width: u32,
    pub height: u32,
    /// Whether it fills any width at its height, rather than keeping its proportions.
    pub stretches: bool,
}

impl Frame {
    /// Draws within this frame. A drawing that plotters refuses is left out: the table beside it has the figures.
    pub(super) fn draw(
        self,
        draw: impl FnOnce(&DrawingArea<SvgBackend<'_>, Shift>) -> Drawn,
    ) -> String {
        let mut svg = format!(
            "<svg class=\"{}\" viewBox=\"0 0 {} {}\"",
            self.class, self.width, self.height
        );
        svg.push_str(if self.stretches {
            " preserveAspectRatio=\"none\">"
        } else {
            ">"
        });
        // plotters counts points, of which a length has one more than it has steps.
        let backend = SvgBackend {
            out: &mut svg,
            size: (self.width * UNIT + 1, self.height * UNIT + 1),
        };
        let drawn = draw(&backend.into_drawing_area());
        svg.push_str("</svg>");
        if drawn.is_ok() { svg } else { String::new() }
    }
}

/// Writes what plotters draws into a text.
pub(super) struct SvgBackend<'a> {
    out: &'a mut String,
    size: (u32, u32),
}

/// A length in view-box units, written without needless zeros.
struct Length(i32);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, tenths) = (self.0.unsigned_abs() / UNIT, self.0.unsigned_abs() % UNIT);
        let sign = if self.0 < 0 { "-" } else { "" };
        if tenths == 0 {
            write!(f, "{sign}{units}")
        } else {
            write!(f, "{sign}{units}.{tenths}")
        }
    }
}

/// `class` and, where it stands for a window, `data-i`.
struct Attributes(Mark, u16);

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "class=\"{}\"", self.0.class())?;
        if self.0.is_of_window() {
            write!(f, " data-i=\"{}\"", self.1)
        } else {
            Ok(())
        }
    }
}

impl SvgBackend<'_> {
    /// What a style stands for; none when nothing is to be seen.
    fn attributes(color: BackendColor) -> Option<Attributes> {
        if color.alpha == 0.0 {
            return None;
        }
        Mark::of_key(color.rgb).map(|(mark, window)| Attributes(mark, window))
    }

    fn write(&mut self, element: fmt::Arguments<'_>) {
        // A String takes whatever it is given.
        let _ = self.out.write_fmt(element);
    }

    fn write_path(
        &mut self,
        attributes: &Attributes,
        points: impl IntoIterator<Item = BackendCoord>,
        end: &str,
    ) {
        self.write(format_args!("<path {attributes} d=\""));
        for (index, (x, y)) in points.into_iter().enumerate() {
            let step = if index == 0 { 'M' } else { 'L' };
            self.write(format_args!("{step}{} {}", Length(x), Length(y)));
        }
        self.write(format_args!("{end}\"/>"));
    }
}

impl DrawingBackend for SvgBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Outcome {
        Ok(())
    }

    fn present(&mut self) -> Outcome {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome {
        self.draw_rect(point, (point.0 + 1, point.1 + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Outcome {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Outcome {
        let Some(attributes) = Self::attributes(style.color()) else {
            return Ok(());
        };
        let (width, height) = (to.0.abs_diff(from.0), to.1.abs_diff(from.1));
        let (x, y) = (Length(from.0.min(to.0)), Length(from.1.min(to.1)));
        self.write(format_args!(
            "<rect {attributes} x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\"",
            length(width),
            length(height)
        ));
        if attributes.0 != Mark::Hit {
            let (rx, ry) = (BAR_RADIUS.min(width / 3), BAR_RADIUS.min(height / 2));
            self.write(format_args!(" rx=\"{}\" ry=\"{}\"", length(rx), length(ry)));
        }
        self.write(format_args!("/>"));
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Outcome {
        if let Some(attributes) = Self::attributes(style.color()) {
            self.write_path(&attributes, path, "");
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Outcome {
        if let Some(attributes) = Self::attributes(style.color()) {
            self.write_path(&attributes, path, "Z");
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        _fill: bool,
    ) -> Outcome {
        if let Some(attributes) = Self::attributes(style.color()) {
            let (x, y, radius) = (Length(x), Length(y), length(radius));
            self.write(format_args!(
                "<circle {attributes} cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"
            ));
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        words: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Outcome {
        let Some(attributes) = Self::attributes(style.color()) else {
            return Ok(());
        };
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        let size = font_size(style);
        let baseline =
            y + i32::try_from(size).unwrap_or(0) * drop_percent(style.anchor().v_pos) / 100;
        let (x, y, words) = (Length(x), Length(baseline), text::escape(words));
        self.write(format_args!(
            "<text {attributes} x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{words}</text>"
        ));
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        words: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = font_size(style);
        Ok((text::width(words) * size / 1_000, size))
    }
}

fn length(units: u32) -> Length {
    Length(i32::try_from(units).unwrap_or(i32::MAX))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "font sizes are small and positive"
)]
fn font_size<S: BackendTextStyle>(style: &S) -> u32 {
    style.size().round() as u32
}

/// How far the baseline lies below the anchor, in percent of the font size.
const fn drop_percent(anchor: VPos) -> i32 {
    match anchor {
        VPos::Top => 80,
        VPos::Center => 36,
        VPos::Bottom => -20,
    }
}

#[cfg(test)]
mod tests {
    use plotters::style::{
        FontDesc, FontFamily, FontStyle, IntoTextStyle as _, TRANSPARENT, TextStyle,
    };

    use super::*;

    const FRAME: Frame = Frame {
        class: "chart",
        width: 20,
        height: 10,
        stretches: false,
    };

    fn words() -> TextStyle<'static> {
        FontDesc::new(FontFamily::SansSerif, 110.0, FontStyle::Normal)
            .with_color(Mark::Label.key())
            .into_text_style(&(200, 100))
    }

    #[test]
    fn a_text_is_escaped_and_measured_without_a_font() {
        let svg = FRAME.draw(|area| {
            assert_eq!(area.estimate_text_size("<&>", &words())?, (201, 110));
            area.draw_text("<&>", &words(), (15, -5))
        });
        assert!(svg.ends_with("<text class=\"axis\" x=\"1.5\" y=\"8.3\" text-anchor=\"start\">&lt;&amp;&gt;</text></svg>"), "{svg}");
    }

    #[test]
    fn what_cannot_be_seen_is_not_written() {
        let svg = FRAME.draw(|area| {
            area.draw(&plotters::element::Rectangle::new(
                [(0, 0), (5, 5)],
                TRANSPARENT,
            ))
        });
        assert_eq!(svg, "<svg class=\"chart\" viewBox=\"0 0 20 10\"></svg>");
    }

    #[test]
    fn lengths_are_short_and_exact_to_a_tenth() {
        let texts: Vec<_> = [0, 5, 10, -5, -125, 4_800]
            .map(|tenths| Length(tenths).to_string())
            .into();
        assert_eq!(texts, ["0", "0.5", "1", "-0.5", "-12.5", "480"]);
    }
}

//! Bars that are stacked by group: the chart of trends.

use super::{
    Drawn,
    mark::Mark,
    scale::Scale,
    svg::{Frame, SvgBackend, UNIT},
};
use domain::Credits;
use plotters::{
    chart::{ChartBuilder, LabelAreaPosition},
    coord::Shift,
    drawing::DrawingArea,
    element::{Circle, EmptyElement, Rectangle, Text},
    style::{
        Color as _, FontDesc, FontFamily, FontStyle, IntoTextStyle as _, TRANSPARENT, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

pub(super) const WIDTH: u32 = 960;
pub(super) const HEIGHT: u32 = 260;
const LEFT: u32 = 46;
const BOTTOM: u32 = 26;
/// Room for a dot above the highest bar.
const TOP: u32 = 16;
const FONT_SIZE: u32 = 12;
const LABEL_DROP: i32 = 10 * UNIT.cast_signed();
/// A dot above a bar, and how far it keeps from it.
const NOTE_RADIUS: u32 = 3;
const NOTE_LIFT: i32 = 8 * UNIT.cast_signed();
/// What a bar takes of its window's width.
const FILLED: f64 = 0.78;
/// Labels under the windows, at most.
const MOST_LABELS: usize = 8;

/// One group of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Which colour it has.
    pub colour: usize,
    /// How high it is in every window, in millionths; what is below nothing is not drawn.
    pub heights_micro: Vec<i64>,
}

/// What is to be seen of windows besides their bars.
#[derive(Debug, Clone, Copy, Default)]
pub struct Marked<'a> {
    /// Those there is something to say of.
    pub notes: &'a [usize],
    /// The one that is running: its bar is not done yet.
    pub running: Option<usize>,
}

/// Groups in every window, stacked, the first at the bottom. There is a label for each window, a dot above those there
/// is something to say of, and a shade behind the one that is running.
pub fn stacked(layers: &[Layer], labels: &[String], marked: Marked<'_>) -> String {
    let frame = Frame {
        class: "chart stacked",
        width: WIDTH,
        height: HEIGHT,
        stretches: false,
    };
    frame.draw(|area| draw(area, layers, labels, marked))
}

fn draw(
    area: &DrawingArea<SvgBackend<'_>, Shift>,
    layers: &[Layer],
    labels: &[String],
    Marked { notes, running }: Marked<'_>,
) -> Drawn {
    let count = labels.len();
    if count == 0 {
        return Ok(());
    }
    let height = |window: usize| {
        let heights = layers
            .iter()
            .filter_map(|layer| layer.heights_micro.get(window));
        heights.fold(0_i64, |sum, height| sum.saturating_add(*height))
    };
    let highest = (0..count).map(height).max().unwrap_or_default();
    let scale = Scale::reaching(Credits::from_micro(highest));
    let end = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let mut chart = ChartBuilder::on(area)
        .margin_top(TOP * UNIT)
        .set_label_area_size(LabelAreaPosition::Left, LEFT * UNIT)
        .set_label_area_size(LabelAreaPosition::Bottom, BOTTOM * UNIT)
        .build_cartesian_2d(0.0..end, scale)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .axis_style(TRANSPARENT)
        .bold_line_style(Mark::Grid.key())
        // plotters keeps labels two tick marks away, and the marks themselves are not seen.
        .set_tick_mark_size(LabelAreaPosition::Left, LABEL_DROP / 2)
        .y_label_style(words(HPos::Right, VPos::Center))
        .draw()?;
    let running = running.filter(|window| *window < count);
    chart.draw_series(running.map(|window| {
        let left = middle(window) - 0.5;
        let shade = [(left, 0), (left + 1.0, scale.top())];
        Rectangle::new(shade, Mark::Running.key().filled())
    }))?;
    chart.draw_series((0..count).flat_map(|window| bar(layers, window)))?;
    let dots: Vec<_> = notes
        .iter()
        .filter(|window| **window < count)
        .map(|window| {
            let dot = Circle::new(
                (0, -NOTE_LIFT),
                NOTE_RADIUS * UNIT,
                Mark::Note.key().filled(),
            );
            EmptyElement::at((middle(*window), i128::from(height(*window).max(0)))) + dot
        })
        .collect();
    chart.draw_series(dots)?;
    let step = count.div_ceil(MOST_LABELS);
    let labels: Vec<_> = labels
        .iter()
        .enumerate()
        .step_by(step)
        .map(|(index, label)| {
            let text = Text::new(
                label.clone(),
                (0, LABEL_DROP),
                words(HPos::Center, VPos::Top),
            );
            EmptyElement::at((middle(index), 0)) + text
        })
        .collect();
    chart.draw_series(labels).map(|_| ())
}

/// The middle of a window.
fn middle(window: usize) -> f64 {
    f64::from(u32::try_from(window).unwrap_or(u32::MAX)) + 0.5
}

/// The layers of a window's bar, from the bottom.
fn bar(layers: &[Layer], window: usize) -> Vec<Rectangle<(f64, i128)>> {
    let number = u16::try_from(window).unwrap_or(u16::MAX);
    let left = f64::from(number);
    let inset = (1.0 - FILLED) / 2.0;
    let mut shapes = Vec::with_capacity(layers.len());
    let mut below = 0;
    for layer in layers {
        let height = layer.heights_micro.get(window).copied().unwrap_or_default();
        let above = below + i128::from(height.max(0));
        if above > below {
            shapes.push(Rectangle::new(
                [(left + inset, below), (left + inset + FILLED, above)],
                Mark::layer(layer.colour).key_of(number).filled(),
            ));
        }
        below = above;
    }
    shapes
}

fn words(horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    let font = FontDesc::new(
        FontFamily::SansSerif,
        f64::from(FONT_SIZE * UNIT),
        FontStyle::Normal,
    );
    font.color(&Mark::Label.key())
        .pos(Pos::new(horizontal, vertical))
        .into_text_style(&(WIDTH * UNIT, HEIGHT * UNIT))
}

//! The gauge's chart: use over the running cycle, against what it may use.

use std::ops::Add;

use domain::{
    Credits, Time, TimeRange,
    usage::{CycleDay, Dashboard, Whose},
};
use plotters::{
    chart::{ChartBuilder, ChartContext, LabelAreaPosition},
    coord::{Shift, cartesian::Cartesian2d, types::RangedCoordf64},
    drawing::DrawingArea,
    element::{Circle, EmptyElement, PathElement, Polygon, Text},
    series::{AreaSeries, LineSeries},
    style::{
        Color as _, FontDesc, FontFamily, FontStyle, IntoTextStyle as _, TRANSPARENT, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};
use plotters_backend::BackendCoord;

use super::{
    Drawn,
    mark::Mark,
    ratio,
    scale::Scale,
    svg::{Frame, SvgBackend, UNIT},
};

const WIDTH: u32 = 480;
const HEIGHT: u32 = 200;
/// Room for the labels of the axes, and for the allocation's above the highest line.
const LEFT: u32 = 42;
const BOTTOM: u32 = 26;
const TOP: u32 = 20;
/// Room for half the dot at the cycle's end.
const RIGHT: u32 = 6;
const FONT_SIZE: u32 = 12;
const DOT_RADIUS: u32 = 4;
/// How far labels keep from what they label.
const LABEL_DROP: i32 = 10 * UNIT.cast_signed();
const LABEL_LIFT: i32 = 4 * UNIT.cast_signed();
/// A label each so many days: a week, counted from the first.
const LABEL_EVERY_DAYS: usize = 7;
/// The allocation's label stands at the right, unless the line comes this far right and this near to it.
const CROWDED_FROM: f64 = 0.6;
const CROWDED_USE: f64 = 0.85;

/// Use so far by day of the running cycle, with the allocation where the reader may see it, and what will probably be
/// used by its end: the 10th, 50th and 90th percentile.
///
/// The line across is what use is measured against: what the account was granted, or the budget of the one company looked
/// at. Where nothing limits the use there is none.
pub fn cumulative(dashboard: &Dashboard, projected: Option<[Credits; 3]>) -> String {
    let story = Story::of(dashboard, projected);
    let class = if story.is_over() {
        "chart cumulative over"
    } else {
        "chart cumulative"
    };
    Frame {
        class,
        width: WIDTH,
        height: HEIGHT,
        stretches: false,
    }
    .draw(|area| story.draw(area))
}

/// From the cycle's start, 0, to its end, 1; and micro-credits up.
type Plane = Cartesian2d<RangedCoordf64, Scale>;
type Chart<'a, 'b> = ChartContext<'a, SvgBackend<'b>, Plane>;
type Point = (f64, i128);
type Label<'a> =
    <EmptyElement<Point, SvgBackend<'a>> as Add<Text<'static, BackendCoord, String>>>::Output;

/// What the chart shows.
struct Story<'a> {
    days: &'a [CycleDay],
    cycle: TimeRange,
    scale: Scale,
    /// Where use stood at each day's end, the last at this moment.
    points: Vec<Point>,
    used: Credits,
    allocation: Option<Credits>,
    /// What the allocation is called.
    limit: &'static str,
    /// What will probably be used by the cycle's end: the least, the middle and the most.
    projected: Option<[Credits; 3]>,
}

impl<'a> Story<'a> {
    fn of(dashboard: &'a Dashboard, projected: Option<[Credits; 3]>) -> Self {
        let (cycle, days) = (dashboard.cycle.range, dashboard.cycle_days.as_slice());
        let limit = if dashboard.whose == Whose::Account {
            "granted"
        } else {
            "budget"
        };
        let allocation = dashboard
            .measure()
            .map(|balance| balance.allocation)
            .filter(|allocation| allocation.micro() > 0);
        let used = days
            .iter()
            .fold(Credits::ZERO, |sum, day| sum.saturating_add(day.credits));
        // What is used by now is part of it, also when the forecast is a moment older.
        let projected = projected.map(|band| band.map(|credits| credits.max(used)));
        let most = projected.map_or(used, |[_, _, most]| most);
        let scale = Scale::reaching(most.max(allocation.unwrap_or_default()));
        let points = points(days, cycle, dashboard.now);
        Self {
            days,
            cycle,
            scale,
            points,
            used,
            allocation,
            limit,
            projected,
        }
    }

    fn is_over(&self) -> bool {
        self.allocation
            .is_some_and(|allocation| self.used > allocation)
    }

    fn draw(&self, area: &DrawingArea<SvgBackend<'_>, Shift>) -> Drawn {
        let mut chart = ChartBuilder::on(area)
            .margin_top(TOP * UNIT)
            .margin_right(RIGHT * UNIT)
            .set_label_area_size(LabelAreaPosition::Left, LEFT * UNIT)
            .set_label_area_size(LabelAreaPosition::Bottom, BOTTOM * UNIT)
            .build_cartesian_2d(0.0..1.0, self.scale)?;
        draw_grid(&mut chart)?;
        self.draw_days(&mut chart)?;
        self.draw_projection(&mut chart)?;
        self.draw_use(&mut chart)?;
        self.draw_allocation(&mut chart)
    }

    /// The first day, every seventh after it, and the last, which says its month.
    fn draw_days(&self, chart: &mut Chart<'_, '_>) -> Drawn {
        let Some((last, before)) = self.days.split_last() else {
            return Ok(());
        };
        let changes_month = self
            .days
            .first()
            .is_some_and(|first| month(first) != month(last));
        // The last label needs the room of three days.
        let weekly = before
            .iter()
            .enumerate()
            .step_by(LABEL_EVERY_DAYS)
            .filter(|(index, _)| index + 3 < self.days.len());
        let labels = weekly.map(|(index, day)| {
            let label = if index == 0 && changes_month {
                day.label.as_str()
            } else {
                day_number(day)
            };
            let anchor = if index == 0 { HPos::Left } else { HPos::Center };
            label_at(
                (place(day.range.start, self.cycle), 0),
                LABEL_DROP,
                label,
                words(Mark::Label, anchor, VPos::Top),
            )
        });
        let labels: Vec<_> = labels
            .chain([label_at(
                (1.0, 0),
                LABEL_DROP,
                &last.label,
                words(Mark::Label, HPos::Right, VPos::Top),
            )])
            .collect();
        chart.draw_series(labels).map(|_| ())
    }

    /// From now to the end of the cycle: all that may be, and the middle of it.
    fn draw_projection(&self, chart: &mut Chart<'_, '_>) -> Drawn {
        let (Some(band), Some(now)) = (self.projected, self.points.last().copied()) else {
            return Ok(());
        };
        let [least, middle, most] = band.map(|credits| (1.0, i128::from(credits.micro())));
        chart.draw_series([Polygon::new(
            [now, most, least],
            Mark::Possible.key().filled(),
        )])?;
        chart.draw_series([PathElement::new([now, middle], Mark::Projected.key())])?;
        Ok(())
    }

    fn draw_use(&self, chart: &mut Chart<'_, '_>) -> Drawn {
        chart.draw_series(
            AreaSeries::new(self.points.clone(), 0, Mark::Area.key().filled())
                .border_style(TRANSPARENT),
        )?;
        chart.draw_series(LineSeries::new(self.points.clone(), Mark::Line.key()))?;
        let now = self
            .points
            .last()
            .map(|now| Circle::new(*now, DOT_RADIUS * UNIT, Mark::Now.key().filled()));
        chart.draw_series(now).map(|_| ())
    }

    fn draw_allocation(&self, chart: &mut Chart<'_, '_>) -> Drawn {
        let Some(allocation) = self.allocation else {
            return Ok(());
        };
        let height = i128::from(allocation.micro());
        chart.draw_series([PathElement::new(
            [(0.0, height), (1.0, height)],
            Mark::Allocation.key(),
        )])?;
        let is_passed = self.projected.is_some_and(|[_, _, most]| most > allocation);
        let is_near = |(x, used): &Point| *x > CROWDED_FROM && ratio(*used, height) > CROWDED_USE;
        let is_crowded = is_passed || self.points.last().is_some_and(is_near);
        let (x, anchor) = if is_crowded {
            (0.0, HPos::Left)
        } else {
            (1.0, HPos::Right)
        };
        let style = words(Mark::AllocationLabel, anchor, VPos::Bottom);
        let label = format!(
            "{} {}",
            self.limit,
            domain::number::short_credits(allocation)
        );
        chart
            .draw_series([label_at((x, height), -LABEL_LIFT, &label, style)])
            .map(|_| ())
    }
}

fn draw_grid(chart: &mut Chart<'_, '_>) -> Drawn {
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .axis_style(TRANSPARENT)
        .bold_line_style(Mark::Grid.key())
        // plotters keeps labels two tick marks away, and the marks themselves are not seen.
        .set_tick_mark_size(LabelAreaPosition::Left, LABEL_DROP / 2)
        .y_label_style(words(Mark::Label, HPos::Right, VPos::Center))
        .draw()
}

/// Use at the cycle's start, at each day's end, and now.
fn points(days: &[CycleDay], cycle: TimeRange, now: Time) -> Vec<Point> {
    let mut used = Credits::ZERO;
    let mut points = vec![(0.0, 0)];
    for day in days.iter().take_while(|day| day.range.start <= now) {
        used = used.saturating_add(day.credits);
        points.push((place(day.range.end.min(now), cycle), used.micro().into()));
    }
    points
}

fn place(time: Time, cycle: TimeRange) -> f64 {
    ratio(time.micros_since(cycle.start).into(), cycle.micros().into()).clamp(0.0, 1.0)
}

/// A label so far below a point; plotters would push the label itself back into the plane.
fn label_at<'a>(point: Point, drop: i32, label: &str, style: TextStyle<'static>) -> Label<'a> {
    EmptyElement::at(point) + Text::new(label.to_owned(), (0, drop), style)
}

fn day_number(day: &CycleDay) -> &str {
    day.label
        .split_once(' ')
        .map_or(&day.label, |(number, _)| number)
}

fn month(day: &CycleDay) -> &str {
    day.label.split_once(' ').map_or("", |(_, month)| month)
}

fn words(mark: Mark, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    let font = FontDesc::new(
        FontFamily::SansSerif,
        f64::from(FONT_SIZE * UNIT),
        FontStyle::Normal,
    );
    font.color(&mark.key())
        .pos(Pos::new(horizontal, vertical))
        .into_text_style(&(WIDTH * UNIT, HEIGHT * UNIT))
}

//! What can be drawn, and the class each thing gets.

use plotters::style::RGBColor;

/// A kind of thing in a chart.
///
/// plotters hands its backend nothing but colours, and a page whose policy forbids inline styles wants classes. So a
/// mark travels through plotters as a colour that nobody ever sees: red is the mark's number, green and blue
/// are the high and low byte of the window it stands for. The backend turns that key back into `class` and `data-i`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A line of the grid.
    Grid,
    /// A label of an axis.
    Label,
    /// What lies under the line.
    Area,
    /// Use so far.
    Line,
    /// What the cycle may use.
    Allocation,
    /// The word beside it.
    AllocationLabel,
    /// What may be used by the cycle's end.
    Possible,
    /// What will probably be.
    Projected,
    /// Where things stand.
    Now,
    /// The whole height of a window, for the pointer.
    Hit,
    /// A window that is over.
    Bar,
    /// The window that is running.
    BarToday,
    /// A window that is over and in which nothing was spent.
    BarEmpty,
    /// A window that has not begun.
    BarFuture,
    /// The window that is running, behind its bar.
    Running,
    /// A window there is something to say of.
    Note,
    /// A layer of a stack, the first at the bottom.
    Layer0,
    Layer1,
    Layer2,
    Layer3,
    Layer4,
    Layer5,
    Layer6,
    Layer7,
}

impl Mark {
    const ALL: [Self; 24] = [
        Self::Grid,
        Self::Label,
        Self::Area,
        Self::Line,
        Self::Allocation,
        Self::AllocationLabel,
        Self::Possible,
        Self::Projected,
        Self::Now,
        Self::Hit,
        Self::Bar,
        Self::BarToday,
        Self::BarEmpty,
        Self::BarFuture,
        Self::Running,
        Self::Note,
        Self::Layer0,
        Self::Layer1,
        Self::Layer2,
        Self::Layer3,
        Self::Layer4,
        Self::Layer5,
        Self::Layer6,
        Self::Layer7,
    ];
    /// The layers, from the bottom.
    const LAYERS: [Self; 8] = [
        Self::Layer0,
        Self::Layer1,
        Self::Layer2,
        Self::Layer3,
        Self::Layer4,
        Self::Layer5,
        Self::Layer6,
        Self::Layer7,
    ];

    /// A layer of a stack; those past the last look like it.
    pub(super) const fn layer(number: usize) -> Self {
        let last = Self::LAYERS.len() - 1;
        Self::LAYERS[if number < last { number } else { last }]
    }

    /// The classes that style it.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Label => "axis",
            Self::Area => "area",
            Self::Line => "line",
            Self::Allocation => "allocation",
            Self::AllocationLabel => "axis allocation-label",
            Self::Possible => "possible",
            Self::Projected => "projected",
            Self::Now => "now",
            Self::Hit => "hit",
            Self::Bar => "bar",
            Self::BarToday => "bar today",
            Self::BarEmpty => "bar empty",
            Self::BarFuture => "bar future",
            Self::Running => "running-window",
            Self::Note => "note",
            Self::Layer0 => "layer layer-0",
            Self::Layer1 => "layer layer-1",
            Self::Layer2 => "layer layer-2",
            Self::Layer3 => "layer layer-3",
            Self::Layer4 => "layer layer-4",
            Self::Layer5 => "layer layer-5",
            Self::Layer6 => "layer layer-6",
            Self::Layer7 => "layer layer-7",
        }
    }

    /// Whether it stands for one window and says which.
    pub(super) const fn is_of_window(self) -> bool {
        matches!(
            self,
            Self::Hit | Self::Bar | Self::BarToday | Self::BarEmpty | Self::BarFuture
        )
    }

    /// The key under which it travels.
    pub(super) const fn key(self) -> RGBColor {
        self.key_of(0)
    }

    /// The key under which it travels for one window.
    pub(super) const fn key_of(self, window: u16) -> RGBColor {
        let [high, low] = window.to_be_bytes();
        RGBColor(self as u8, high, low)
    }

    /// The mark and window of a key; none for a colour that plotters chose itself.
    pub(super) fn of_key((number, high, low): (u8, u8, u8)) -> Option<(Self, u16)> {
        let mark = Self::ALL.get(usize::from(number)).copied()?;
        Some((mark, u16::from_be_bytes([high, low])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_and_window_survives_its_key() {
        for mark in Mark::ALL {
            for window in [0, 1, 255, 256, u16::MAX] {
                let RGBColor(red, green, blue) = mark.key_of(window);
                assert_eq!(Mark::of_key((red, green, blue)), Some((mark, window)));
            }
        }
        assert_eq!(Mark::of_key((255, 255, 255)), None);
    }
}

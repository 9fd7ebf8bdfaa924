//! The figures of the usage page that changes move: what each says, once for both sides.
//!
//! The server writes them into the elements that it renders (`components::Said`); the browser, which has the same data
//! and takes changes in by the same function, writes over them what says something else now (`tab::usage`).

mod cards;
mod gauge;

use domain::{
    Credits, number,
    usage::{Dashboard, ForecastView},
};

#[cfg(feature = "ssr")]
pub use gauge::{ENDED, icon_of};

use crate::ui::escape;

/// The attribute that names a figure's element within the page.
pub const FIGURE: &str = "data-figure";

/// What figures follow from.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// Gauge and cards.
    pub dashboard: &'a Dashboard,
    /// What will probably be of the cycle.
    pub forecast: Option<&'a ForecastView>,
}

/// What one element says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The element's name in its page.
    pub name: String,
    /// What is within it, as markup; nothing where that is other elements.
    pub inner: Option<String>,
    /// Attributes that follow; those without a value are not there.
    pub attributes: Vec<(&'static str, Option<String>)>,
}

/// All figures of a page, always in the same order: what is shown decides what they say, and its view which there are.
pub fn figures(shown: Shown) -> Vec<Figure> {
    let mut all = gauge::figures(shown);
    all.extend(cards::figures(shown.dashboard));
    all.push(Figure::text("listed", &listed(shown.dashboard)));
    all
}

/// What the log below adds up to: `12 events · 345 credits`.
fn listed(dashboard: &Dashboard) -> String {
    let totals = dashboard.listed();
    [
        &number::events(totals.events),
        " · ",
        &number::with_unit(&number::credits(totals.credits)),
    ]
    .concat()
}

impl Figure {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            inner: None,
            attributes: Vec::new(),
        }
    }

    fn html(name: &str, inner: String) -> Self {
        Self {
            inner: Some(inner),
            ..Self::new(name)
        }
    }

    fn text(name: &str, text: &str) -> Self {
        Self::html(name, escape(text))
    }

    /// Credits as people read them, exact on hover and focus.
    fn amount(name: &str, credits: Credits, shown: &str) -> Self {
        Self {
            attributes: amount_attributes(credits, shown).into(),
            ..Self::text(name, shown)
        }
    }

    fn with(mut self, attribute: &'static str, value: Option<String>) -> Self {
        self.attributes.push((attribute, value));
        self
    }

    /// There only when something is so; else it says nothing.
    fn only_if(mut self, is_there: bool) -> Self {
        if !is_there && self.inner.is_some() {
            self.inner = Some(String::new());
        }
        self.with("hidden", (!is_there).then(String::new))
    }
}

/// What an amount's element has besides its text: the exact figure, and how it is made to fit.
pub fn amount_attributes(credits: Credits, shown: &str) -> [(&'static str, Option<String>); 5] {
    let exact = number::credits(credits);
    let differs = exact != shown;
    let if_differs = |text: &str| differs.then(|| text.to_owned());
    [
        ("data-size", size(shown).map(str::to_owned)),
        ("data-exact", if_differs(&exact)),
        ("tabindex", if_differs("0")),
        ("aria-label", if_differs(&[&exact, " credits"].concat())),
        ("role", if_differs("note")),
    ]
}

/// How a figure is made to fit: a number is never broken between its digits, so a long one is written smaller.
fn size(text: &str) -> Option<&'static str> {
    match text.chars().count() {
        0..=9 => None,
        10..=13 => Some("long"),
        _ => Some("longest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_figure_is_written_smaller() {
        assert_eq!(size("75,000"), None);
        assert_eq!(size("99,999,999"), Some("long"));
        let largest = number::whole_credits(Credits::MAX);
        assert_eq!(largest, "9,223,372,036,855");
        assert_eq!(size(&largest), Some("longest"));
    }
}

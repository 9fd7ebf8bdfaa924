//! Shades of one colour that text can be read on and in, whatever the colour is.

/// Contrast that text keeps (WCAG 2 asks for 4.5).
const READABLE: f64 = 4.7;
/// What pages are painted on in the dark, at its lightest.
const DARK_SURFACE: Rgb = [0x23, 0x24, 0x2c];
/// What is written on the colour in the dark.
const DARK_INK: Rgb = [0x0d, 0x0e, 0x12];
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
/// Relative luminance of soft backgrounds: lighter than this in the light, darker in the dark, so that the usual text
/// colours keep their contrast on them.
const SOFT_LIGHT: f64 = 0.83;
const SOFT_DARK: f64 = 0.022;

pub(super) type Rgb = [u8; 3];

/// The shades for the light theme and for the dark one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    /// On white.
    pub light: Shades,
    /// On near black.
    pub dark: Shades,
}

/// Shades of a colour, each as `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shades {
    /// Buttons and marks.
    pub accent: String,
    /// Text on the accent.
    pub on_accent: String,
    /// Text in the colour, on the page and on the soft background.
    pub text: String,
    /// A soft background.
    pub soft: String,
    /// A stronger one, without text.
    pub tint: String,
}

impl Palette {
    pub(super) fn of(colour: Rgb) -> Self {
        Self {
            light: light(colour),
            dark: dark(colour),
        }
    }
}

fn light(colour: Rgb) -> Shades {
    let on_accent = if contrast(colour, WHITE) >= contrast(colour, BLACK) {
        WHITE
    } else {
        BLACK
    };
    let soft = first_mix(colour, WHITE, 12, |mixed| luminance(mixed) >= SOFT_LIGHT);
    Shades {
        accent: hex(colour),
        on_accent: hex(on_accent),
        text: hex(towards(colour, BLACK, |mixed| {
            contrast(mixed, soft) >= READABLE
        })),
        soft: hex(soft),
        tint: hex(mix(colour, WHITE, 30)),
    }
}

fn dark(colour: Rgb) -> Shades {
    let accent = towards(mix(colour, WHITE, 70), WHITE, |mixed| {
        contrast(mixed, DARK_INK) >= READABLE
    });
    let soft = first_mix(colour, BLACK, 28, |mixed| luminance(mixed) <= SOFT_DARK);
    let is_readable =
        |mixed| contrast(mixed, soft) >= READABLE && contrast(mixed, DARK_SURFACE) >= READABLE;
    Shades {
        accent: hex(accent),
        on_accent: hex(DARK_INK),
        text: hex(towards(accent, WHITE, is_readable)),
        soft: hex(soft),
        tint: hex(mix(colour, BLACK, 50)),
    }
}

/// The colour, or what is as near to it as possible on the way to `end`.
fn towards(colour: Rgb, end: Rgb, is_enough: impl Fn(Rgb) -> bool) -> Rgb {
    first_mix(colour, end, 100, is_enough)
}

/// The mix with the most of `colour`, at most `percent` of it.
fn first_mix(colour: Rgb, end: Rgb, percent: u8, is_enough: impl Fn(Rgb) -> bool) -> Rgb {
    let mixes = (0..=percent).rev().map(|share| mix(colour, end, share));
    mixes
        .into_iter()
        .find(|mixed| is_enough(*mixed))
        .unwrap_or(end)
}

/// `percent` of the first colour, the rest of the second.
fn mix(colour: Rgb, end: Rgb, percent: u8) -> Rgb {
    let part = |at: usize| {
        let (first, second, share) = (
            u16::from(colour[at]),
            u16::from(end[at]),
            u16::from(percent),
        );
        let mixed = (first * share + second * (100 - share) + 50) / 100;
        u8::try_from(mixed).unwrap_or(u8::MAX)
    };
    [part(0), part(1), part(2)]
}

/// Contrast ratio of two colours, from 1 to 21 (WCAG 2).
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Relative luminance, from 0 to 1 (WCAG 2).
fn luminance(colour: Rgb) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::{
        super::rgb, BLACK, DARK_SURFACE, Palette, SOFT_DARK, SOFT_LIGHT, Shades, WHITE, contrast,
        luminance,
    };

    fn is_readable(shades: &Shades, page: super::Rgb) -> bool {
        let of = |text: &str| rgb(text).unwrap();
        contrast(of(&shades.accent), of(&shades.on_accent)) >= 4.5
            && contrast(of(&shades.text), of(&shades.soft)) >= 4.5
            && contrast(of(&shades.text), page) >= 4.5
    }

    #[test]
    fn every_colour_is_readable_in_both_themes() {
        for red in (0..=255).step_by(17) {
            for green in (0..=255).step_by(17) {
                for blue in (0..=255).step_by(17) {
                    let palette = Palette::of([red, green, blue]);
                    assert!(is_readable(&palette.light, WHITE), "{palette:?}");
                    assert!(is_readable(&palette.dark, DARK_SURFACE), "{palette:?}");
                    assert!(luminance(rgb(&palette.light.soft).unwrap()) >= SOFT_LIGHT);
                    assert!(luminance(rgb(&palette.dark.soft).unwrap()) <= SOFT_DARK);
                }
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_read_is_kept() {
        let palette = Palette::of([0x2f, 0x6f, 0x4f]);
        assert_eq!(palette.light.accent, "#2f6f4f");
        assert_eq!(palette.light.text, "#2f6f4f");
        assert_eq!(palette.light.on_accent, "#ffffff");
        assert!((contrast(WHITE, BLACK) - 21.0).abs() < 1e-9);
    }
}

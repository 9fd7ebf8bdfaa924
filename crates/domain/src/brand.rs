//! What an agency's clients see: the agency's name, colour and logo in the place of ours.

mod palette;

use serde::{Deserialize, Serialize};

pub use palette::{Palette, Shades};

use crate::FieldError;

/// Longest name, in characters.
pub const MAX_BRAND_NAME_CHARS: usize = 60;
/// Largest logo, in bytes of its data address: it is sent with every page.
pub const MAX_LOGO_BYTES: usize = 48 * 1024;
/// What a logo may be. A browser runs no script in a picture.
const LOGO_TYPES: [&str; 4] = [
    "data:image/png;base64,",
    "data:image/jpeg;base64,",
    "data:image/webp;base64,",
    "data:image/svg+xml;base64,",
];

/// The look of an account for its clients.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Brand {
    /// Shown in the place of our name; ours when empty.
    pub name: String,
    /// `#rrggbb`; our colour when empty.
    pub colour: String,
    /// A `data:` address; our mark when empty.
    pub logo: String,
}

impl Brand {
    /// Whether nothing of it differs from our own look.
    pub fn is_plain(&self) -> bool {
        self.name.is_empty() && self.colour.is_empty() && self.logo.is_empty()
    }

    /// Everything that is wrong with it.
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.name.chars().count() > MAX_BRAND_NAME_CHARS
            || self.name.chars().any(char::is_control)
        {
            let rule = format!(
                "must be at most {MAX_BRAND_NAME_CHARS} characters, without control characters"
            );
            errors.push(FieldError::invalid("name", rule));
        }
        if !self.colour.is_empty() && rgb(&self.colour).is_none() {
            errors.push(FieldError::invalid(
                "colour",
                "must be # and six digits from 0 to f, such as #2f6f4f",
            ));
        }
        if let Err(rule) = check_logo(&self.logo) {
            errors.push(FieldError::invalid("logo", rule));
        }
        errors
    }

    /// The shades of its colour; none for our own.
    pub fn palette(&self) -> Option<Palette> {
        rgb(&self.colour).map(Palette::of)
    }
}

fn rgb(text: &str) -> Option<palette::Rgb> {
    let digits = text.strip_prefix('#').filter(|rest| rest.len() == 6)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let part = |from: usize| u8::from_str_radix(&digits[from..from + 2], 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

fn check_logo(logo: &str) -> Result<(), String> {
    if logo.is_empty() {
        return Ok(());
    }
    let content = LOGO_TYPES.iter().find_map(|kind| logo.strip_prefix(kind));
    let is_base64 = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
    };
    if content.is_some_and(is_base64) && logo.len() <= MAX_LOGO_BYTES {
        Ok(())
    } else {
        Err("must be a PNG, JPEG, WebP or SVG picture of at most 36 kB".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brand(colour: &str, logo: &str) -> Brand {
        Brand {
            name: "Northwind".to_owned(),
            colour: colour.to_owned(),
            logo: logo.to_owned(),
        }
    }

    #[test]
    fn what_could_break_out_of_a_style_sheet_or_an_address_is_refused() {
        for colour in [
            "red",
            "#12345",
            "#1234567",
            "#12345g",
            "#fff;}body{}",
            "#+12345",
        ] {
            assert_eq!(brand(colour, "").check()[0].field, "colour", "{colour}");
        }
        for logo in [
            "https://evil.example/x.png",
            "data:text/html;base64,AAAA",
            "data:image/png;base64,",
            "data:image/png;base64,AA\" onload=\"x",
        ] {
            assert_eq!(brand("", logo).check()[0].field, "logo", "{logo}");
        }
        assert_eq!(brand("#2f6f4f", "data:image/png;base64,AAAA").check(), []);
        assert!(Brand::default().is_plain() && Brand::default().check().is_empty());
        assert_eq!(Brand::default().palette(), None);
    }
}

//! How wide a text is, the same on every machine: no font is ever loaded.

/// Widths of the characters from space to `~`, in thousandths of the font size, after a common sans serif.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278,
    278, // space to /
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, // 0 to ?
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, // @ to O
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, // P to _
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, // ` to o
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, // p to ~
];
/// What any other character is taken for.
const OTHER_WIDTH: u16 = 600;

/// The width of a text in thousandths of its font size.
pub(super) fn width(text: &str) -> u32 {
    text.chars()
        .map(|letter| u32::from(letter_width(letter)))
        .sum()
}

fn letter_width(letter: char) -> u16 {
    let index = u32::from(letter)
        .checked_sub(u32::from(' '))
        .and_then(|index| usize::try_from(index).ok());
    index
        .and_then(|index| WIDTHS.get(index))
        .copied()
        .unwrap_or(OTHER_WIDTH)
}

pub(super) use crate::ui::escape;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_wide_as_its_letters() {
        assert_eq!(width("00"), 1_112);
        assert_eq!(width("~"), 584);
        assert_eq!(width("é\n"), 1_200);
        assert_eq!(width(""), 0);
    }

    #[test]
    fn markup_in_a_text_stays_text() {
        assert_eq!(
            escape("<b a=\"1\">'&'</b>"),
            "&lt;b a=&quot;1&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;"
        );
    }
}

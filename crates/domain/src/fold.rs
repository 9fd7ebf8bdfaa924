//! Texts as searches compare them.
//!
//! Two texts that people take for the same may be stored in different ways: in capitals, with an accent that is a
//! character of its own, in full-width digits, with a space that was copied along. Both the text that is looked for and
//! the text that is looked at are folded, and then compared character by character: `%`, `_` and `*` mean themselves.
//!
//! The folding is Unicode's compatibility caseless matching (`NFKC_Casefold`), in which no language is special: `ß` is
//! `ss`, `ς` is `σ`, `I` is `i` but not `ı`. Marks count: `é` is not `e`. White space is one space, none at the ends.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::{
    CodePointSetData, CodePointSetDataBorrowed, props::DefaultIgnorableCodePoint,
};

/// Marks that are seen nowhere: joiners, byte order marks, directions.
const INVISIBLE: CodePointSetDataBorrowed<'static> =
    CodePointSetData::new::<DefaultIgnorableCodePoint>();
const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();

/// A text as searches compare it.
pub fn folded(text: &str) -> String {
    if is_plain(text) {
        return text.to_ascii_lowercase();
    }
    let visible: String = text
        .chars()
        .filter(|letter| !INVISIBLE.contains(*letter))
        .collect();
    let once = fold_once(&visible);
    // Capitals with several marks may need a second turn; a third changes nothing.
    let twice = fold_once(&once);
    let words: Vec<_> = twice.split_whitespace().collect();
    words.join(" ")
}

fn fold_once(text: &str) -> String {
    let cases = CaseMapper::new()
        .fold_string(&NFKC.normalize(text))
        .into_owned();
    NFKC.normalize(&cases).into_owned()
}

/// Whether a text begins with another, as searches compare them.
pub fn starts_with(text: &str, prefix: &str) -> bool {
    folded(text).starts_with(&folded(prefix))
}

/// Whether a text contains another, as searches compare them.
pub fn contains(text: &str, part: &str) -> bool {
    folded(text).contains(&folded(part))
}

/// Whether folding a text only makes its ASCII capitals small, as SQL's `lower` does: it is printable ASCII without
/// spaces.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The first text after all folded texts that begin with the folded `prefix`, in the order of their characters, with and
/// without regard to ASCII case; none when there is no such text.
pub fn after_prefix(prefix: &str) -> Option<String> {
    let mut letters: Vec<char> = prefix.chars().collect();
    while let Some(last) = letters.pop() {
        if let Some(next) = next_letter(last) {
            letters.push(next);
            return Some(letters.into_iter().collect());
        }
    }
    None
}

fn next_letter(letter: char) -> Option<char> {
    match letter {
        '\u{10FFFF}' => None,
        // Surrogates are no characters.
        '\u{D7FF}' => Some('\u{E000}'),
        // No folded text has A–Z, and without regard to case they would come much later.
        '@' => Some('['),
        _ => char::from_u32(u32::from(letter) + 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::capitals("CALL_81F", "call_81f")]
    #[case::space_at_the_ends(" call_81f\t\n", "call_81f")]
    #[case::spaces_between("Acme  \u{A0}Dental", "acme dental")]
    #[case::mark_of_its_own("cafe\u{301}", "CAF\u{C9}")]
    #[case::marks_in_any_order("a\u{323}\u{302}", "a\u{302}\u{323}")]
    #[case::sharp_s("Stra\u{DF}e", "STRASSE")]
    #[case::capital_sharp_s("STRA\u{1E9E}E", "strasse")]
    #[case::final_sigma("ΟΔΥΣΣΕΥΣ", "οδυσσευς")]
    #[case::greek_iota("\u{1FBC}", "\u{1FB3}")]
    #[case::cyrillic("ЁЛКА", "ёлка")]
    #[case::full_width("ＡＢＣ１２３", "abc123")]
    #[case::half_width_kana("ｶﾞ", "ガ")]
    #[case::ligature("ﬁle", "FILE")]
    #[case::hangul("\u{1112}\u{1161}\u{11AB}", "\u{D55C}")]
    #[case::armenian("ԵՒ", "\u{587}")]
    #[case::georgian("\u{1C90}", "\u{10D0}")]
    #[case::deseret("\u{10400}", "\u{10428}")]
    #[case::invisible("\u{FEFF}call\u{200B}_1\u{200E}", "call_1")]
    #[case::soft_hyphen("mobil\u{AD}funk", "mobilfunk")]
    fn what_people_take_for_the_same_is_folded_alike(#[case] one: &str, #[case] other: &str) {
        assert_eq!(folded(one), folded(other));
    }

    #[rstest]
    #[case::accent("café", "cafe")]
    #[case::dotless("ırmak", "Irmak")]
    #[case::voiced("が", "か")]
    #[case::wildcards("100%", "1000")]
    #[case::underscore("a_b", "aXb")]
    #[case::star("a*", "ab")]
    #[case::space("ab", "a b")]
    fn what_is_something_else_is_not(#[case] one: &str, #[case] other: &str) {
        assert_ne!(folded(one), folded(other));
        assert!(!folded(other).starts_with(&folded(one)));
    }

    #[test]
    fn a_capital_with_a_dot_is_the_small_one_with_a_dot() {
        // Without a language, this is no plain i.
        assert_eq!(folded("\u{130}zmir"), "i\u{307}zmir");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text: String) {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }

        #[test]
        fn case_and_normalisation_make_no_difference(text: String) {
            let apart = icu_normalizer::DecomposingNormalizer::new_nfd().normalize(&text).into_owned();
            prop_assert_eq!(folded(&apart), folded(&text));
            let padded = format!(" {text}\u{3000}");
            prop_assert_eq!(folded(&padded), folded(&text));
        }

        #[test]
        fn plain_texts_are_folded_as_sql_does(text in "[!-~]{0,40}") {
            prop_assert!(is_plain(&text));
            prop_assert_eq!(fold_once(&text), text.to_ascii_lowercase());
        }

        #[test]
        fn the_bounds_of_a_prefix_hold_exactly_what_starts_with_it(
            prefix in "[@A-Zz\\[`{~\u{D7FF}\u{E000}\u{10FFFF}é]{0,4}",
            rest in "[@A-Zz\\[`{~\u{D7FF}\u{E000}\u{10FFFF}é]{0,4}",
            other in "[@A-Za-z\\[`{~\u{D7FF}\u{E000}\u{10FFFF}é]{0,6}",
        ) {
            // As SQLite's NOCASE compares.
            let prefix = prefix.to_ascii_lowercase();
            let end = after_prefix(&prefix).map(|end| end.to_ascii_lowercase());
            for text in [format!("{prefix}{rest}"), other] {
                let text = text.to_ascii_lowercase();
                let inside = prefix <= text && end.as_ref().is_none_or(|end| text < *end);
                prop_assert_eq!(inside, text.starts_with(&prefix), "{:?}", text);
            }
        }
    }
}

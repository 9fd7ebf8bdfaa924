//! Email addresses: one form for every place where one is kept or compared.

use icu_normalizer::ComposingNormalizer;

/// An address as it is kept and compared: without space around it, its letters small, and composed with their marks, so
/// that it is the same whatever keyboard it was typed on.
///
/// What merely looks alike stays apart. Unicode knows signs that become ordinary letters when they are made small or
/// composed – the Kelvin sign becomes `k` – and an address with one would be taken for that of a person who is known
/// here. No keyboard types them: they are left as they are.
pub fn normal(address: &str) -> String {
    composed(address.trim()).chars().map(small).collect()
}

/// Puts letters and their marks together, except in signs that stand for something else by themselves.
fn composed(text: &str) -> String {
    let normalizer = ComposingNormalizer::new_nfc();
    let is_plain = |letter: char| {
        let mut bytes = [0; 4];
        normalizer.is_normalized(letter.encode_utf8(&mut bytes))
    };
    let parts = text.split_inclusive(|letter| !is_plain(letter));
    parts
        .map(|part| match part.chars().next_back() {
            Some(sign) if !is_plain(sign) => {
                let before = &part[..part.len() - sign.len_utf8()];
                format!("{}{sign}", normalizer.normalize(before))
            }
            _ => normalizer.normalize(part).into_owned(),
        })
        .collect()
}

/// Makes a letter small whose small one has it as its capital; other letters have another one.
fn small(letter: char) -> char {
    let mut lower = letter.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(small), None) if small.to_uppercase().eq([letter]) => small,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neither_case_nor_keyboard_matters() {
        assert_eq!(normal(" Kim@Example.COM\n"), "kim@example.com");
        let zoe = "zo\u{eb}@m\u{fc}ller.example";
        assert_eq!(normal("ZOE\u{308}@Mu\u{308}ller.example"), zoe);
        assert_eq!(normal("Zo\u{cb}@M\u{dc}LLER.example"), zoe);
    }

    #[test]
    fn what_looks_alike_stays_apart() {
        let kim = "kim@example.com";
        for other in [
            "\u{212a}im@example.com",
            "\u{212a}IM@EXAMPLE.COM",
            "k\u{130}m@example.com",
            "k\u{131}m@example.com",
            "\u{ff2b}im@example.com",
            "\u{43a}im@example.com",
            "kim@e\u{445}ample.com",
            "kim@example\u{ff0e}com",
            "kim@examp\u{2113}e.com",
        ] {
            assert_ne!(normal(other), kim, "{other}");
        }
        for (one, other) in [
            ("ma\u{17f}t@example.com", "mast@example.com"),
            ("ma\u{1e9e}@example.com", "mass@example.com"),
            ("\u{212b}sa@example.com", "\u{e5}sa@example.com"),
            ("\u{2126}@example.com", "\u{3c9}@example.com"),
            ("\u{3f4}@example.com", "\u{3b8}@example.com"),
        ] {
            assert_ne!(normal(one), normal(other), "{one}");
        }
    }

    proptest! {
        #[test]
        fn the_normal_form_is_its_own(address in "\\PC{0,40}") {
            let once = normal(&address);
            prop_assert_eq!(normal(&once), once);
        }

        #[test]
        fn what_is_no_ascii_letter_never_becomes_one(sign in proptest::char::range('\u{80}', '\u{10ffff}')) {
            prop_assert!(!normal(&sign.to_string()).contains(|letter: char| letter.is_ascii_alphanumeric()), "{sign:?}");
        }
    }
}

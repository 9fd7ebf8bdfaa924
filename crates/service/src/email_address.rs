//! Email addresses: one form for every place where one is kept or compared.

use icu_normalizer::{ComposingNormalizer, properties::CanonicalCombiningClassMapBorrowed};

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

/// Longest address, and its longest parts, in bytes (RFC 5321).
const MAX_BYTES: usize = 254;
/// See [`MAX_BYTES`].
const MAX_NAME_BYTES: usize = 64;
/// See [`MAX_BYTES`].
const MAX_LABEL_BYTES: usize = 63;
/// Signs besides letters and digits that a name may have (RFC 5322, `atext`).
const SIGNS: &str = "!#$%&'*+-/=?^_`{|}~";

/// Whether a text in its normal form is one address, and nothing else: no list of them, no name before it, nothing quoted,
/// and no sign that is not seen. Whatever sends mail takes it for what a person takes it for.
pub(crate) fn is_one(address: &str) -> bool {
    let Some((name, host)) = address.split_once('@') else {
        return false;
    };
    let is_atom = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|sign| is_letter(sign) || SIGNS.contains(sign))
    };
    address.len() <= MAX_BYTES
        && name.len() <= MAX_NAME_BYTES
        && name.split('.').all(is_atom)
        && is_host(host)
}

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= MAX_LABEL_BYTES
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|sign| is_letter(sign) || sign == '-')
    };
    // The last part of a name is no number: that would be an address of a machine.
    let is_named = |last: &str| !last.chars().all(|sign| sign.is_ascii_digit());
    host.contains('.')
        && host.split('.').all(is_label)
        && host.rsplit('.').next().is_some_and(is_named)
}

/// Letters and digits of any script, with the marks that belong to them.
fn is_letter(sign: char) -> bool {
    let is_mark = || CanonicalCombiningClassMapBorrowed::new().get_u8(sign) != 0;
    sign.is_ascii_alphanumeric() || !sign.is_ascii() && (sign.is_alphanumeric() || is_mark())
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
    fn one_address_is_one() {
        for one in [
            "kim@example.com",
            "k.i-m+x_y'z@mail.example.co.uk",
            "1@2.example",
            "zo\u{eb}@m\u{fc}ller.example",
            "\u{4f60}\u{597d}@\u{4f8b}\u{5b50}.\u{6d4b}\u{8bd5}",
            "\u{915}\u{94d}\u{937}@example.com",
            "kim@xn--mller-kva.example",
        ] {
            assert!(is_one(&normal(one)), "{one}");
        }
    }

    #[test]
    fn several_addresses_and_odd_ones_are_none() {
        let long = |bytes: usize| "a".repeat(bytes);
        let odd = [
            "",
            "kim",
            "@example.com",
            "kim@",
            "kim@example",
            "kim@@example.com",
            "kim@a@example.com",
            "kim@a.example, eve@b.example",
            "kim@a.example,eve@b.example",
            "kim@a.example;eve@b.example",
            "kim@a.example eve@b.example",
            "Kim <kim@example.com>",
            "<kim@example.com>",
            "kim(x)@example.com",
            "\"kim\"@example.com",
            "\"a b\"@example.com",
            "kim@[127.0.0.1]",
            "kim@127.0.0.1",
            "kim@example.1",
            ".kim@example.com",
            "kim.@example.com",
            "k..im@example.com",
            "kim@.example.com",
            "kim@example.com.",
            "kim@example..com",
            "kim@-a.example",
            "kim@a-.example",
            "kim@exam_ple.com",
            "kim@example.com:25",
            "ki\rm@example.com",
            "kim@example.com\r\nBcc: eve@b.example",
            "ki\0m@example.com",
            "ki\tm@example.com",
            "ki\u{200b}m@example.com",
            "ki\u{202e}m@example.com",
            "kim@exam\u{ad}ple.com",
            "ki\u{a0}m@example.com",
            "kim\u{ff20}example.com",
            "kim@example\u{3002}com",
            "kim@example\u{ff0e}com",
            "ki\\m@example.com",
            "kim@a.example\u{ff0c}eve",
            "ki\u{fffd}m@example.com",
            "mailto:kim@example.com",
        ];
        for one in odd {
            assert!(!is_one(&normal(one)), "{one:?}");
        }
        assert!(is_one(&format!("{}@example.com", long(64))));
        assert!(!is_one(&format!("{}@example.com", long(65))));
        assert!(is_one(&format!("kim@{}.example", long(63))));
        assert!(!is_one(&format!("kim@{}.example", long(64))));
        let host = [&*long(63), &long(63), &long(63), &long(63)].join(".");
        assert!(!is_one(&format!("kim@{host}.example")));
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

//! Passwords: what makes a good one, and how they are kept.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use domain::FieldError;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use zxcvbn::{Score, zxcvbn};

use crate::{ServiceResult, hashing::Hashing, ports::StoreError};

/// Fewest characters of a password.
const MIN_PASSWORD_CHARS: usize = 8;
/// Most bytes of a password: longer ones only cost time.
const MAX_PASSWORD_BYTES: usize = 1_024;
/// How hard it must be to guess, of four: at two it withstands an attacker who may try online.
const LEAST_SCORE: Score = Score::Two;
/// Characters that are looked at: judging takes longer the longer a text is.
const JUDGED_CHARS: usize = 100;

/// A password as it is judged and hashed: the same whatever keyboard it was typed on. RFC 8265 calls this the profile
/// `OpaqueString`: spaces of other scripts are the plain one, letters and their marks are composed (NFC).
fn prepared(password: &str) -> String {
    let spaced: String = password
        .chars()
        .map(|letter| if is_other_space(letter) { ' ' } else { letter })
        .collect();
    ComposingNormalizer::new_nfc()
        .normalize(&spaced)
        .into_owned()
}

/// Spaces (Unicode's category Zs) besides that of ASCII.
const fn is_other_space(letter: char) -> bool {
    matches!(
        letter,
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// How a password that is kept may have been typed when it was hashed: as it is prepared now; before that was done, as
/// it came, with letters and marks composed or apart. Of ASCII there is one.
fn candidates(password: String) -> Vec<String> {
    let apart = DecomposingNormalizer::new_nfd()
        .normalize(&password)
        .into_owned();
    let composed = ComposingNormalizer::new_nfc()
        .normalize(&password)
        .into_owned();
    let mut candidates = vec![prepared(&password)];
    for other in [password, composed, apart] {
        if !candidates.contains(&other) {
            candidates.push(other);
        }
    }
    candidates
}

/// Checks a password that someone chose. What is known of them must not be what it is made of.
pub(crate) fn check_password(password: &str, known: &[&str], errors: &mut Vec<FieldError>) {
    let password = prepared(password);
    if password.chars().count() < MIN_PASSWORD_CHARS || password.len() > MAX_PASSWORD_BYTES {
        let rule = format!("must have {MIN_PASSWORD_CHARS} characters or more");
        errors.push(FieldError::invalid("password", rule));
        return;
    }
    let judged: String = password.chars().take(JUDGED_CHARS).collect();
    let estimate = zxcvbn(&judged, known);
    if estimate.score() < LEAST_SCORE {
        let why = estimate
            .feedback()
            .and_then(zxcvbn::feedback::Feedback::warning)
            .map_or_else(String::new, |warning| format!(" ({warning})"));
        let rule = format!(
            "is too easy to guess{why}: use several words that have nothing to do with each other"
        );
        errors.push(FieldError::new("password", "weak", rule));
    }
}

/// Makes the hash of a password that is kept.
///
/// # Errors
/// [`crate::ServiceError::Busy`] when too many wait for it.
pub(crate) async fn hash_password(hashing: &Hashing, password: &str) -> ServiceResult<String> {
    let password = prepared(password);
    hashing.run(move || hashed(&password)).await?
}

/// What a password is, held against a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is another one.
    Wrong,
    /// It is the right one.
    Right,
    /// It is the right one, and its hash is of a time when passwords were hashed as they were typed: make it anew.
    Outdated,
}

/// Whether a password is right. Without a hash it is wrong, and that takes as long.
///
/// # Errors
/// [`crate::ServiceError::Busy`] when too many wait for it.
pub(crate) async fn verify_password(
    hashing: &Hashing,
    password: String,
    hash: Option<String>,
) -> ServiceResult<Verdict> {
    let hash = hash.filter(|hash| !hash.is_empty());
    let verdict = hashing.run(move || {
        let candidates = candidates(password);
        let Some(hash) = hash else {
            for candidate in &candidates {
                hashed(candidate)?;
            }
            return Ok(Verdict::Wrong);
        };
        let found = candidates
            .iter()
            .position(|candidate| is_hash_of(&hash, candidate));
        Ok(match found {
            Some(0) => Verdict::Right,
            Some(_) => Verdict::Outdated,
            None => Verdict::Wrong,
        })
    });
    verdict.await?
}

fn hashed(password: &str) -> ServiceResult<String> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| StoreError::new(error.to_string()))?;
    Ok(hash.to_string())
}

fn is_hash_of(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::composed("Stra\u{DF}en\u{FC}bung im Nebel", "Stra\u{DF}enu\u{308}bung im Nebel")]
    #[case::hangul(
        "\u{D55C}\u{AE00} 2026 abc",
        "\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF} 2026 abc"
    )]
    #[case::angstrom("\u{C5}ngstrom forever", "\u{212B}ngstrom forever")]
    #[case::spaces("three little words", "three\u{A0}little\u{3000}words")]
    fn one_password_is_prepared_alike_however_it_is_typed(#[case] one: &str, #[case] other: &str) {
        assert_ne!(one, other);
        assert_eq!(prepared(one), prepared(other));
    }

    #[rstest]
    #[case::case("Correct horse", "correct horse")]
    #[case::accent("m\u{FC}sli am morgen", "musli am morgen")]
    #[case::sharp_s("stra\u{DF}e", "strasse")]
    #[case::width("\u{FF11}\u{FF12}\u{FF13}", "123")]
    #[case::edge(" password", "password")]
    fn what_is_another_password_stays_another(#[case] one: &str, #[case] other: &str) {
        assert_ne!(prepared(one), prepared(other));
    }

    #[test]
    fn length_is_counted_in_letters_as_they_are_kept() {
        // Four letters with a mark each are four characters, not eight.
        let mut errors = Vec::new();
        check_password("u\u{308}o\u{308}a\u{308}e\u{301}", &[], &mut errors);
        assert!(errors[0].message.contains("8 characters"), "{errors:?}");
    }

    #[tokio::test]
    async fn a_hash_of_a_password_as_it_was_typed_is_known_and_outdated() {
        let (composed, apart) = ("gr\u{FC}ne Katzen tanzen", "gru\u{308}ne Katzen tanzen");
        let hashing = Hashing::default();
        let verdict = async |hash: &str, typed: &str| {
            verify_password(&hashing, typed.to_owned(), Some(hash.to_owned()))
                .await
                .unwrap()
        };
        let new = hash_password(&hashing, apart).await.unwrap();
        let old = hashed(apart).unwrap();
        for typed in [composed, apart] {
            assert_eq!(verdict(&new, typed).await, Verdict::Right, "{typed}");
            assert_eq!(verdict(&old, typed).await, Verdict::Outdated, "{typed}");
            assert_eq!(verdict(&new, "grune Katzen tanzen").await, Verdict::Wrong);
        }
    }
}

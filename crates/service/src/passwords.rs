//! Passwords: what makes a good one, and how they are kept.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use domain::FieldError;
use zxcvbn::{Score, zxcvbn};

use crate::{ServiceResult, ports::StoreError};

/// Fewest characters of a password.
const MIN_PASSWORD_CHARS: usize = 8;
/// Most bytes of a password: longer ones only cost time.
const MAX_PASSWORD_BYTES: usize = 1_024;
/// How hard it must be to guess, of four: at two it withstands an attacker who may try online.
const LEAST_SCORE: Score = Score::Two;
/// Characters that are looked at: judging takes longer the longer a text is.
const JUDGED_CHARS: usize = 100;

/// Checks a password that someone chose. What is known of them must not be what it is made of.
pub(crate) fn check_password(password: &str, known: &[&str], errors: &mut Vec<FieldError>) {
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
        let rule = format!("is too easy to guess{why}: use several words that do not go together");
        errors.push(FieldError::new("password", "weak", rule));
    }
}

/// Hashing takes tens of milliseconds on purpose, so it runs beside the async threads.
pub(crate) async fn hash_password(password: String) -> ServiceResult<String> {
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
    });
    match hashed.await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(error)) => Err(StoreError::new(error.to_string()).into()),
        Err(error) => Err(StoreError::new(error).into()),
    }
}

/// Whether a password is right. Without a hash it is wrong, and that takes as long.
pub(crate) async fn verify_password(password: String, hash: Option<String>) -> ServiceResult<bool> {
    let Some(hash) = hash.filter(|hash| !hash.is_empty()) else {
        hash_password(password).await?;
        return Ok(false);
    };
    let verified = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
    });
    verified
        .await
        .map_err(|error| StoreError::new(error).into())
}

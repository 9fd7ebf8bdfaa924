//! Names of things: stored numbers and the keys people and programs use.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id!(
    /// An account's stored number.
    AccountId
);
number_id!(
    /// A company's stored number; 0 is never a company.
    CompanyId
);
number_id!(
    /// A user's stored number.
    UserId
);
number_id!(
    /// The order in which events became durable; unique in a database and growing.
    Seq
);

impl Default for Seq {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);
}

/// A company's key in its account, as programs and URLs name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CompanyKey(pub String);

impl fmt::Display for CompanyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Longest key of an account, company, plan or activity.
pub const KEY_MAX_CHARS: usize = 64;

/// Checks a key: 1 to 64 of `a-z A-Z 0-9 _ - .`, starting with a letter or digit.
///
/// # Errors
/// The rule, in words, when the text breaks it.
pub fn check_key(text: &str) -> Result<(), &'static str> {
    let starts_well = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    let all_allowed = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if starts_well && all_allowed && text.len() <= KEY_MAX_CHARS {
        Ok(())
    } else {
        Err("must be 1 to 64 letters, digits, '_', '-' or '.', and start with a letter or digit")
    }
}

/// Checks a text that others chose, such as a reference or an id: 1 to `max_bytes` bytes, no control characters.
///
/// # Errors
/// The rule, in words, when the text breaks it.
pub fn check_text(text: &str, max_bytes: usize) -> Result<(), String> {
    if !text.is_empty() && text.len() <= max_bytes && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(format!(
            "must be a text of 1 to {max_bytes} bytes, without control characters"
        ))
    }
}

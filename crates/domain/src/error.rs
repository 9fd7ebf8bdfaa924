//! Invalid input, told so that its sender can mend it.

use serde::{Deserialize, Serialize};

/// One thing wrong with the input: where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Position in a batch, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// The event's id, when it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The field, with dots into objects: `data.credits`.
    pub field: String,
    /// A word for programs: `required`, `invalid`, `no_rate`, `conflict`, …
    pub reason: String,
    /// What would be right, for people.
    pub message: String,
}

impl FieldError {
    /// An error about one field of a single thing.
    pub fn new(field: impl Into<String>, reason: &str, message: impl Into<String>) -> Self {
        Self {
            index: None,
            id: None,
            field: field.into(),
            reason: reason.to_owned(),
            message: message.into(),
        }
    }

    /// A value that is not of the right form.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "takes a text or an error, whichever is at hand"
    )]
    pub fn invalid(field: impl Into<String>, message: impl ToString) -> Self {
        Self::new(field, "invalid", message.to_string())
    }

    /// The same error, placed in a batch.
    #[must_use]
    pub fn at(mut self, index: usize, id: Option<&str>) -> Self {
        self.index = u32::try_from(index).ok();
        self.id = id.map(str::to_owned);
        self
    }
}

/// Input that was refused whole, with everything wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid input: {}", .0.iter().map(|error| format!("{}: {}", error.field, error.message)).collect::<Vec<_>>().join("; "))]
pub struct Invalid(pub Vec<FieldError>);

impl Invalid {
    /// Input with a single thing wrong.
    pub fn one(field: impl Into<String>, reason: &str, message: impl Into<String>) -> Self {
        Self(vec![FieldError::new(field, reason, message)])
    }

    /// Refuses input with everything that was found wrong with it, if anything was.
    ///
    /// # Errors
    /// What was found.
    pub fn refuse(found: Vec<FieldError>) -> Result<(), Self> {
        if found.is_empty() {
            Ok(())
        } else {
            Err(Self(found))
        }
    }
}

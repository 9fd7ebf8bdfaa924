//! What a use-case can answer besides its result.

use domain::{Invalid, ledger::Decision};

use crate::ports::StoreError;

/// Why a use-case refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The input is wrong; everything wrong with it.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Nothing there, or nothing the caller may see.
    #[error("not found")]
    NotFound,
    /// The caller is not known.
    #[error("not signed in")]
    Unauthenticated,
    /// The caller is known and may not do this; says what would be needed.
    #[error("{0}")]
    Forbidden(String),
    /// It clashes with what is stored; says with what.
    #[error("{0}")]
    Conflict(String),
    /// It was changed by somebody since the caller read it.
    #[error("this was changed meanwhile: read it again")]
    Stale,
    /// A limit does not allow it.
    #[error("denied: {}", .0.reason.id())]
    Denied(Box<Decision>),
    /// Too much work is waiting.
    #[error("too much work is waiting")]
    Busy {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// The database failed; the text is for the log only.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Crowded { retry_after_s } => Self::Busy { retry_after_s },
            other => Self::Store(other),
        }
    }
}

/// The answer of a use-case.
pub type ServiceResult<T> = Result<T, ServiceError>;

impl ServiceError {
    /// Input with a single thing wrong.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "takes a text or an error, whichever is at hand"
    )]
    pub fn invalid(field: impl Into<String>, message: impl ToString) -> Self {
        Self::Invalid(Invalid::one(field, "invalid", message.to_string()))
    }
}

/// Writes a failure to the log, once, where it is turned into an answer that hides it.
pub fn log_failure(error: &StoreError) {
    tracing::error!(%error, "a request failed");
}

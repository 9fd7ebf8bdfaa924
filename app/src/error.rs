//! What a server function can answer besides its result.

use std::fmt;

use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::packed::Packed;

/// Why something could not be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppError {
    /// Nobody is signed in, or the session has ended.
    SignedOut,
    /// Nothing there, or nothing this person may see.
    NotFound,
    /// The view asked for cannot be right, and what would be.
    Invalid(String),
    /// The server has too much to do.
    Busy,
    /// The server cannot be reached.
    Offline,
    /// The server failed; the cause is in its log.
    Failed,
    /// There are too many live pages to follow another one.
    TooMany,
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignedOut => "Your session has ended.",
            Self::NotFound => "There is nothing here that you can see.",
            Self::Invalid(_) => "This view is not possible.",
            Self::Busy => "The server is busy.",
            Self::Offline => "The server cannot be reached.",
            Self::Failed => "Something went wrong on our side.",
            Self::TooMany => "Too many live pages.",
        })
    }
}

impl AppError {
    /// What to do next.
    pub fn advice(&self) -> String {
        match self {
            Self::SignedOut => "Sign in again to go on.".to_owned(),
            Self::NotFound => "Check the address, or go back to your own account.".to_owned(),
            Self::Invalid(advice) => advice.clone(),
            Self::Busy | Self::Failed => {
                "Try again in a moment. Nothing that was recorded is lost.".to_owned()
            }
            Self::TooMany => "Close pages that you do not need.".to_owned(),
            Self::Offline => {
                "Check your connection; the page goes on by itself once it is back.".to_owned()
            }
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = Packed;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Offline,
            _ => Self::Failed,
        }
    }
}

#[cfg(feature = "ssr")]
impl From<service::ServiceError> for AppError {
    fn from(error: service::ServiceError) -> Self {
        use service::{ServiceError, ports::StoreError};
        match error {
            ServiceError::Invalid(domain::Invalid(errors)) => Self::Invalid(
                errors
                    .iter()
                    .map(|error| format!("{} {}.", error.field, error.message))
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
            ServiceError::NotFound
            | ServiceError::Forbidden(_)
            | ServiceError::Conflict(_)
            | ServiceError::Stale
            | ServiceError::Denied(_) => Self::NotFound,
            ServiceError::Unauthenticated => Self::SignedOut,
            ServiceError::Busy { .. } => Self::Busy,
            ServiceError::Store(error) => {
                service::log_failure(&error);
                match error {
                    StoreError::Unavailable(_) => Self::Busy,
                    StoreError::Failed(_) | StoreError::OutOfRange(_) => Self::Failed,
                }
            }
        }
    }
}

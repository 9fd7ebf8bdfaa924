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
    /// More was sent than is taken.
    TooLarge,
    /// What was sent did not arrive in time.
    TooSlow,
    /// A call that cannot be read: of another version of the page, or of no page.
    Unreadable,
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
            Self::TooLarge => "This is too large.",
            Self::TooSlow => "This took too long to arrive.",
            Self::Unreadable => "This call cannot be read.",
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
            Self::TooLarge => {
                "A form takes up to 64 kilobytes. Go back and send less: a smaller logo, or less text.".to_owned()
            }
            Self::TooSlow => {
                "Nothing was changed. Check your connection, go back, and send it again.".to_owned()
            }
            Self::Unreadable => "Reload the page.".to_owned(),
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
            // On the server they are about the call; in the browser they would be about its answer.
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Self::Unreadable,
            _ => Self::Failed,
        }
    }
}

#[cfg(feature = "ssr")]
impl AppError {
    /// The status of an answer that says this.
    pub const fn status(&self) -> http::StatusCode {
        use http::StatusCode;
        match self {
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Busy | Self::Offline => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
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
                    StoreError::Unavailable(_) | StoreError::Crowded { .. } => Self::Busy,
                    StoreError::Failed(_) | StoreError::OutOfRange(_) => Self::Failed,
                }
            }
        }
    }
}

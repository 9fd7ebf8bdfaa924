//! Errors as RFC 9457 problems. This is the one place that turns a refusal into HTTP.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    Credits, FieldError, Invalid,
    ledger::{Decision, Limit, Reason, Remedy},
};
use serde::Serialize;
use service::{ServiceError, error::log_failure, ports::StoreError};
use utoipa::ToSchema;

/// Media type of every error.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// Most errors of one answer: with more, the sender's program is wrong and the first ones show how.
const MAX_ERRORS: usize = 10_000;
/// When to try again what the database could not do.
const UNAVAILABLE_RETRY_AFTER_S: u32 = 5;

/// The kinds of problem. Their names are stable: programs may act on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No or a wrong key.
    Unauthenticated,
    /// The key may not do this.
    Forbidden,
    /// Not there, or someone else's.
    NotFound,
    /// The path knows other methods.
    MethodNotAllowed,
    /// It clashes with what is stored.
    Conflict,
    /// It is another version by now.
    Stale,
    /// The body took too long to arrive.
    TooSlow,
    /// The body is too large.
    TooLarge,
    /// The body's media type is not known here.
    UnsupportedMediaType,
    /// The request can be read and is wrong.
    Invalid,
    /// A limit does not allow it.
    Denied,
    /// Too often.
    TooManyRequests,
    /// The server failed.
    Internal,
    /// Too much work is waiting.
    Busy,
}

impl Kind {
    /// All kinds, by status.
    pub const ALL: [Self; 14] = [
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TooSlow,
        Self::Conflict,
        Self::Stale,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Denied,
        Self::Invalid,
        Self::TooManyRequests,
        Self::Internal,
        Self::Busy,
    ];

    /// The last part of its `type` URI, its title and its status.
    pub const fn words(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::Unauthenticated => (
                "unauthenticated",
                "An API key is needed",
                StatusCode::UNAUTHORIZED,
            ),
            Self::Forbidden => ("forbidden", "Not allowed", StatusCode::FORBIDDEN),
            Self::NotFound => ("not-found", "Not found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                "Method not allowed",
                StatusCode::METHOD_NOT_ALLOWED,
            ),
            Self::Conflict => (
                "conflict",
                "In conflict with what is stored",
                StatusCode::CONFLICT,
            ),
            Self::Stale => (
                "stale",
                "Changed meanwhile",
                StatusCode::PRECONDITION_FAILED,
            ),
            Self::TooSlow => (
                "too-slow",
                "The request took too long",
                StatusCode::REQUEST_TIMEOUT,
            ),
            Self::TooLarge => ("too-large", "Too large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                "Unsupported media type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ),
            Self::Invalid => (
                "invalid",
                "Invalid request",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Self::Denied => ("denied", "Not enough credits", StatusCode::PAYMENT_REQUIRED),
            Self::TooManyRequests => (
                "too-many-requests",
                "Too many requests",
                StatusCode::TOO_MANY_REQUESTS,
            ),
            Self::Internal => (
                "internal",
                "The server failed",
                StatusCode::INTERNAL_SERVER_ERROR,
            ),
            Self::Busy => (
                "busy",
                "The server is busy",
                StatusCode::SERVICE_UNAVAILABLE,
            ),
        }
    }
}

impl Kind {
    /// The kind that is answered with a status.
    pub fn of_status(status: StatusCode) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.words().2 == status)
    }
}

/// An error as it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: Kind,
    detail: String,
    errors: Vec<FieldError>,
    denial: Option<Box<Denial>>,
    retry_after_s: Option<u32>,
}

/// Why a limit does not allow something, in the words of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Denial {
    /// `out_of_credits`, `company_budget_reached`, `agent_cap_reached` or `account_suspended`.
    #[schema(value_type = String, example = "out_of_credits")]
    pub reason: Reason,
    /// What the tightest limit still lets through; null when any amount could be spent.
    #[schema(required, value_type = Option<String>, example = "0")]
    pub remaining: Option<Credits>,
    /// Whether any amount could be spent: of a suspended account that may go past its credits without end.
    #[schema(example = false)]
    pub unlimited: bool,
    /// The limit.
    #[schema(required, value_type = Option<Object>)]
    pub limit: Option<Limit>,
    /// What would help: `buy_pack`, `raise_budget` or `wait`.
    #[schema(required, value_type = Option<String>, example = "buy_pack")]
    pub remedy: Option<Remedy>,
}

/// One thing wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct FieldErrorBody {
    /// Position in a batch, from 0.
    pub index: Option<u32>,
    /// The event's id, when it could be read.
    pub id: Option<String>,
    /// The field, with dots into objects.
    #[schema(example = "data.credits")]
    pub field: String,
    /// A stable word for programs.
    #[schema(example = "negative")]
    pub reason: String,
    /// What would be right, for people.
    pub message: String,
}

/// An error as it is written: what [`ProblemSchema`] describes, or [`DeniedProblem`].
#[derive(Debug, Serialize)]
struct ProblemBody {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(flatten)]
    denial: Option<Denial>,
}

/// An error, as RFC 9457 describes it.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "describes what is written by ProblemBody")]
pub struct ProblemSchema {
    /// What kind of problem: a stable relative URI.
    #[schema(example = "/problems/invalid")]
    r#type: String,
    /// The kind in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened here.
    detail: String,
    /// Everything wrong with the request, when it was invalid.
    #[schema(value_type = Option<Vec<FieldErrorBody>>, nullable = false)]
    errors: Option<Vec<FieldErrorBody>>,
}

/// An error that a limit caused: which, and what would help.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written by ProblemBody")]
pub struct DeniedProblem {
    #[serde(flatten)]
    problem: ProblemSchema,
    #[serde(flatten)]
    denial: Denial,
}

impl Problem {
    fn new(kind: Kind, detail: &str) -> Self {
        Self {
            kind,
            detail: detail.to_owned(),
            errors: Vec::new(),
            denial: None,
            retry_after_s: None,
        }
    }

    /// A limit does not allow it.
    pub fn denied(decision: &Decision) -> Self {
        let detail = match decision.reason {
            Reason::CompanyBudgetReached => {
                "the company's budget of this billing cycle has too few credits remaining: raise it"
            }
            Reason::AgentCapReached => {
                "the agent's cap of this billing cycle has too few credits remaining: raise it"
            }
            Reason::AccountSuspended => "the account is suspended: ask the platform's operator",
            Reason::OutOfCredits | Reason::Ok => {
                "the account has too few credits remaining: buy a pack or a larger plan"
            }
        };
        Self {
            denial: Some(Box::new(Denial {
                reason: decision.reason,
                remaining: decision.remaining,
                unlimited: decision.is_unlimited(),
                limit: decision.limit,
                remedy: decision.remedy,
            })),
            ..Self::new(Kind::Denied, detail)
        }
    }

    /// No or a wrong key.
    pub fn unauthenticated() -> Self {
        Self::new(
            Kind::Unauthenticated,
            "send an API key that is known and not revoked: Authorization: Bearer cs_…",
        )
    }

    /// The caller may not do this.
    pub fn forbidden(detail: &str) -> Self {
        Self::new(Kind::Forbidden, detail)
    }

    /// Not there, or someone else's: the two must not be told apart.
    pub fn not_found() -> Self {
        Self::new(
            Kind::NotFound,
            "there is nothing here, or nothing that this caller may see",
        )
    }

    /// The path knows other methods.
    pub fn method_not_allowed() -> Self {
        Self::new(
            Kind::MethodNotAllowed,
            "the header Allow names the methods that this path takes",
        )
    }

    /// It clashes with what is stored or running.
    pub fn conflict(detail: &str) -> Self {
        Self::new(Kind::Conflict, detail)
    }

    /// It is another version by now.
    pub fn stale() -> Self {
        Self::new(
            Kind::Stale,
            "it is not the version that If-Match names, and nothing was stored: read it again, then decide",
        )
    }

    /// The body is too large.
    pub fn too_large() -> Self {
        Self::new(
            Kind::TooLarge,
            "a batch of events may have at most 8 MiB and 10,000 events, a check or a hold 64 KiB, and any other request 1 MiB: send several",
        )
    }

    /// The body took too long to arrive.
    pub fn too_slow() -> Self {
        Self::new(
            Kind::TooSlow,
            "the body did not arrive in time, and nothing was done: send it again",
        )
    }

    /// The body's media type is not known here.
    pub fn unsupported_media_type(detail: &str) -> Self {
        Self::new(Kind::UnsupportedMediaType, detail)
    }

    /// The request can be read and is wrong.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => "one thing is wrong: see errors".to_owned(),
            count => format!("{count} things are wrong: see errors"),
        };
        Self {
            errors,
            ..Self::new(Kind::Invalid, &detail)
        }
    }

    /// The request has a single thing wrong.
    pub fn invalid_field(field: &str, reason: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(field, reason, message)])
    }

    /// Too often.
    pub fn too_many(detail: &str, retry_after_s: u32) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            ..Self::new(Kind::TooManyRequests, detail)
        }
    }

    /// The server failed; why is for its log only.
    pub fn internal() -> Self {
        Self::new(
            Kind::Internal,
            "the fault is ours; x-request-id helps us find it",
        )
    }

    /// Too much work is waiting.
    pub fn busy(retry_after_s: u32) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            ..Self::new(Kind::Busy, "too much work is waiting: try again later")
        }
    }

    /// The database cannot work now: the disk is full, for example.
    fn unavailable() -> Self {
        Self::busy(UNAVAILABLE_RETRY_AFTER_S)
            .with_detail("the database cannot take this now; nothing was stored: try again later")
    }

    /// The same problem, told differently.
    #[must_use]
    pub fn with_detail(mut self, detail: &str) -> Self {
        detail.clone_into(&mut self.detail);
        self
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.0)
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Invalid(invalid) => invalid.into(),
            ServiceError::NotFound => Self::not_found(),
            ServiceError::Unauthenticated => Self::unauthenticated(),
            ServiceError::Forbidden(needed) => Self::forbidden(&needed),
            ServiceError::Conflict(with) => Self::conflict(&with),
            ServiceError::Stale => Self::stale(),
            ServiceError::Denied(decision) => Self::denied(&decision),
            ServiceError::Busy { retry_after_s } => Self::busy(retry_after_s),
            ServiceError::Store(error) => {
                log_failure(&error);
                match error {
                    StoreError::Unavailable(_) => Self::unavailable(),
                    StoreError::Crowded { retry_after_s } => Self::busy(retry_after_s),
                    StoreError::Failed(_) | StoreError::OutOfRange(_) => Self::internal(),
                }
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let (name, title, status) = self.kind.words();
        self.errors.truncate(MAX_ERRORS);
        let body = ProblemBody {
            kind: format!("/problems/{name}"),
            title,
            status: status.as_u16(),
            detail: self.detail,
            errors: self.errors,
            denial: self.denial.map(|denial| *denial),
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == Kind::Unauthenticated {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"creditscope\""),
            );
        }
        response
    }
}

/// What a handler answers.
pub type Answer<T> = Result<T, Problem>;

//! In which form an answer is wanted.

use axum::http::{HeaderMap, header};

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON document.
    Json,
    /// Comma-separated values, streamed.
    Csv,
    /// A JSON document a line, streamed.
    Ndjson,
}

impl Format {
    /// All forms.
    pub const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::Ndjson];

    /// Its name in a query string.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// Its media type with all that there is to say of it, for a file.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json | Self::Ndjson => self.media_type(),
        }
    }

    /// The first one that the `Accept` header names; JSON when it names none.
    pub fn accepted(headers: &HeaderMap) -> Self {
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let mut kinds = accept.split(',').filter_map(|kind| kind.split(';').next());
        kinds
            .find_map(|kind| {
                let is_it = |format: &Self| format.media_type().eq_ignore_ascii_case(kind.trim());
                Self::ALL.into_iter().find(is_it)
            })
            .unwrap_or(Self::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_that_is_known_is_taken() {
        let accepted = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            Format::accepted(&headers)
        };
        assert_eq!(accepted("text/html, Text/CSV;q=0.9, */*"), Format::Csv);
        assert_eq!(accepted("application/x-ndjson"), Format::Ndjson);
        assert_eq!(accepted("application/json, text/csv"), Format::Json);
        assert_eq!(accepted("*/*"), Format::Json);
        assert_eq!(Format::accepted(&HeaderMap::new()), Format::Json);
    }
}

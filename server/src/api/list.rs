//! Lists: a page of items and the cursor of the next one.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::ids::check_key;
use serde::Serialize;
use service::accounts::Put;
use utoipa::{IntoParams, ToSchema};

use super::{problem::Problem, query::Rest};
use crate::hex::hex;

/// Items of a page unless asked otherwise.
pub const DEFAULT_LIMIT: u32 = 50;
/// Most items of a page.
pub const MAX_LIMIT: u32 = 1_000;

/// The parameters of every list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query string; Rest reads it")]
pub struct ListParams {
    /// Items of the page, 1 to 1,000; 50 when left out.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T: ToSchema> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Which page of a list that is sorted by key.
#[derive(Debug)]
pub struct KeyPage {
    /// Items of the page.
    limit: u32,
    /// The key before the first item.
    pub after: Option<String>,
}

impl KeyPage {
    /// Takes a page's place from a query string.
    pub fn take(rest: &mut Rest) -> Result<Self, Problem> {
        let limit = rest.limit();
        let after = rest.take("cursor").map(|text| decode(&text)).transpose()?;
        Ok(Self { limit, after })
    }

    /// How many items to read: one more than asked for tells whether there is a next page.
    pub const fn to_read(&self) -> u32 {
        self.limit + 1
    }

    /// Makes the page of what was read.
    pub fn page<S, T: ToSchema>(
        &self,
        mut read: Vec<S>,
        key: impl Fn(&S) -> &str,
        item: impl Fn(S) -> T,
    ) -> Page<T> {
        let limit = self.limit as usize;
        let has_more = read.len() > limit;
        read.truncate(limit);
        let next_cursor = read
            .last()
            .filter(|_| has_more)
            .map(|last| hex(key(last).as_bytes()));
        Page {
            items: read.into_iter().map(item).collect(),
            next_cursor,
        }
    }
}

/// A cursor is opaque to clients, so that what lists are sorted by may change.
fn decode(cursor: &str) -> Result<String, Problem> {
    let not_one =
        || Problem::invalid_field("cursor", "invalid", domain::cursor::NotACursor.to_string());
    if !cursor.len().is_multiple_of(2) || !cursor.is_ascii() {
        return Err(not_one());
    }
    let bytes = (0..cursor.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&cursor[at..at + 2], 16));
    let bytes = bytes
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| not_one())?;
    String::from_utf8(bytes).map_err(|_| not_one())
}

/// The answer to a create-or-replace: 201 for something new, 200 otherwise.
pub fn put_answer<T, B: Serialize>(put: Put<T>, body: impl Fn(T) -> B) -> Response {
    let status = if put.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    (status, Json(body(put.value))).into_response()
}

/// Refuses a key in a path that no thing can have, before anything is read.
pub fn checked_key(key: &str) -> Result<(), Problem> {
    check_key(key).map_err(|rule| Problem::invalid_field("key", "invalid", rule))
}

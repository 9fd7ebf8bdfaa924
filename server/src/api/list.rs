//! Lists: a page of items and the cursor of the next one.

use std::{fmt::Display, str::FromStr};

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::ids::check_key;
use serde::Serialize;
use service::accounts::Put;
use sha2::{Digest as _, Sha256};
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
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; empty or left out for the first page.
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

/// Which page of a list a query string asks for, before it is known which list.
#[derive(Debug)]
pub struct Paging {
    limit: u32,
    cursor: Option<String>,
}

impl Paging {
    /// Takes the page's size and place from a query string.
    pub fn take(rest: &mut Rest) -> Self {
        Self {
            limit: rest.limit(),
            cursor: rest.take("cursor"),
        }
    }

    /// The page of a list, which is named with whose it is: `orders:acme`.
    ///
    /// # Errors
    /// A cursor that was damaged, or that another list gave out.
    pub fn of<P: FromStr>(self, list: String) -> Result<ListPage<P>, Problem> {
        let after = self
            .cursor
            .map(|cursor| opened(&list, &cursor).and_then(|place| place.parse().ok()))
            .map(|place| place.ok_or_else(not_a_cursor))
            .transpose()?;
        Ok(ListPage {
            list,
            limit: self.limit,
            after,
        })
    }
}

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sorted {
    /// Smallest place first.
    Up,
    /// Greatest place first.
    Down,
}

/// A page of a list that is sorted by places.
#[derive(Debug)]
pub struct ListPage<P> {
    list: String,
    limit: u32,
    /// The place of the last item of the page before.
    pub after: Option<P>,
}

impl<P: Display> ListPage<P> {
    /// How many items to read: one more than asked for tells whether there is a next page.
    pub const fn to_read(&self) -> u32 {
        self.limit + 1
    }

    /// Makes the page of what was read.
    pub fn page<S, T: ToSchema>(
        &self,
        mut read: Vec<S>,
        place: impl Fn(&S) -> P,
        item: impl Fn(S) -> T,
    ) -> Page<T> {
        let limit = self.limit as usize;
        let has_more = read.len() > limit;
        read.truncate(limit);
        let next_cursor = read
            .last()
            .filter(|_| has_more)
            .map(|last| sealed(&self.list, &place(last).to_string()));
        Page {
            items: read.into_iter().map(item).collect(),
            next_cursor,
        }
    }

    /// Makes the page of a short list that was read whole.
    pub fn page_of_all<S, T: ToSchema>(
        &self,
        all: Vec<S>,
        sorted: Sorted,
        place: impl Fn(&S) -> P,
        item: impl Fn(S) -> T,
    ) -> Page<T>
    where
        P: PartialOrd,
    {
        let is_later = |one: &S| {
            self.after.as_ref().is_none_or(|after| match sorted {
                Sorted::Up => place(one) > *after,
                Sorted::Down => place(one) < *after,
            })
        };
        let read = all.into_iter().filter(is_later);
        self.page(read.take(self.to_read() as usize).collect(), &place, item)
    }
}

fn not_a_cursor() -> Problem {
    Problem::invalid_field("cursor", "invalid", domain::cursor::NotACursor.to_string())
}

/// Bytes of a cursor that say which list it belongs to: so many that no damage and no other list fits by chance.
const SEAL_BYTES: usize = 8;

/// What a cursor begins with. It keeps mistakes out, not people: a list shows no one more than their scope.
fn seal(list: &str, place: &str) -> [u8; SEAL_BYTES] {
    let mut hash = Sha256::new();
    hash.update(list);
    hash.update([0]);
    hash.update(place);
    let hash = hash.finalize();
    std::array::from_fn(|at| hash[at])
}

/// A place as clients are given it: opaque, so that what lists are sorted by may change.
fn sealed(list: &str, place: &str) -> String {
    hex(&[&seal(list, place), place.as_bytes()].concat())
}

/// The place that a cursor of this list carries.
fn opened(list: &str, cursor: &str) -> Option<String> {
    let bytes = unhex(cursor)?;
    let (found, place) = bytes.split_at_checked(SEAL_BYTES)?;
    let place = std::str::from_utf8(place).ok()?;
    (seal(list, place) == found).then(|| place.to_owned())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let bytes = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok());
    bytes.collect()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_belongs_to_its_list_and_to_no_other(list: String, other: String, place: String) {
            let cursor = sealed(&list, &place);
            prop_assert_eq!(opened(&list, &cursor), Some(place));
            prop_assert!(list == other || opened(&other, &cursor).is_none());
        }

        #[test]
        fn a_damaged_cursor_is_none(place: String, at: prop::sample::Index, letter in "[0-9a-fz]") {
            let cursor = sealed("orders:acme", &place);
            let at = at.index(cursor.len());
            let damaged = format!("{}{letter}{}", &cursor[..at], &cursor[at + 1..]);
            prop_assert!(damaged == cursor || opened("orders:acme", &damaged).is_none());
            prop_assert!(opened("orders:acme", &cursor[..at]).is_none());
        }

        #[test]
        fn no_text_makes_a_cursor_panic(text: String) {
            let _ = opened("orders:acme", &text);
        }
    }
}

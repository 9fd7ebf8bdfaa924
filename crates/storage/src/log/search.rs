//! Finding the rows of a page.

use domain::{Seq, cursor::Cursor};
use service::ports::Direction;
use sqlx::SqliteConnection;

use super::{Place, cursor};
use crate::{
    error::Result,
    filter::{Between, Filter},
};

/// Rows that are simply looked through before anything cleverer: about a millisecond.
const LOOK_THROUGH: u32 = 2_000;

macro_rules! places {
    ($range:expr, $filter:expr, $order:literal) => {
        concat!(
            "SELECT time, seq ",
            $range,
            " AND ",
            $filter,
            is_listed!(),
            " ORDER BY ",
            $order,
            " LIMIT ?11"
        )
    };
}

const OLDER: &str = places!(log_range!(), event_filter!(), "time DESC, seq DESC");
const NEWER: &str = places!(log_range!(), event_filter!(), "time, seq");
const OLDER_BY_REFERENCE: &str =
    places!(reference_range!(), event_facets!(), "time DESC, seq DESC");
const NEWER_BY_REFERENCE: &str = places!(reference_range!(), event_facets!(), "time, seq");

const OLDER_BY: &str = concat!(
    "SELECT time, seq ",
    log_range!(),
    " ORDER BY time DESC, seq DESC LIMIT 1 OFFSET ?6"
);
const NEWER_BY: &str = concat!(
    "SELECT time, seq ",
    log_range!(),
    " ORDER BY time, seq LIMIT 1 OFFSET ?6"
);

/// Looks for the places of a page, nearest first.
pub(super) struct Search<'a> {
    pub connection: &'a mut SqliteConnection,
    pub filter: Filter,
    pub direction: Direction,
    /// What is still to be looked through.
    pub between: Between,
    pub limit: u32,
    pub found: Vec<Place>,
}

impl Search<'_> {
    /// Rows that match are often near, so some are looked through one by one. When that does not fill the page, matching
    /// rows are rare: then an index or the roll-ups say where they are.
    pub(super) async fn run(&mut self) -> Result<()> {
        if self.filter.is_open() {
            return self.look(self.statement(), self.between).await;
        }
        let Some(rest) = self.beyond(LOOK_THROUGH).await? else {
            return self.look(self.statement(), self.between).await;
        };
        let near = match self.direction {
            Direction::Older => Between {
                after: just_before(rest.before),
                ..self.between
            },
            Direction::Newer => Between {
                before: just_after(rest.after),
                ..self.between
            },
        };
        self.look(self.statement(), near).await?;
        self.between = rest;
        if self.wanted() == 0 {
            Ok(())
        } else if self.filter.references.is_some() {
            self.look(self.reference_statement(), rest).await
        } else {
            self.walk().await
        }
    }

    /// How many places are still wanted.
    pub(super) fn wanted(&self) -> u32 {
        self.limit
            .saturating_sub(u32::try_from(self.found.len()).unwrap_or(u32::MAX))
    }

    /// Adds the nearest matching places of a stretch.
    pub(super) async fn look(&mut self, statement: &'static str, between: Between) -> Result<()> {
        let query = self
            .filter
            .bind::<Place>(statement, between)
            .bind(self.wanted());
        self.found
            .extend(query.fetch_all(&mut *self.connection).await?);
        Ok(())
    }

    /// What lies beyond the nearest `rows` rows, whether they match or not; nothing when there are not so many.
    async fn beyond(&mut self, rows: u32) -> Result<Option<Between>> {
        let statement = match self.direction {
            Direction::Older => OLDER_BY,
            Direction::Newer => NEWER_BY,
        };
        let place: Option<Place> = sqlx::query_as(statement)
            .bind(self.filter.account)
            .bind(self.between.after.time.micros())
            .bind(self.between.after.seq.0)
            .bind(self.between.before.time.micros())
            .bind(self.between.before.seq.0)
            .bind(rows.saturating_sub(1))
            .fetch_optional(&mut *self.connection)
            .await?;
        Ok(place.map(cursor).map(|place| match self.direction {
            Direction::Older => Between {
                before: place,
                ..self.between
            },
            Direction::Newer => Between {
                after: place,
                ..self.between
            },
        }))
    }

    pub(super) fn statement(&self) -> &'static str {
        match self.direction {
            Direction::Older => OLDER,
            Direction::Newer => NEWER,
        }
    }

    fn reference_statement(&self) -> &'static str {
        match self.direction {
            Direction::Older => OLDER_BY_REFERENCE,
            Direction::Newer => NEWER_BY_REFERENCE,
        }
    }
}

fn just_before(place: Cursor) -> Cursor {
    Cursor {
        seq: Seq(place.seq.0.saturating_sub(1)),
        ..place
    }
}

fn just_after(place: Cursor) -> Cursor {
    Cursor {
        seq: Seq(place.seq.0.saturating_add(1)),
        ..place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::{LOG, REFERENCES, assert_searches, steps};

    #[tokio::test]
    async fn places_are_searched_not_scanned() {
        let covered = LOG.replace("USING INDEX", "USING COVERING INDEX");
        for statement in [OLDER, NEWER] {
            assert_searches(statement, &[LOG]).await;
        }
        for statement in [OLDER_BY, NEWER_BY] {
            assert_searches(statement, &[&covered]).await;
        }
        for statement in [OLDER_BY_REFERENCE, NEWER_BY_REFERENCE] {
            assert_searches(statement, &REFERENCES).await;
        }
    }

    #[tokio::test]
    async fn pages_need_no_sorting() {
        for statement in [OLDER, NEWER, OLDER_BY, NEWER_BY] {
            let steps = steps(statement).await;
            assert!(
                !steps.iter().any(|step| step.contains("ORDER BY")),
                "{steps:?}"
            );
        }
    }
}

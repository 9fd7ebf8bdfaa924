//! Finding rare rows: the roll-ups say in which buckets there are any.

use domain::{
    Time, TimeRange,
    time::{BUCKET_US, DAY_US},
};
use service::ports::Direction;

use super::search::Search;
use crate::{error::Result, filter::Between};

/// The first stretch that is asked for buckets; each further one is [`WIDER`] times as long.
const FIRST_STRETCH_US: i64 = DAY_US;
/// Few steps where rows are far apart, little waste where they are near.
const WIDER: i64 = 4;
/// Buckets of one answer.
const BUCKETS: i64 = 256;
/// Bucket edges exist between these instants; nothing is recorded beyond.
const EDGES: i64 = i64::MAX / 2;

macro_rules! buckets {
    ($order:literal) => {
        concat!(
            "SELECT start FROM account_bucket WHERE account_id = ?1 AND start >= ?2 AND start < ?3 AND ",
            total_filter!(), " GROUP BY start ORDER BY start ", $order, " LIMIT ?6"
        )
    };
}

macro_rules! company_buckets {
    ($order:literal) => {
        concat!(
            "SELECT u.start FROM (SELECT DISTINCT start FROM account_bucket
                WHERE account_id = ?1 AND start >= ?2 AND start < ?3 AND ",
            total_filter!(),
            ") AS any_company
            CROSS JOIN usage_bucket AS u ON u.account_id = ?1 AND u.start = any_company.start
                AND u.company_id IN (SELECT value FROM json_each(?7))
            WHERE ",
            total_filter!(),
            " GROUP BY u.start ORDER BY u.start ",
            $order,
            " LIMIT ?6"
        )
    };
}

const OLDER_BUCKETS: &str = buckets!("DESC");
const NEWER_BUCKETS: &str = buckets!("ASC");
const OLDER_COMPANY_BUCKETS: &str = company_buckets!("DESC");
const NEWER_COMPANY_BUCKETS: &str = company_buckets!("ASC");

impl Search<'_> {
    /// Looks only into buckets that hold matching rows, stretch by stretch, until the page is full.
    pub(super) async fn walk(&mut self) -> Result<()> {
        let mut rest = TimeRange::new(
            floor(self.between.after.time),
            floor(self.between.before.time).plus_micros(BUCKET_US),
        );
        let mut stretch_us = FIRST_STRETCH_US;
        while !rest.is_empty() && self.wanted() > 0 {
            let stretch = nearest(rest, stretch_us, self.direction);
            let buckets = self.buckets(stretch).await?;
            for run in runs(&buckets) {
                self.look(self.statement(), Between::of(run).and(self.between))
                    .await?;
                if self.wanted() == 0 {
                    return Ok(());
                }
            }
            let seen = match buckets.last() {
                Some(last) if i64::try_from(buckets.len()).is_ok_and(|count| count >= BUCKETS) => {
                    up_to(stretch, *last, self.direction)
                }
                _ => stretch,
            };
            rest = without(rest, seen, self.direction);
            stretch_us = stretch_us.saturating_mul(WIDER);
        }
        Ok(())
    }

    /// The starts of buckets with matching rows, nearest first.
    async fn buckets(&mut self, stretch: TimeRange) -> Result<Vec<i64>> {
        let statement = match (self.direction, &self.filter.companies) {
            (Direction::Older, None) => OLDER_BUCKETS,
            (Direction::Newer, None) => NEWER_BUCKETS,
            (Direction::Older, Some(_)) => OLDER_COMPANY_BUCKETS,
            (Direction::Newer, Some(_)) => NEWER_COMPANY_BUCKETS,
        };
        let query = sqlx::query_scalar(statement)
            .bind(self.filter.account)
            .bind(stretch.start.micros())
            .bind(stretch.end.micros())
            .bind(self.filter.agents)
            .bind(&self.filter.activities)
            .bind(BUCKETS)
            .bind(&self.filter.companies);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}

fn floor(time: Time) -> Time {
    Time::from_micros(time.micros().clamp(-EDGES, EDGES)).bucket()
}

/// The end of `rest` where reading goes on.
fn nearest(rest: TimeRange, length_us: i64, direction: Direction) -> TimeRange {
    match direction {
        Direction::Older => {
            TimeRange::new(rest.start.max(rest.end.plus_micros(-length_us)), rest.end)
        }
        Direction::Newer => {
            TimeRange::new(rest.start, rest.end.min(rest.start.plus_micros(length_us)))
        }
    }
}

/// As much of a stretch as was seen when its answer was cut at `last`.
fn up_to(stretch: TimeRange, last: i64, direction: Direction) -> TimeRange {
    let last = Time::from_micros(last);
    match direction {
        Direction::Older => TimeRange::new(last, stretch.end),
        Direction::Newer => TimeRange::new(stretch.start, last.plus_micros(BUCKET_US)),
    }
}

fn without(rest: TimeRange, seen: TimeRange, direction: Direction) -> TimeRange {
    match direction {
        Direction::Older => TimeRange::new(rest.start, seen.start),
        Direction::Newer => TimeRange::new(seen.end, rest.end),
    }
}

/// Neighbouring buckets as one range.
fn runs(buckets: &[i64]) -> Vec<TimeRange> {
    let mut runs: Vec<TimeRange> = Vec::new();
    for start in buckets {
        let bucket = TimeRange::new(
            Time::from_micros(*start),
            Time::from_micros(*start).plus_micros(BUCKET_US),
        );
        match runs.last_mut() {
            Some(run) if run.end == bucket.start => run.end = bucket.end,
            Some(run) if run.start == bucket.end => run.start = bucket.start,
            _ => runs.push(bucket),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::assert_searches;

    #[tokio::test]
    async fn buckets_are_searched_not_scanned() {
        let range =
            "SEARCH account_bucket USING PRIMARY KEY (account_id=? AND start>? AND start<?)";
        let company = "SEARCH u USING PRIMARY KEY (account_id=? AND start=? AND company_id=?)";
        for statement in [OLDER_BUCKETS, NEWER_BUCKETS] {
            assert_searches(statement, &[range]).await;
        }
        for statement in [OLDER_COMPANY_BUCKETS, NEWER_COMPANY_BUCKETS] {
            assert_searches(statement, &[range, company]).await;
        }
    }

    #[test]
    fn neighbouring_buckets_are_one_run_in_either_direction() {
        let range = |start, end| {
            TimeRange::new(
                Time::from_micros(start * BUCKET_US),
                Time::from_micros(end * BUCKET_US),
            )
        };
        let starts = |numbers: &[i64]| {
            numbers
                .iter()
                .map(|number| number * BUCKET_US)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            runs(&starts(&[9, 8, 5, 4, 1])),
            [range(8, 10), range(4, 6), range(1, 2)]
        );
        assert_eq!(runs(&starts(&[1, 4, 5])), [range(1, 2), range(4, 6)]);
    }
}

//! Cuts a range into parts that roll-ups answer exactly, and reads them as one.

use domain::{AccountId, Time, TimeRange, calendar::Zone, usage::Totals};

use crate::ports::{Cell, Grain, GroupBy, Selection, Snapshot, StoreResult};

/// Cuts `range` into whole days of `zone` (when given), whole buckets, and what is left at the edges.
///
/// The parts are in order, do not overlap, and cover the range.
pub(crate) fn split(range: TimeRange, zone: Option<&Zone>) -> Vec<(TimeRange, Grain)> {
    let buckets = inner(range, range.start.bucket_ceil(), range.end.bucket());
    let days = zone.map(|zone| {
        let first = zone.day_of(buckets.start);
        let first = if first == buckets.start {
            first
        } else {
            next_day(first, zone)
        };
        inner(buckets, first, zone.day_of(buckets.end))
    });
    let days = days.unwrap_or(TimeRange::new(buckets.end, buckets.end));
    let parts = [
        (TimeRange::new(range.start, buckets.start), Grain::Event),
        (TimeRange::new(buckets.start, days.start), Grain::Bucket),
        (days, Grain::Day),
        (TimeRange::new(days.end, buckets.end), Grain::Bucket),
        (TimeRange::new(buckets.end, range.end), Grain::Event),
    ];
    parts
        .into_iter()
        .filter(|(part, _)| !part.is_empty())
        .collect()
}

/// `[start, end)` when that is a range within `outer`, else nothing at the outer end.
fn inner(outer: TimeRange, start: Time, end: Time) -> TimeRange {
    if start < end && outer.start <= start && end <= outer.end {
        TimeRange::new(start, end)
    } else {
        TimeRange::new(outer.end, outer.end)
    }
}

fn next_day(day: Time, zone: &Zone) -> Time {
    domain::calendar::Window::Day.next(day, zone)
}

/// What totals are asked for.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub account: AccountId,
    pub selection: &'a Selection,
    /// The account's own zone, when whole days of it may be read as one.
    pub days_of: Option<&'a Zone>,
    pub group_by: GroupBy,
}

/// Reads the totals of a range, exactly, from the coarsest roll-ups that fit.
pub(crate) async fn read_cells(
    snapshot: &mut dyn Snapshot,
    ask: Ask<'_>,
    range: TimeRange,
) -> StoreResult<Vec<Cell>> {
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let by_reference = ask.selection.reference_prefix.is_some();
    let parts = if by_reference {
        vec![(range, Grain::Event)]
    } else {
        split(range, ask.days_of)
    };
    let mut cells = Vec::new();
    for (part, grain) in parts {
        cells.extend(
            snapshot
                .cells(ask.account, ask.selection, part, grain, ask.group_by)
                .await?,
        );
    }
    Ok(cells)
}

/// Reads the total of a range, exactly.
pub(crate) async fn read_total(
    snapshot: &mut dyn Snapshot,
    ask: Ask<'_>,
    range: TimeRange,
) -> StoreResult<Totals> {
    let mut sum = Totals::default();
    for cell in read_cells(
        snapshot,
        Ask {
            group_by: GroupBy::All,
            ..ask
        },
        range,
    )
    .await?
    {
        sum.add(cell.totals);
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use domain::time::{BUCKET_US, DAY_US};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_parts_cover_the_range_without_gap_or_overlap(
            start in 1_700_000_000_000_000_i64..1_800_000_000_000_000,
            micros in 0_i64..(40 * DAY_US),
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
            with_days: bool,
        ) {
            let zone = Zone::named(zone).unwrap();
            let range = TimeRange::new(Time::from_micros(start), Time::from_micros(start + micros));
            let parts = split(range, with_days.then_some(&zone));
            let mut at = range.start;
            for (part, grain) in parts {
                prop_assert_eq!(part.start, at);
                at = part.end;
                match grain {
                    Grain::Event => prop_assert!(part.micros() < 2 * BUCKET_US),
                    Grain::Bucket => prop_assert!(part.start.bucket() == part.start && part.end.bucket() == part.end),
                    Grain::Day => prop_assert!(zone.day_of(part.start) == part.start && zone.day_of(part.end) == part.end),
                }
            }
            prop_assert_eq!(at, range.end.max(range.start));
        }
    }
}

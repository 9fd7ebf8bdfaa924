//! The activity log: pages by place, time or position, exports and receipts.

mod receipt;

use domain::{
    FieldError, Time, TimeRange,
    activity::{LogAsk, LogPage, LogRow, MAX_PAGE_ROWS},
    calendar::Zone,
    cursor::Cursor,
    filter::ViewQuery,
    usage::Totals,
};
use jiff::{ToSpan, civil::Date, civil::DateTime};
pub use receipt::{Paid, decision_words, support_words};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    ports::{Direction, Grain, GroupBy, LogRange, Snapshot, StoredEvent},
    selection::View,
    split::{Ask, read_cells, read_total, split},
};

/// What to read of the log.
#[derive(Debug, Clone)]
pub struct LogRead {
    /// Where to begin.
    pub ask: LogAsk,
    /// How many rows, at most [`MAX_PAGE_ROWS`].
    pub limit: u32,
}

impl Services {
    /// A page of the log with its place in the whole.
    pub async fn log(
        &self,
        scope: Scope,
        query: &ViewQuery,
        read: LogRead,
    ) -> ServiceResult<LogPage> {
        let view = self.view(scope, query).await?;
        let mut snapshot = self.store.snapshot().await?;
        read_log(snapshot.as_mut(), &view, read).await
    }

    /// Events of a view newest first, strictly older than `after`: what the API lists and exports.
    pub async fn events(
        &self,
        scope: Scope,
        query: &ViewQuery,
        after: Option<Cursor>,
        limit: u32,
    ) -> ServiceResult<Vec<StoredEvent>> {
        let view = self.view(scope, query).await?;
        let mut snapshot = self.store.snapshot().await?;
        let range = LogRange {
            range: view.period.range,
            from: after,
            direction: Direction::Older,
        };
        Ok(snapshot
            .log(
                view.scope.account.id,
                &view.selection,
                range,
                // One more than a page tells whether there is a next one.
                limit.clamp(1, MAX_PAGE_ROWS + 1),
            )
            .await?)
    }

    /// One event of an account, if the caller may see its company.
    pub async fn event(&self, scope: &Scope, source: &str, id: &str) -> ServiceResult<StoredEvent> {
        let event = self.store.event(scope.account.id, source, id).await?;
        event
            .filter(|event| scope.companies.allows(event.company))
            .ok_or(ServiceError::NotFound)
    }
}

/// A stored event as a row of the log, with its time in `zone`.
pub fn log_row(event: StoredEvent, zone: &Zone) -> LogRow {
    LogRow {
        seq: event.seq,
        time: event.time,
        at: zone.rfc3339(event.time),
        source: event.source,
        id: event.id,
        agent: event.agent,
        activity: event.activity,
        credits: event.credits,
        reversed: event.reversed,
        company: event.company_key,
        company_name: event.company_name,
        reference: event.reference,
    }
}

pub(crate) async fn read_log(
    snapshot: &mut dyn Snapshot,
    view: &View,
    read: LogRead,
) -> ServiceResult<LogPage> {
    let limit = read.limit.clamp(1, MAX_PAGE_ROWS);
    let total = read_total(snapshot, view.ask(GroupBy::All), view.period.range)
        .await?
        .events;
    let (from, direction) = match read.ask {
        LogAsk::Newest => (None, Direction::Older),
        LogAsk::OlderThan(place) => (Some(place), Direction::Older),
        LogAsk::NewerThan(place) => (Some(place), Direction::Newer),
        LogAsk::AtTime(text) => {
            check_day(&text, view)?;
            (Some(end_of_time(&text, &view.zone)?), Direction::Older)
        }
        LogAsk::AtPosition(position) => (
            place_before(snapshot, view, position.min(total.saturating_sub(1))).await?,
            Direction::Older,
        ),
    };
    let range = LogRange {
        range: view.period.range,
        from,
        direction,
    };
    let events = snapshot
        .log(view.scope.account.id, &view.selection, range, limit)
        .await?;
    let position = match events.first() {
        Some(first) if from.is_some() => {
            count_newer(
                snapshot,
                view,
                Cursor {
                    time: first.time,
                    seq: first.seq,
                },
            )
            .await?
        }
        Some(_) => 0,
        None => total,
    };
    let rows = events
        .into_iter()
        .map(|event| log_row(event, &view.zone))
        .collect();
    Ok(LogPage {
        as_of: snapshot.as_of().await?,
        total,
        position,
        rows,
    })
}

/// A civil date, if a text is nothing but one.
fn date_of(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.len() == 10)
}

/// Refuses a date of which no instant is in the period: the nearest row would be taken for one of that day.
fn check_day(text: &str, view: &View) -> ServiceResult<()> {
    let Some(date) = date_of(text) else {
        return Ok(());
    };
    let start = view.zone.day_start(date);
    let end = view.zone.day_start(date.saturating_add(1.day()));
    let range = view.period.range;
    if start < range.end && end > range.start {
        return Ok(());
    }
    let error = FieldError::new("at", "outside_period", "is outside of the period shown");
    Err(ServiceError::Invalid(domain::Invalid(vec![error])))
}

/// The place just newer than everything up to the end of a civil date, or of an instant.
fn end_of_time(text: &str, zone: &Zone) -> ServiceResult<Cursor> {
    let day_end = date_of(text).map(|date| zone.day_start(date.saturating_add(1.day())));
    let minute_end = || {
        text.parse::<DateTime>().ok().and_then(|civil| {
            let minute = civil
                .saturating_add(1.minute())
                .to_zoned(jiff::tz::TimeZone::get(zone.name()).ok()?)
                .ok()?;
            Some(minute.timestamp().into())
        })
    };
    let instant = || text.parse::<Time>().ok().map(|time| time.plus_micros(1));
    let end: Time = day_end
        .or_else(instant)
        .or_else(minute_end)
        .ok_or_else(|| {
            let message = "must be a date such as 2026-11-23, or a time such as 2026-11-23T14:03";
            ServiceError::Invalid(domain::Invalid(vec![FieldError::invalid("at", message)]))
        })?;
    Ok(Cursor {
        time: end,
        seq: domain::Seq(i64::MIN),
    })
}

/// How many rows of the view are newer than a place.
async fn count_newer(
    snapshot: &mut dyn Snapshot,
    view: &View,
    place: Cursor,
) -> ServiceResult<u64> {
    let range = view.period.range;
    if view.selection.reference_prefix.is_some() {
        return Ok(snapshot
            .log_count_newer(view.scope.account.id, &view.selection, range, place)
            .await?);
    }
    let after = place.time.plus_micros(1).bucket_ceil().min(range.end);
    let newer = TimeRange::new(after, range.end);
    let full = if newer.is_empty() {
        Totals::default()
    } else {
        read_total(snapshot, view.ask(GroupBy::All), newer).await?
    };
    let near = TimeRange::new(place.time.bucket().max(range.start), after);
    Ok(full.events
        + snapshot
            .log_count_newer(view.scope.account.id, &view.selection, near, place)
            .await?)
}

/// The place just before row `position`, found by counting roll-ups from the newest end; none for row 0.
async fn place_before(
    snapshot: &mut dyn Snapshot,
    view: &View,
    position: u64,
) -> ServiceResult<Option<Cursor>> {
    let Some(mut skip) = position.checked_sub(1) else {
        return Ok(None);
    };
    let (account, selection) = (view.scope.account.id, &view.selection);
    if selection.reference_prefix.is_some() {
        return Ok(snapshot
            .log_skip(account, selection, view.period.range, skip)
            .await?);
    }
    let ask = view.ask(GroupBy::All);
    for (part, grain) in split(view.period.range, ask.days_of).into_iter().rev() {
        let mut stretches = stretches(snapshot, ask, part, grain).await?;
        while let Some((stretch, grain, events)) = stretches.pop() {
            if skip >= events {
                skip -= events;
            } else if grain == Grain::Day {
                // Look closer: the buckets of this day, whose newest is then the next to be popped.
                stretches = self::stretches(
                    snapshot,
                    Ask {
                        days_of: None,
                        ..ask
                    },
                    stretch,
                    Grain::Bucket,
                )
                .await?;
            } else {
                return Ok(snapshot.log_skip(account, selection, stretch, skip).await?);
            }
        }
    }
    Ok(None)
}

/// The stretches of a part that hold rows, oldest first, with how many.
async fn stretches(
    snapshot: &mut dyn Snapshot,
    ask: Ask<'_>,
    part: TimeRange,
    grain: Grain,
) -> ServiceResult<Vec<(TimeRange, Grain, u64)>> {
    if grain == Grain::Event {
        let events = read_total(
            snapshot,
            Ask {
                days_of: None,
                ..ask
            },
            part,
        )
        .await?
        .events;
        return Ok(vec![(part, grain, events)]);
    }
    let mut cells = read_cells(
        snapshot,
        Ask {
            days_of: ask.days_of.filter(|_| grain == Grain::Day),
            ..ask
        },
        part,
    )
    .await?;
    cells.sort_unstable_by_key(|cell| cell.start);
    let end_of = |start: Time| match (grain, ask.days_of) {
        (Grain::Day, Some(zone)) => domain::calendar::Window::Day.next(start, zone),
        _ => start.plus_micros(domain::time::BUCKET_US),
    };
    Ok(cells
        .iter()
        .map(|cell| {
            (
                TimeRange::new(cell.start, end_of(cell.start)),
                grain,
                cell.totals.events,
            )
        })
        .collect())
}

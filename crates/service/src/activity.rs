//! The activity log: pages by place, time or position, exports and receipts.

use std::collections::BTreeMap;

use domain::{
    Credits, FieldError, Time, TimeRange,
    activity::{
        DisputeView, LogAsk, LogPage, LogRow, MAX_PAGE_ROWS, PaidPart, Receipt, ReversalLine,
    },
    calendar::Zone,
    cursor::Cursor,
    filter::ViewQuery,
    ledger::{Dispute, DisputeState, GrantKind, GrantNo, Part, Payer},
    rate::Rounding,
    usage::Totals,
};
use jiff::{ToSpan, civil::Date, civil::DateTime};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    ports::{Direction, Grain, GroupBy, LogRange, Snapshot, StoredEvent, StoredReversal},
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
                limit.clamp(1, MAX_PAGE_ROWS),
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

    /// The receipt of one event, in words.
    pub async fn receipt(
        &self,
        scope: &Scope,
        tz: Option<&str>,
        source: &str,
        id: &str,
    ) -> ServiceResult<Receipt> {
        let zone = tz.unwrap_or(&scope.account.time_zone);
        let zone = Zone::named(zone).map_err(|error| ServiceError::invalid("tz", error))?;
        let event = self.event(scope, source, id).await?;
        let rate = self.rate_words(&event).await?;
        let quantity = event.quantity.map(|quantity| {
            let unit = event.unit.as_deref().unwrap_or("");
            format!(
                "{} {unit}",
                domain::number::credits(Credits::from_micro(quantity.micro()))
            )
            .trim_end()
            .to_owned()
        });
        let paid = self.paid(scope, &event, &zone).await?;
        Ok(Receipt {
            paid_by: paid.paid_by,
            balance_after: paid.balance_after,
            reversals: paid.reversals,
            dispute: self.dispute_view(scope, &event, &zone).await?,
            kind: event.kind.clone(),
            recorded_at: zone.rfc3339(event.recorded_at),
            quantity,
            rate,
            metadata: event.metadata.clone(),
            row: log_row(event, &zone),
        })
    }

    /// What became of asking for an event to be given back, in words.
    async fn dispute_view(
        &self,
        scope: &Scope,
        event: &StoredEvent,
        zone: &Zone,
    ) -> ServiceResult<DisputeView> {
        let disputes = self
            .store
            .disputes_of(scope.account.id, &event.source, &event.id)
            .await?;
        let is_open = disputes.iter().any(|one| one.state == DisputeState::Open);
        let is_left = event.credits > event.reversed && event.reverses.is_none();
        let may_ask = scope.may_dispute() && is_left && !is_open;
        Ok(DisputeView {
            account: may_ask.then(|| scope.account.key.clone()),
            asked: disputes
                .iter()
                .map(|one| dispute_words(one, zone))
                .collect(),
        })
    }

    /// How an event was paid, in words. What the account has left is only for those who see it whole.
    pub async fn paid(
        &self,
        scope: &Scope,
        event: &StoredEvent,
        zone: &Zone,
    ) -> ServiceResult<Paid> {
        let Some(payment) = self.store.payment(scope.account.id, event.seq).await? else {
            return Ok(Paid::default());
        };
        let names = self
            .store
            .grant_names(scope.account.id, &payment.parts)
            .await?;
        Ok(Paid {
            paid_by: payment
                .parts
                .iter()
                .map(|part| paid_part(part, &names))
                .collect(),
            balance_after: payment.balance_after.filter(|_| scope.sees_all()),
            reversals: payment
                .reversals
                .into_iter()
                .map(|reversal| reversal_line(reversal, zone))
                .collect(),
        })
    }

    async fn rate_words(&self, event: &StoredEvent) -> ServiceResult<Option<String>> {
        let Some(version) = event.rate_version else {
            return Ok(None);
        };
        let cards = self.directory.rate_cards(&event.kind).await?;
        let card = cards.iter().find(|card| card.version == version);
        let unit = event.unit.as_deref().unwrap_or_default();
        let rule = card.and_then(|card| {
            card.rules.iter().find(|rule| {
                rule.unit == unit
                    && event
                        .quantity
                        .is_some_and(|quantity| rule.price(quantity) == Ok(event.credits))
            })
        });
        Ok(Some(match rule {
            Some(rule) => {
                let price = serde_json::to_string(&rule.credits_per_unit).unwrap_or_default();
                let rounding = match rule.rounding {
                    Rounding::Up => "rounded up",
                    Rounding::HalfUp => "rounded half up",
                    Rounding::Exact => "exact",
                };
                format!(
                    "{} per {unit} · v{version} · {rounding}",
                    price.trim_matches('"')
                )
            }
            None => format!("v{version}"),
        }))
    }
}

/// How an event was paid, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paid {
    /// Who paid, in order.
    pub paid_by: Vec<PaidPart>,
    /// What the account had left right afterwards.
    pub balance_after: Option<Credits>,
    /// What was given back since, oldest first.
    pub reversals: Vec<ReversalLine>,
}

fn paid_part(part: &Part, names: &BTreeMap<GrantNo, (GrantKind, String)>) -> PaidPart {
    let (id, name) = match part.payer {
        Payer::Overage => ("overage".to_owned(), "Past all credits".to_owned()),
        Payer::Grant(number) => names.get(&number).map_or_else(
            || (format!("grant-{}", number.0), String::new()),
            |(kind, name)| (format!("{}-{}", kind.id(), number.0), name.clone()),
        ),
    };
    PaidPart {
        id,
        name,
        credits: part.credits,
    }
}

fn dispute_words(dispute: &Dispute, zone: &Zone) -> String {
    let by = dispute.decided_by.as_deref().unwrap_or_default();
    let state = match dispute.state {
        DisputeState::Open => "waits for a decision".to_owned(),
        DisputeState::Accepted => format!("given back by {by}"),
        DisputeState::Refused => format!("refused by {by}"),
    };
    let at = zone.at(dispute.created_at).strftime("%-d %b %Y");
    format!("{} · {}, {at} · {state}", dispute.reason, dispute.actor)
}

fn reversal_line(reversal: StoredReversal, zone: &Zone) -> ReversalLine {
    let why: serde_json::Value = reversal
        .metadata
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let text = |field: &str| why[field].as_str().unwrap_or_default().to_owned();
    ReversalLine {
        id: reversal.id,
        credits: reversal.credits,
        at: zone.rfc3339(reversal.at),
        reason: text("reason"),
        actor: text("actor"),
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
        LogAsk::AtTime(text) => (Some(end_of_time(&text, &view.zone)?), Direction::Older),
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

/// The place just newer than everything up to the end of a civil date, or of an instant.
fn end_of_time(text: &str, zone: &Zone) -> ServiceResult<Cursor> {
    let day_end = text
        .parse::<Date>()
        .ok()
        .filter(|_| text.len() == 10)
        .map(|date| zone.day_start(date.saturating_add(1.day())));
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

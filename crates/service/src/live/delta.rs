//! What new events mean for one viewer.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Agent, Credits, Seq, Time,
    ledger::BooksView,
    live::{Delta, MAX_DELTA_ROWS, UsageChange},
    usage::Totals,
};

use crate::{activity::log_row, ports::StoredEvent, selection::View};

/// The delta from one place to another as the viewer may see it. `events` are all of the account's, oldest first.
pub(super) fn of<'a>(
    view: &View,
    events: impl Iterator<Item = &'a StoredEvent>,
    books: BooksView,
    (after, up_to): (Seq, Seq),
) -> Delta {
    let edges = edges(view);
    let mut reversed: BTreeMap<Seq, Credits> = BTreeMap::new();
    let mut usage: BTreeMap<(Time, Agent, bool), Totals> = BTreeMap::new();
    let mut activities = BTreeSet::new();
    let mut rows = Vec::new();
    for event in events {
        let slot = slot(event.time, &edges);
        if view.scope.sees_all() {
            activities.insert(event.counted_as().to_owned());
        }
        if !view
            .selection
            .companies
            .as_ref()
            .is_none_or(|companies| companies.contains(&event.company))
        {
            continue;
        }
        if view.period.range.contains(event.time) {
            activities.insert(event.counted_as().to_owned());
        }
        let matches = matches(view, event);
        usage
            .entry((slot, event.agent, matches))
            .or_default()
            .add(Totals {
                credits: event.credits,
                events: u64::from(event.reverses.is_none()),
            });
        if matches && is_listed(view, event) {
            match event.reverses {
                Some(original) => {
                    reversed.insert(original, event.reversed);
                }
                None => rows.push(event),
            }
        }
    }
    let left_out = if rows.len() > MAX_DELTA_ROWS {
        std::mem::take(&mut rows).len() as u64
    } else {
        0
    };
    Delta {
        after,
        up_to,
        usage: usage
            .into_iter()
            .map(|((slot, agent, matches), added)| UsageChange {
                slot,
                agent,
                matches,
                added,
            })
            .collect(),
        books,
        uncompared: None,
        reversed: reversed.into_iter().collect(),
        activities: activities.into_iter().collect(),
        rows: rows
            .into_iter()
            .map(|event| log_row(event.clone(), &view.zone))
            .collect(),
        rows_left_out: left_out,
    }
}

/// The instants at which the cycle, the period and the one before begin and end.
fn edges(view: &View) -> [Time; 6] {
    let cycle = view.gauge_cycle().range;
    let (period, previous) = (view.period.range, view.period.previous);
    [
        cycle.start,
        cycle.end,
        period.start,
        period.end,
        previous.start,
        previous.end,
    ]
}

/// Start of the event's bucket, or the last edge since.
fn slot(time: Time, edges: &[Time]) -> Time {
    let bucket = time.bucket();
    edges
        .iter()
        .copied()
        .filter(|edge| *edge <= time)
        .fold(bucket, Time::max)
}

/// Whether the activity and reference filters let an event through.
fn matches(view: &View, event: &StoredEvent) -> bool {
    let selection = &view.selection;
    let counted_as = event.counted_as();
    let activity = selection.activities.is_empty()
        || selection.activities.iter().any(|name| name == counted_as);
    let reference = selection.reference_prefix.as_ref().is_none_or(|prefix| {
        let reference = event.reference.as_deref();
        reference.is_some_and(|text| domain::fold::starts_with(text, prefix))
    });
    activity && reference
}

/// Whether the agent filter and the period let an event through too.
fn is_listed(view: &View, event: &StoredEvent) -> bool {
    let agent = view.selection.agents.is_empty() || view.selection.agents.contains(&event.agent);
    agent && view.period.range.contains(event.time)
}

#[cfg(test)]
mod tests {
    use domain::time::BUCKET_US;

    use super::*;

    #[test]
    fn a_slot_never_reaches_across_an_edge() {
        let at = Time::from_micros;
        let edge = at(BUCKET_US + 7);
        assert_eq!(slot(at(BUCKET_US + 6), &[edge]), at(BUCKET_US));
        assert_eq!(slot(at(BUCKET_US + 7), &[edge]), edge);
        assert_eq!(slot(at(2 * BUCKET_US), &[edge]), at(2 * BUCKET_US));
    }
}

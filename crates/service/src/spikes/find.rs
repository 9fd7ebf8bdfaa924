//! Spikes in what is stored, and who caused them.

use domain::{
    TimeRange,
    forecast::Use,
    spike::{Cause, Hours, Part, Slot, Spike, WEEKS, explain, hour_of},
    time::{DAY_US, HOUR_US},
};

use crate::{
    ports::{GroupBy, Snapshot, StoreResult},
    selection::View,
    split::{Ask, read_cells},
};

/// Spikes that are told, those with the largest excess.
pub const MOST_SPIKES: usize = 20;

/// The hours of a range and its largest spikes, the latest first; none when too little is known.
pub(super) async fn detect(
    snapshot: &mut dyn Snapshot,
    view: &View,
    range: TimeRange,
) -> StoreResult<Option<(Hours, Vec<Spike>)>> {
    // Hours are made of quarters, not of days; a week more for clocks that change.
    let ask = Ask {
        days_of: None,
        ..view.ask(GroupBy::All)
    };
    let first = range.start.plus_micros(-(WEEKS + 1) * 7 * DAY_US).bucket();
    let known = TimeRange::new(first, range.end.min(view.now.plus_micros(1)));
    let cells = read_cells(snapshot, ask, known).await?;
    let uses: Vec<_> = cells
        .iter()
        .map(|cell| Use {
            start: cell.start,
            credits: cell.totals.credits,
        })
        .collect();
    let until = TimeRange::new(range.start, known.end.max(range.start));
    let Some(hours) = Hours::new(&uses, &view.zone) else {
        return Ok(None);
    };
    let Some(mut spikes) = hours.spikes(until) else {
        return Ok(None);
    };
    spikes.sort_by_key(|spike| std::cmp::Reverse(spike.excess()));
    spikes.truncate(MOST_SPIKES);
    spikes.sort_by_key(|spike| std::cmp::Reverse(spike.range.start));
    Ok(Some((hours, spikes)))
}

/// The spikes of a range with their causes, the latest first; none when too little is known.
pub(super) async fn find(
    snapshot: &mut dyn Snapshot,
    view: &View,
    range: TimeRange,
) -> StoreResult<Option<Vec<(Spike, Vec<Cause>)>>> {
    let Some((hours, spikes)) = detect(snapshot, view, range).await? else {
        return Ok(None);
    };
    let mut found = Vec::with_capacity(spikes.len());
    for spike in spikes {
        found.push((spike, causes(snapshot, view, &hours, spike).await?));
    }
    Ok(Some(found))
}

pub(super) async fn causes(
    snapshot: &mut dyn Snapshot,
    view: &View,
    hours: &Hours,
    spike: Spike,
) -> StoreResult<Vec<Cause>> {
    let slots = hours.slots(spike.range);
    let parts = parts(snapshot, view, &slots).await?;
    Ok(explain(&parts, &slots))
}

/// What everyone used in the hours of a spike, and in those that say what is usual of them.
async fn parts(snapshot: &mut dyn Snapshot, view: &View, slots: &[Slot]) -> StoreResult<Vec<Part>> {
    let mut all = Vec::new();
    for range in ranges(slots) {
        let account = view.scope.account.id;
        let parts = snapshot.parts(account, &view.selection, range).await?;
        all.extend(parts.into_iter().map(|part| Part {
            start: hour_of(part.start, &view.zone),
            ..part
        }));
    }
    Ok(all)
}

/// Stretches of hours: of the spike, and of the same hours in each week before.
fn ranges(slots: &[Slot]) -> Vec<TimeRange> {
    let mut hours: Vec<_> = slots
        .iter()
        .flat_map(|slot| slot.before.iter().copied().chain([slot.start]))
        .collect();
    hours.sort_unstable();
    hours.dedup();
    let mut ranges: Vec<TimeRange> = Vec::new();
    for start in hours {
        let end = start.plus_micros(HOUR_US);
        match ranges.last_mut() {
            Some(last) if last.end >= start => last.end = last.end.max(end),
            _ => ranges.push(TimeRange::new(start, end)),
        }
    }
    ranges
}

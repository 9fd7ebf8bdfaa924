//! The plainest answers: from a list of events, without any index.

use std::collections::BTreeMap;

use domain::{Agent, Time, TimeRange, cursor::Cursor, time::BUCKET_US, usage::Totals};
use proptest::prelude::*;
use service::ports::{
    Cell, Direction, Grain, GroupBy, GroupKey, LogRange, NewEvent, Selection, StoredEvent,
};

use super::world::{NOW, World};

/// Whether a selection holds an event.
pub fn selects(selection: &Selection, event: &NewEvent) -> bool {
    let starts = |prefix: &String| {
        let reference = event.reference.as_deref();
        reference.is_some_and(|reference| domain::fold::starts_with(reference, prefix))
    };
    selection
        .companies
        .as_ref()
        .is_none_or(|companies| companies.contains(&event.company))
        && (selection.agents.is_empty() || selection.agents.contains(&event.agent))
        && (selection.activities.is_empty() || selection.activities.contains(&event.activity))
        && selection.reference_prefix.as_ref().is_none_or(starts)
}

/// Totals added up one by one.
pub fn cells(
    events: &[NewEvent],
    selection: &Selection,
    range: TimeRange,
    grain: Grain,
    group_by: GroupBy,
) -> Vec<Cell> {
    let mut cells: BTreeMap<(Time, GroupKey), Totals> = BTreeMap::new();
    for event in events
        .iter()
        .filter(|event| range.contains(event.time) && selects(selection, event))
    {
        let start = match grain {
            Grain::Day => event.day_start,
            Grain::Bucket => event.time.bucket(),
            Grain::Event => event.time.bucket().max(range.start),
        };
        let key = match group_by {
            GroupBy::All => GroupKey::All,
            GroupBy::Agent => GroupKey::Agent(event.agent),
            GroupBy::Company => GroupKey::Company(event.company),
            GroupBy::Activity => GroupKey::Activity(event.activity.clone()),
        };
        cells.entry((start, key)).or_default().add(Totals {
            credits: event.credits,
            events: 1,
        });
    }
    cells
        .into_iter()
        .map(|((start, key), totals)| Cell { start, key, totals })
        .collect()
}

/// In an order that does not depend on the database.
pub fn sorted(mut cells: Vec<Cell>) -> Vec<Cell> {
    cells.sort_by(|a, b| (a.start, &a.key).cmp(&(b.start, &b.key)));
    cells
}

/// A page of the log from all stored rows.
pub fn page(all: &[StoredEvent], ids: &[String], range: LogRange, limit: usize) -> Vec<String> {
    let mut rows: Vec<&StoredEvent> = all
        .iter()
        .filter(|row| ids.contains(&row.id) && range.range.contains(row.time))
        .filter(|row| match (range.from, range.direction) {
            (None, _) => true,
            (Some(place), Direction::Older) => cursor(row) < place,
            (Some(place), Direction::Newer) => cursor(row) > place,
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(cursor(row)));
    if range.direction == Direction::Newer {
        rows.drain(..rows.len().saturating_sub(limit));
    }
    rows.into_iter()
        .take(limit)
        .map(|row| row.id.clone())
        .collect()
}

pub fn cursor(row: &StoredEvent) -> Cursor {
    Cursor {
        time: row.time,
        seq: row.seq,
    }
}

pub const ACTIVITIES: [&str; 4] = ["chat_reply", "voice_call", "proactive", "question"];
pub const REFERENCES: [&str; 9] = [
    "call_1",
    "CALL_12",
    "call_2",
    "ticket-9",
    "Ünïcode_1",
    "call%_",
    // The beginning of the others in other forms: full-width, with a space before it, with a mark of its own.
    "ＣＡＬＬ＿１",
    " Call_3",
    "call_e\u{301}",
];

/// An event by small numbers: company, agent, activity, slot of time, credits, reference.
pub type Sketch = (usize, usize, usize, i64, i64, usize);

/// Events over three days around a change of day and of cycle, many at the same instant.
pub fn sketches(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Sketch>> {
    prop::collection::vec(
        (
            0..3_usize,
            0..6_usize,
            0..4_usize,
            0..500_i64,
            0..9_000_000_i64,
            0..12_usize,
        ),
        count,
    )
}

impl World {
    pub fn drawn(&self, sketches: &[Sketch]) -> Vec<NewEvent> {
        sketches
            .iter()
            .enumerate()
            .map(|(number, sketch)| self.draw(number, *sketch))
            .collect()
    }

    fn draw(
        &self,
        number: usize,
        (company, agent, activity, slot, micro, reference): Sketch,
    ) -> NewEvent {
        // A third of a bucket, so that instants repeat and buckets hold several.
        let time = NOW.plus_micros((slot - 250) * (BUCKET_US / 3));
        NewEvent {
            company: self.companies[company],
            agent: Agent::ALL[agent],
            activity: ACTIVITIES[activity].to_owned(),
            credits: domain::Credits::from_micro(micro),
            reference: REFERENCES.get(reference).map(|text| (*text).to_owned()),
            ..self.event_at(i64::try_from(number).unwrap(), time)
        }
    }
}

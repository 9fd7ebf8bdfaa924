//! Live changes: what the server pushes, and the one function that applies it.

use serde::{Deserialize, Serialize};

use crate::{
    Agent, Credits, Seq, Time,
    activity::LogRow,
    event::MOST_CHOICES,
    ledger::BooksView,
    usage::{Dashboard, Totals},
};

/// Most rows a delta carries; past that the reader is told how many there were and reads again.
pub const MAX_DELTA_ROWS: usize = 200;

/// Where and when a page was read: its changes are followed from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadAt {
    /// Every event up to here is on the page.
    pub as_of: Seq,
    /// The version of the books on the page.
    pub books: i64,
    /// The server's time when it was read: the page's days and labels are of then.
    pub now: Time,
}

/// How far an account is: what its pages show changes with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HowFar {
    /// Counts the changes of its books; 0 before the first.
    pub books: i64,
    /// Its newest event; [`Seq::ZERO`] when there is none.
    pub newest: Seq,
    /// Counts the changes of what else pages show: alerts, names, limits, what is offered.
    pub others: i64,
}

/// A marked part of a page, as the server renders it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Part {
    /// What it is called in its page: the value of `data-live`.
    pub name: String,
    /// All attributes of the element, by name.
    pub attributes: Vec<(String, String)>,
    /// What is within it, as HTML.
    pub inner: String,
}

/// Marked parts of a page that have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// Those that have.
    pub changed: Vec<Part>,
    /// What the page shows afterwards, in the server's words: the browser only says it again.
    pub shown: String,
}

/// New usage of the selected companies in one slot of time.
///
/// A slot is a roll-up bucket, cut where the cycle or the period begins or ends, so that it lies in one of them whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageChange {
    /// Start of the slot.
    pub slot: Time,
    /// Who spent.
    pub agent: Agent,
    /// Whether the activity and reference filters let it through too.
    pub matches: bool,
    /// What was added.
    pub added: Totals,
}

/// Everything that became durable after one place and up to another, as one viewer may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Applies to a view of exactly this place.
    pub after: Seq,
    /// The view's place afterwards; the same place when only the books have changed.
    pub up_to: Seq,
    /// Usage of the selected companies.
    pub usage: Vec<UsageChange>,
    /// Balance and running calls at the place afterwards.
    pub books: BooksView,
    /// Why there is no change to show, as in [`crate::usage::PeriodView`]: reports of earlier times may have come.
    pub uncompared: Option<String>,
    /// Rows of which something was given back: which, and how much of it in all.
    pub reversed: Vec<(Seq, Credits)>,
    /// Activities of the new events, sorted, as far as the viewer is offered them as choices.
    pub activities: Vec<String>,
    /// New rows of the filtered log within the period, oldest first.
    pub rows: Vec<LogRow>,
    /// New rows that were too many to send.
    pub rows_left_out: u64,
}

/// A message of the live stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LiveFrame {
    /// The stream is up; every change after this place will follow.
    Hello {
        /// Where the stream begins.
        from: Seq,
    },
    /// Something happened.
    Delta(Box<Delta>),
    /// Too much happened to replay, or the day has turned: read the page again.
    Resync,
    /// Nothing happened, and the connection is alive.
    Beat,
    /// Marked parts of the page have changed.
    Parts(Box<Parts>),
}

/// What became of a delta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The view moved to the delta's place.
    Yes,
    /// The view had it already.
    Stale,
    /// Something between is missing: read again.
    Gap,
}

impl Dashboard {
    /// Where and when this was read.
    pub const fn read_at(&self) -> ReadAt {
        ReadAt {
            as_of: self.as_of,
            books: self.books.version,
            now: self.now,
        }
    }

    /// Applies a delta, exactly once and in order.
    pub fn apply(&mut self, delta: &Delta) -> Applied {
        let is_newer = (delta.up_to, delta.books.version) > (self.as_of, self.books.version);
        if delta.up_to < self.as_of || !is_newer {
            return Applied::Stale;
        }
        if delta.after != self.as_of {
            return Applied::Gap;
        }
        delta
            .usage
            .iter()
            .for_each(|change| self.apply_usage(change));
        self.books.clone_from(&delta.books);
        self.period.uncompared.clone_from(&delta.uncompared);
        for activity in &delta.activities {
            if let Err(place) = self.activities.binary_search(activity)
                && self.activities.len() < MOST_CHOICES
            {
                self.activities.insert(place, activity.clone());
            }
        }
        self.as_of = delta.up_to;
        Applied::Yes
    }

    fn apply_usage(&mut self, change: &UsageChange) {
        if self.cycle.range.contains(change.slot) {
            self.cycle_used = self.cycle_used.saturating_add(change.added.credits);
            if let Some(day) = self
                .cycle_days
                .iter_mut()
                .find(|day| day.range.contains(change.slot))
            {
                day.credits = day.credits.saturating_add(change.added.credits);
            }
        }
        if !change.matches {
            return;
        }
        let (in_period, in_previous) = (
            self.period.range.contains(change.slot),
            self.period.previous.contains(change.slot),
        );
        let bar = self
            .bars
            .iter()
            .position(|bar| bar.range.contains(change.slot));
        let Some(usage) = self
            .agents
            .iter_mut()
            .find(|usage| usage.agent == change.agent)
        else {
            return;
        };
        if in_previous {
            usage.previous.add(change.added);
        }
        if !in_period {
            return;
        }
        usage.current.add(change.added);
        if let Some(total) = bar.and_then(|bar| usage.bars.get_mut(bar)) {
            total.add(change.added);
        }
    }
}

//! The activity log: rows, pages, and the window of rows a reader holds.

mod window;

use serde::{Deserialize, Serialize};

pub use window::{Arrival, LogWindow};

use crate::{Agent, Credits, Seq, Time, cursor::Cursor};

/// Rows in one page unless asked otherwise.
pub const PAGE_ROWS: u32 = 50;
/// Most rows in one page.
pub const MAX_PAGE_ROWS: u32 = 1_000;

/// One row of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRow {
    /// Order of becoming durable.
    pub seq: Seq,
    /// The event time.
    pub time: Time,
    /// The same as RFC 3339 to the second, in the zone shown.
    pub at: String,
    /// Who reported it.
    pub source: String,
    /// Its id in that source.
    pub id: String,
    /// Who spent.
    pub agent: Agent,
    /// On what.
    pub activity: String,
    /// How much, as it was reported.
    pub credits: Credits,
    /// How much of it was given back since.
    pub reversed: Credits,
    /// Key of the company.
    pub company: String,
    /// Display name of the company.
    pub company_name: String,
    /// The sender's reference.
    pub reference: Option<String>,
}

impl LogRow {
    /// Its place in the log.
    pub const fn cursor(&self) -> Cursor {
        Cursor {
            time: self.time,
            seq: self.seq,
        }
    }

    /// What it costs in the end.
    pub const fn net(&self) -> Credits {
        self.credits.saturating_sub(self.reversed)
    }

    /// `23 Nov 14:03:10`, with the year when it is not `this_year`.
    pub fn time_label(&self, this_year: i16) -> String {
        let (date, clock) = (
            self.at.get(..10).unwrap_or(""),
            self.at.get(11..19).unwrap_or(""),
        );
        let mut parts = date.splitn(3, '-');
        let (year, month, day) = (
            parts.next().unwrap_or(""),
            parts.next().unwrap_or(""),
            parts.next().unwrap_or(""),
        );
        let month = month
            .parse::<usize>()
            .ok()
            .and_then(|number| MONTHS.get(number.wrapping_sub(1)))
            .unwrap_or(&"");
        let day = day.trim_start_matches('0');
        if year.parse() == Ok(this_year) {
            format!("{day} {month} {clock}")
        } else {
            format!("{day} {month} {year} {clock}")
        }
    }
}

/// Short month names.
pub const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `voice_call` as people read it: `Voice call`. A first letter beyond ASCII stays as it is: every reader would load a
/// table of 12 kB for it.
pub fn activity_label(activity: &str) -> String {
    if activity == crate::event::OTHER {
        return "Other".to_owned();
    }
    let spaced = activity.replace(['_', '-', '.'], " ");
    first_upper(&spaced)
}

/// A text with its first letter, if that is one of ASCII, as a capital.
pub fn first_upper(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// Where a page of the log begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogAsk {
    /// At the newest row.
    Newest,
    /// Right after this place, going to older rows.
    OlderThan(Cursor),
    /// Right before this place, going to newer rows.
    NewerThan(Cursor),
    /// At the newest row not later than the end of this date or time in the zone shown.
    AtTime(String),
    /// At this row, counted from 0 at the newest.
    AtPosition(u64),
}

/// Consecutive rows of the log, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// Every event up to here is in the log that was read.
    pub as_of: Seq,
    /// How many rows the whole filtered log has.
    pub total: u64,
    /// Which row the first one is, counted from 0 at the newest.
    pub position: u64,
    /// The rows.
    pub rows: Vec<LogRow>,
}

/// Everything known about one event: the receipt under its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The row itself.
    pub row: LogRow,
    /// The event type.
    pub kind: String,
    /// When it became durable, as RFC 3339 in the zone shown.
    pub recorded_at: String,
    /// The quantity a rate card priced, with its unit: `225 second`.
    pub quantity: Option<String>,
    /// Price, version and rounding of that rate: `0.001 per token · v7 · rounded up`.
    pub rate: Option<String>,
    /// Who paid, in order: `Growth plan`, `Pack of 5,000`; `overage` for what no grant paid.
    pub paid_by: Vec<PaidPart>,
    /// What the account had left right afterwards; only for those who see the whole account.
    pub balance_after: Option<Credits>,
    /// What was refunded since, oldest first.
    pub reversals: Vec<ReversalLine>,
    /// Whether the caller may ask for it to be given back, and what became of asking.
    pub dispute: DisputeView,
    /// Metadata as sent, a JSON object.
    pub metadata: Option<String>,
}

/// Asking for an event to be given back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeView {
    /// Key of the account, when the caller may ask.
    pub account: Option<String>,
    /// Who asked when and why, and what became of it; oldest first.
    pub asked: Vec<String>,
}

/// A part of what an event cost, and who paid it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidPart {
    /// The grant's id: `plan-3`; `overage` for what no grant paid.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// How much.
    pub credits: Credits,
}

/// A part of what an event cost that was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReversalLine {
    /// Its id.
    pub id: String,
    /// How much.
    pub credits: Credits,
    /// When, as RFC 3339 in the zone shown.
    pub at: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// Where it went: the grants that have it, and `overage` for what it lowered.
    pub returned_to: Vec<ReturnedPart>,
}

/// Where a part of a refund went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedPart {
    /// The grant's id, or `overage`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// How much.
    pub credits: Credits,
    /// Until when it can be spent, as RFC 3339 in the zone shown; none for what lowered the overage.
    pub expires_at: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_its_year_only_when_it_is_another() {
        let row = window::tests::row(1, 1);
        assert_eq!(row.time_label(2026), "3 Nov 14:03:10");
        assert_eq!(row.time_label(2027), "3 Nov 2026 14:03:10");
    }

    #[test]
    fn an_activity_reads_as_words() {
        assert_eq!(activity_label("voice_call"), "Voice call");
        assert_eq!(activity_label(""), "");
    }
}

//! What an import came to.

use domain::{Credits, number};
use serde::Serialize;
use service::ports::Committed;

/// Most refused rows told one by one; the count says how many there were.
const MAX_TOLD: usize = 50;

/// What an import came to.
#[derive(Debug, Serialize)]
pub struct Totals {
    dry_run: bool,
    /// Rows that are right.
    events: u64,
    /// What those cost together, also the ones that were there before.
    credits: Credits,
    /// Rows that were not there.
    new: u64,
    /// Rows that were there, or stand twice in the file.
    known: u64,
    /// Rows under whose name something else is stored; they are refused.
    conflicts: u64,
    /// Stored now.
    accepted: u64,
    /// Stored before.
    duplicates: u64,
    /// Rows that are wrong.
    refused: u64,
    /// The first of them.
    refused_rows: Vec<RefusedRow>,
}

#[derive(Debug, Serialize)]
struct RefusedRow {
    line: u64,
    why: String,
}

impl Totals {
    /// Nothing yet.
    pub fn new(dry_run: bool) -> Self {
        Self {
            dry_run,
            events: 0,
            credits: Credits::ZERO,
            new: 0,
            known: 0,
            conflicts: 0,
            accepted: 0,
            duplicates: 0,
            refused: 0,
            refused_rows: Vec::new(),
        }
    }

    /// A row is wrong.
    pub fn refuse(&mut self, line: u64, why: &str) {
        self.refused += 1;
        let why = why.trim_start_matches("invalid input: ").to_owned();
        // Rows are told in the order of the file, whatever found out about them.
        let at = self.refused_rows.partition_point(|row| row.line <= line);
        self.refused_rows.insert(at, RefusedRow { line, why });
        self.refused_rows.truncate(MAX_TOLD);
    }

    /// Something else is stored under the name of a row.
    pub fn conflict(&mut self, line: u64) {
        self.conflicts += 1;
        let why =
            "id: is known with other content: give files of another origin a --source of their own";
        self.refuse(line, why);
    }

    /// A row is there.
    pub fn known(&mut self, cost: Credits) {
        self.known += 1;
        if !self.dry_run {
            self.duplicates += 1;
        }
        self.right(cost);
    }

    /// A row was not there.
    pub fn new_row(&mut self, cost: Credits) {
        self.new += 1;
        self.right(cost);
    }

    /// Rows were stored, or found there after all.
    pub fn stored(&mut self, committed: Committed) {
        self.accepted += u64::from(committed.accepted);
        self.duplicates += u64::from(committed.duplicates);
    }

    fn right(&mut self, cost: Credits) {
        self.events += 1;
        self.credits = self.credits.saturating_add(cost);
    }

    /// Whether any row was wrong.
    pub const fn has_refused(&self) -> bool {
        self.refused > 0
    }

    /// The totals for people.
    pub fn text(&self) -> String {
        let count = number::count;
        let became = if self.dry_run {
            format!(
                "{} new, {} known, {} in conflict; nothing stored (dry run)",
                count(self.new),
                count(self.known),
                count(self.conflicts)
            )
        } else {
            format!(
                "{} stored, {} already there, {} in conflict",
                count(self.accepted),
                count(self.duplicates),
                count(self.conflicts)
            )
        };
        let mut lines = vec![format!(
            "{}, {} credits: {became}.",
            number::events(self.events),
            number::credits(self.credits)
        )];
        if self.refused > 0 {
            let rows = if self.refused == 1 { "row" } else { "rows" };
            lines.push(format!("{} {rows} refused:", number::count(self.refused)));
            lines.extend(
                self.refused_rows
                    .iter()
                    .map(|row| format!("  line {}: {}", row.line, row.why)),
            );
        }
        if self.refused > MAX_TOLD as u64 {
            lines.push(format!(
                "  and {} more",
                number::count(self.refused - MAX_TOLD as u64)
            ));
        }
        lines.join("\n")
    }
}

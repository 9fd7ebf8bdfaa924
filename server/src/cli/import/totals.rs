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
            accepted: 0,
            duplicates: 0,
            refused: 0,
            refused_rows: Vec::new(),
        }
    }

    /// A row is wrong.
    pub fn refuse(&mut self, line: u64, why: &str) {
        self.refused += 1;
        if self.refused_rows.len() < MAX_TOLD {
            self.refused_rows.push(RefusedRow {
                line,
                why: why.trim_start_matches("invalid input: ").to_owned(),
            });
        }
    }

    /// Rows were stored, or found there.
    pub fn stored(&mut self, committed: Committed) {
        self.accepted += u64::from(committed.accepted);
        self.duplicates += u64::from(committed.duplicates);
    }

    /// Rows are right and cost this.
    pub fn priced(&mut self, prices: &[Credits]) {
        self.events += prices.len() as u64;
        self.credits = prices
            .iter()
            .fold(self.credits, |sum, price| sum.saturating_add(*price));
    }

    /// Whether any row was wrong.
    pub const fn has_refused(&self) -> bool {
        self.refused > 0
    }

    /// The totals for people.
    pub fn text(&self) -> String {
        let stored = if self.dry_run {
            "nothing stored (dry run)".to_owned()
        } else {
            format!(
                "{} stored, {} already there",
                number::count(self.accepted),
                number::count(self.duplicates)
            )
        };
        let mut lines = vec![format!(
            "{} events, {} credits: {stored}.",
            number::count(self.events),
            number::credits(self.credits)
        )];
        if self.refused > 0 {
            lines.push(format!("{} rows refused:", number::count(self.refused)));
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

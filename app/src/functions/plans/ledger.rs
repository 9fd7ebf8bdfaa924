//! The lines of the ledger, in words.

use std::collections::BTreeMap;

use domain::ledger::{EntryKind, Grant, GrantKind, GrantNo, Payer, RENEWAL, SYSTEM};
use service::{
    billing::{Billing, LEDGER_LINES},
    ports::NumberedEntry,
};

use super::{LedgerLine, words::moment};

/// What a grant is called in a line: its kind and its name.
type Names<'a> = BTreeMap<GrantNo, &'a Grant>;

/// A page of the ledger, newest first.
pub(super) fn lines(billing: &Billing) -> Vec<LedgerLine> {
    let names: Names<'_> = billing
        .grants
        .iter()
        .map(|grant| (grant.number, grant))
        .collect();
    let shown = billing.entries.iter().take(LEDGER_LINES as usize);
    shown.map(|line| entry(line, &names, billing)).collect()
}

fn entry(line: &NumberedEntry, names: &Names<'_>, billing: &Billing) -> LedgerLine {
    let entry = &line.entry;
    let grant = match entry.payer {
        Payer::Overage => None,
        Payer::Grant(number) => names.get(&number).copied(),
    };
    let name = match (entry.payer, grant) {
        (Payer::Overage, _) => "Overage".to_owned(),
        (_, Some(grant)) => format!("{} · {}", grant.name, grant.number.0),
        (Payer::Grant(number), None) => number.0.to_string(),
    };
    LedgerLine {
        date: moment(entry.effective_at, &billing.zone),
        cycle: billing.cycle_of(entry.cycle_start),
        kind: kind(entry.kind, grant.map(|grant| grant.kind)).to_owned(),
        grant: name,
        credits: entry.credits,
        balance_after: entry.balance_after,
        reason: entry.reason.clone().unwrap_or_default(),
        actor: actor(&entry.actor),
    }
}

const fn kind(entry: EntryKind, grant: Option<GrantKind>) -> &'static str {
    match (entry, grant) {
        (EntryKind::Granted, Some(GrantKind::Adjustment)) | (EntryKind::Corrected, _) => {
            "Adjustment"
        }
        (EntryKind::Granted, Some(GrantKind::Rollover)) | (EntryKind::CarriedOver, _) => "Rollover",
        (EntryKind::Granted, _) => "Grant",
        (EntryKind::Covered, _) => "Overage settled",
        (EntryKind::Returned, _) => "Reversal",
    }
}

/// Programs of our own have names that people read.
fn actor(name: &str) -> String {
    match name {
        RENEWAL => "Renewal".to_owned(),
        SYSTEM => "System".to_owned(),
        other => other.to_owned(),
    }
}

//! The lines of the ledger, in words.

use std::collections::BTreeMap;

use domain::{
    Credits, Time,
    ledger::{EntryKind, Grant, GrantKind, GrantNo, Payer, RENEWAL, SYSTEM},
};
use service::{
    billing::{Billing, LEDGER_LINES},
    ports::NumberedEntry,
};

use super::{LedgerLine, words::moment};

/// What a grant is called in a line: its kind and its name.
type Names<'a> = BTreeMap<GrantNo, &'a Grant>;

/// A page of the ledger, newest first. What grants had left when they ended is written down nowhere: it is told below
/// the renewal at that moment.
pub(super) fn lines(billing: &Billing) -> Vec<LedgerLine> {
    let names: Names<'_> = billing
        .grants
        .iter()
        .map(|grant| (grant.number, grant))
        .collect();
    let mut lines = Vec::new();
    for line in billing.entries.iter().take(LEDGER_LINES as usize) {
        lines.push(entry(line, &names, billing));
        if is_renewal(line, &names) {
            let before = line.entry.balance_after.saturating_sub(line.entry.credits);
            lines.extend(expiries(line.entry.effective_at, before, billing));
        }
    }
    lines
}

/// Whether an entry is the allocation that a cycle began with.
fn is_renewal(line: &NumberedEntry, names: &Names<'_>) -> bool {
    let Payer::Grant(number) = line.entry.payer else {
        return false;
    };
    line.entry.kind == EntryKind::Granted
        && names.get(&number).is_some_and(|grant| {
            grant.kind == GrantKind::Plan && grant.active.start == line.entry.effective_at
        })
}

/// What ended unused at a moment, after which the account had so much left.
fn expiries(end: Time, mut balance: Credits, billing: &Billing) -> Vec<LedgerLine> {
    let ended = billing
        .grants
        .iter()
        .filter(|grant| grant.active.end == end && grant.remaining() > Credits::ZERO);
    ended
        .map(|grant| {
            let balance_after = balance;
            balance = balance.saturating_add(grant.remaining());
            LedgerLine {
                date: moment(end, &billing.zone),
                cycle: billing.cycle_of(end.plus_micros(-1)),
                kind: "Expiry".to_owned(),
                grant: grant_name(grant),
                credits: Credits::ZERO.saturating_sub(grant.remaining()),
                balance_after,
                reason: String::new(),
                actor: actor(RENEWAL),
            }
        })
        .collect()
}

fn grant_name(grant: &Grant) -> String {
    format!("{} · {}", grant.name, grant.number.0)
}

fn entry(line: &NumberedEntry, names: &Names<'_>, billing: &Billing) -> LedgerLine {
    let entry = &line.entry;
    let grant = match entry.payer {
        Payer::Overage => None,
        Payer::Grant(number) => names.get(&number).copied(),
    };
    let name = match (entry.payer, grant) {
        (Payer::Overage, _) => "Overage".to_owned(),
        (_, Some(grant)) => grant_name(grant),
        (Payer::Grant(number), None) => number.0.to_string(),
    };
    // An allocation belongs to its own cycle, also when usage that was reported late brought it.
    let of_cycle = grant.filter(|_| entry.kind == EntryKind::Granted);
    let cycle = of_cycle.and_then(|grant| grant.cycle_start);
    LedgerLine {
        date: moment(entry.effective_at, &billing.zone),
        cycle: billing.cycle_of(cycle.unwrap_or(entry.cycle_start)),
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
        (EntryKind::Granted, Some(GrantKind::Refund)) | (EntryKind::Returned, _) => "Reversal",
        (EntryKind::Granted, _) => "Grant",
        (EntryKind::Covered, _) => "Overage settled",
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

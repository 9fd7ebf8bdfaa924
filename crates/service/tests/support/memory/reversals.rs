//! Where what was given back went.

use domain::{
    AccountId, Seq,
    ledger::{EntryKind, Payer},
};
use service::ports::{NumberedEntry, ReturnedTo};

use super::State;

impl State {
    /// Where what a reversal gave back went.
    pub(super) fn returned_to(&self, account: AccountId, reversal: Seq) -> Vec<ReturnedTo> {
        let Some(books) = self.books.get(&account) else {
            return Vec::new();
        };
        let of_it = |line: &&NumberedEntry| {
            line.entry.event == Some(reversal)
                && matches!(line.entry.kind, EntryKind::Returned | EntryKind::Granted)
        };
        let went = |line: &NumberedEntry| {
            let grant = match line.entry.payer {
                Payer::Grant(number) => books.grants.get(&number),
                Payer::Overage => None,
            };
            ReturnedTo {
                payer: line.entry.payer,
                credits: line.entry.credits,
                grant: grant.map(|grant| (grant.kind, grant.name.clone())),
                expires_at: grant.map(|grant| grant.active.end),
            }
        };
        books.entries.iter().filter(of_it).map(went).collect()
    }
}

//! The state of Plans & add-ons: read once, kept right by what arrives.

use domain::live::{Applied, Delta, ReadAt};
use leptos::prelude::*;

use super::live::Followed;
use crate::functions::PlansPage;

/// The page, and whether it has to be read again.
#[derive(Clone, Copy)]
pub struct PlansState {
    /// What is shown.
    pub page: RwSignal<PlansPage>,
    /// Counts the readings of the page.
    pub generation: RwSignal<u32>,
    /// Counts changes that only reading again can show: orders, grants, the ledger.
    pub stale: RwSignal<u32>,
}

/// What a delta means for books that were read at a place.
fn applied(read_at: ReadAt, delta: &Delta) -> Applied {
    let is_newer = (delta.up_to, delta.books.version) > (read_at.as_of, read_at.books);
    if !is_newer {
        Applied::Stale
    } else if delta.after == read_at.as_of {
        Applied::Yes
    } else {
        Applied::Gap
    }
}

impl PlansState {
    /// The state right after the page was read.
    pub fn new(page: PlansPage) -> Self {
        Self {
            page: RwSignal::new(page),
            generation: RwSignal::new(0),
            stale: RwSignal::new(0),
        }
    }

    /// Shows the page as it was read again.
    pub fn replace(self, page: PlansPage) {
        self.page.set(page);
        self.generation.update(|generation| *generation += 1);
    }

    /// How the page is followed.
    pub fn followed(self) -> Followed {
        Followed {
            generation: self.generation,
            read_at: Callback::new(move |()| self.page.with_untracked(|page| page.read_at)),
            apply: Callback::new(move |delta: Box<Delta>| self.apply(*delta)),
        }
    }

    fn apply(self, delta: Delta) -> Applied {
        let mut page = self.page.write();
        let applied = applied(page.read_at, &delta);
        if applied != Applied::Yes {
            page.untrack();
            return applied;
        }
        if page.books.billing != delta.books.billing {
            self.stale.update(|stale| *stale += 1);
        }
        page.read_at = ReadAt {
            as_of: delta.up_to,
            books: delta.books.version,
            ..page.read_at
        };
        page.books = delta.books;
        applied
    }
}

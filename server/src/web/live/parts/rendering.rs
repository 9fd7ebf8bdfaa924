//! What a page says when it is rendered again, and what of that is told to whom.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex},
};

use app::parts::{ShownParts, marked};
use domain::live::{LiveFrame, Part, Parts};
use service::live::Told;

use super::lock;

/// What is told of a rendering that is kept for the others: what pages show comes from those who look at them, and may
/// be anything.
const MOST_TOLD: usize = 16;

/// A page, rendered again.
pub(super) struct Rendering {
    parts: Vec<Part>,
    says: ShownParts,
    /// Whether these are all marked parts of the page.
    is_whole: bool,
    /// What was told of it, each once for all who saw the same before; the first of it.
    told: Mutex<HashMap<u64, Arc<Told>>>,
}

impl Rendering {
    /// The marked parts of a page as it is now.
    pub(super) fn of(html: &str, is_whole: bool) -> Self {
        let parts = marked(html);
        Self {
            says: ShownParts::of(None, &parts),
            parts,
            is_whole,
            told: Mutex::default(),
        }
    }

    /// What is new to a page that shows something, which shows it from now on.
    pub(super) fn news_to(&self, shown: &mut ShownParts) -> Option<Arc<Told>> {
        if self.is_whole && shown.since.is_some() && !shown.is_alike(&self.says) {
            return Some(resync());
        }
        let mut hash = DefaultHasher::new();
        shown.hash(&mut hash);
        let changed = shown.take(&self.says);
        if changed.is_empty() {
            return None;
        }
        let make = || {
            let changed = changed.iter().filter_map(|place| self.parts.get(*place));
            let parts = Parts {
                changed: changed.cloned().collect(),
                shown: shown.to_text(),
            };
            Arc::new(Told::new(LiveFrame::Parts(Box::new(parts))))
        };
        let mut remembered = lock(&self.told);
        if let Some(known) = remembered.get(&hash.finish()) {
            return Some(Arc::clone(known));
        }
        if remembered.len() >= MOST_TOLD {
            drop(remembered);
            return Some(make());
        }
        let told = make();
        remembered.insert(hash.finish(), Arc::clone(&told));
        Some(told)
    }
}

/// Says that the page has to be read again.
pub(super) fn resync() -> Arc<Told> {
    Arc::new(Told::new(LiveFrame::Resync))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pages_say_that_they_show_fills_nothing() {
        let rendering = Rendering::of("<b data-live=a>1</b><b data-live=b>1</b>", false);
        let now = ShownParts::of(None, &rendering.parts);
        let mut last = None;
        for number in 0..1_000 {
            let mut shown = now.clone();
            shown.parts[0].1 ^= number + 1;
            last = rendering.news_to(&mut shown);
            assert!(last.is_some() && shown == now, "{number}");
        }
        assert_eq!(lock(&rendering.told).len(), MOST_TOLD);
        // All who are told the same are told it whether it was kept or not.
        let mut shown = now.clone();
        shown.parts[0].1 ^= 1;
        let first = rendering.news_to(&mut shown);
        let frame = |told: Option<Arc<Told>>| told.map(|told| told.frame().clone());
        assert_eq!(frame(first), frame(last));
    }
}

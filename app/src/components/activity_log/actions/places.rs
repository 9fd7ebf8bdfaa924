//! Where the reader was in the log of a view: the back button leads there again.

use std::cell::RefCell;

use leptos::prelude::*;

use super::LogActions;
use crate::{
    state::Anchor,
    tab::{tab, took_back},
};

/// Views whose places are remembered.
const REMEMBERED: usize = 30;

thread_local! {
    static PLACES: RefCell<Vec<(String, Anchor)>> = const { RefCell::new(Vec::new()) };
}

fn remember(view: String, anchor: Option<Anchor>) {
    PLACES.with(|places| {
        let mut places = places.borrow_mut();
        places.retain(|(of, _)| *of != view);
        places.extend(anchor.map(|anchor| (view, anchor)));
        if places.len() > REMEMBERED {
            places.remove(0);
        }
    });
}

fn place_in(view: &str) -> Option<Anchor> {
    PLACES.with(|places| {
        let places = places.borrow();
        let place = places.iter().find(|(of, _)| of == view);
        place.map(|(_, anchor)| *anchor)
    })
}

impl LogActions {
    /// Remembers where the reader is when the page is left, and goes there when they come back to it.
    pub fn remember_places(self) {
        self.return_to_place();
        Effect::new(move |before: Option<u32>| {
            let generation = self.state.generation.get();
            if before.is_some_and(|before| before != generation) {
                self.return_to_place();
            }
            generation
        });
        on_cleanup(move || {
            if let Some(view) = self.asking.view.try_get_value() {
                remember(view, self.scrolled_to());
            }
        });
    }

    fn scrolled_to(self) -> Option<Anchor> {
        self.state.log.try_with_untracked(|log| {
            (log.scroll.position > 0.0 && log.open.is_none()).then(|| log.anchor())?
        })?
    }

    fn return_to_place(self) {
        if tab().is_none() || !took_back() {
            return;
        }
        let is_open = self.state.log.with_untracked(|log| log.open.is_some());
        let view = self.view();
        let Some(anchor) = place_in(&view).filter(|_| !is_open) else {
            return;
        };
        let is_held = self.state.log.try_update(|log| log.hold(anchor));
        if is_held == Some(false) {
            self.reveal_at(anchor);
        }
    }
}

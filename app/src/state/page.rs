//! The page's state: what was read, changed by what arrives.

use domain::{
    live::{Applied, Delta, Part, ReadAt},
    usage::{Dashboard, ForecastView},
};
use leptos::prelude::*;

use super::{FORECAST, FORECAST_SAID, LogState};
use crate::{functions::Start, packed};

/// Everything that the usage page takes changes into, as signals.
#[derive(Clone, Copy)]
pub struct PageState {
    /// Gauge and cards.
    pub dashboard: RwSignal<Dashboard>,
    /// What will probably be of the cycle, as of the last reading.
    pub forecast: RwSignal<Option<ForecastView>>,
    /// The log.
    pub log: RwSignal<LogState>,
    /// Counts the readings of the page: each is followed live from its own place.
    pub generation: RwSignal<u32>,
}

impl PageState {
    /// The state right after the page was read.
    pub fn new(page: Start) -> Self {
        Self {
            dashboard: RwSignal::new(page.dashboard),
            forecast: RwSignal::new(page.forecast),
            log: RwSignal::new(LogState::asked(page.log, page.open.as_ref())),
            generation: RwSignal::new(0),
        }
    }

    /// Where and when it was read.
    pub fn read_at(&self) -> ReadAt {
        self.dashboard.with_untracked(Dashboard::read_at)
    }

    /// Takes the forecast over that the charts were drawn with.
    pub fn hear_of(&self, part: &Part) {
        if part.name == FORECAST
            && let Some((_, said)) = part
                .attributes
                .iter()
                .find(|(name, _)| name == FORECAST_SAID)
            && let Ok(forecast) = postcard::from_bytes(&packed::from_text(said))
        {
            self.forecast.set(forecast);
        }
    }

    /// Shows what was read again.
    pub fn replace(&self, page: Start) {
        self.dashboard.set(page.dashboard);
        self.forecast.set(page.forecast);
        self.log
            .update(|log| *log = log.read_again(page.log, page.open.as_ref()));
        self.generation.update(|generation| *generation += 1);
    }

    /// Applies a delta everywhere at once; says whether the page must be read again instead.
    pub fn apply(&self, delta: &Delta) -> Applied {
        let mut dashboard = self.dashboard.write();
        let applied = dashboard.apply(delta);
        if applied == Applied::Yes {
            self.log.update(|log| log.arrive(delta));
        } else if applied == Applied::Stale {
            dashboard.untrack();
        }
        applied
    }
}

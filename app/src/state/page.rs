//! The page's state: what was read, changed by what arrives.

use domain::{
    live::{Applied, Delta, Part},
    usage::{Dashboard, ForecastView},
};
use leptos::prelude::*;

use super::{LogState, Remedy, live::Followed};
use crate::{
    functions::{Charts, EventAsked, Page, Reader, TipsView},
    packed,
};

/// The marked part that holds the forecast, for the parts of the page that live on by themselves.
pub const FORECAST: &str = "forecast";
/// Its attribute that says it.
pub const FORECAST_SAID: &str = "data-said";

/// Everything the page shows, as signals.
#[derive(Clone, Copy)]
pub struct PageState {
    /// Gauge and cards.
    pub dashboard: RwSignal<Dashboard>,
    /// Their charts.
    pub charts: RwSignal<Charts>,
    /// What will probably be of the cycle, as of the last reading.
    pub forecast: RwSignal<Option<ForecastView>>,
    /// What is worth knowing, as of the last reading.
    pub tips: RwSignal<TipsView>,
    /// The log.
    pub log: RwSignal<LogState>,
    /// Who reads.
    pub reader: StoredValue<Reader>,
    /// What helps them when credits run out.
    pub helps: RwSignal<Remedy>,
    /// The event that the page's address leads to.
    pub asked: RwSignal<EventAsked>,
    /// Counts the readings of the page: each is followed live from its own place.
    pub generation: RwSignal<u32>,
}

impl PageState {
    /// The state right after the page was read.
    pub fn new(page: Page) -> Self {
        Self {
            dashboard: RwSignal::new(page.dashboard),
            charts: RwSignal::new(page.charts),
            forecast: RwSignal::new(page.forecast),
            tips: RwSignal::new(page.tips),
            log: RwSignal::new(LogState::asked(page.log, &page.event)),
            helps: RwSignal::new(Remedy::for_reader(&page.reader)),
            reader: StoredValue::new(page.reader),
            asked: RwSignal::new(page.event),
            generation: RwSignal::new(0),
        }
    }

    /// How the page is followed.
    pub fn followed(self) -> Followed {
        Followed {
            generation: self.generation,
            read_at: Callback::new(move |()| self.dashboard.with_untracked(Dashboard::read_at)),
            apply: Callback::new(move |delta: Box<Delta>| self.apply(&delta)),
            hears_of: Callback::new(move |part: Part| self.hear_of(&part)),
        }
    }

    /// Takes the forecast over that the charts were drawn with.
    fn hear_of(self, part: &Part) {
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

    /// Shows another view, or the same one read again.
    pub fn replace(&self, page: Page) {
        self.dashboard.set(page.dashboard);
        self.helps.set(Remedy::for_reader(&page.reader));
        self.charts.set(page.charts);
        self.forecast.set(page.forecast);
        self.tips.set(page.tips);
        self.log
            .update(|log| *log = log.read_again(page.log, &page.event));
        self.asked.set(page.event);
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

//! When credits will run out, in a sentence.

use domain::usage::ForecastView;
use leptos::prelude::*;

use crate::ui::Icon;

/// The forecast; nothing for those who see no balance. It is as true as when the page was read.
#[component]
pub fn GaugeOutlook(
    /// What will probably be of the cycle.
    forecast: RwSignal<Option<ForecastView>>,
) -> impl IntoView {
    move || forecast.get().map(sentence)
}

fn sentence(forecast: ForecastView) -> impl IntoView {
    let (class, icon) = match forecast {
        ForecastView {
            cycle_use: None, ..
        } => ("outlook unknown", Icon::Half),
        ForecastView { runs_out: true, .. } => ("outlook runs-out", Icon::Warning),
        ForecastView { .. } => ("outlook lasts", Icon::Fine),
    };
    let detail = (!forecast.detail.is_empty())
        .then(|| view! { <span class="outlook-detail">{forecast.detail}</span> });
    view! {
        <p class=class data-testid="outlook">{icon.view()}<b>{forecast.headline}</b>{detail}</p>
    }
}

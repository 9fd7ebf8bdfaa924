//! When credits will run out, in a sentence.

use domain::usage::ForecastView;
use leptos::prelude::*;

use crate::ui::Icon;

/// The forecast; nothing where nothing limits the use. It is as true as when the page was read.
#[component]
pub fn GaugeOutlook(
    /// What will probably be of the cycle; none when there is nothing to look ahead to.
    ahead: Memo<Option<ForecastView>>,
) -> impl IntoView {
    move || {
        let said = ahead.get().filter(|ahead| !ahead.headline.is_empty());
        said.map(sentence)
    }
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

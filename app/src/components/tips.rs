//! What is worth knowing, with links to how it was worked out.

use leptos::prelude::*;

use crate::{functions::TipsView, ui::Icon};

/// Beside the cards: what could be better. Warnings stand above the cards.
pub fn tips(tips: &TipsView) -> AnyView {
    let lines = tips.lines.iter().filter(|line| !line.is_warning);
    let lines: Vec<_> = lines
        .cloned()
        .map(|line| {
            view! {
                <li>{Icon::Tip.view()}<p><strong>{line.title}</strong>" "{line.text}</p>
                    <a href=line.href>{line.action}</a></li>
            }
        })
        .collect();
    let tips = (!lines.is_empty()).then(|| {
        let as_of = ["as of ", &tips.as_of].concat();
        view! {
            <section aria-labelledby="tips-title" data-testid="tips">
                <header class="section-header"><h2 id="tips-title">"Tips"</h2><p>{as_of}</p></header>
                <ul class="card tips">{lines.collect_view()}</ul>
            </section>
        }
    });
    view! { <div class="tips-part" data-live="tips">{tips}</div> }.into_any()
}

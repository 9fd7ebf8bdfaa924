//! What is worth knowing, with links to how it was worked out.

use leptos::prelude::*;

use crate::{
    functions::{TipLine, TipsView},
    ui::Icon,
};

/// Beside the cards: what could be better.
#[component]
pub fn Tips(
    /// What is worth knowing.
    tips: RwSignal<TipsView>,
) -> impl IntoView {
    let others = Memo::new(move |_| others(tips));
    move || {
        let lines = others.get();
        (!lines.is_empty()).then(|| {
            let lines = lines.into_iter().map(|line| {
                view! {
                    <li>{Icon::Tip.view()}<p><strong>{line.title}</strong>" "{line.text}</p>
                        <a href=line.href>{line.action}</a></li>
                }
            });
            let as_of = format!("as of {}", tips.with_untracked(|tips| tips.as_of.clone()));
            view! {
                <section aria-labelledby="tips-title" data-testid="tips">
                    <header class="section-header"><h2 id="tips-title">"Tips"</h2><p>{as_of}</p></header>
                    <ul class="card tips">{lines.collect_view()}</ul>
                </section>
            }
        })
    }
}

/// What is no warning: those stand above the cards.
fn others(tips: RwSignal<TipsView>) -> Vec<TipLine> {
    tips.with(|tips| {
        let lines = tips.lines.iter();
        lines.filter(|line| !line.is_warning).cloned().collect()
    })
}

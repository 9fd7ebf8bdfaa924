//! What is worth knowing, with links to how it was worked out.

use leptos::prelude::*;

use crate::{
    functions::{TipLine, TipsView},
    ui::{Icon, Notice, Tone},
};

/// Above the gauge: that something is probably wrong.
#[component]
pub fn Warnings(
    /// What is worth knowing.
    tips: RwSignal<TipsView>,
) -> impl IntoView {
    let warnings = Memo::new(move |_| of(tips, true));
    move || {
        let notices = warnings.get().into_iter().map(|line| {
            view! {
                <Notice tone=Tone::Warning title=line.title text=line.text>
                    <a class="button" href=line.href rel="external">{line.action}</a>
                </Notice>
            }
        });
        notices.collect_view()
    }
}

/// Beside the cards: what could be better.
#[component]
pub fn Tips(
    /// What is worth knowing.
    tips: RwSignal<TipsView>,
) -> impl IntoView {
    let others = Memo::new(move |_| of(tips, false));
    move || {
        let lines = others.get();
        (!lines.is_empty()).then(|| {
            let lines = lines.into_iter().map(|line| {
                view! {
                    <li>{Icon::Tip.view()}<p><strong>{line.title}</strong>" "{line.text}</p>
                        <a href=line.href rel="external">{line.action}</a></li>
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

fn of(tips: RwSignal<TipsView>, is_warning: bool) -> Vec<TipLine> {
    tips.with(|tips| {
        let lines = tips.lines.iter();
        lines
            .filter(|line| line.is_warning == is_warning)
            .cloned()
            .collect()
    })
}

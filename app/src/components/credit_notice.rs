//! The notice above the gauge when credits run out.

use domain::usage::Dashboard;
use leptos::prelude::*;

use crate::{
    COMPANIES_PATH,
    state::{CreditNotice, Remedy, Url},
    ui::Notice,
};

/// Where credits are bought.
const PLANS_PATH: &str = "/billing/plans";

/// Says that credits run out, until when, and what helps.
#[component]
pub fn CreditBanner(
    /// What is shown.
    dashboard: RwSignal<Dashboard>,
    /// What helps the reader.
    helps: RwSignal<Remedy>,
    /// The view.
    url: Memo<Url>,
) -> impl IntoView {
    let notice =
        Memo::new(move |_| dashboard.with(|dashboard| CreditNotice::of(dashboard, helps.get())));
    let plans = Memo::new(move |_| url.with(|url| url.beside(PLANS_PATH)));
    let budgets = Memo::new(move |_| url.with(|url| url.beside(COMPANIES_PATH)));
    move || {
        notice.get().map(|notice| {
            view! {
                <Notice tone=notice.tone title=notice.title text=notice.text>
                    {match (notice.remedy, notice.is_of_budget) {
                        (Remedy::Buy, true) => view! { <a class="button primary" href=budgets rel="external">"Set budget"</a> }.into_any(),
                        (Remedy::Ask, true) => view! { <p class="notice-advice">"Ask your admin to raise the budget"</p> }.into_any(),
                        (Remedy::Buy, false) => view! {
                            <a class="button primary" href=plans>"Buy a pack"</a>
                            <a class="button" href=plans>"Compare plans"</a>
                        }.into_any(),
                        (Remedy::Ask, false) => view! { <p class="notice-advice">"Ask your admin to buy a pack"</p> }.into_any(),
                        (Remedy::None, _) => ().into_any(),
                    }}
                </Notice>
            }
        })
    }
}

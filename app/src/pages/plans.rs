//! Billing > Plans & add-ons.

use domain::ledger::{CreditFacts, CreditState};
use leptos::prelude::*;

use crate::{
    PLANS_PATH,
    components::{
        BillingNotices, Disputes, GrantTable, LedgerTable, LiveMark, Offers, Orders, PageNotices,
        PlanSummary, Sidebar,
    },
    functions::{PlansPage as Page, load_plans},
    state::{PlansState, Reading, follow_live},
    ui::{Lifetime, Notice, Tone},
};

/// How soon after a change the page is read again: an order that was paid shows within this time.
const READ_AGAIN_AFTER_MS: u64 = 300;

/// What the page begins with, kept live in the browser.
#[component]
pub fn PlansPage(
    /// What it begins with.
    page: Page,
    /// The address's query string.
    query: Memo<String>,
) -> impl IntoView {
    let state = PlansState::new(page);
    let reading = Reading::new(query, load_plans, move |page| state.replace(page));
    let link = follow_live(state.followed(), query, reading.again);
    read_again_when_stale(state, reading.again);
    let page = state.page;
    let reader = page.with_untracked(|page| page.reader.clone());
    let account = Signal::derive(move || page.with(|page| page.account_name.clone()));
    let account_key = Signal::derive(move || page.with(|page| page.account.clone()));
    let subtitle = move || page.with(|page| format!("{} · {}", page.cycle.label, page.time_zone));
    view! {
        <Sidebar reader account account_key path=PLANS_PATH/>
        <main class="page plans-page">
            <header class="page-header">
                <div class="page-title">
                    <h1>"Plans & add-ons"</h1>
                    <p class="page-subtitle">{subtitle}</p>
                </div>
                <div class="page-tools"><LiveMark link/></div>
            </header>
            <PageNotices link problem=reading.problem/>
            <BillingNotices query/>
            <Stopped page/>
            <PlanSummary page/>
            <Offers page/>
            <Orders page/>
            <Disputes page/>
            <GrantTable page/>
            <LedgerTable page/>
        </main>
    }
}

/// Reads the page again soon after a change that a delta cannot tell, several of them at once.
fn read_again_when_stale(state: PlansState, reload: Callback<()>) {
    let is_waiting = StoredValue::new(false);
    let lifetime = Lifetime::of_component();
    Effect::new(move |seen: Option<u32>| {
        let changes = state.stale.get();
        if seen.is_some_and(|seen| seen != changes) && !is_waiting.get_value() {
            is_waiting.set_value(true);
            let read = move || {
                is_waiting.set_value(false);
                reload.run(());
            };
            lifetime.after(std::time::Duration::from_millis(READ_AGAIN_AFTER_MS), read);
        }
        changes
    });
}

/// Whether AI features have stopped.
#[component]
fn Stopped(page: RwSignal<Page>) -> impl IntoView {
    let is_out = Memo::new(move |_| {
        page.with(|page| {
            let balance = page.books.balance;
            let state = balance
                .map(|balance| CreditFacts::of_account(balance, page.books.is_suspended).state());
            matches!(
                state,
                Some(CreditState::OutOfCredits | CreditState::NoCredits)
            )
        })
    });
    let resets = move || {
        page.with(|page| {
            format!(
                "New credits arrive on {}. With an add-on they resume at once.",
                page.cycle.resets_on
            )
        })
    };
    move || {
        is_out.get().then(|| {
            view! { <Notice tone=Tone::Danger title="AI features have stopped.".to_owned() text=Signal::derive(resets)/> }
        })
    }
}

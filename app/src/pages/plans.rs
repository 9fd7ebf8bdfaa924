//! Billing > Plans & add-ons.

use domain::ledger::{Balance, Level};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    PLANS_PATH,
    components::{
        BillingNotices, Disputes, GrantTable, LedgerTable, LiveMark, Offers, Orders, PlanSummary,
        Sidebar,
    },
    error::AppError,
    functions::{PlansPage as Page, load_plans},
    state::{Link, PlansState, follow_live},
    ui::{Notice, Tone},
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
    let problem = RwSignal::new(None::<AppError>);
    let reload = reloading(state, query, problem);
    let link = follow_live(state.followed(), query, reload);
    read_again_when_stale(state, reload);
    #[cfg(feature = "hydrate")]
    crate::ui::browser::close_menus_when_left();
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
            <Problems link problem/>
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

/// Reads the page again when asked to.
fn reloading(
    state: PlansState,
    query: Memo<String>,
    problem: RwSignal<Option<AppError>>,
) -> Callback<()> {
    let read = move || {
        spawn_local(async move {
            match load_plans(query.get_untracked()).await {
                Ok(page) => {
                    problem.set(None);
                    state.replace(page);
                }
                Err(error) => problem.set(Some(error)),
            }
        });
    };
    Effect::new(move |shown: Option<String>| {
        let query = query.get();
        if shown.is_some_and(|shown| shown != query) {
            read();
        }
        query
    });
    Callback::new(move |()| read())
}

/// Reads the page again soon after a change that a delta cannot tell, several of them at once.
fn read_again_when_stale(state: PlansState, reload: Callback<()>) {
    let is_waiting = StoredValue::new(false);
    Effect::new(move |seen: Option<u32>| {
        let changes = state.stale.get();
        if seen.is_some_and(|seen| seen != changes) && !is_waiting.get_value() {
            is_waiting.set_value(true);
            let read = move || {
                is_waiting.set_value(false);
                reload.run(());
            };
            set_timeout(read, std::time::Duration::from_millis(READ_AGAIN_AFTER_MS));
        }
        changes
    });
}

/// What went wrong with the page itself.
#[component]
fn Problems(link: RwSignal<Link>, problem: RwSignal<Option<AppError>>) -> impl IntoView {
    view! {
        {move || (link.get() == Link::Broken).then(|| view! {
            <Notice tone=Tone::Calm title="Not live.".to_owned()
                text="The connection is being restored; the figures are as of the last change received.".to_owned()/>
        })}
        {move || problem.get().map(|error| view! {
            <Notice tone=Tone::Warning title=error.to_string() text=error.advice()/>
        })}
    }
}

/// Whether AI features have stopped.
#[component]
fn Stopped(page: RwSignal<Page>) -> impl IntoView {
    let level = Memo::new(move |_| page.with(|page| page.books.balance.map(Balance::level)));
    let resets = move || {
        page.with(|page| {
            format!(
                "New credits come on {}. A pack lets them go on at once.",
                page.cycle.resets_on
            )
        })
    };
    move || {
        (level.get() == Some(Level::Stopped)).then(|| {
            view! { <Notice tone=Tone::Danger title="AI features have stopped.".to_owned() text=Signal::derive(resets)/> }
        })
    }
}

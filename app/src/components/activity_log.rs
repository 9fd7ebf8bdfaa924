//! Every credit-consuming event, newest first, however many there are.

mod actions;
mod empty;
mod row;
mod toolbar;

use domain::{activity::PAGE_ROWS, number};
use leptos::prelude::*;

use actions::LogActions;
use empty::EmptyLog;
use row::Slot;
use toolbar::Toolbar;

use crate::{
    components::ReceiptPanel,
    state::{PageState, Url},
    ui::Icon,
};

/// Rows that exist in the document, however long the log is. As many as the server renders first.
const POOL: u64 = PAGE_ROWS as u64;
/// Rows kept above the view, so that a quick scroll never shows a gap.
const ABOVE: u64 = 8;

/// The log with its filters.
#[component]
pub fn ActivityLog(
    /// The page.
    state: PageState,
    /// The view.
    url: Memo<Url>,
    /// The view's query string.
    query: Memo<String>,
) -> impl IntoView {
    let actions = LogActions::new(state, query);
    let listed = Memo::new(move |_| state.dashboard.with(domain::usage::Dashboard::listed));
    let subtitle = move || {
        let totals = listed.get();
        format!(
            "{} · {}",
            number::events(totals.events),
            number::with_unit(&number::credits(totals.credits))
        )
    };
    let is_empty = Memo::new(move |_| state.log.with(|log| log.window.total() == 0));
    view! {
        <section class="log" aria-labelledby="log-title">
            <header class="section-header">
                <h2 id="log-title" tabindex="-1">"Activity log"</h2>
                <p data-testid="log-totals">{subtitle}</p>
            </header>
            <div class="card log-card">
                <Toolbar state url actions/>
                {move || if is_empty.get() {
                    view! { <EmptyLog state url/> }.into_any()
                } else {
                    view! { <Rows state actions/> }.into_any()
                }}
            </div>
            <OlderLink state url/>
        </section>
    }
}

/// Turns the page where there are no scripts.
#[component]
fn OlderLink(state: PageState, url: Memo<Url>) -> impl IntoView {
    let older = state.log.with_untracked(|log| {
        if log.window.reaches_oldest() {
            None
        } else {
            log.window.oldest()
        }
    });
    let href = older.map(|cursor| {
        let here = url.get_untracked().href();
        let separator = if here.contains('?') { '&' } else { '?' };
        format!("{here}{separator}before={cursor}#log-title")
    });
    href.map(|href| view! { <noscript><a class="button" href=href>"Older events"</a></noscript> })
}

#[component]
fn Rows(state: PageState, actions: LogActions) -> impl IntoView {
    let log = state.log;
    let first = Memo::new(move |_| log.with(|log| log.scroll.first_row().saturating_sub(ABOVE)));
    let scroller = actions.scroller;
    let (sizer, layer, rows) = (actions.sizer, actions.layer, actions.rows);
    actions.mount();
    let unseen = Memo::new(move |_| log.with(|log| log.unseen));
    let label = move || {
        if unseen.get() == 1 {
            "1 new".to_owned()
        } else {
            format!("{} new", number::count(unseen.get()))
        }
    };
    view! {
        <div class="log-head" aria-hidden="true">
            <span>"Event time"</span><span>"Agent"</span><span class="wide">"Activity"</span><span>"Company"</span><span class="wide">"Reference"</span><span class="end">"Credits"</span>
        </div>
        {move || (unseen.get() > 0).then(|| view! {
            <button class="new-pill" type="button" data-testid="new-pill" on:click=move |_| actions.to_newest()>{Icon::ArrowUp.view()}{label}</button>
        })}
        <div class="log-scroll" node_ref=scroller tabindex="0" role="treegrid" aria-label="Activity log"
            aria-rowcount=move || log.with(|log| log.window.total()).to_string()
            aria-activedescendant=move || log.with(|log| actions::index_of(log, actions.active.get())).map(|index| format!("row-{index}"))
            on:scroll=move |_| actions.scrolled()
            on:keydown=move |event| actions.key(&event)
        >
            <div class="log-sizer" node_ref=sizer role="presentation">
                <div class="log-layer" node_ref=layer role="presentation">
                    <div class="log-rows" node_ref=rows role="rowgroup">
                        {(0..POOL).map(|place| view! { <PoolRow place first state actions/> }).collect_view()}
                    </div>
                </div>
            </div>
        </div>
    }
}

/// One of the rows that exist: it shows whichever row of the log stands at its place.
#[component]
fn PoolRow(place: u64, first: Memo<u64>, state: PageState, actions: LogActions) -> impl IntoView {
    let index = Memo::new(move |_| first.get() + place);
    let row = Memo::new(move |_| {
        state.log.with(|log| match log.window.row(index.get()) {
            Some(row) => Slot::Row(Box::new(row.clone())),
            None if index.get() < log.window.total() => Slot::Coming,
            None => Slot::Beyond,
        })
    });
    let year = Memo::new(move |_| state.dashboard.with(|dashboard| dashboard.year));
    let is_open = Memo::new(move |_| match (row.get(), actions.open.get()) {
        (Slot::Row(row), Some(open)) => row.cursor() == open,
        _ => false,
    });
    view! {
        <row::LogLine index row year is_open actions/>
        {move || is_open.get().then(|| view! { <ReceiptPanel receipt=actions.receipt.into() view=Signal::derive(move || actions.linked_view())/> })}
    }
}

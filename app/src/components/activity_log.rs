//! Every credit-consuming event, newest first, however many there are.

mod actions;
#[cfg(feature = "hydrate")]
mod drawn;
mod empty;
mod line;
#[cfg(feature = "hydrate")]
mod pool;
mod toolbar;

use domain::{activity::PAGE_ROWS, number};
use leptos::prelude::*;

pub use actions::Asking;
use actions::{LogActions, index_of};
use empty::EmptyLog;
use toolbar::Toolbar;

use crate::{
    state::{PageState, Reading, Url},
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
    /// What the address says of the log.
    asking: Asking,
    /// How the page is read.
    reading: Reading,
) -> impl IntoView {
    let actions = LogActions::new(state, asking);
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
                <Toolbar state url actions reading/>
                {move || if is_empty.get() {
                    view! { <EmptyLog state url/> }.into_any()
                } else {
                    view! { <Rows state actions/> }.into_any()
                }}
            </div>
            <TurnPage state url/>
        </section>
    }
}

/// Turns the page where there are no scripts.
#[component]
fn TurnPage(state: PageState, url: Memo<Url>) -> impl IntoView {
    let (older, is_newest) = state.log.with_untracked(|log| {
        let window = &log.window;
        let older = window.oldest().filter(|_| !window.reaches_oldest());
        (older, window.reaches_newest())
    });
    let here = url.get_untracked().href();
    let joint = if here.contains('?') { '&' } else { '?' };
    let older = older.map(|cursor| format!("{here}{joint}before={cursor}#log-title"));
    let newest = (!is_newest).then(|| format!("{here}#log-title"));
    view! {
        <noscript><p class="log-pages">
            {newest.map(|href| view! { <a class="button" href=href>"Newest events"</a> })}
            {older.map(|href| view! { <a class="button" href=href>"Older events"</a> })}
        </p></noscript>
    }
}

#[component]
fn Rows(state: PageState, actions: LogActions) -> impl IntoView {
    let log = state.log;
    let scroller = actions.scroller;
    let (sizer, layer, rows) = (actions.sizer, actions.layer, actions.rows);
    actions.mount();
    let unseen = Memo::new(move |_| log.with(|log| log.unseen));
    let label = move || match unseen.get() {
        1 => "1 new".to_owned(),
        several => [&number::count(several), " new"].concat(),
    };
    view! {
        <div class="log-head" aria-hidden="true">
            <span>"Event time"</span><span>"Agent"</span><span class="wide">"Activity"</span><span>"Company"</span><span class="wide">"Reference"</span><span class="end">"Credits"</span>
        </div>
        {move || (unseen.get() > 0).then(|| view! {
            <button class="new-pill" type="button" data-testid="new-pill" on:click=move |_| actions.to_newest()>{Icon::ArrowUp.view()}{label}</button>
        })}
        {move || actions.trouble.get().map(|error| view! {
            <p class="log-failed" role="alert" data-testid="log-failed">
                <span>{["Some rows could not be read. ", &error.to_string()].concat()}</span>
                <button class="button" type="button" on:click=move |_| actions.try_again()>"Try again"</button>
            </p>
        })}
        <div class="log-scroll" node_ref=scroller tabindex="0" role="treegrid" aria-label="Activity log"
            aria-rowcount=move || log.with(|log| log.window.total()).to_string()
            aria-activedescendant=move || log.with(|log| index_of(log, actions.active.get())).map(|index| format!("row-{index}"))
            on:scroll=move |_| actions.scrolled()
            on:click=move |event| actions.clicked(&event)
            on:keydown=move |event| actions.key(&event)
            on:input=move |event| actions.typed(&event)
            on:submit=move |event| actions.sent(&event)
        >
            <div class="log-sizer" node_ref=sizer role="presentation">
                <div class="log-layer" node_ref=layer role="presentation">
                    <div class="log-rows" node_ref=rows role="rowgroup" inner_html=rows_html(state, &actions)></div>
                </div>
            </div>
        </div>
    }
}

/// The rows as the server writes them: as many as exist in the browser, so that these are taken over as they stand.
#[cfg(feature = "ssr")]
fn rows_html(state: PageState, actions: &LogActions) -> String {
    use line::{Line, receipt_markup};
    let view = actions.view();
    let year = state.dashboard.with_untracked(|dashboard| dashboard.year);
    state.log.with_untracked(|log| {
        let first = log.scroll.first_row().saturating_sub(ABOVE);
        let open = log.open.as_ref();
        let row = |index: u64| {
            let line = Line::at(log, index, year, &view);
            let is_open = open.is_some_and(|open| open.index == index);
            let receipt = is_open.then(|| {
                let html = state.asked.with_untracked(|asked| {
                    let event = asked.opened();
                    event.map(|event| event.receipt.clone())
                });
                receipt_markup(&html.unwrap_or_default())
            });
            line.html(index, is_open) + &receipt.unwrap_or_default()
        };
        (first..first + POOL).map(row).collect()
    })
}

/// In the browser they stand there already.
#[cfg(not(feature = "ssr"))]
const fn rows_html(_: PageState, _: &LogActions) -> String {
    String::new()
}

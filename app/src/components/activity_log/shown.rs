//! The log as the server renders it.

use domain::usage::Dashboard;
use leptos::prelude::*;

use super::{
    ABOVE, POOL,
    empty::EmptyLog,
    line::{Line, receipt_markup},
    toolbar::Toolbar,
};
use crate::{
    components::Said,
    functions::Reader,
    state::{LogState, Url},
    ui::Icon,
};

/// The log with its filters.
pub struct ActivityLog<'a> {
    /// What is shown above it.
    pub dashboard: &'a Dashboard,
    /// What the figures say.
    pub said: &'a Said,
    /// Its rows.
    pub log: &'a LogState,
    /// The receipt that is open.
    pub receipt: Option<&'a str>,
    /// Who reads.
    pub reader: &'a Reader,
    /// The view.
    pub url: &'a Url,
    /// Its query string.
    pub view: &'a str,
}

impl ActivityLog<'_> {
    /// The log.
    pub fn view(&self) -> AnyView {
        let (url, dashboard) = (self.url, self.dashboard);
        let empty = EmptyLog {
            dashboard,
            reader: self.reader,
            url,
        };
        let is_empty = self.log.window.total() == 0;
        view! {
            <section class="log" aria-labelledby="log-title">
                <header class="section-header">
                    <h2 id="log-title" tabindex="-1">"Activity log"</h2>
                    {self.said.element("p", "data-testid=\"log-totals\"", "listed")}
                </header>
                <div class="card log-card">
                    {Toolbar { dashboard, url }.view()}
                    <div class="log-empty" hidden=!is_empty>{empty.view()}</div>
                    <div class="log-body" hidden=is_empty>{self.rows()}</div>
                </div>
                {self.turn_page()}
            </section>
        }
        .into_any()
    }

    /// Turns the page where there are no scripts.
    fn turn_page(&self) -> AnyView {
        let window = &self.log.window;
        let older = window.oldest().filter(|_| !window.reaches_oldest());
        let here = self.url.href();
        let joint = if here.contains('?') { '&' } else { '?' };
        let older = older.map(|cursor| format!("{here}{joint}before={cursor}#log-title"));
        let newest = (!window.reaches_newest()).then(|| format!("{here}#log-title"));
        view! {
            <noscript><p class="log-pages">
                {newest.map(|href| view! { <a class="button" href=href>"Newest events"</a> })}
                {older.map(|href| view! { <a class="button" href=href>"Older events"</a> })}
            </p></noscript>
        }
        .into_any()
    }

    fn rows(&self) -> AnyView {
        let open = self.log.open.as_ref();
        let active = open.map(|open| format!("row-{}", open.index));
        let total = self.log.window.total().to_string();
        view! {
            <div class="log-head" aria-hidden="true">
                <span>"Event time"</span><span>"Agent"</span><span class="wide">"Activity"</span><span>"Company"</span><span class="wide">"Reference"</span><span class="end">"Credits"</span>
            </div>
            <button class="new-pill" type="button" data-testid="new-pill" data-log="newest" hidden>{Icon::ArrowUp.view()}<span></span></button>
            <p class="log-failed" role="alert" data-testid="log-failed" hidden>
                <span></span>
                <button class="button" type="button" data-log="again">"Try again"</button>
            </p>
            <div class="log-scroll" tabindex="0" role="treegrid" aria-label="Activity log" aria-rowcount=total aria-activedescendant=active>
                <div class="log-sizer" role="presentation">
                    <div class="log-layer" role="presentation">
                        <div class="log-rows" role="rowgroup" inner_html=self.rows_html()></div>
                    </div>
                </div>
            </div>
        }
        .into_any()
    }

    /// As many rows as exist in the browser, so that these are taken over as they stand.
    fn rows_html(&self) -> String {
        let log = self.log;
        let first = log.scroll.first_row().saturating_sub(ABOVE);
        let open = log.open.as_ref();
        let row = |index: u64| {
            let line = Line::at(log, index, self.dashboard.year, self.view);
            let is_open = open.is_some_and(|open| open.index == index);
            let receipt = is_open.then(|| receipt_markup(self.receipt.unwrap_or_default()));
            line.html(index, is_open) + &receipt.unwrap_or_default()
        };
        (first..first + POOL).map(row).collect()
    }
}

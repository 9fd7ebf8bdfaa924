//! What lives as long as the browser's tab, whatever page it shows: the address, the live connection, and the ways from
//! page to page.
//!
//! The server renders every page whole. The tab fetches the very document that the address names, takes the old page
//! down and puts the new one in its place, so that a reader who goes on loses nothing: not the connection, not the
//! theme, not their place in the history.

mod apply;
mod controls;
mod copy;
mod failure;
mod focus;
mod history;
pub mod link;
mod outdated;
mod page;
mod palette;
pub mod parts;
mod prefetch;
mod sheet;
mod styles;
mod transition;
mod usage;
mod visit;

use std::{
    cell::{Cell, OnceCell},
    time::Duration,
};

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::state::{Address, Connection, view_of};
use history::History;

use visit::Sending;
pub use visit::{Visit, ask, visit};

/// When a page that could not be read again quietly is tried again.
const REFRESH_AFTER: Duration = Duration::from_secs(2);

/// The tab; cheap to copy.
#[derive(Clone, Copy)]
pub struct Tab {
    /// The address bar's query string, as far as the page that is shown follows it.
    pub address: Address,
    /// The live connection.
    pub connection: Connection,
    /// The entries of the back button.
    history: History,
    /// Counts the visits: only the last one is shown.
    visits: StoredValue<u32>,
    /// Whether a page is waited for that the reader asked for.
    is_visiting: StoredValue<bool>,
    /// Whether a form is on its way, and where the reader wants to go after it.
    sending: StoredValue<Sending>,
    /// Counts what was written, here and by others: what was fetched before one may be out of date.
    writes: StoredValue<u32>,
    /// The form that was sent because something in it changed, and the entry that this made.
    applied: StoredValue<Option<(String, i64)>>,
}

thread_local! {
    static TAB: OnceCell<Tab> = const { OnceCell::new() };
    /// The page that is read anew in a moment.
    static REFRESHES: Cell<Option<u32>> = const { Cell::new(None) };
    /// Whether the entry that is shown was gone to by the back or forward button.
    static CAME_BACK: Cell<bool> = const { Cell::new(false) };
}

pub use page::shown;

pub use outdated::{READER_HEADER, build, is_leaving, load_again, outdated, reader};

/// The tab, once it has begun.
pub fn tab() -> Option<Tab> {
    TAB.with(|tab| tab.get().copied())
}

/// Whether the reader came to what is shown by the back or forward button: said once.
pub fn took_back() -> bool {
    CAME_BACK.take()
}

/// Makes the page live that the server rendered, and takes care of the ways to others from now on.
pub fn start() {
    // Only the first call counts; pages that live on make it as well.
    let _ = any_spawner::Executor::init_wasm_bindgen();
    // What belongs to the tab is never taken down with a page.
    let owner = Owner::new_root(None);
    let tab = owner.with(|| Tab {
        address: Address::new(&query_shown()),
        connection: Connection::default(),
        history: History::begin(),
        visits: StoredValue::new(0),
        is_visiting: StoredValue::new(false),
        sending: StoredValue::new(Sending::Nothing),
        writes: StoredValue::new(0),
        applied: StoredValue::new(None),
    });
    std::mem::forget(owner);
    TAB.with(|held| {
        let _ = held.set(tab);
    });
    page::mount(tab);
    palette::listen();
    controls::listen(tab);
    tab.connection.open();
    tab.connection.look_every_second();
    tab.history.restore_after_reload();
    // Styles and tests see by it that buttons work.
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-running", "");
    }
}

/// The address bar's query string, without its question mark.
pub fn query_shown() -> String {
    let search = window().location().search().unwrap_or_default();
    search.trim_start_matches('?').to_owned()
}

/// The address bar's path.
pub fn path_shown() -> String {
    window().location().pathname().unwrap_or_default()
}

/// The elements of a kind that are shown.
pub fn elements(selector: &str) -> impl Iterator<Item = web_sys::Element> {
    let found = document().query_selector_all(selector).ok();
    let count = found.as_ref().map_or(0, web_sys::NodeList::length);
    (0..count).filter_map(move |at| found.as_ref()?.item(at)?.dyn_into().ok())
}

impl Tab {
    /// Goes to another address of the page that is shown; with `replace` the back button skips the one left behind. An
    /// open receipt follows the address by itself, and anything else is a visit.
    pub fn go(self, href: &str, replace: bool) {
        let address = href.split_once('#').map_or(href, |(address, _)| address);
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        if path != path_shown() || view_of(query) != view_of(&query_shown()) {
            visit(self, Visit::to(href.to_owned()));
            return;
        }
        if replace {
            self.history.replace(href);
        } else {
            self.history.push(href);
        }
        CAME_BACK.set(false);
        self.shows_now();
    }

    /// The page that is shown follows the address bar.
    fn shows_now(self) {
        let query = query_shown();
        self.address.follow(&query);
        page::now_shows(path_shown(), query);
    }

    /// Name of the entry of the history that is shown.
    pub fn entry(self) -> i64 {
        self.history.entry()
    }

    /// Something changed: what was fetched before may be out of date.
    pub fn changed(self) {
        self.writes
            .update_value(|writes| *writes = writes.wrapping_add(1));
    }

    /// Shows the page anew, once nothing of it is in use: nobody asked for it.
    pub fn refresh(self) {
        if self.may_be_replaced() {
            visit(self, Visit::quiet(page::address()));
        } else {
            self.refresh_later();
        }
    }

    /// The server refuses to be followed: whoever was signed out is asked to sign in.
    pub fn ask_who_reads(self) {
        leptos::task::spawn_local(async move {
            if visit::is_signed_out().await {
                self.refresh();
            }
        });
    }

    /// Whether nothing of the page would be lost, and no other is waited for.
    fn may_be_replaced(self) -> bool {
        !(self.is_visiting.get_value() || outdated::is_typed() || parts::is_page_in_use())
    }

    /// Tries again a little later, unless another page is shown by then.
    fn refresh_later(self) {
        self.connection.falls_behind();
        let number = page::number();
        if REFRESHES.replace(Some(number)) == Some(number) {
            return;
        }
        let again = move || {
            if page::number() == number {
                REFRESHES.set(None);
                self.refresh();
            }
        };
        set_timeout(again, REFRESH_AFTER);
    }
}

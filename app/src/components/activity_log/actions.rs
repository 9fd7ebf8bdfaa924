//! What readers do with the log: scroll, jump, open a receipt, request a refund, use the keyboard.

#[cfg(feature = "hydrate")]
mod keys;
#[cfg(feature = "hydrate")]
mod opening;
#[cfg(feature = "hydrate")]
mod places;
#[cfg(feature = "hydrate")]
mod placing;
#[cfg(feature = "hydrate")]
mod reading;
#[cfg(feature = "hydrate")]
mod refund;

use domain::cursor::Cursor;
use leptos::{html::Div, prelude::*};

use crate::{
    error::AppError,
    state::{EventRef, Link, LogState, PageState},
};
#[cfg(feature = "hydrate")]
use {super::pool::Pool, crate::ui::Lifetime, domain::activity::LogRow};

/// What the address says of the log, and how the page is read.
#[derive(Clone, Copy)]
pub struct Asking {
    /// The query string of the view.
    pub view: Memo<String>,
    /// The event whose receipt the address opens.
    pub event: Memo<Option<EventRef>>,
    /// How the connection is.
    pub link: RwSignal<Link>,
    /// Reads the page again.
    pub again: Callback<()>,
}

/// Why a jump to a date led nowhere.
#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "only a browser jumps")
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// The date is outside of the period; which.
    Outside(String),
    /// The rows could not be read.
    Failed(AppError),
}

/// Handles to the log; cheap to copy.
#[derive(Clone, Copy)]
pub struct LogActions {
    /// The element with the scrollbar.
    pub scroller: NodeRef<Div>,
    /// The element that is as tall as the log, or as tall as allowed.
    pub sizer: NodeRef<Div>,
    /// The element that stays in view over the whole length.
    pub layer: NodeRef<Div>,
    /// The element that holds the rows and moves in the layer.
    pub rows: NodeRef<Div>,
    /// The row the keyboard is at.
    pub active: RwSignal<Option<Cursor>>,
    /// Why rows could not be read.
    pub trouble: RwSignal<Option<AppError>>,
    /// Why the last jump led nowhere.
    pub missed: RwSignal<Option<Missed>>,
    #[cfg(feature = "hydrate")]
    state: PageState,
    asking: Asking,
    #[cfg(feature = "hydrate")]
    lifetime: Lifetime,
    #[cfg(feature = "hydrate")]
    own: StoredValue<Own, LocalStorage>,
}

/// What only a browser has.
#[cfg(feature = "hydrate")]
#[derive(Default)]
struct Own {
    pool: Option<Pool>,
    /// Counts the questions: only the last one's answer is shown.
    asked: u32,
    is_reading: bool,
    /// Counts the movements: after the last one the reader's hand is at rest.
    moved: u32,
    /// Where the keyboard was sent to, while that row is still being read.
    wanted: Option<u64>,
    /// Events whose receipts were opened: the way back to them needs no reading.
    known: Vec<LogRow>,
    /// The entry of the history that was made for a receipt.
    entry: Option<i64>,
    /// Whether the open receipt could not be read.
    is_unread: bool,
    /// Tells when the receipt's height changes.
    watcher: Option<placing::Watcher>,
}

impl LogActions {
    /// Handles to the page's log.
    pub fn new(state: PageState, asking: Asking) -> Self {
        let open = state.log.with_untracked(|log| {
            let open = log.open.as_ref();
            open.map(|open| open.row.clone())
        });
        Self {
            scroller: NodeRef::new(),
            sizer: NodeRef::new(),
            layer: NodeRef::new(),
            rows: NodeRef::new(),
            active: RwSignal::new(open.as_ref().map(domain::activity::LogRow::cursor)),
            trouble: RwSignal::new(None),
            missed: RwSignal::new(None),
            #[cfg(feature = "hydrate")]
            state,
            asking,
            #[cfg(feature = "hydrate")]
            lifetime: Lifetime::of_component(),
            #[cfg(feature = "hydrate")]
            own: StoredValue::new_local(Own {
                known: open.into_iter().collect(),
                ..Own::default()
            }),
        }
    }

    /// The query string of the view, for the links of rows.
    #[cfg(feature = "ssr")]
    pub fn view(&self) -> String {
        self.asking.view.get_untracked()
    }
}

/// Only a browser scrolls, clicks and types.
#[cfg(not(feature = "hydrate"))]
#[expect(clippy::unused_self, reason = "the browser's versions use it")]
impl LogActions {
    pub fn mount(self) {}
    pub fn scrolled(self) {}
    pub fn clicked(self, _: &leptos::ev::MouseEvent) {}
    pub fn key(self, _: &leptos::ev::KeyboardEvent) {}
    pub fn typed(self, _: &leptos::ev::Event) {}
    pub fn sent(self, _: &leptos::ev::SubmitEvent) {}
    pub fn to_newest(self) {}
    pub fn to_time(self, _: String) {}
    pub fn try_again(self) {}
}

/// Index of a row of the log, while it is known.
pub fn index_of(log: &LogState, place: Option<Cursor>) -> Option<u64> {
    let place = place?;
    let open = log.open.as_ref().filter(|open| open.row.cursor() == place);
    open.map(|open| open.index)
        .or_else(|| log.window.index_of(place))
}

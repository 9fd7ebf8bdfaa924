//! What readers do with the log: scroll, jump, open a receipt, request a refund, use the keyboard.

mod keys;
mod opening;
mod places;
mod placing;
mod reading;
mod refund;
mod words;

use domain::{activity::LogRow, cursor::Cursor};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::pool::Pool;
use crate::{
    error::AppError,
    state::{EventRef, Link, LogState, PageState},
    ui::{Lifetime, browser::listen},
};

/// What the address says of the log, and how the page is read.
#[derive(Clone, Copy)]
pub struct Asking {
    /// The query string of the view.
    pub view: StoredValue<String>,
    /// The event whose receipt the address opens.
    pub event: Memo<Option<EventRef>>,
    /// How the connection is.
    pub link: RwSignal<Link>,
    /// Reads the page again.
    pub again: Callback<()>,
}

/// Why a jump to a date led nowhere.
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
    /// The row the keyboard is at.
    active: RwSignal<Option<Cursor>>,
    /// Why rows could not be read.
    trouble: RwSignal<Option<AppError>>,
    /// Why the last jump led nowhere.
    missed: RwSignal<Option<Missed>>,
    state: PageState,
    asking: Asking,
    lifetime: Lifetime,
    own: StoredValue<Own, LocalStorage>,
}

/// The elements that the log is placed in.
struct Frame {
    /// All of the log.
    card: HtmlElement,
    /// The one with the scrollbar.
    scroller: HtmlElement,
    /// The one that is as tall as the log, or as tall as allowed.
    sizer: HtmlElement,
    /// The one that stays in view over the whole length.
    layer: HtmlElement,
    /// The one that holds the rows and moves in the layer.
    rows: HtmlElement,
}

impl Frame {
    /// Those that stand in the page.
    fn find() -> Option<Self> {
        let find = |selector: &str| {
            let found = document().query_selector(selector).ok()??;
            found.dyn_into().ok()
        };
        Some(Self {
            card: find(".log-card")?,
            scroller: find(".log-scroll")?,
            sizer: find(".log-sizer")?,
            layer: find(".log-layer")?,
            rows: find(".log-rows")?,
        })
    }
}

/// What is not followed.
struct Own {
    frame: Frame,
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
    /// Makes the log live that stands in the page.
    pub fn begin(state: PageState, asking: Asking) {
        let Some(frame) = Frame::find() else {
            return;
        };
        let open = state.log.with_untracked(|log| {
            let open = log.open.as_ref();
            open.map(|open| open.row.clone())
        });
        let this = Self {
            active: RwSignal::new(open.as_ref().map(LogRow::cursor)),
            trouble: RwSignal::new(None),
            missed: RwSignal::new(None),
            state,
            asking,
            lifetime: Lifetime::of_component(),
            own: StoredValue::new_local(Own {
                frame,
                pool: None,
                asked: 0,
                is_reading: false,
                moved: 0,
                wanted: None,
                known: open.into_iter().collect(),
                entry: None,
                is_unread: false,
                watcher: None,
            }),
        };
        this.mount();
        this.listen();
        this.say_words();
    }

    fn listen(self) {
        let (card, scroller) = (self.framed(|frame| &frame.card), self.scroller());
        if let (Some(card), Some(scroller)) = (card, scroller) {
            listen(&scroller, "scroll", move |_| self.scrolled());
            listen(&scroller, "keydown", move |event| {
                self.key(event.unchecked_ref());
            });
            listen(&card, "click", move |event| {
                self.clicked(event.unchecked_ref());
            });
            listen(&card, "input", move |event| self.typed(&event));
            listen(&card, "submit", move |event| self.sent(&event));
        }
    }

    fn framed(self, part: impl FnOnce(&Frame) -> &HtmlElement) -> Option<HtmlElement> {
        self.own.try_with_value(|own| part(&own.frame).clone())
    }

    /// The element with the scrollbar.
    fn scroller(self) -> Option<HtmlElement> {
        self.framed(|frame| &frame.scroller)
    }

    /// The query string of the view.
    fn view(self) -> String {
        self.asking.view.get_value()
    }
}

/// Index of a row of the log, while it is known.
pub fn index_of(log: &LogState, place: Option<Cursor>) -> Option<u64> {
    let place = place?;
    let open = log.open.as_ref().filter(|open| open.row.cursor() == place);
    open.map(|open| open.index)
        .or_else(|| log.window.index_of(place))
}

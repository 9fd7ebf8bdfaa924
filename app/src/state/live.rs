//! Keeps pages live: one socket for the tab, resumed where it broke off.

/// How the page hears of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Not yet connected for the first time.
    Connecting,
    /// Every change arrives.
    Live,
    /// Broken; being mended.
    Broken,
    /// Refused: too many pages are live.
    Full,
}

pub use browser::{Connection, follow_live};

mod browser {
    use std::time::Duration;

    use domain::live::{Applied, LiveFrame};
    use futures::{
        StreamExt,
        channel::mpsc,
        future::{Either, select},
    };
    use leptos::{prelude::*, task::spawn_local};

    use super::Link;
    use crate::{
        error::AppError,
        functions::{Asked, LiveMessage, follow},
        state::{PageState, view_of},
        tab::{is_leaving, link, parts, shown, tab},
        ui::browser::sleep,
    };

    /// The first wait after a broken connection; it doubles up to the longest.
    const FIRST_WAIT: Duration = Duration::from_millis(300);
    const LONGEST_WAIT: Duration = Duration::from_secs(10);
    /// The wait after there were too many live pages.
    const FULL_WAIT: Duration = Duration::from_mins(1);
    /// The server beats every 4 seconds; a connection silent for longer than two beats is dead.
    const SILENCE: Duration = Duration::from_millis(9_500);
    const SILENCE_MS: f64 = 9_500.0;
    /// How often it is looked at whether the connection still is what it says: after a computer slept, at once.
    const LOOK_EVERY: Duration = Duration::from_secs(1);

    /// How a connection was.
    #[derive(Clone, Copy)]
    enum Ended {
        /// It worked.
        Worked,
        /// It never did.
        Failed,
        /// It was refused, as there are too many.
        Full,
    }

    /// The page that is shown, as far as it is followed.
    #[derive(Clone, Copy)]
    struct Watched {
        page: PageState,
        reload: Callback<()>,
        /// Tells it from those before it, which may be taken down later than it begins.
        number: u32,
    }

    /// The tab's connection, from its first page to its last; cheap to copy.
    #[derive(Clone, Copy)]
    pub struct Connection {
        link: RwSignal<Link>,
        watched: StoredValue<Option<Watched>>,
        watched_number: StoredValue<u32>,
        view: StoredValue<u32>,
        asks: StoredValue<Option<mpsc::UnboundedSender<Result<Asked, AppError>>>>,
        /// Wakes whoever waits for the connection.
        looks: StoredValue<Option<mpsc::UnboundedSender<()>>>,
        /// When something was last heard, in the browser's milliseconds.
        heard_at: StoredValue<f64>,
        /// When the page that is shown was read.
        read_at: StoredValue<f64>,
        /// Since when what is shown is known to be out of date; 0 when it is not.
        behind_at: StoredValue<f64>,
        /// When the connection was begun.
        begun_at: StoredValue<f64>,
    }

    /// Follows a page from now on; returns how the connection is. `reload` reads the page again when changes cannot be
    /// replayed.
    pub fn follow_live(page: PageState, reload: Callback<()>) -> RwSignal<Link> {
        let Some(connection) = tab().map(|tab| tab.connection) else {
            return RwSignal::new(Link::Connecting);
        };
        let number = connection.watched_number.get_value().wrapping_add(1);
        connection.watched_number.set_value(number);
        connection.watched.set_value(Some(Watched {
            page,
            reload,
            number,
        }));
        Effect::new(move |_| {
            page.generation.track();
            connection.ask();
        });
        on_cleanup(move || connection.forget(number));
        connection.link
    }

    impl Default for Connection {
        /// A connection that is not yet open.
        fn default() -> Self {
            Self {
                link: RwSignal::new(Link::Connecting),
                watched: StoredValue::new(None),
                watched_number: StoredValue::new(0),
                view: StoredValue::new(0),
                asks: StoredValue::new(None),
                looks: StoredValue::new(None),
                heard_at: StoredValue::new(0.0),
                read_at: StoredValue::new(0.0),
                behind_at: StoredValue::new(0.0),
                begun_at: StoredValue::new(0.0),
            }
        }
    }

    impl Connection {
        /// A page is no longer shown.
        fn forget(self, number: u32) {
            let is_it = |watched: Watched| watched.number == number;
            if self.watched.get_value().is_some_and(is_it) {
                self.watched.set_value(None);
            }
        }

        /// Opens it, and keeps it open.
        pub fn open(self) {
            spawn_local(self.run());
        }

        /// Another page is shown: one that is not followed asks for nothing any more.
        pub fn watch_what_is_shown(self) {
            if self.watched.with_value(Option::is_none) {
                self.ask();
            }
        }

        /// Asks for the changes of the view shown now, from the place its page was read at.
        fn ask(self) {
            self.view.update_value(|view| *view += 1);
            let watched = self.watched.get_value();
            let (path, query) = shown();
            let asked = Asked {
                view: self.view.get_value(),
                path,
                query: view_of(&query),
                from: watched.map(|watched| watched.page.read_at()),
                shown: parts::shown(),
            };
            self.asks
                .with_value(|asks| asks.as_ref().map(|asks| asks.unbounded_send(Ok(asked))));
        }

        /// The network or the reader is back: looks whether the connection still is what it says.
        pub fn look(self) {
            self.looks
                .with_value(|looks| looks.as_ref().map(|looks| looks.unbounded_send(())));
        }

        /// The network is gone, whatever the connection still says.
        pub fn lost(self) {
            self.says(Link::Broken);
        }

        /// The network is back: asks, so that an answer shows whether the connection still is.
        pub fn found(self) {
            self.look();
            self.ask();
        }

        /// Looks every second whether the connection still can be believed.
        pub fn look_every_second(self) {
            let look = move || {
                if self.link.get_untracked() == Link::Live && self.is_doubtful() {
                    self.says(Link::Broken);
                    self.look();
                }
            };
            // Where there are no timers, there is nothing to look at either.
            let _ = set_interval_with_handle(look, LOOK_EVERY);
        }

        /// Another page was read, or the same one again.
        pub fn is_read(self) {
            self.read_at.set_value(js_sys::Date::now());
            self.behind_at.set_value(0.0);
            self.show();
        }

        /// What is shown is out of date, and cannot be read again just now.
        pub fn falls_behind(self) {
            if self.behind_at.get_value() == 0.0 {
                self.behind_at.set_value(js_sys::Date::now());
                self.show();
            }
        }

        fn says(self, link: Link) {
            if self.link.get_untracked() != link {
                self.link.set(link);
            }
            self.show();
        }

        fn show(self) {
            let (link, behind_at) = (self.link.get_untracked(), self.behind_at.get_value());
            if link == Link::Live && behind_at > 0.0 {
                link::show(Link::Broken, behind_at);
            } else {
                let heard_at = self.heard_at.get_value().max(self.read_at.get_value());
                link::show(link, heard_at);
            }
        }

        /// Whether nothing was heard for too long.
        fn is_doubtful(self) -> bool {
            let heard_at = self.heard_at.get_value().max(self.begun_at.get_value());
            js_sys::Date::now() - heard_at > SILENCE_MS
        }

        /// Something was heard.
        fn hears(self) {
            self.heard_at.set_value(js_sys::Date::now());
            if window().navigator().on_line() {
                self.says(Link::Live);
            }
        }

        async fn run(self) {
            let (looks, mut looked) = mpsc::unbounded();
            self.looks.set_value(Some(looks));
            let mut wait = FIRST_WAIT;
            loop {
                let (link, pause) = match self.connect(&mut looked).await {
                    Ended::Full => (Link::Full, FULL_WAIT),
                    Ended::Worked => {
                        wait = FIRST_WAIT;
                        (Link::Broken, wait)
                    }
                    Ended::Failed => {
                        if let Some(tab) = tab().filter(|_| window().navigator().on_line()) {
                            tab.ask_who_reads();
                        }
                        wait = (wait * 2).min(LONGEST_WAIT);
                        (Link::Broken, wait)
                    }
                };
                self.says(link);
                let pause = std::pin::pin!(sleep(pause));
                select(pause, looked.next()).await;
            }
        }

        /// Listens until the connection breaks.
        async fn connect(self, looked: &mut mpsc::UnboundedReceiver<()>) -> Ended {
            let (asks, input) = mpsc::unbounded();
            self.asks.set_value(Some(asks));
            self.begun_at.set_value(js_sys::Date::now());
            let Ok(mut frames) = follow(input.into()).await else {
                return Ended::Failed;
            };
            self.ask();
            let mut ended = Ended::Failed;
            loop {
                let doubts = std::pin::pin!(self.doubts(looked));
                match select(frames.next(), doubts).await {
                    Either::Left((Some(Ok(message)), _)) => {
                        ended = Ended::Worked;
                        self.hears();
                        self.take(message);
                    }
                    Either::Left((Some(Err(AppError::SignedOut)), _)) => {
                        self.read_again();
                        return ended;
                    }
                    Either::Left((Some(Err(AppError::TooMany)), _)) => return Ended::Full,
                    _ => return ended,
                }
            }
        }

        /// Ends when a connection that says that it is open can no longer be believed.
        async fn doubts(self, looked: &mut mpsc::UnboundedReceiver<()>) {
            let mut silence = std::pin::pin!(sleep(SILENCE));
            loop {
                match select(silence.as_mut(), looked.next()).await {
                    Either::Left(_) => return,
                    Either::Right(_) if self.is_doubtful() => return,
                    Either::Right(_) => {}
                }
            }
        }

        fn read_again(self) {
            if is_leaving() {
                return;
            }
            match (self.watched.get_value(), tab()) {
                (Some(watched), _) => watched.reload.run(()),
                (None, Some(tab)) => tab.refresh(),
                (None, None) => {}
            }
        }

        fn take(self, message: LiveMessage) {
            let Some(tab) = tab().filter(|_| message.view == self.view.get_value()) else {
                return;
            };
            match (message.frame, self.watched.get_value()) {
                (LiveFrame::Resync, Some(watched)) => watched.reload.run(()),
                (LiveFrame::Resync, None) => tab.refresh(),
                (LiveFrame::Delta(delta), Some(watched)) => {
                    tab.changed();
                    if watched.page.apply(&delta) == Applied::Gap {
                        watched.reload.run(());
                    }
                }
                (LiveFrame::Parts(changed), watched) => {
                    tab.changed();
                    if let Some(watched) = watched {
                        let changed = changed.changed.iter();
                        changed.for_each(|part| watched.page.hear_of(part));
                    }
                    parts::take(*changed);
                }
                (LiveFrame::Hello { .. } | LiveFrame::Beat | LiveFrame::Delta(_), _) => {}
            }
        }
    }
}

//! Keeps pages live: one socket for the tab, resumed where it broke off.

use domain::live::{Applied, Delta, ReadAt};
use leptos::prelude::{Callback, RwSignal};

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

/// A page that is followed.
#[derive(Debug, Clone, Copy)]
pub struct Followed {
    /// Counts its readings: each is followed from its own place.
    pub generation: RwSignal<u32>,
    /// Where and when it was read.
    pub read_at: Callback<(), ReadAt>,
    /// Takes a delta in.
    pub apply: Callback<Box<Delta>, Applied>,
}

/// Follows a page's view from now on; returns how the connection is.
///
/// `reload` reads the page again when changes cannot be replayed.
#[cfg(not(feature = "hydrate"))]
pub fn follow_live(
    _: Followed,
    _: leptos::prelude::Memo<String>,
    _: leptos::prelude::Callback<()>,
) -> leptos::prelude::RwSignal<Link> {
    leptos::prelude::RwSignal::new(Link::Connecting)
}

#[cfg(feature = "hydrate")]
pub use browser::{Connection, follow_live};

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use domain::live::{Applied, LiveFrame};
    use futures::{
        StreamExt,
        channel::mpsc,
        future::{Either, select},
    };
    use leptos::{prelude::*, task::spawn_local};

    use super::{Followed, Link};
    use crate::{
        error::AppError,
        functions::{Asked, LiveMessage, follow},
        tab::tab,
        ui::browser::sleep,
    };

    /// The first wait after a broken connection; it doubles up to the longest.
    const FIRST_WAIT: Duration = Duration::from_millis(300);
    const LONGEST_WAIT: Duration = Duration::from_secs(10);
    /// The wait after there were too many live pages.
    const FULL_WAIT: Duration = Duration::from_mins(1);
    /// The server beats every 15 seconds; a connection silent for longer than two beats is dead.
    const SILENCE: Duration = Duration::from_secs(35);

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
        page: Followed,
        query: Memo<String>,
        reload: Callback<()>,
    }

    /// The tab's connection, from its first page to its last; cheap to copy.
    #[derive(Clone, Copy)]
    pub struct Connection {
        link: RwSignal<Link>,
        watched: StoredValue<Option<Watched>>,
        view: StoredValue<u32>,
        asks: StoredValue<Option<mpsc::UnboundedSender<Result<Asked, AppError>>>>,
    }

    /// See the other definition.
    pub fn follow_live(
        page: Followed,
        query: Memo<String>,
        reload: Callback<()>,
    ) -> RwSignal<Link> {
        let Some(connection) = tab().map(|tab| tab.connection) else {
            return RwSignal::new(Link::Connecting);
        };
        connection.watched.set_value(Some(Watched {
            page,
            query,
            reload,
        }));
        Effect::new(move |_| {
            page.generation.track();
            connection.ask();
        });
        on_cleanup(move || connection.watched.set_value(None));
        connection.link
    }

    impl Default for Connection {
        /// A connection that is not yet open.
        fn default() -> Self {
            Self {
                link: RwSignal::new(Link::Connecting),
                watched: StoredValue::new(None),
                view: StoredValue::new(0),
                asks: StoredValue::new(None),
            }
        }
    }

    impl Connection {
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
            let query = watched.map(|watched| watched.query.get_untracked());
            let asked = Asked {
                view: self.view.get_value(),
                query: query.unwrap_or_default(),
                from: watched.map(|watched| watched.page.read_at.run(())),
            };
            self.asks
                .with_value(|asks| asks.as_ref().map(|asks| asks.unbounded_send(Ok(asked))));
        }

        async fn run(self) {
            let mut wait = FIRST_WAIT;
            loop {
                match self.connect().await {
                    Ended::Full => {
                        self.link.set(Link::Full);
                        sleep(FULL_WAIT).await;
                        continue;
                    }
                    Ended::Worked => wait = FIRST_WAIT,
                    Ended::Failed => {}
                }
                self.link.set(Link::Broken);
                sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }

        /// Listens until the connection breaks.
        async fn connect(self) -> Ended {
            let (asks, input) = mpsc::unbounded();
            self.asks.set_value(Some(asks));
            let Ok(mut frames) = follow(input.into()).await else {
                return Ended::Failed;
            };
            self.ask();
            let mut ended = Ended::Failed;
            loop {
                let silence = std::pin::pin!(sleep(SILENCE));
                match select(frames.next(), silence).await {
                    Either::Left((Some(Ok(message)), _)) => {
                        ended = Ended::Worked;
                        self.link.set(Link::Live);
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

        fn read_again(self) {
            match (self.watched.get_value(), tab()) {
                (Some(watched), _) => watched.reload.run(()),
                (None, Some(tab)) => tab.read_again(),
                (None, None) => {}
            }
        }

        fn take(self, message: LiveMessage) {
            let Some(watched) = self.watched.get_value() else {
                return;
            };
            if message.view != self.view.get_value() {
                return;
            }
            match message.frame {
                LiveFrame::Hello { .. } | LiveFrame::Beat => {}
                LiveFrame::Resync => watched.reload.run(()),
                LiveFrame::Delta(delta) => {
                    if watched.page.apply.run(delta) == Applied::Gap {
                        watched.reload.run(());
                    }
                }
            }
        }
    }
}

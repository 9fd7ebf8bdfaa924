//! The live stream: who has something new, and what it is for one viewer.

mod delta;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    AccountId, Credits, Seq, Time,
    calendar::{Coverage, Window, Zone},
    filter::ViewQuery,
    ledger::{BooksView, OveragePolicy},
    live::{LiveFrame, ReadAt},
    time::HOUR_US,
};
use futures::Stream;
use tokio::{sync::watch, time::Instant};

use crate::{
    Scope, ServiceResult, Services,
    books::{BooksAsk, books_view},
    selection::View,
};

/// At most ten frames a second: more than the eye follows, few enough for a phone.
const FRAME_EVERY: Duration = Duration::from_millis(100);
/// Another process may write to the same database without telling this one.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A beat this often keeps proxies from closing a quiet connection.
const BEAT_EVERY: Duration = Duration::from_secs(15);
/// A page shows what has been used so far against as much of the time before; with the first news after an hour it is
/// read again, so that the one does not run away from the other.
const COMPARED_FOR_US: i64 = HOUR_US;
/// Events of one read; a viewer further behind reads the page again instead.
const READ_EVENTS: u32 = 5_000;

/// Tells waiting viewers that an account has new events. The database, not the hub, says which.
#[derive(Debug, Clone, Default)]
pub struct Hub {
    accounts: Arc<Mutex<HashMap<AccountId, watch::Sender<()>>>>,
    /// Accounts with something new since alerts were looked at.
    news: Arc<Mutex<BTreeSet<AccountId>>>,
}

impl Hub {
    /// Wakes the viewers of these accounts.
    pub(crate) fn notify(&self, changed: &[AccountId]) {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        news.extend(changed);
        drop(news);
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        for account in changed {
            if let Some(sender) = accounts.get(account)
                && sender.send(()).is_err()
            {
                accounts.remove(account);
            }
        }
    }

    /// Lets alerts look at an account.
    pub(crate) fn mark(&self, account: AccountId) {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        news.insert(account);
    }

    /// Accounts with something new since the last call.
    pub(crate) fn take_news(&self) -> BTreeSet<AccountId> {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *news)
    }

    fn subscribe(&self, account: AccountId) -> watch::Receiver<()> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts
            .entry(account)
            .or_insert_with(|| watch::channel(()).0)
            .subscribe()
    }
}

/// One viewer's place in the stream.
struct Viewer {
    services: Services,
    view: View,
    news: watch::Receiver<()>,
    /// Where the viewer's page is.
    shown: Seq,
    /// Up to where the database was read; ahead of `shown` when nothing there concerned the viewer.
    read: Seq,
    /// The books as the viewer's page shows them; none when they had changed before they could be read.
    books: Option<BooksView>,
    /// What the viewer's page says of the time it compares with; none when it had changed before it could be read.
    coverage: Option<Coverage>,
    /// Up to which version they were read.
    books_read: i64,
    /// When the page's days and labels stop being right.
    turns_at: Time,
    /// When news must not be added any longer to what is compared with the time before.
    compared_until: Time,
    next_frame: Instant,
    next_beat: Instant,
    /// Whether news came that was not looked at yet.
    is_told: bool,
    greeted: bool,
    over: bool,
}

impl Services {
    /// Every change of a view since it was read, for as long as the reader listens.
    ///
    /// The stream ends after [`LiveFrame::Resync`]: the reader reads the page again and follows from there. That
    /// also happens when a day or the cycle has ended since the page was read, or ends while it is followed, and with the first
    /// news an hour after a page of a running period was read.
    pub async fn live(
        &self,
        scope: Scope,
        query: &ViewQuery,
        from: ReadAt,
    ) -> ServiceResult<impl Stream<Item = LiveFrame> + Send + use<>> {
        // What the page compares with ends where it did when the page was read.
        let view = self.view_at(scope, query, from.now).await?;
        let day_end = |zone: &Zone| Window::Day.next(zone.day_of(from.now), zone);
        let cycle_end = view.cycles.at(from.now).range.end;
        let now = Instant::now();
        let viewer = Viewer {
            services: self.clone(),
            news: self.hub.subscribe(view.scope.account.id),
            turns_at: day_end(&view.zone)
                .min(day_end(view.cycles.zone()))
                .min(cycle_end),
            compared_until: comparison_end(&view),
            view,
            shown: from.as_of,
            read: from.as_of,
            books: None,
            coverage: None,
            books_read: from.books,
            next_frame: now,
            next_beat: now + BEAT_EVERY,
            is_told: false,
            greeted: false,
            over: false,
        };
        Ok(futures::stream::unfold(viewer, |mut viewer| async move {
            viewer.next().await.map(|frame| (frame, viewer))
        }))
    }
}

/// When what a running period is compared with has become too short.
fn comparison_end(view: &View) -> Time {
    if view.period.range.contains(view.now) {
        view.now.plus_micros(COMPARED_FOR_US)
    } else {
        Time::MAX
    }
}

impl Viewer {
    async fn next(&mut self) -> Option<LiveFrame> {
        if self.over {
            return None;
        }
        if !self.greeted {
            self.greeted = true;
            return Some(LiveFrame::Hello { from: self.shown });
        }
        loop {
            tokio::time::sleep_until(self.next_frame).await;
            self.is_told |= self.news.has_changed().unwrap_or(false);
            self.news.mark_unchanged();
            let is_told = std::mem::take(&mut self.is_told);
            match self.look(is_told).await {
                Ok(Some(frame)) => {
                    self.next_frame = Instant::now() + FRAME_EVERY;
                    self.next_beat = Instant::now() + BEAT_EVERY;
                    self.over = frame == LiveFrame::Resync;
                    return Some(frame);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, "the live stream could not read");
                    return None;
                }
            }
            if Instant::now() >= self.next_beat {
                self.next_beat = Instant::now() + BEAT_EVERY;
                return Some(LiveFrame::Beat);
            }
            // Whichever wakes first, the database is asked again; a closed channel only means waiting for the clock.
            // Waiting for news marks it as seen, so it is noted here.
            let woken = tokio::time::timeout(LOOK_EVERY, self.news.changed()).await;
            self.is_told = matches!(woken, Ok(Ok(())));
        }
    }

    /// What is new. Being told without anything new means that limits were changed.
    async fn look(&mut self, is_told: bool) -> ServiceResult<Option<LiveFrame>> {
        if self.services.now() >= self.turns_at {
            return Ok(Some(LiveFrame::Resync));
        }
        let account = self.view.scope.account.id;
        // Events and books are read at one moment, so that what is shown of both agrees.
        let mut snapshot = self.services.store.snapshot().await?;
        let version = snapshot.books_version(account).await?;
        let now = self.services.now();
        let ask = BooksAsk::of(&self.view, now);
        if self.books_read == version && self.books.is_none() {
            self.books = Some(books_view(snapshot.as_mut(), ask).await?);
            let coverage = self.view.coverage(snapshot.as_mut(), self.view.period);
            self.coverage = Some(coverage.await?);
        }
        if self.read >= snapshot.as_of().await? && self.books_read == version {
            let Some(shown) = self.books.as_ref().filter(|_| is_told) else {
                return Ok(None);
            };
            let changed = books_view(snapshot.as_mut(), ask).await?;
            return Ok((limits(shown) != limits(&changed)).then_some(LiveFrame::Resync));
        }
        let (events, up_to) = snapshot
            .events_after(account, self.read, READ_EVENTS)
            .await?;
        if events.len() >= READ_EVENTS as usize {
            return Ok(Some(LiveFrame::Resync));
        }
        let books = books_view(snapshot.as_mut(), ask).await?;
        let coverage = self.view.coverage(snapshot.as_mut(), self.view.period);
        let coverage = coverage.await?;
        drop(snapshot);
        (self.read, self.books_read) = (up_to, version);
        let is_same = self.books.as_ref().is_some_and(|shown| {
            BooksView {
                version,
                ..shown.clone()
            } == books
        });
        let is_same = is_same && self.coverage == Some(coverage);
        let mut delta = delta::of(&self.view, events, books, (self.shown, up_to));
        delta.uncompared = coverage.words(self.view.period.previous, &self.view.zone);
        if delta.usage.is_empty() && delta.reversed.is_empty() && is_same {
            return Ok(None);
        }
        if now >= self.compared_until {
            return Ok(Some(LiveFrame::Resync));
        }
        (self.shown, self.books) = (up_to, Some(delta.books.clone()));
        self.coverage = Some(coverage);
        Ok(Some(LiveFrame::Delta(Box::new(delta))))
    }
}

/// What of the books changes without their being booked in: a company's budget, the account's policy, its suspension.
fn limits(books: &BooksView) -> (Option<Credits>, Option<OveragePolicy>, bool, bool) {
    let budget = books.budget.map(|budget| budget.allocation);
    let policy = books.balance.map(|balance| balance.policy);
    (budget, policy, books.is_stopped, books.is_suspended)
}

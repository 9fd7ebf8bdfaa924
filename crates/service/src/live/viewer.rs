//! One viewer's place in the stream.

use std::{sync::Arc, time::Duration};

use domain::{
    Credits, Seq, Time,
    calendar::{Coverage, Window, Zone},
    ledger::{BooksView, OveragePolicy},
    live::{Delta, LiveFrame, ReadAt},
    time::HOUR_US,
};
use tokio::time::{Instant, timeout};

use super::{
    READ_EVENTS, Told, delta,
    hub::Follower,
    reading::{DeltaKey, Reading},
    view_key::{OwnedAsk, ViewKey},
};
use crate::{
    ServiceResult, Services,
    books::{BooksAsk, books_view},
    ports::StoredEvent,
    selection::View,
};

/// A beat this often keeps proxies from closing a quiet connection.
pub const BEAT_EVERY: Duration = Duration::from_secs(4);
/// How soon after the time at which a page is to be read again it is told so, at most: clocks are not the same.
const TURN_WITHIN: Duration = Duration::from_secs(1);
/// A page shows what has been used so far against as much of the time before; with the first news after an hour it is
/// read again, so that the one does not run away from the other.
const COMPARED_FOR_US: i64 = HOUR_US;

/// One viewer's place in the stream.
pub(super) struct Viewer {
    services: Services,
    view: View,
    key: Arc<ViewKey>,
    follower: Follower,
    /// Readings up to this number are older than what was read last.
    number: u64,
    /// Where the viewer's page is.
    shown: Seq,
    /// Up to where it was looked for news; ahead of `shown` when nothing there concerned the viewer.
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
    next_beat: Instant,
    stage: Stage,
}

/// How far a stream is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was said.
    New,
    /// What happened since the page was read was not looked for.
    Behind,
    /// Told what is read for all.
    Following,
    Over,
}

/// What was read, for one viewer.
struct News {
    version: i64,
    up_to: Seq,
    books: BooksView,
    coverage: Coverage,
    /// The delta.
    told: Arc<Told>,
}

impl Viewer {
    pub fn new(services: Services, view: View, from: ReadAt) -> Self {
        let day_end = |zone: &Zone| Window::Day.next(zone.day_of(from.now), zone);
        let cycle_end = view.cycles.at(from.now).range.end;
        Self {
            follower: services.hub.follow(OwnedAsk::of(&view)),
            services,
            key: Arc::new(ViewKey::of(&view)),
            number: 0,
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
            next_beat: Instant::now() + BEAT_EVERY,
            stage: Stage::New,
        }
    }

    pub async fn next(&mut self) -> Option<Arc<Told>> {
        match self.stage {
            Stage::Over => return None,
            Stage::New => {
                self.stage = Stage::Behind;
                let hello = LiveFrame::Hello { from: self.shown };
                return Some(Arc::new(Told::new(hello)));
            }
            Stage::Behind | Stage::Following => {}
        }
        loop {
            match self.look().await {
                Ok(Some(told)) => {
                    self.next_beat = Instant::now() + BEAT_EVERY;
                    if *told.frame() == LiveFrame::Resync {
                        self.stage = Stage::Over;
                    }
                    return Some(told);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, "the live stream could not read");
                    return None;
                }
            }
            if Instant::now() >= self.next_beat {
                self.next_beat = Instant::now() + BEAT_EVERY;
                return Some(Arc::new(Told::new(LiveFrame::Beat)));
            }
            let wait = self.wait();
            // A closed channel only means waiting for the clock.
            if let Ok(Err(_)) = timeout(wait, self.follower.readings.changed()).await {
                tokio::time::sleep(wait).await;
            }
        }
    }

    /// How long to wait when nothing is read: who sees nothing happen must not be busy with it.
    fn wait(&self) -> Duration {
        let until_turn_us = self.turns_at.micros_since(self.services.now());
        let until_turn = Duration::from_micros(u64::try_from(until_turn_us).unwrap_or(0));
        let until_beat = self.next_beat.saturating_duration_since(Instant::now());
        until_turn.max(TURN_WITHIN).min(until_beat)
    }

    /// What is new.
    async fn look(&mut self) -> ServiceResult<Option<Arc<Told>>> {
        if self.services.now() >= self.turns_at {
            return Ok(Some(resync()));
        }
        if self.stage == Stage::Behind {
            let frame = self.catch_up().await?;
            self.stage = Stage::Following;
            return Ok(frame);
        }
        let reading = self.follower.readings.borrow_and_update().clone();
        let Some(reading) = reading.filter(|reading| reading.number > self.number) else {
            return Ok(None);
        };
        self.number = reading.number;
        if reading.up_to < self.read || reading.version < self.books_read {
            // It began after this viewer had begun to read, and was done before: what the viewer read is newer.
            return Ok(None);
        }
        match self.news_of(&reading) {
            Some(news) => Ok(self.take(news)),
            // It began before this viewer was there, or the viewer is too far behind it.
            None => self.catch_up().await,
        }
    }

    /// Reads what is new for this viewer alone.
    async fn catch_up(&mut self) -> ServiceResult<Option<Arc<Told>>> {
        self.number = self.follower.begun();
        let account = self.view.scope.account.id;
        // Events and books are read at one moment, so that what is shown of both agrees.
        let mut snapshot = self.services.store.snapshot().await?;
        let version = snapshot.books_version(account).await?;
        let now = self.services.now();
        let books = books_view(snapshot.as_mut(), BooksAsk::of(&self.view, now)).await?;
        let coverage = self.view.coverage(snapshot.as_mut(), self.view.period);
        let coverage = coverage.await?;
        if self.books_read == version && self.books.is_none() {
            self.books = Some(books.clone());
            self.coverage = Some(coverage);
        }
        let (events, up_to) = snapshot
            .events_after(account, self.read, READ_EVENTS)
            .await?;
        drop(snapshot);
        if events.len() >= READ_EVENTS as usize {
            return Ok(Some(resync()));
        }
        let uncompared = self.uncompared(coverage);
        let told = self.delta(events.iter(), books.clone(), up_to, uncompared);
        Ok(self.take(News {
            version,
            up_to,
            books,
            coverage,
            told: Arc::new(told),
        }))
    }

    /// What a reading has for this viewer; none when it does not reach back to them.
    fn news_of(&self, reading: &Reading) -> Option<News> {
        let books = reading.books(self.follower.books())?;
        let events = reading.events_after(self.read)?;
        let coverage = self.view.period.coverage(reading.first);
        let uncompared = self.uncompared(coverage);
        let ends = self.view.period.previous.end;
        let is_cut = events
            .clone()
            .any(|event| event.time.bucket() == ends.bucket());
        let key = DeltaKey {
            view: Arc::clone(&self.key),
            books: Arc::clone(self.follower.books()),
            shown: self.shown,
            read: self.read,
            cut: is_cut.then_some(ends),
            uncompared: uncompared.clone(),
        };
        let make = || self.delta(events, books.clone(), reading.up_to, uncompared);
        Some(News {
            version: reading.version,
            up_to: reading.up_to,
            books: books.clone(),
            coverage,
            told: reading.told(key, make),
        })
    }

    fn uncompared(&self, coverage: Coverage) -> Option<String> {
        self.view.uncompared(coverage)
    }

    fn delta<'a>(
        &self,
        events: impl Iterator<Item = &'a StoredEvent>,
        books: BooksView,
        up_to: Seq,
        uncompared: Option<String>,
    ) -> Told {
        let delta = Delta {
            uncompared,
            ..delta::of(&self.view, events, books, (self.shown, up_to))
        };
        Told::new(LiveFrame::Delta(Box::new(delta)))
    }

    /// Takes in what is new; what the page is told, if it concerns it.
    fn take(&mut self, news: News) -> Option<Arc<Told>> {
        self.read = news.up_to;
        let has_usage = match news.told.frame() {
            LiveFrame::Delta(delta) => !delta.usage.is_empty() || !delta.reversed.is_empty(),
            _ => false,
        };
        if !has_usage && news.version == self.books_read {
            // Limits change without anything being booked.
            let is_limited = |shown: &BooksView| limits(shown) != limits(&news.books);
            return self.books.as_ref().is_some_and(is_limited).then(resync);
        }
        self.books_read = news.version;
        if !has_usage && self.shows(&news) {
            return None;
        }
        if self.services.now() >= self.compared_until {
            return Some(resync());
        }
        (self.shown, self.books) = (news.up_to, Some(news.books));
        self.coverage = Some(news.coverage);
        Some(news.told)
    }

    /// Whether the page says the same as the news, besides usage.
    fn shows(&self, news: &News) -> bool {
        let version = news.version;
        let same = |shown: &BooksView| {
            BooksView {
                version,
                ..shown.clone()
            } == news.books
        };
        self.books.as_ref().is_some_and(same) && self.coverage == Some(news.coverage)
    }
}

fn resync() -> Arc<Told> {
    Arc::new(Told::new(LiveFrame::Resync))
}

/// When what a running period is compared with has become too short.
fn comparison_end(view: &View) -> Time {
    if view.period.range.contains(view.now) {
        view.now.plus_micros(COMPARED_FOR_US)
    } else {
        Time::MAX
    }
}

/// What of the books changes without their being booked in: a company's budget, the account's policy, its suspension.
fn limits(books: &BooksView) -> (Option<Credits>, Option<OveragePolicy>, bool, bool) {
    let budget = books.budget.map(|budget| budget.allocation);
    let policy = books.balance.map(|balance| balance.policy);
    (budget, policy, books.is_stopped, books.is_suspended)
}

//! One page's socket.

use std::{
    num::NonZeroU32,
    pin::{Pin, pin},
    time::Duration,
};

use app::{context::Current, error::AppError, functions::Asked, parts::ShownParts};
use axum::extract::ws::{Message, WebSocket};
use domain::live::LiveFrame;
use futures::{StreamExt as _, stream};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use service::{Caller, Changed, Permission, Scope, ServiceError, Services, live::Told};
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_tungstenite::tungstenite;

use super::{
    Reader,
    parts::{self, Renderings},
    places::Places,
    wire::{self, Closing},
    work::{self, Frames, Next, Placed, Work},
};
use crate::{AppState, seat::Seat};

/// Largest frame that is sent, in bytes; who would need a larger one reads the page again.
pub const MAX_TOLD: usize = 512 * 1024;
/// How long what was still on its way is read after a stream was closed, so that its reader gets to read why.
const LINGER: Duration = Duration::from_secs(2);
/// A page that gave none for this long is gone, whatever the system still keeps for it.
const SILENCE: Duration = Duration::from_secs(40);
/// Messages of one page a second, and as many as that times eight at once: more than anybody filters by hand.
const MESSAGES: NonZeroU32 = match NonZeroU32::new(5) {
    Some(number) => number,
    None => NonZeroU32::MIN,
};
/// See [`MESSAGES`].
const MESSAGES_AT_ONCE: NonZeroU32 = match NonZeroU32::new(40) {
    Some(number) => number,
    None => NonZeroU32::MIN,
};

/// One page's socket, and what it follows.
pub struct Tab {
    socket: WebSocket,
    services: Services,
    caller: Caller,
    current: Current,
    places: Places,
    renderings: Renderings,
    place: Placed,
    work: Work,
    /// What was asked since while a question waits: only the last counts.
    later: Option<Asked>,
    messages: DefaultDirectRateLimiter,
    /// Where its questions wait for their turns.
    seat: Seat,
    /// When the page last gave a sign of life.
    heard: Instant,
}

impl Tab {
    pub fn new(socket: WebSocket, state: &AppState, reader: Reader) -> Self {
        let Reader { current, caller } = reader;
        let quota = Quota::per_second(MESSAGES).allow_burst(MESSAGES_AT_ONCE);
        Self {
            socket,
            services: state.services.clone(),
            places: state.places.clone(),
            renderings: state.renderings.clone(),
            current,
            place: None,
            work: Work::None,
            later: None,
            seat: Seat::of_page(state.turns.clone(), &caller),
            caller,
            messages: RateLimiter::direct(quota),
            heard: Instant::now(),
        }
    }

    /// Says that there are too many.
    pub async fn refuse(mut self) {
        if self.fail(&AppError::TooMany).await.is_ok() {
            self.close(Closing::TooMany).await;
        }
    }

    /// Says that the page is of another build, with which this server shares no language.
    pub async fn refuse_build(self) {
        self.close(Closing::Outdated).await;
    }

    /// Says that somebody else is signed in than who read the page.
    pub async fn refuse_reader(self) {
        self.close(Closing::AnotherReader).await;
    }

    /// Follows what the page asks for, until either side ends it.
    pub async fn run(mut self) {
        if let Err(Some(why)) = self.follow().await {
            self.close(why).await;
        }
    }

    /// Why it ended; nothing when there is nobody to tell.
    async fn follow(&mut self) -> Result<(), Option<Closing>> {
        // Who is signed out, disabled or allowed something else sees nothing new: the page is told to read itself again,
        // and then shows what they may see now, or that they have to sign in.
        let (services, seat) = (self.services.clone(), self.seat.clone());
        let changed = services.until_changed(self.caller.clone());
        let mut changed = pin!(changed);
        let ping_every = self.places.ping_every();
        let mut ping = tokio::time::interval_at(Instant::now() + ping_every, ping_every);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                change = &mut changed => {
                    // Nothing keeps its turn, or its place among those who wait, for who is told.
                    self.work = Work::None;
                    // Whoever knows the new id comes back with it, and the page stays as it is.
                    if change == Changed::Otherwise {
                        self.fail(&AppError::SignedOut).await?;
                    }
                    return Err(Some(Closing::Over));
                }
                message = self.socket.recv() => {
                    if let Some(asked) = self.asked(message)? {
                        self.ask(asked);
                    }
                }
                next = seat.seated(self.work.next()) => self.go_on(next).await?,
                _ = ping.tick() => {
                    if self.heard.elapsed() > SILENCE {
                        return Err(None);
                    }
                    self.ping().await?;
                }
            }
        }
    }

    /// Asks for a sign of life. What is read for the page goes on meanwhile: it may have a turn, or be given one, which
    /// others wait for.
    async fn ping(&mut self) -> Result<(), Option<Closing>> {
        let ping = self.socket.send(Message::Ping(bytes::Bytes::new()));
        let sent = timeout(self.places.write_time(), ping);
        let (sent, next) = beside(sent, pin!(self.seat.seated(self.work.next()))).await;
        sent.map_err(|_| None)?.map_err(|_| None)?;
        match next {
            Some(next) => self.go_on(next).await,
            None => Ok(()),
        }
    }

    /// Begins to read what a page asks for. It has one question at a time: one that is being read is not broken off, and
    /// of those that come meanwhile the last one is next.
    fn ask(&mut self, asked: Asked) {
        if self.work.is_asking() {
            self.later = Some(asked);
            return;
        }
        if asked.from.is_none() && asked.shown.is_none() {
            self.place = None;
            self.work = Work::Following(work::beats(asked.view));
            return;
        }
        let question = Question {
            services: self.services.clone(),
            caller: self.caller.clone(),
            current: self.current.clone(),
            places: self.places.clone(),
            renderings: self.renderings.clone(),
            seat: self.seat.clone(),
            asked,
        };
        let mut place = self.place.take();
        self.work = Work::Asking(Box::pin(async move {
            let followed = question.followed(&mut place).await;
            (place, followed)
        }));
    }

    /// Tells what was read; or why it cannot be followed.
    async fn go_on(&mut self, next: Next) -> Result<(), Option<Closing>> {
        let (place, followed) = match next {
            Next::Told(view, told) => return self.tell(view, &told).await,
            Next::Begun(begun) => begun,
        };
        (self.place, self.work) = (place, Work::None);
        if let Some(asked) = self.later.take() {
            self.ask(asked);
            return Ok(());
        }
        match followed {
            Ok(Some(frames)) => self.work = Work::Following(frames),
            Ok(None) => {
                self.fail(&AppError::TooMany).await?;
                return Err(Some(Closing::TooMany));
            }
            Err(error) => self.fail(&AppError::from(error)).await?,
        }
        Ok(())
    }

    /// What the page asks for, if the message is a question.
    fn asked(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<Option<Asked>, Option<Closing>> {
        let message = message.ok_or(None)?.map_err(|error| Some(refusal(error)))?;
        self.heard = Instant::now();
        if self.messages.check().is_err() {
            return Err(Some(Closing::TooFast));
        }
        match message {
            Message::Binary(bytes) => {
                let asked = wire::asked(&bytes).ok_or(Some(Closing::Unreadable))?;
                Ok(Some(asked))
            }
            Message::Text(_) => Err(Some(Closing::Unreadable)),
            Message::Ping(_) | Message::Pong(_) => Ok(None),
            Message::Close(_) => Err(None),
        }
    }

    async fn tell(&mut self, view: u32, told: &Told) -> Result<(), Option<Closing>> {
        let said = |told: &Told| wire::said(view, told).map_err(|_| None);
        let mut bytes = said(told)?;
        if bytes.len() > MAX_TOLD {
            bytes = said(&Told::new(LiveFrame::Resync))?;
        }
        self.send(Message::Binary(bytes)).await
    }

    async fn fail(&mut self, error: &AppError) -> Result<(), Option<Closing>> {
        self.send(Message::Binary(wire::refused(error))).await
    }

    /// Sends a message. Who does not take it in time is cut off.
    async fn send(&mut self, message: Message) -> Result<(), Option<Closing>> {
        let sent = timeout(self.places.write_time(), self.socket.send(message)).await;
        sent.map_err(|_| None)?.map_err(|_| None)
    }

    async fn close(mut self, why: Closing) {
        // Who does not read why is closed all the same.
        if self.send(why.message()).await.is_ok() {
            let discard = async { while let Some(Ok(_)) = self.socket.recv().await {} };
            let _ = timeout(LINGER, discard).await;
        }
    }
}

/// A page asks to be followed.
struct Question {
    services: Services,
    caller: Caller,
    current: Current,
    places: Places,
    renderings: Renderings,
    seat: Seat,
    asked: Asked,
}

impl Question {
    /// What follows of a view; none when too many follow the account.
    async fn followed(self, place: &mut Placed) -> Result<Option<Frames>, ServiceError> {
        let scope = match self.scope().await {
            // A page of its own, in no account: nothing of it is followed.
            Err(_) if self.asked.from.is_none() => {
                *place = None;
                return Ok(Some(work::beats(self.asked.view)));
            }
            scope => scope?,
        };
        let account = scope.account().id;
        if place.as_ref().is_none_or(|(of, _)| *of != account) {
            // Who looks at another account leaves the one before.
            *place = None;
            let Some(taken) = self.places.of_account(account) else {
                return Ok(None);
            };
            *place = Some((account, taken));
        }
        let view = self.asked.view;
        let figures: Frames = match self.asked.from {
            Some(from) => {
                let (query, _) = domain::filter::ViewQuery::parse(&self.asked.query)?;
                let frames = self.services.live(scope.clone(), &query, from).await?;
                Box::pin(frames.map(move |told| (view, told)))
            }
            None => work::beats(view),
        };
        let shown = self.asked.shown.as_deref().and_then(ShownParts::from_text);
        let Some(shown) = shown else {
            return Ok(Some(figures));
        };
        let page = parts::Page {
            path: self.asked.path,
            query: self.asked.query,
            current: self.current,
        };
        let viewer = parts::Viewer::new(
            &self.renderings,
            page,
            self.services,
            self.seat,
            (&scope, shown),
        );
        let parts = viewer.follow().map(move |told| (view, told));
        Ok(Some(Box::pin(stream::select(figures, parts))))
    }

    /// The account that the page is about, as its reader may see it.
    async fn scope(&self) -> Result<Scope, ServiceError> {
        let account = form_urlencoded::parse(self.asked.query.as_bytes())
            .find(|(name, value)| name == "account" && !value.is_empty());
        let account = account.map(|(_, key)| key.into_owned());
        self.services
            .scope(&self.caller, account.as_deref(), Permission::Read)
            .await
    }
}

/// Waits until something is sent, and does work meanwhile, once.
async fn beside<S, T>(
    sent: impl Future<Output = S>,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> (S, Option<T>) {
    let mut sent = pin!(sent);
    let mut done = None;
    loop {
        tokio::select! {
            biased;
            sent = &mut sent => return (sent, done),
            one = work.as_mut(), if done.is_none() => done = Some(one),
        }
    }
}

/// Why a message was not taken in.
fn refusal(error: axum::Error) -> Closing {
    let error = error.into_inner();
    match error.downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => Closing::TooLarge,
        _ => Closing::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_is_done_although_nobody_takes_what_is_sent() {
        let (take, taken) = oneshot::channel();
        let (turn, ended) = oneshot::channel::<()>();
        let work = pin!(async move {
            drop(turn);
            7
        });
        let mut both = pin!(beside(taken, work));
        assert!(futures::poll!(&mut both).is_pending());
        assert!(ended.await.is_err());
        take.send(()).unwrap();
        assert_eq!(both.await, (Ok(()), Some(7)));
    }
}

//! One page's socket.

use std::{num::NonZeroU32, pin::Pin, sync::Arc, time::Duration};

use app::{error::AppError, functions::Asked};
use axum::extract::ws::{Message, WebSocket};
use domain::{AccountId, live::LiveFrame};
use futures::{Stream, StreamExt as _, stream};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use service::{Caller, Permission, ServiceError, Services, live::Told};
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_tungstenite::tungstenite;

use super::{
    places::{Place, Places},
    wire::{self, Closing},
};
use crate::{AppState, seat::Seat};

/// Largest frame that is sent, in bytes; who would need a larger one reads the page again.
pub const MAX_TOLD: usize = 512 * 1024;
/// How long what was still on its way is read after a stream was closed, so that its reader gets to read why.
const LINGER: Duration = Duration::from_secs(2);
/// How often a page is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(15);
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

/// Frames, and of which of the tab's views they are.
type Frames = Pin<Box<dyn Stream<Item = (u32, Arc<Told>)> + Send>>;

/// One page's socket, and what it follows.
pub struct Tab {
    socket: WebSocket,
    services: Services,
    caller: Caller,
    places: Places,
    /// The place among the pages of the account that is looked at.
    place: Option<(AccountId, Place)>,
    messages: DefaultDirectRateLimiter,
    /// Where its questions wait for their turns.
    seat: Seat,
    /// When the page last gave a sign of life.
    heard: Instant,
}

impl Tab {
    pub fn new(socket: WebSocket, state: &AppState, caller: Caller) -> Self {
        let quota = Quota::per_second(MESSAGES).allow_burst(MESSAGES_AT_ONCE);
        Self {
            socket,
            services: state.services.clone(),
            places: state.places.clone(),
            place: None,
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
        let mut changed = std::pin::pin!(changed);
        let mut frames: Frames = Box::pin(stream::pending());
        let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // Nothing is read while something is written: who does not read is not heard either.
            tokio::select! {
                biased;
                () = &mut changed => {
                    self.fail(&AppError::SignedOut).await?;
                    return Err(Some(Closing::Over));
                }
                message = self.socket.recv() => {
                    if let Some(asked) = self.asked(message)? {
                        // One question at a time: nothing is read for the one before any more, and nothing more is
                        // heard until this one had its turn.
                        drop(std::mem::replace(&mut frames, Box::pin(stream::pending())));
                        frames = self.frames_of(asked).await?;
                        // It was not listened to meanwhile.
                        self.heard = Instant::now();
                    }
                }
                Some((view, told)) = seat.seated(frames.next()) => self.tell(view, &told).await?,
                _ = ping.tick() => {
                    if self.heard.elapsed() > SILENCE {
                        return Err(None);
                    }
                    self.send(Message::Ping(bytes::Bytes::new())).await?;
                }
            }
        }
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

    /// What follows of a view; nothing when it cannot be followed, which the page is told.
    async fn frames_of(&mut self, asked: Asked) -> Result<Frames, Option<Closing>> {
        let seat = self.seat.clone();
        match seat.seated(self.followed(&asked)).await {
            Ok(Some(frames)) => Ok(frames),
            Ok(None) => {
                self.fail(&AppError::TooMany).await?;
                Err(Some(Closing::TooMany))
            }
            Err(error) => {
                self.fail(&AppError::from(error)).await?;
                Ok(Box::pin(stream::pending()))
            }
        }
    }

    /// What follows of a view; none when too many follow the account.
    async fn followed(&mut self, asked: &Asked) -> Result<Option<Frames>, ServiceError> {
        let (query, _) = domain::filter::ViewQuery::parse(&asked.query)?;
        let scope = self
            .services
            .scope(&self.caller, query.account.as_deref(), Permission::Read)
            .await?;
        let account = scope.account().id;
        if self.place.as_ref().is_none_or(|(of, _)| *of != account) {
            // Who looks at another account leaves the one before.
            self.place = None;
            let Some(place) = self.places.of_account(account) else {
                return Ok(None);
            };
            self.place = Some((account, place));
        }
        let frames = self.services.live(scope, &query, asked.from).await?;
        let view = asked.view;
        Ok(Some(Box::pin(frames.map(move |told| (view, told)))))
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

/// Why a message was not taken in.
fn refusal(error: axum::Error) -> Closing {
    let error = error.into_inner();
    match error.downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => Closing::TooLarge,
        _ => Closing::Unreadable,
    }
}

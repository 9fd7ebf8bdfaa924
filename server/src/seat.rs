//! Where the work for somebody waits for its turns at reading: a request, or an open page's socket.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_trait::async_trait;
use axum::http::Extensions;
use service::{
    Caller, ServiceError,
    ports::StoreResult,
    turn::{self, Held},
};

use crate::{
    middleware::address::ClientAddress,
    turns::{Party, Patience, Turn, Turns},
};

/// A seat; cheap to clone.
#[derive(Clone)]
pub struct Seat(Arc<Inner>);

struct Inner {
    turns: Turns,
    patience: Patience,
    party: Mutex<Party>,
    /// The turn there is, shared by all that is read at the same time: nothing waits for a turn while it has one.
    now: tokio::sync::Mutex<Weak<Turn>>,
    /// The turn that is kept until the answer.
    kept: Mutex<Option<Arc<Turn>>>,
}

impl Seat {
    /// The seat of a request, of which nobody knows yet who sent it.
    pub(crate) fn new(turns: Turns, patience: Patience) -> Self {
        Self(Arc::new(Inner {
            turns,
            patience,
            party: Mutex::new(Party::Stranger(None)),
            now: tokio::sync::Mutex::default(),
            kept: Mutex::default(),
        }))
    }

    /// The seat of an open page: its questions take turns with what else its account reads.
    pub fn of_page(turns: Turns, caller: &Caller) -> Self {
        let seat = Self::new(turns, Patience::Open);
        *seat.party() = Party::of(caller);
        seat
    }

    /// Does work that waits here for its turns.
    pub async fn seated<T>(&self, work: impl Future<Output = T>) -> T {
        turn::seated(Arc::<Inner>::clone(&self.0), work).await
    }

    /// Tells where a request came from, until it is known who sent it.
    pub fn comes_from(extensions: &Extensions, address: ClientAddress) {
        if let Some(seat) = extensions.get::<Self>() {
            *seat.party() = Party::Stranger(address.group());
        }
    }

    /// Tells who sent a request.
    pub fn is_of(extensions: &Extensions, caller: &Caller) {
        if let Some(seat) = extensions.get::<Self>() {
            *seat.party() = Party::of(caller);
        }
    }

    /// Whether it is known who sent the request.
    pub(crate) fn is_known(&self) -> bool {
        !matches!(*self.party(), Party::Stranger(_))
    }

    /// Waits for the caller's turn, which ends with the answer. The second time a request asks, it has it.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] when too many of the caller's requests wait already.
    pub async fn take(&self, caller: &Caller) -> Result<(), ServiceError> {
        *self.party() = Party::of(caller);
        let turn = self.0.shared().await?;
        *lock(&self.0.kept) = Some(turn);
        Ok(())
    }

    /// The same, for a request that has come as far as its extensions; what is prompt has no seat and waits for nobody.
    ///
    /// # Errors
    /// See [`Seat::take`].
    pub async fn of(extensions: &Extensions, caller: &Caller) -> Result<(), ServiceError> {
        match extensions.get::<Self>() {
            Some(seat) => seat.take(caller).await,
            None => Ok(()),
        }
    }

    /// Ends the turn that was kept.
    pub(crate) fn leave(&self) {
        lock(&self.0.kept).take();
    }

    fn party(&self) -> MutexGuard<'_, Party> {
        lock(&self.0.party)
    }
}

impl Inner {
    async fn shared(&self) -> StoreResult<Arc<Turn>> {
        let mut now = self.now.lock().await;
        if let Some(turn) = now.upgrade() {
            return Ok(turn);
        }
        let party = lock(&self.party).clone();
        let turn = Arc::new(self.turns.take_as(party, self.patience).await?);
        *now = Arc::downgrade(&turn);
        Ok(turn)
    }
}

#[async_trait]
impl turn::Seat for Inner {
    async fn turn(&self) -> StoreResult<Held> {
        Ok(self.shared().await?)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

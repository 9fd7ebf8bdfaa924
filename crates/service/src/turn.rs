//! Turns at reading, taken where the database's reading connections are: whatever reads for somebody waits for their turn,
//! wherever it was called from.
//!
//! Who serves people and programs gives the work for each of them a [`Seat`]. Work without one, of this process itself and
//! of the command line, waits for nobody.

use std::{any::Any, sync::Arc};

use async_trait::async_trait;

use crate::ports::StoreResult;

tokio::task_local! {
    static SEAT: Arc<dyn Seat>;
}

/// A turn; it ends when all who hold it have dropped it.
pub type Held = Arc<dyn Any + Send + Sync>;

/// Where somebody's work waits for its turns.
#[async_trait]
pub trait Seat: Send + Sync {
    /// Waits for a turn. Work that has one already shares it, so that it never waits for itself.
    ///
    /// # Errors
    /// [`StoreError::Crowded`](crate::ports::StoreError::Crowded) when too much waits already.
    async fn turn(&self) -> StoreResult<Held>;
}

/// Does work whose reads wait for the turns of a seat.
pub async fn seated<T>(seat: Arc<dyn Seat>, work: impl Future<Output = T>) -> T {
    SEAT.scope(seat, work).await
}

/// Work that keeps the seat it has here, wherever it is done then.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let seat = SEAT.try_with(Arc::clone).ok();
    async move {
        match seat {
            Some(seat) => seated(seat, work).await,
            None => work.await,
        }
    }
}

/// Waits for the turn of whoever this is done for; a database calls it before it takes a connection that reads.
///
/// # Errors
/// See [`Seat::turn`].
pub async fn turn() -> StoreResult<Option<Held>> {
    match SEAT.try_with(Arc::clone) {
        Ok(seat) => seat.turn().await.map(Some),
        Err(_) => Ok(None),
    }
}

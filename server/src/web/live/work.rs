//! What is read for one page: first what it asked for, then what is new of it.

use std::{pin::Pin, sync::Arc};

use domain::{AccountId, live::LiveFrame};
use futures::{Stream, StreamExt as _, future::BoxFuture, stream};
use service::{
    ServiceError,
    live::{BEAT_EVERY, Told},
};

use super::places::Place;

/// Frames, and of which of the page's views they are.
pub(super) type Frames = Pin<Box<dyn Stream<Item = (u32, Arc<Told>)> + Send>>;

/// The place among the pages of the account that is looked at.
pub(super) type Placed = Option<(AccountId, Place)>;

/// What came of a question: the page's place, and what follows, which is none when too many follow the account.
pub(super) type Begun = (Placed, Result<Option<Frames>, ServiceError>);

/// What follows of a page without live figures: only that the connection is alive.
pub(super) fn beats(view: u32) -> Frames {
    let beat = Arc::new(Told::new(LiveFrame::Beat));
    let ticks = tokio::time::interval(BEAT_EVERY);
    Box::pin(stream::unfold(ticks, move |mut ticks| {
        let beat = beat.clone();
        async move {
            ticks.tick().await;
            Some(((view, beat), ticks))
        }
    }))
}

/// What is read for a page. Asked for the next again after it was not waited for, it goes on where it was.
pub(super) enum Work {
    /// Nothing is followed.
    None,
    /// A question waits for its turn, or has it.
    Asking(BoxFuture<'static, Begun>),
    /// A view is followed.
    Following(Frames),
}

/// What came of it.
pub(super) enum Next {
    Begun(Begun),
    Told(u32, Arc<Told>),
}

impl Work {
    /// The next; never, when nothing is followed.
    pub(super) async fn next(&mut self) -> Next {
        match self {
            Self::Asking(asking) => return Next::Begun(asking.await),
            Self::Following(frames) => {
                if let Some((view, told)) = frames.next().await {
                    return Next::Told(view, told);
                }
            }
            Self::None => {}
        }
        *self = Self::None;
        std::future::pending().await
    }

    pub(super) const fn is_asking(&self) -> bool {
        matches!(self, Self::Asking(_))
    }
}

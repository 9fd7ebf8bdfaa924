//! The live stream: what is new for those who follow a view, read once for all of them.

mod delta;
mod hub;
mod news;
mod reading;
mod view_key;
mod viewer;
mod watcher;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use domain::{
    filter::ViewQuery,
    live::{LiveFrame, ReadAt},
};
use futures::Stream;

use crate::{Scope, ServiceResult, Services};
use viewer::Viewer;

pub use hub::Hub;
pub use news::News;
pub use viewer::BEAT_EVERY;
pub(crate) use watcher::watch;

/// At most ten readings of an account a second: more than the eye follows, few enough for a phone.
const FRAME_EVERY: Duration = Duration::from_millis(100);
/// Events of one reading; a viewer further behind reads the page again instead.
const READ_EVENTS: u32 = 5_000;

/// A frame, which may be told to many.
#[derive(Debug)]
pub struct Told {
    frame: LiveFrame,
    packed: OnceLock<Vec<u8>>,
}

impl Told {
    /// A frame that was not packed yet.
    pub const fn new(frame: LiveFrame) -> Self {
        Self {
            frame,
            packed: OnceLock::new(),
        }
    }

    /// What is told.
    pub const fn frame(&self) -> &LiveFrame {
        &self.frame
    }

    /// The same as bytes, which `pack` makes once for all who are told.
    ///
    /// # Errors
    /// Those of `pack`.
    pub fn packed<E>(
        &self,
        pack: impl FnOnce(&LiveFrame) -> Result<Vec<u8>, E>,
    ) -> Result<&[u8], E> {
        if let Some(packed) = self.packed.get() {
            return Ok(packed);
        }
        let packed = pack(&self.frame)?;
        Ok(self.packed.get_or_init(|| packed))
    }
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
    ) -> ServiceResult<impl Stream<Item = Arc<Told>> + Send + use<>> {
        // What the page compares with ends where it did when the page was read.
        let view = self.view_at(scope, query, from.now).await?;
        let viewer = Viewer::new(self.clone(), view, from);
        Ok(futures::stream::unfold(viewer, |mut viewer| async move {
            viewer.next().await.map(|told| (told, viewer))
        }))
    }
}

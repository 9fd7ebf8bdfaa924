//! The live stream: one WebSocket for a tab, following whatever view it shows.
#![cfg_attr(
    feature = "ssr",
    expect(
        clippy::unused_async,
        reason = "server functions are async; this one only begins a stream"
    )
)]

use domain::live::{LiveFrame, ReadAt};
use leptos::{
    prelude::*,
    server_fn::{BoxedStream, Websocket},
};
use serde::{Deserialize, Serialize};

use crate::{error::AppError, packed::Packed};

/// A tab asks to follow a view from the place its page was read at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Counts the tab's views, so that frames of an earlier one are told apart.
    pub view: u32,
    /// The view's query string.
    pub query: String,
    /// Where and when its page was read.
    pub from: ReadAt,
}

/// A frame for one of the tab's views.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveMessage {
    /// Which view.
    pub view: u32,
    /// What happened.
    pub frame: LiveFrame,
}

/// Follows the views a tab asks for, one after the other.
#[server(prefix = "/api/fn", client = super::PageClient, protocol = Websocket<Packed, Packed>)]
pub async fn follow(
    input: BoxedStream<Asked, AppError>,
) -> Result<BoxedStream<LiveMessage, AppError>, AppError> {
    let (services, caller) = super::called()?;
    Ok(frames(services, caller, input).into())
}

#[cfg(feature = "ssr")]
fn frames(
    services: service::Services,
    caller: service::Caller,
    input: BoxedStream<Asked, AppError>,
) -> impl futures::Stream<Item = Result<LiveMessage, AppError>> + Send {
    use futures::{Stream, StreamExt, future::Either, stream};
    type Frames = std::pin::Pin<Box<dyn Stream<Item = LiveMessage> + Send>>;

    let nothing: Frames = Box::pin(stream::pending());
    // Who is signed out, disabled or allowed something else sees nothing new: the page is told to read itself again, and
    // then shows what they may see now, or that they have to sign in.
    let until_changed = services.clone().until_changed(caller.clone());
    let frames = stream::unfold((input, nothing), move |(mut input, mut frames)| {
        let (services, caller) = (services.clone(), caller.clone());
        async move {
            loop {
                match futures::future::select(input.next(), frames.next()).await {
                    Either::Left((Some(Ok(asked)), _)) => {
                        match frames_of(&services, &caller, asked).await {
                            Ok(followed) => frames = Box::pin(followed),
                            Err(error) => {
                                return Some((
                                    Err(error),
                                    (input, Box::pin(stream::pending()) as Frames),
                                ));
                            }
                        }
                    }
                    // The tab is gone.
                    Either::Left((_, _)) => return None,
                    Either::Right((Some(message), _)) => {
                        return Some((Ok(message), (input, frames)));
                    }
                    Either::Right((None, _)) => frames = Box::pin(stream::pending()),
                }
            }
        }
    });
    frames
        .take_until(Box::pin(until_changed))
        .chain(stream::once(async { Err(AppError::SignedOut) }))
}

#[cfg(feature = "ssr")]
async fn frames_of(
    services: &service::Services,
    caller: &service::Caller,
    asked: Asked,
) -> Result<impl futures::Stream<Item = LiveMessage> + Send + use<>, AppError> {
    use futures::StreamExt;
    let (query, _) =
        domain::filter::ViewQuery::parse(&asked.query).map_err(service::ServiceError::from)?;
    let scope = services
        .scope(caller, query.account.as_deref(), service::Permission::Read)
        .await?;
    let frames = services.live(scope, &query, asked.from).await?;
    Ok(frames.map(move |frame| LiveMessage {
        view: asked.view,
        frame,
    }))
}

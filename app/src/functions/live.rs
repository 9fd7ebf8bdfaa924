//! The live stream: one WebSocket for a tab, following whatever view it shows.
//!
//! What a tab and the server say to each other is here. The server's side is `server::web::live`, which bounds what is said.
#![cfg_attr(
    feature = "ssr",
    expect(
        clippy::unused_async,
        reason = "server functions are async; the server answers this one by itself"
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Counts the tab's views, so that frames of an earlier one are told apart.
    pub view: u32,
    /// The page's path.
    pub path: String,
    /// The view's query string.
    pub query: String,
    /// Where and when its page was read; none where nothing lives on by itself.
    pub from: Option<ReadAt>,
    /// What its marked parts show, in the server's words; none where there are none.
    pub shown: Option<String>,
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
///
/// The server serves its path by itself, before server functions are looked for.
#[server(prefix = "/api/fn", client = super::PageClient, protocol = Websocket<Packed, Packed>)]
pub async fn follow(
    input: BoxedStream<Asked, AppError>,
) -> Result<BoxedStream<LiveMessage, AppError>, AppError> {
    drop(input);
    Err(AppError::Failed)
}

//! The live stream's socket: bounded in size, in rate, in number, and in the patience with who does not read.
//!
//! It speaks what the page's server function for the stream speaks, at its address. The library's own socket would take
//! messages of megabytes, keep thousands of them, and wait for ever for who does not read.

mod parts;
mod places;
mod tab;
mod wire;
mod work;

pub use parts::Renderings;
pub use places::{LiveLimits, Places};

use app::context::Current;
use axum::{
    extract::{
        Request, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::Uri,
    response::{IntoResponse as _, Response},
};
use places::Place;
use service::Caller;
use tab::Tab;
use tokio::sync::Semaphore;

use super::files;
use crate::{AppState, api::problem::Problem, middleware::address::ClientAddress};

/// Longest message of a page, in bytes: it says which view it shows, as its address does.
const MAX_ASKED: usize = 16 * 1024;
/// What is read at once, in bytes; every open page keeps as much.
const READ_BUFFER: usize = 2 * 1024;
/// Most that waits to be written, in bytes: one frame and what the protocol adds.
const MAX_WAITING: usize = 2 * tab::MAX_TOLD;
/// When to try again after there were too many.
const RETRY_AFTER_S: u32 = 10;

/// Refusals that are told over a socket at once: whoever comes beyond that is refused without one.
static REFUSALS: Semaphore = Semaphore::const_new(64);

/// Who looks at a page.
struct Reader {
    current: Current,
    caller: Caller,
}

/// Begins a stream for somebody who is signed in.
pub async fn follow(
    State(state): State<AppState>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    let current = request.extensions().get::<Current>().cloned();
    let current = current.unwrap_or_default();
    let Some(caller) = current.caller().cloned() else {
        return super::signed_out();
    };
    let reader = Reader { current, caller };
    let upgrade = match upgrade {
        Ok(upgrade) => bounded(upgrade),
        Err(rejection) => return rejection.into_response(),
    };
    if is_of_another_build(request.uri()) {
        return upgrade.on_upgrade(move |socket| Tab::new(socket, &state, reader).refuse_build());
    }
    if is_of_another_reader(request.uri(), &reader.current) {
        return upgrade.on_upgrade(move |socket| Tab::new(socket, &state, reader).refuse_reader());
    }
    let address = ClientAddress::of(request.extensions());
    if let Some(places) = places(&state, &reader.caller, address) {
        return upgrade.on_upgrade(move |socket| async move {
            Tab::new(socket, &state, reader).run().await;
            drop(places);
        });
    }
    // A browser tells its page nothing of an answer that is no socket.
    let Ok(refusal) = REFUSALS.try_acquire() else {
        return Problem::too_many("too many live pages", RETRY_AFTER_S).into_response();
    };
    upgrade.on_upgrade(move |socket| async move {
        Tab::new(socket, &state, reader).refuse().await;
        drop(refusal);
    })
}

/// Whether a page says that it is of another build than the pages of this server.
fn is_of_another_build(uri: &Uri) -> bool {
    let query = uri.query().unwrap_or_default();
    let said = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "build");
    said.is_some_and(|(_, build)| build != files::assets().build.as_str())
}

/// Whether a page says that somebody else read it: who signed in anew in another window.
fn is_of_another_reader(uri: &Uri, current: &Current) -> bool {
    let query = uri.query().unwrap_or_default();
    let said = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "reader");
    said.is_some_and(|(_, reader)| super::guard::is_another(&reader, current))
}

fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MAX_ASKED)
        .max_frame_size(MAX_ASKED)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WAITING)
}

/// Counts a page of its person and from its address; none when there are too many of either.
fn places(
    state: &AppState,
    caller: &Caller,
    address: ClientAddress,
) -> Option<(Place, Option<Place>)> {
    let person = state.places.of_person(caller)?;
    Some((person, state.places.of_address(address)?))
}

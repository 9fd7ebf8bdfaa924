//! A `WebSocket` as two channels of messages.

use bytes::Bytes;
use futures::{
    StreamExt,
    channel::mpsc::{self, UnboundedReceiver, UnboundedSender},
};
use js_sys::{ArrayBuffer, Uint8Array};
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

/// The server is of another build than the page.
const OUTDATED: u16 = 4000;
/// Somebody else is signed in than who read the page.
const ANOTHER_READER: u16 = 4001;

/// Opens a socket. What is received ends when the connection does; the connection ends when the sender is dropped.
pub fn open(path: &str) -> Result<(UnboundedReceiver<Bytes>, UnboundedSender<Bytes>), JsValue> {
    let build = crate::tab::build();
    let reader = crate::tab::reader();
    let socket = WebSocket::new(&[path, "?build=", &build, "&reader=", &reader].concat())?;
    socket.set_binary_type(BinaryType::Arraybuffer);
    let (arrive, arrived) = mpsc::unbounded();
    let (send, outgoing) = mpsc::unbounded();
    spawn_local(drive(socket, arrive, outgoing));
    Ok((arrived, send))
}

/// Listens as long as anything may be sent.
async fn drive(
    socket: WebSocket,
    arrive: UnboundedSender<Bytes>,
    mut outgoing: UnboundedReceiver<Bytes>,
) {
    let (opened, mut is_open) = mpsc::unbounded();
    let (failed, end) = (opened.clone(), arrive.clone());
    let on_open = Closure::<dyn Fn(Event)>::new(move |_| {
        let _ = opened.unbounded_send(true);
    });
    let on_close = Closure::<dyn Fn(CloseEvent)>::new(move |event: CloseEvent| {
        match event.code() {
            OUTDATED => crate::tab::outdated(),
            ANOTHER_READER => crate::tab::load_again(),
            _ => {}
        }
        let _ = failed.unbounded_send(false);
        end.close_channel();
    });
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() {
            let _ = arrive.unbounded_send(Uint8Array::new(&buffer).to_vec().into());
        }
    });
    socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
    socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
    socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    if is_open.next().await == Some(true) {
        while let Some(message) = outgoing.next().await {
            // One that closes takes nothing any more, and browsers complain of it.
            let is_closing = socket.ready_state() != WebSocket::OPEN;
            if is_closing || socket.send_with_u8_array(&message).is_err() {
                break;
            }
        }
    }
    for forget in [
        WebSocket::set_onopen,
        WebSocket::set_onclose,
        WebSocket::set_onmessage,
    ] {
        forget(&socket, None);
    }
    let _ = socket.close();
}

//! How a page reaches the server: `fetch` for server functions, a `WebSocket` for the live stream.
//!
//! Leptos's own client can do much more – uploads, downloads in pieces, aborting – and every reader would load it.

use bytes::Bytes;
use futures::{Sink, Stream, StreamExt};
use http::Method;
use js_sys::{Uint8Array, futures::JsFuture};
use leptos::{
    prelude::window,
    server_fn::{
        client::Client,
        error::{FromServerFnError, ServerFnErrorErr},
        request::ClientReq,
        response::ClientRes,
    },
    task::spawn_local,
};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Headers, RequestInit};

use super::socket;
use crate::tab::READER_HEADER;

/// The client of all server functions.
pub struct PageClient;

/// A call: where it goes, and its arguments.
pub struct Fetch {
    address: String,
    arguments: Bytes,
}

/// What came back.
pub struct Fetched {
    status: u16,
    body: Bytes,
}

/// The server cannot be reached; why, only the browser's own log knows.
fn unreachable<E: FromServerFnError>(_: JsValue) -> E {
    E::from_server_fn_error(ServerFnErrorErr::Request(String::new()))
}

/// Something a server function of ours never does.
fn unused<T, E: FromServerFnError>() -> Result<T, E> {
    let error = ServerFnErrorErr::UnsupportedRequestMethod(String::new());
    Err(E::from_server_fn_error(error))
}

async fn fetch(call: &Fetch) -> Result<Fetched, JsValue> {
    let headers = Headers::new()?;
    headers.set(READER_HEADER, &crate::tab::reader())?;
    let request = RequestInit::new();
    request.set_headers(&headers);
    request.set_method("POST");
    request.set_body(&Uint8Array::from(&*call.arguments));
    let asked = window().fetch_with_str_and_init(&call.address, &request);
    let response = JsFuture::from(asked).await?;
    let response: web_sys::Response = response.unchecked_into();
    let body = JsFuture::from(response.array_buffer()?).await?;
    Ok(Fetched {
        status: response.status(),
        body: Uint8Array::new(&body).to_vec().into(),
    })
}

impl<E, I, O> Client<E, I, O> for PageClient
where
    E: FromServerFnError,
    I: FromServerFnError,
    O: FromServerFnError,
{
    type Request = Fetch;
    type Response = Fetched;

    fn send(wanted: Fetch) -> impl Future<Output = Result<Fetched, E>> + Send {
        SendWrapper::new(async move { fetch(&wanted).await.map_err(unreachable) })
    }

    async fn open_websocket(
        path: &str,
    ) -> Result<
        (
            impl Stream<Item = Result<Bytes, Bytes>> + Send + 'static,
            impl Sink<Bytes> + Send + 'static,
        ),
        E,
    > {
        let (received, send) = socket::open(path).map_err(unreachable)?;
        Ok((received.map(Ok), send))
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        spawn_local(future);
    }
}

impl<E: FromServerFnError> ClientReq<E> for Fetch {
    type FormData = ();

    fn try_new_req_query(_: &str, _: &str, _: &str, _: &str, _: Method) -> Result<Self, E> {
        unused()
    }

    fn try_new_req_text(_: &str, _: &str, _: &str, _: String, _: Method) -> Result<Self, E> {
        unused()
    }

    fn try_new_req_bytes(
        path: &str,
        _: &str,
        _: &str,
        arguments: Bytes,
        _: Method,
    ) -> Result<Self, E> {
        let address = path.to_owned();
        Ok(Self { address, arguments })
    }

    fn try_new_req_form_data(_: &str, _: &str, _: &str, (): (), _: Method) -> Result<Self, E> {
        unused()
    }

    fn try_new_req_multipart(_: &str, _: &str, (): (), _: Method) -> Result<Self, E> {
        unused()
    }

    fn try_new_req_streaming(
        _: &str,
        _: &str,
        _: &str,
        _: impl Stream<Item = Bytes> + Send + 'static,
        _: Method,
    ) -> Result<Self, E> {
        unused()
    }
}

impl<E: FromServerFnError> ClientRes<E> for Fetched {
    async fn try_into_string(self) -> Result<String, E> {
        unused()
    }

    async fn try_into_bytes(self) -> Result<Bytes, E> {
        Ok(self.body)
    }

    fn try_into_stream(
        self,
    ) -> Result<impl Stream<Item = Result<Bytes, Bytes>> + Send + Sync + 'static, E> {
        unused::<futures::stream::Empty<_>, _>()
    }

    fn status(&self) -> u16 {
        self.status
    }

    fn status_text(&self) -> String {
        String::new()
    }

    fn location(&self) -> String {
        String::new()
    }

    fn has_redirect(&self) -> bool {
        false
    }
}

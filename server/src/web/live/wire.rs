//! The live stream as bytes: a tag, and what was said or why not, as server functions write it.

use app::{error::AppError, functions::Asked, packed::Packed};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes};
use bytes::{BufMut as _, Bytes, BytesMut};
use leptos::server_fn::{Decodes, Encodes, error::FromServerFnError as _};
use service::live::Told;

/// What went well.
const SAID: u8 = 0;
/// Why something did not.
const REFUSED: u8 = 1;

/// Why a stream is closed, as RFC 6455 numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// There is nothing more to say.
    Over = 1000,
    /// What was sent cannot be read.
    Unreadable = 1007,
    /// Too much was asked too fast.
    TooFast = 1008,
    /// What was sent is too large.
    TooLarge = 1009,
    /// There are too many streams: try again later.
    TooMany = 1013,
    /// The page is of another build: it has to be loaded again.
    Outdated = 4000,
    /// Somebody else is signed in than who read the page: it has to be loaded again.
    AnotherReader = 4001,
}

impl Closing {
    const fn words(self) -> &'static str {
        match self {
            Self::Over => "",
            Self::Unreadable => "unreadable",
            Self::TooFast => "too many messages",
            Self::TooLarge => "message too large",
            Self::TooMany => "too many live pages: try again later",
            Self::Outdated | Self::AnotherReader => "load the page again",
        }
    }

    /// The frame that says so.
    pub fn message(self) -> Message {
        Message::Close(Some(CloseFrame {
            code: self as u16,
            reason: Utf8Bytes::from_static(self.words()),
        }))
    }
}

/// What a tab asks for; none when it cannot be read.
pub fn asked(bytes: &[u8]) -> Option<Asked> {
    match bytes.split_first()? {
        (&SAID, rest) => Packed::decode(Bytes::copy_from_slice(rest)).ok(),
        _ => None,
    }
}

/// A frame for one of the tab's views: an [`app::functions::LiveMessage`]. What is told to many is written once.
///
/// # Errors
/// It cannot be written, which would be a fault of ours.
pub fn said(view: u32, told: &Told) -> Result<Bytes, AppError> {
    let view = Packed::encode(&view).map_err(|_| AppError::Failed)?;
    let pack = |frame: &_| Packed::encode(frame).map(Vec::from);
    let frame = told.packed(pack).map_err(|_| AppError::Failed)?;
    Ok(tagged(SAID, &[&view, frame].concat()))
}

/// Why something cannot be followed.
pub fn refused(error: &AppError) -> Bytes {
    tagged(REFUSED, &error.ser())
}

fn tagged(tag: u8, bytes: &[u8]) -> Bytes {
    let mut whole = BytesMut::with_capacity(1 + bytes.len());
    whole.put_u8(tag);
    whole.put_slice(bytes);
    whole.freeze()
}

#[cfg(test)]
mod tests {
    use app::functions::LiveMessage;
    use domain::{Seq, live::LiveFrame};

    use super::*;

    #[test]
    fn what_is_told_to_many_reads_as_a_message_to_one() {
        let frame = LiveFrame::Hello { from: Seq(300) };
        let told = Told::new(frame.clone());
        for view in [0, 127, 128, u32::MAX] {
            let bytes = said(view, &told).unwrap();
            let message: LiveMessage = Packed::decode(bytes.slice(1..)).unwrap();
            let frame = frame.clone();
            assert_eq!((bytes[0], message), (SAID, LiveMessage { view, frame }));
        }
    }
}

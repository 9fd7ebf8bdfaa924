//! Emails: written to files until a server that sends them is set up.

use std::{path::Path, time::SystemTime};

use async_trait::async_trait;
use lettre::{
    Address, AsyncFileTransport, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
};
use service::mail::{Email, Mailer, one_line};

/// Where emails go.
enum Way {
    Files(AsyncFileTransport<Tokio1Executor>),
    Server(AsyncSmtpTransport<Tokio1Executor>),
}

/// Sends emails in the name of one address.
pub struct Letters {
    from: Mailbox,
    way: Way,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Letters {
    /// Emails as files of a folder, which is made.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn to_files(from: Mailbox, folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let way = Way::Files(AsyncFileTransport::new(folder));
        Ok(Self { from, way })
    }

    /// Emails by a server: `smtps://user:password@host`.
    ///
    /// # Errors
    /// The address cannot be read.
    pub fn to_server(from: Mailbox, url: &str) -> Result<Self, String> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|error| format!("must be an smtp:// or smtps:// address: {error}"))?;
        let way = Way::Server(server.build());
        Ok(Self { from, way })
    }

    /// The email as it is sent: text and HTML, with all that receivers ask for.
    fn message(&self, email: Email) -> Result<Message, Failure> {
        let own = || self.from.name.clone();
        let name = email.sender.as_deref().map(one_line).or_else(own);
        let id = format!("<{}@{}>", email.id, self.from.email.domain());
        let micros = u64::try_from(email.at.micros()).unwrap_or(0);
        let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_micros(micros);
        let mut message = Message::builder()
            .from(Mailbox::new(name, self.from.email.clone()))
            .to(Mailbox::new(None, email.to.parse::<Address>()?))
            .subject(one_line(&email.subject))
            .message_id(Some(id))
            .date(at)
            .header(AutoSubmitted);
        if let Some(url) = email.unsubscribe {
            message = message
                .header(ListUnsubscribe(url))
                .header(ListUnsubscribePost);
        }
        let parts = MultiPart::alternative_plain_html(email.text, email.html);
        Ok(message.multipart(parts)?)
    }

    async fn try_send(&self, email: Email) -> Result<(), Failure> {
        let message = self.message(email)?;
        match &self.way {
            Way::Files(files) => files.send(message).await.map(drop)?,
            Way::Server(server) => server.send(message).await.map(drop)?,
        }
        Ok(())
    }
}

#[async_trait]
impl Mailer for Letters {
    async fn send(&self, email: Email) -> Result<(), String> {
        let to = email.to.clone();
        let sent = self.try_send(email).await;
        match &sent {
            Ok(()) => tracing::info!(to, "sent an email"),
            Err(error) => tracing::error!(%error, to, "an email could not be sent"),
        }
        sent.map_err(|error| error.to_string())
    }
}

/// A header whose text is known to be plain ASCII without line breaks.
fn plain(name: HeaderName, text: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(name, text.clone(), text)
}

/// Where one request without a question unsubscribes: RFC 8058.
#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let url = text.trim_start_matches('<').trim_end_matches('>');
        Ok(Self(url.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        plain(Self::name(), format!("<{}>", self.0))
    }
}

#[derive(Clone)]
struct ListUnsubscribePost;

impl Header for ListUnsubscribePost {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Failure> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        plain(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}

/// That no person wrote it, so that no machine answers: RFC 3834.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Failure> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        plain(Self::name(), "auto-generated".to_owned())
    }
}

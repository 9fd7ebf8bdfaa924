//! Letters: written to files until a server that sends them is set up.

use std::path::Path;

use async_trait::async_trait;
use lettre::{
    AsyncFileTransport, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::Mailbox,
};
use service::mail::{Mail, Mailer};

/// Where letters go.
enum Way {
    Files(AsyncFileTransport<Tokio1Executor>),
    Server(AsyncSmtpTransport<Tokio1Executor>),
}

/// Sends letters in the name of one address.
pub struct Letters {
    from: Mailbox,
    way: Way,
}

impl Letters {
    /// Letters as files of a folder, which is made.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn to_files(from: Mailbox, folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let way = Way::Files(AsyncFileTransport::new(folder));
        Ok(Self { from, way })
    }

    /// Letters by a server: `smtps://user:password@host`.
    ///
    /// # Errors
    /// The address cannot be read.
    pub fn to_server(from: Mailbox, url: &str) -> Result<Self, String> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|error| format!("must be an smtp:// or smtps:// address: {error}"))?;
        let way = Way::Server(server.build());
        Ok(Self { from, way })
    }

    async fn try_send(&self, mail: Mail) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(mail.to.parse()?)
            .subject(mail.subject)
            .body(mail.text)?;
        match &self.way {
            Way::Files(files) => files.send(message).await.map(drop)?,
            Way::Server(server) => server.send(message).await.map(drop)?,
        }
        Ok(())
    }
}

#[async_trait]
impl Mailer for Letters {
    async fn send(&self, mail: Mail) -> Result<(), String> {
        let to = mail.to.clone();
        let sent = self.try_send(mail).await;
        match &sent {
            Ok(()) => tracing::info!(to, "sent a letter"),
            Err(error) => tracing::error!(%error, to, "a letter could not be sent"),
        }
        sent.map_err(|error| error.to_string())
    }
}

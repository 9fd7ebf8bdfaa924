//! Letters to people.

use async_trait::async_trait;

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// E-mail address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// Sends letters.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a letter. That it could not be sent is told to the operator: whoever asked has the link as well.
    async fn send(&self, mail: Mail);
}

/// Sends nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMail;

#[async_trait]
impl Mailer for NoMail {
    async fn send(&self, mail: Mail) {
        tracing::warn!(to = mail.to, "no mail is set up: nothing was sent");
    }
}

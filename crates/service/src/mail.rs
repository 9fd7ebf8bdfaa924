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

/// Where the pages are that letters lead to: whole addresses, without what is asked of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// Rules, and who is told.
    pub alerts: String,
    /// The weekly review.
    pub review: String,
}

/// Sends letters.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a letter. That it could not be sent is written to the log.
    ///
    /// # Errors
    /// Why it could not be sent.
    async fn send(&self, mail: Mail) -> Result<(), String>;
}

/// Sends nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMail;

#[async_trait]
impl Mailer for NoMail {
    async fn send(&self, mail: Mail) -> Result<(), String> {
        tracing::warn!(to = mail.to, "no mail is set up: nothing was sent");
        Err("no mail is set up".to_owned())
    }
}

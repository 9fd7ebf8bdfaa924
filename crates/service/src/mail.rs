//! Emails to people.

mod blocks;

use async_trait::async_trait;
use domain::Time;

pub(crate) use blocks::Block;

/// What emails are called after when no brand takes its place.
const PRODUCT: &str = "Creditscope";

/// An email, as text and as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// Unique for what it tells and to whom, and the same at every attempt: what its `Message-ID` begins with.
    pub id: String,
    /// Email address.
    pub to: String,
    /// In whose name it is sent, when not in ours.
    pub sender: Option<String>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// When it was written.
    pub at: Time,
    /// The address that unsubscribes this person from this kind of email; none for what does not recur.
    pub unsubscribe: Option<String>,
}

/// What an email is written from.
pub(crate) struct Draft {
    pub id: String,
    pub to: String,
    /// Name of the brand whose client reads it; empty for our own.
    pub brand: String,
    pub subject: String,
    pub blocks: Vec<Block>,
    pub at: Time,
    pub unsubscribe: Option<String>,
}

impl Draft {
    /// The email: both parts say the same.
    pub(crate) fn email(self) -> Email {
        let subject = one_line(&self.subject);
        let brand = one_line(&self.brand);
        let name = if brand.is_empty() { PRODUCT } else { &brand };
        Email {
            text: blocks::text(&self.blocks, self.unsubscribe.as_deref()),
            html: blocks::html(&subject, name, &self.blocks, self.unsubscribe.as_deref()),
            id: self.id,
            to: self.to,
            sender: Some(brand).filter(|brand| !brand.is_empty()),
            subject,
            at: self.at,
            unsubscribe: self.unsubscribe,
        }
    }
}

/// Text without line breaks and other control characters: no name adds a header to an email.
pub fn one_line(text: &str) -> String {
    let spaced = text.replace(|letter: char| letter.is_control(), " ");
    let words: Vec<_> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Where the pages are that emails lead to: whole addresses, without what is asked of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// Rules, and who is told.
    pub alerts: String,
    /// API keys.
    pub keys: String,
    /// The weekly review.
    pub review: String,
    /// Where a person unsubscribes; a token follows.
    pub unsubscribe: String,
}

/// Sends emails.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends an email. That it could not be sent is written to the log.
    ///
    /// # Errors
    /// Why it could not be sent.
    async fn send(&self, email: Email) -> Result<(), String>;
}

/// Sends nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMail;

#[async_trait]
impl Mailer for NoMail {
    async fn send(&self, email: Email) -> Result<(), String> {
        tracing::warn!(to = email.to, "no mail is set up: nothing was sent");
        Err("no mail is set up".to_owned())
    }
}

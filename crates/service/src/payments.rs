//! How orders are paid: by hand, or through a payment system that reports in signed messages.

use domain::{Invalid, Json, Time, ledger::Order, time::MINUTE_US};
use serde::Deserialize;

use crate::orders::PaymentReport;

/// How old or how far ahead a message may be: older ones are replays.
const TOLERANCE_US: i64 = 5 * MINUTE_US;

/// A message of a payment system, as [Standard Webhooks](https://www.standardwebhooks.com) sends it.
#[derive(Debug, Clone, Copy)]
pub struct SignedMessage<'a> {
    /// Header `webhook-id`.
    pub id: &'a str,
    /// Header `webhook-timestamp`: seconds since 1970.
    pub timestamp: &'a str,
    /// Header `webhook-signature`.
    pub signature: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// Why a message is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageRefused {
    /// Payments are confirmed by hand here.
    #[error("this server takes no messages of payment systems: set payments_webhook_secret")]
    NotExpected,
    /// It is not signed with the secret.
    #[error(
        "webhook-id, webhook-timestamp and webhook-signature must sign the body with the secret"
    )]
    Forged,
    /// It was signed too long ago.
    #[error("webhook-timestamp must be within five minutes of now: this message is old")]
    Old,
    /// The body cannot be read; why.
    #[error("{0}")]
    Unreadable(String),
}

/// What a message says of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMessage {
    /// Id of the order.
    pub order: String,
    /// What became of its payment.
    pub report: PaymentReport,
}

/// How orders are paid.
pub trait PaymentProvider: Send + Sync {
    /// Where the buyer pays an order; none when somebody confirms the payment by hand.
    fn checkout_url(&self, order: &Order) -> Option<String>;

    /// Verifies and reads a message of the payment system.
    ///
    /// # Errors
    /// Why it is not taken.
    fn read(&self, message: SignedMessage<'_>, now: Time)
    -> Result<PaymentMessage, MessageRefused>;
}

/// An operator confirms payments.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manual;

impl PaymentProvider for Manual {
    fn checkout_url(&self, _: &Order) -> Option<String> {
        None
    }

    fn read(&self, _: SignedMessage<'_>, _: Time) -> Result<PaymentMessage, MessageRefused> {
        Err(MessageRefused::NotExpected)
    }
}

/// A payment system that reports in signed messages.
pub struct Webhooks {
    verifier: standardwebhooks::Webhook,
    checkout_url: Option<String>,
}

/// What a message's body holds.
#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    data: BodyData,
}

#[derive(Deserialize)]
struct BodyData {
    order: String,
    reference: Option<String>,
    reason: Option<String>,
}

impl Webhooks {
    /// Verifies with a secret (`whsec_…`); buyers pay at `checkout_url`, in which `{order}` stands for the order's id.
    ///
    /// # Errors
    /// The secret is none.
    pub fn new(secret: &str, checkout_url: Option<String>) -> Result<Self, &'static str> {
        let verifier = standardwebhooks::Webhook::new(secret)
            .map_err(|_| "must be a secret of Standard Webhooks, such as whsec_ and 24 to 64 bytes in base64")?;
        Ok(Self {
            verifier,
            checkout_url,
        })
    }
}

impl PaymentProvider for Webhooks {
    fn checkout_url(&self, order: &Order) -> Option<String> {
        let url = self.checkout_url.as_ref()?;
        Some(url.replace("{order}", &order.id))
    }

    fn read(
        &self,
        message: SignedMessage<'_>,
        now: Time,
    ) -> Result<PaymentMessage, MessageRefused> {
        let seconds: i64 = message
            .timestamp
            .parse()
            .map_err(|_| MessageRefused::Forged)?;
        let signed = self
            .verifier
            .sign(message.id, seconds, message.body)
            .map_err(|_| MessageRefused::Forged)?;
        let is_signed = message.signature.split(' ').any(|given| {
            bool::from(subtle::ConstantTimeEq::ct_eq(
                given.as_bytes(),
                signed.as_bytes(),
            ))
        });
        if !is_signed {
            return Err(MessageRefused::Forged);
        }
        let age_us = now.micros_since(Time::from_micros(seconds.saturating_mul(1_000_000)));
        if age_us.abs() > TOLERANCE_US {
            return Err(MessageRefused::Old);
        }
        let body = body(message.body).map_err(MessageRefused::Unreadable)?;
        let report = match body.kind.as_str() {
            "payment.paid" => PaymentReport::Paid {
                reference: body.data.reference,
            },
            "payment.failed" => PaymentReport::Failed {
                reason: body
                    .data
                    .reason
                    .unwrap_or_else(|| "the payment failed".to_owned()),
            },
            other => {
                let rule = format!("type '{other}' must be payment.paid or payment.failed");
                return Err(MessageRefused::Unreadable(rule));
            }
        };
        Ok(PaymentMessage {
            order: body.data.order,
            report,
        })
    }
}

/// Reads a message in which no name stands twice.
fn body(bytes: &[u8]) -> Result<Body, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let (_, faults) = Json::parse(text).map_err(|error| error.to_string())?;
    Invalid::refuse(faults).map_err(|faults| faults.to_string())?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}

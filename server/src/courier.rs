//! Brings signed messages to addresses that accounts name, and to no others: nothing inside our own network.

mod guard;

use std::{net::SocketAddr, time::Duration};

use async_trait::async_trait;
use reqwest::{Client, Url, redirect::Policy};
use service::webhooks::{Call, Courier, RETRIES_S};
use standardwebhooks::Webhook;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Calls webhooks as Standard Webhooks describes.
#[derive(Debug, Clone)]
pub struct WebCourier {
    /// Whether addresses of private networks may be called, and without TLS: for development.
    private: bool,
    retries_s: Vec<u32>,
}

impl WebCourier {
    /// A courier that calls public addresses over TLS, or any when `private`.
    pub fn new(private: bool, retries_s: Option<Vec<u32>>) -> Self {
        Self {
            private,
            retries_s: retries_s.unwrap_or_else(|| RETRIES_S.to_vec()),
        }
    }

    fn target(&self, url: &str) -> Result<Url, String> {
        let url = Url::parse(url).map_err(|error| format!("is no address: {error}"))?;
        let is_web = url.scheme() == "https" || (self.private && url.scheme() == "http");
        if !is_web {
            return Err("must begin with https://".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not have a user or a password".to_owned());
        }
        if url.host_str().is_none() {
            return Err("must have a host".to_owned());
        }
        Ok(url)
    }

    /// A client that connects to addresses that were looked at, and to nothing a second look-up might say.
    async fn client(&self, url: &Url) -> Result<Client, String> {
        let host = url.host_str().unwrap_or_default();
        let addresses = guard::addresses(url, self.private).await?;
        let addresses: Vec<_> = addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, 0))
            .collect();
        Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .https_only(!self.private)
            .timeout(PATIENCE)
            .resolve_to_addrs(host, &addresses)
            .build()
            .map_err(|error| error.to_string())
    }
}

#[async_trait]
impl Courier for WebCourier {
    fn check(&self, url: &str) -> Result<String, String> {
        let url = self.target(url)?;
        if let Some(address) = guard::literal(&url).filter(|_| !self.private) {
            guard::check(&[address])?;
        }
        Ok(url.into())
    }

    async fn call(&self, call: Call<'_>) -> Result<u16, String> {
        let url = self.target(call.url)?;
        let client = self.client(&url).await?;
        let at_s = call.at.micros().div_euclid(1_000_000);
        let signature = Webhook::new(call.secret)
            .and_then(|webhook| webhook.sign(call.id, at_s, call.body.as_bytes()))
            .map_err(|error| format!("cannot be signed: {error}"))?;
        let sent = client
            .post(url)
            .header("content-type", "application/json")
            .header("user-agent", "Creditscope")
            .header("webhook-id", call.id)
            .header("webhook-timestamp", at_s.to_string())
            .header("webhook-signature", signature)
            .body(call.body.to_owned())
            .send()
            .await;
        match sent {
            Ok(response) if response.status().is_redirection() => Err(format!(
                "{}: redirects are not followed",
                response.status().as_u16()
            )),
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) if error.is_timeout() => Err("took longer than 15 seconds".to_owned()),
            Err(error) => Err(reason(&error)),
        }
    }

    fn retries_s(&self) -> &[u32] {
        &self.retries_s
    }
}

/// The innermost reason, without the address, which stands beside it.
fn reason(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}

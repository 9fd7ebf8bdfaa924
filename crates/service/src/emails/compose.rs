//! What emails say.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{alert::capitalised, calendar::Zone, tenancy::Role};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::is_told;
use crate::{
    Scope, ServiceError, ServiceResult, Services,
    digest::DIGEST,
    endings::{EndingBlocks, ending_of},
    mail::{Block, Draft, Email},
    ports::{Delivery, EmailKind, Invitation},
};

/// Bytes of an address's hash: enough to tell recipients of one message apart.
const RECIPIENT_BYTES: usize = 8;

impl Services {
    /// The email that a delivery brings; none when the person wants it no more, or is no longer somebody who is told.
    pub(crate) async fn email_of(
        &self,
        address: &str,
        delivery: &Delivery,
    ) -> ServiceResult<Option<Email>> {
        if let Some(ending) = ending_of(&delivery.kind, &delivery.body) {
            return self.ending_email(address, delivery, ending).await;
        }
        let kind = if delivery.kind == DIGEST {
            EmailKind::Digest
        } else {
            EmailKind::Alerts
        };
        let account = self.directory.account_by_id(delivery.account).await?;
        let account = account.ok_or(ServiceError::NotFound)?;
        let mut unsubscribe = None;
        if let Some(user) = self.store.user_by_email(address).await? {
            let is_out = self.is_unsubscribed(account.id, user.id, kind).await?;
            if is_out || !is_told(&user, account.id) {
                return Ok(None);
            }
            if let Some(pages) = &self.pages {
                let token = self.unsubscribe_token(account.id, user.id, kind).await?;
                unsubscribe = Some(format!("{}/{token}", pages.unsubscribe));
            }
        }
        let mut blocks = self.blocks(delivery);
        blocks.push(Block::Note(format!(
            "You receive this email because you are an owner or billing admin of {}.",
            account.name
        )));
        let draft = Draft {
            id: format!("{}.{}", delivery.message, hash_of(address)),
            to: address.to_owned(),
            brand: String::new(),
            subject: delivery.subject.clone(),
            blocks,
            at: delivery.created_at,
            unsubscribe,
        };
        Ok(Some(draft.email()))
    }

    /// The email about a key or an endpoint that ends; none when the person does not run it any more. Nobody unsubscribes
    /// from these: they do not recur, and what they warn of stops programs.
    async fn ending_email(
        &self,
        address: &str,
        delivery: &Delivery,
        ending: EndingBlocks,
    ) -> ServiceResult<Option<Email>> {
        if !self.is_told_of_endings(delivery.account, address).await? {
            return Ok(None);
        }
        let mut blocks = ending.blocks;
        if let (Some(pages), Some(account)) = (&self.pages, &ending.account) {
            let (label, page) = if ending.is_of_key {
                ("Open API keys", &pages.keys)
            } else {
                ("Open alerts", &pages.alerts)
            };
            let url = format!("{page}?account={account}");
            blocks.push(Block::Link(label.to_owned(), url));
        }
        let why = "You receive this email because you run it: as an owner of the account, or for the platform.";
        blocks.push(Block::Note(why.to_owned()));
        let draft = Draft {
            id: format!("{}.{}", delivery.message, hash_of(address)),
            to: address.to_owned(),
            brand: String::new(),
            subject: delivery.subject.clone(),
            blocks,
            at: delivery.created_at,
            unsubscribe: None,
        };
        Ok(Some(draft.email()))
    }

    fn blocks(&self, delivery: &Delivery) -> Vec<Block> {
        let body: Value = serde_json::from_str(&delivery.body).unwrap_or_default();
        let data = &body["data"];
        let word = |name: &str| data[name].as_str().unwrap_or_default();
        let (account, pages) = (word("account"), self.pages.as_deref());
        if delivery.kind == DIGEST {
            let week = word("week");
            let link = pages.map(|pages| {
                let url = format!("{}?account={account}&week={week}", pages.review);
                Block::Link("Open weekly review".to_owned(), url)
            });
            let mut blocks = digest_blocks(data);
            blocks.extend(link);
            return blocks;
        }
        let link = pages.map(|pages| {
            let url = format!("{}?account={account}", pages.alerts);
            Block::Link("Open alerts".to_owned(), url)
        });
        let mut blocks = vec![Block::Heading(format!("{}.", capitalised(word("text"))))];
        blocks.extend(account_line(delivery, word("text")));
        blocks.extend(link);
        blocks
    }

    /// The email that invites someone. Clients read it in the name of the agency's brand.
    pub(crate) async fn invitation_email(
        &self,
        scope: &Scope,
        invitation: &Invitation,
        url: &str,
    ) -> ServiceResult<Email> {
        let brand = if invitation.role == Role::Client {
            self.brand(scope).await?.name
        } else {
            String::new()
        };
        let account = &scope.account.name;
        let zone = Zone::named(&scope.account.time_zone).unwrap_or_else(|_| Zone::utc());
        let product = if brand.is_empty() {
            "Creditscope"
        } else {
            &brand
        };
        let who = &invitation.invited_by;
        let draft = Draft {
            id: format!("invitation.{}", invitation.id),
            to: invitation.email.clone(),
            subject: format!("Join {account} on {product}"),
            blocks: vec![
                Block::Heading(format!("Join {account}")),
                Block::Text(format!(
                    "{who} invites you to see the AI credits of {account}."
                )),
                Block::Link("Accept the invitation".to_owned(), url.to_owned()),
                Block::Text(format!(
                    "The link works once, until {}.",
                    zone.minute_named(invitation.expires_at)
                )),
                Block::Note("If you did not expect this email, ignore it.".to_owned()),
            ],
            brand,
            at: invitation.created_at,
            unsubscribe: None,
        };
        Ok(draft.email())
    }
}

/// Of which account: what the subject says before the text.
fn account_line(delivery: &Delivery, text: &str) -> Option<Block> {
    let name = delivery.subject.strip_suffix(text)?.strip_suffix(": ")?;
    Some(Block::Text(format!("Account: {name}")))
}

/// What a digest was written with. Earlier programs wrote text.
fn digest_blocks(data: &Value) -> Vec<Block> {
    serde_json::from_value(data["blocks"].clone()).unwrap_or_else(|_| {
        let text = data["text"].as_str().unwrap_or_default();
        let lines = text.lines().filter(|line| !line.is_empty());
        lines.map(|line| Block::Text(line.to_owned())).collect()
    })
}

fn hash_of(address: &str) -> String {
    let hash = Sha256::digest(address.as_bytes());
    let bytes: Vec<_> = hash.iter().copied().take(RECIPIENT_BYTES).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

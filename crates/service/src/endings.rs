//! API keys that expire and endpoints that are disabled: told beforehand to those who run them, each time once.
//!
//! What is told is stored with a mark in one transaction, so that any number of processes tell it once, also across a
//! restart; it is sent as alerts are.

mod words;

use domain::{AccountId, Time, calendar::Zone, ending::Stage, tenancy::Role, time::DAY_US};

use crate::{
    Scope, ServiceResult, Services,
    ports::{ApiKey, EndingMark, FailingEndpoint, Message, PLATFORM, Target, User},
};

use words::Ends;
pub(crate) use words::{EndingBlocks, ending_of};

/// How long before its end a key is told of, and shown on pages.
pub const AHEAD_US: i64 = 14 * DAY_US;
/// How long after it.
const BEHIND_US: i64 = 3 * DAY_US;

/// An endpoint that will be disabled if it goes on accepting nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// The webhook's id.
    pub webhook: String,
    /// Since when it accepts nothing.
    pub since: Time,
    /// When it will be disabled, about.
    pub ends_at: Time,
}

/// Whose something is, and who is told of it.
struct Owner {
    account: AccountId,
    /// Key and name; none for the platform.
    name: Option<(String, String)>,
    zone: Zone,
    people: Vec<Target>,
}

impl Services {
    /// Tells of keys and endpoints that will end or have ended, as far as nobody was told yet; how many. One that cannot be
    /// told does not keep the others from it.
    pub async fn tell_endings(&self) -> ServiceResult<usize> {
        let now = self.now();
        let mut told = 0;
        let (from, to) = (now.plus_micros(-BEHIND_US), now.plus_micros(AHEAD_US));
        for key in self.store.keys_ending(from, to).await? {
            told += count(self.tell_of_key(&key, now).await);
        }
        for endpoint in self.earliest().await? {
            told += count(self.tell_of_endpoint(&endpoint, now).await);
        }
        if told > 0 {
            self.messages.notify_one();
        }
        Ok(told)
    }

    async fn tell_of_key(&self, key: &ApiKey, now: Time) -> ServiceResult<bool> {
        let Some(expires_at) = key.expires_at else {
            return Ok(false);
        };
        let Some(stage) = Stage::of_key(key.created_at, expires_at, key.used_at, now) else {
            return Ok(false);
        };
        let mark = EndingMark {
            account: key.account.unwrap_or(PLATFORM),
            subject: format!("key:{}", key.prefix),
            epoch: expires_at,
            stage,
        };
        self.tell(mark, |owner| Ends::key(key, expires_at, stage, &owner.zone))
            .await
    }

    async fn tell_of_endpoint(&self, endpoint: &FailingEndpoint, now: Time) -> ServiceResult<bool> {
        let ends_at = self.disabled_at(endpoint);
        let Some(stage) = Stage::of_endpoint(ends_at, self.patience_us(), now) else {
            return Ok(false);
        };
        let mark = EndingMark {
            account: endpoint.account,
            subject: format!("webhook:{}", endpoint.webhook),
            epoch: endpoint.since,
            stage,
        };
        self.tell(mark, |owner| {
            Ends::failing(endpoint, ends_at.max(now), &owner.zone)
        })
        .await
    }

    /// Tells something once.
    async fn tell(
        &self,
        mark: EndingMark,
        what: impl FnOnce(&Owner) -> Ends + Send,
    ) -> ServiceResult<bool> {
        // Most of it was told before, and that is found out without a transaction.
        if self.store.is_ending_told(&mark).await? {
            return Ok(false);
        }
        let owner = self.owner(mark.account).await?;
        if owner.people.is_empty() {
            return Ok(false);
        }
        let ends = what(&owner);
        let message = self.ending_message(owner, &ends);
        Ok(self.store.tell_ending(&mark, &message, self.now()).await?)
    }

    fn ending_message(&self, owner: Owner, ends: &Ends) -> Message {
        let (key, name) = owner.name.unzip();
        Message {
            id: format!("msg_{}", self.new_id()),
            kind: ends.kind.to_owned(),
            subject: ends.subject(name.as_deref()),
            body: ends.body(key.as_deref(), self.now()),
            targets: owner.people,
        }
    }

    /// Lets an endpoint be called no more, and tells those who run it.
    pub(crate) async fn disable_endpoint(
        &self,
        account: AccountId,
        id: &str,
        answer: &str,
    ) -> ServiceResult<bool> {
        let webhooks = self.store.webhooks(account).await?;
        let webhook = webhooks.into_iter().find(|webhook| webhook.id == id);
        let Some(webhook) = webhook.filter(|webhook| webhook.disabled_at.is_none()) else {
            return Ok(false);
        };
        let owner = self.owner(account).await?;
        let ends = Ends::disabled(&webhook.url, answer);
        let message = self.ending_message(owner, &ends);
        let done = self
            .store
            .disable_webhook(account, id, &message, self.now())
            .await?;
        self.messages.notify_one();
        Ok(done)
    }

    /// Who runs the keys and endpoints of an account: its owners. Of the platform, and of an account that nobody owns,
    /// whoever runs the platform.
    async fn owner(&self, account: AccountId) -> ServiceResult<Owner> {
        let found = if account == PLATFORM {
            None
        } else {
            self.directory.account_by_id(account).await?
        };
        let Some(found) = found else {
            return Ok(Owner {
                account,
                name: None,
                zone: Zone::utc(),
                people: self.operators_told().await?,
            });
        };
        let members = self.store.members(account).await?;
        let owners = members.into_iter().filter(|user| owns(user, account));
        let mut people: Vec<_> = owners.map(|user| Target::Mail(user.email)).collect();
        if people.is_empty() {
            people = self.operators_told().await?;
        }
        Ok(Owner {
            account,
            zone: Zone::named(&found.time_zone).unwrap_or_else(|_| Zone::utc()),
            name: Some((found.key, found.name)),
            people,
        })
    }

    async fn operators_told(&self) -> ServiceResult<Vec<Target>> {
        let operators = self.operators().await?;
        let addresses = operators.into_iter().map(|user| Target::Mail(user.email));
        Ok(addresses.collect())
    }

    /// Whether somebody is still among those who are told of an account's keys and endpoints, or of the platform's.
    pub(crate) async fn is_told_of_endings(
        &self,
        account: AccountId,
        address: &str,
    ) -> ServiceResult<bool> {
        let owner = self.owner(account).await?;
        debug_assert_eq!(owner.account, account);
        Ok(owner.people.contains(&Target::Mail(address.to_owned())))
    }

    /// The endpoints of an account that accept nothing, and when they will be disabled.
    ///
    /// # Errors
    /// [`crate::ServiceError::Forbidden`] for who may not manage the account.
    pub async fn failing_endpoints(&self, scope: &Scope) -> ServiceResult<Vec<Failing>> {
        scope.require_manage()?;
        let mut failing = Vec::new();
        for endpoint in self.earliest().await? {
            if endpoint.account == scope.account.id {
                failing.push(Failing {
                    since: endpoint.since,
                    ends_at: self.disabled_at(&endpoint).max(self.now()),
                    webhook: endpoint.webhook,
                });
            }
        }
        Ok(failing)
    }

    /// Of each endpoint that accepts nothing the message that ends first.
    async fn earliest(&self) -> ServiceResult<Vec<FailingEndpoint>> {
        let mut earliest: Vec<FailingEndpoint> = Vec::new();
        for endpoint in self.store.failing_endpoints().await? {
            let known = earliest.last_mut().filter(|known| {
                (known.account, &known.webhook) == (endpoint.account, &endpoint.webhook)
            });
            match known {
                Some(known) if self.disabled_at(&endpoint) < self.disabled_at(known) => {
                    *known = endpoint;
                }
                Some(_) => {}
                None => earliest.push(endpoint),
            }
        }
        Ok(earliest)
    }

    /// When the message that an endpoint does not accept is given up, and the endpoint with it.
    fn disabled_at(&self, endpoint: &FailingEndpoint) -> Time {
        let tried = usize::try_from(endpoint.attempts).unwrap_or(usize::MAX);
        let rest = self.courier.retries_s().iter().skip(tried);
        endpoint.due_at.plus_micros(sum_us(rest))
    }

    /// How long a message is tried in all.
    fn patience_us(&self) -> i64 {
        sum_us(self.courier.retries_s().iter())
    }
}

fn sum_us<'a>(seconds: impl Iterator<Item = &'a u32>) -> i64 {
    seconds.map(|seconds| i64::from(*seconds) * 1_000_000).sum()
}

fn owns(user: &User, account: AccountId) -> bool {
    let place = user.memberships.iter().find(|one| one.account == account);
    !user.disabled
        && place.is_some_and(|place| place.role == Role::Owner && place.companies.is_empty())
}

fn count(told: ServiceResult<bool>) -> usize {
    match told {
        Ok(is_told) => usize::from(is_told),
        Err(error) => {
            tracing::error!(%error, "an ending could not be told");
            0
        }
    }
}

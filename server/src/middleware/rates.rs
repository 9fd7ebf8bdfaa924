//! How many requests one sender may make.

use std::{num::NonZeroU32, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use service::Caller;

use super::{address::ClientAddress, cross_site::is_for_keys};
use crate::api::{auth::bearer, problem::Problem};

/// Requests a second of each kind of sender. A second's worth more may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Of one API key.
    pub key: NonZeroU32,
    /// Of all keys of one account.
    pub account: NonZeroU32,
    /// Of one address, without an API key.
    pub address: NonZeroU32,
}

const fn some(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Default for Rates {
    /// A key may report what one machine can store; a page with its scripts is some ten requests.
    fn default() -> Self {
        Self {
            key: some(20_000),
            account: some(40_000),
            address: some(200),
        }
    }
}

/// Wrong keys that one address may try a minute.
const WRONG_KEYS: NonZeroU32 = some(60);

/// Counts requests by sender.
#[derive(Clone)]
pub struct Limiter(Arc<Limits>);

struct Limits {
    keys: DefaultKeyedRateLimiter<String>,
    accounts: DefaultKeyedRateLimiter<i64>,
    addresses: DefaultKeyedRateLimiter<ClientAddress>,
    wrong_keys: DefaultKeyedRateLimiter<ClientAddress>,
}

impl Limiter {
    /// Nobody has asked for anything yet.
    pub fn new(rates: Rates) -> Self {
        Self(Arc::new(Limits {
            keys: RateLimiter::keyed(Quota::per_second(rates.key)),
            accounts: RateLimiter::keyed(Quota::per_second(rates.account)),
            addresses: RateLimiter::keyed(Quota::per_second(rates.address)),
            wrong_keys: RateLimiter::keyed(Quota::per_minute(WRONG_KEYS)),
        }))
    }

    /// Counts a request of a program.
    ///
    /// # Errors
    /// When to try again.
    pub fn of_caller(&self, caller: &Caller) -> Result<(), Problem> {
        check(&self.0.keys, &caller.name().to_owned())?;
        match caller.own_accounts().first() {
            Some(account) => check(&self.0.accounts, &account.0),
            None => Ok(()),
        }
    }

    /// Counts a wrong key: after many of them the answer is that it is too many, whatever comes.
    ///
    /// # Errors
    /// When to try again.
    pub fn wrong_key(&self, address: ClientAddress) -> Result<(), Problem> {
        check(&self.0.wrong_keys, &address)
    }

    /// Forgets senders that have been quiet.
    pub fn forget_quiet(&self) {
        self.0.keys.retain_recent();
        self.0.accounts.retain_recent();
        self.0.addresses.retain_recent();
        self.0.wrong_keys.retain_recent();
    }
}

fn check<K: Clone + std::hash::Hash + Eq>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
        Problem::too_many("too many requests: slow down", seconds)
    })
}

/// Refuses what comes too fast from an address without an API key; keys are counted once they are known.
pub async fn limit(State(limiter): State<Limiter>, request: Request, next: Next) -> Response {
    let address = ClientAddress::of(request.extensions());
    // A key counts where keys decide; anywhere else a header that looks like one changes nothing.
    let has_key = is_for_keys(request.uri().path()) && bearer(request.headers()).is_some();
    let is_counted = !has_key && address.0.is_some() && !is_probe(request.uri().path());
    if is_counted && let Err(problem) = check(&limiter.0.addresses, &address) {
        return problem.into_response();
    }
    next.run(request).await
}

/// Whoever watches the server must be answered while others are refused.
fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

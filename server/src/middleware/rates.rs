//! How many requests one sender may make.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use governor::Quota;
use service::Caller;

use super::{address::ClientAddress, buckets::Buckets, cross_site::is_for_keys, guesses::TooMany};
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

/// Counts requests by sender.
#[derive(Clone)]
pub struct Limiter(Arc<Limits>);

struct Limits {
    keys: Buckets<String>,
    accounts: Buckets<i64>,
    addresses: Buckets<Option<IpAddr>>,
}

impl Limiter {
    /// Nobody has asked for anything yet.
    pub fn new(rates: Rates) -> Self {
        Self(Arc::new(Limits {
            keys: Buckets::new(Quota::per_second(rates.key)),
            accounts: Buckets::new(Quota::per_second(rates.account)),
            addresses: Buckets::new(Quota::per_second(rates.address)),
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

    /// Forgets senders that have been quiet.
    pub fn forget_quiet(&self) {
        self.0.keys.forget_quiet();
        self.0.accounts.forget_quiet();
        self.0.addresses.forget_quiet();
    }

    /// Senders that are remembered.
    pub fn remembered(&self) -> usize {
        self.0.keys.remembered() + self.0.accounts.remembered() + self.0.addresses.remembered()
    }
}

fn check<K: Clone + std::hash::Hash + Eq>(buckets: &Buckets<K>, key: &K) -> Result<(), Problem> {
    buckets.take(key).map_err(|wait| {
        let TooMany { retry_after_s } = wait.into();
        Problem::too_many("too many requests: slow down", retry_after_s)
    })
}

/// Refuses what comes too fast from an address without an API key; keys are counted once they are known.
pub async fn limit(State(limiter): State<Limiter>, request: Request, next: Next) -> Response {
    let address = ClientAddress::of(request.extensions());
    // A key counts where keys decide; anywhere else a header that looks like one changes nothing.
    let has_key = is_for_keys(request.uri().path()) && bearer(request.headers()).is_some();
    let is_counted = !has_key && address.0.is_some() && !is_probe(request.uri().path());
    if is_counted && let Err(problem) = check(&limiter.0.addresses, &address.group()) {
        return problem.into_response();
    }
    next.run(request).await
}

/// Whoever watches the server must be answered while others are refused.
pub fn is_probe(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

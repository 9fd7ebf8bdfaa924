//! How often a secret may be guessed: passwords, codes, links and keys.
//!
//! Whoever is about to look whether a secret is right counts a [`Guess`] first, so that of any number of guesses at
//! once only so many are looked at. A guess that was right is given back. Codes, of which few guesses find one, and emails
//! to others are counted in the database as well: [`service::tries`].

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    Quota,
    clock::{Clock, DefaultClock},
};
use sha2::{Digest as _, Sha256};

use super::{
    address::ClientAddress,
    buckets::{Buckets, MOST_KEYS},
};
use crate::api::problem::Problem;

/// Wrong guesses of one person's password from one address that may come at once.
const OF_PERSON: NonZeroU32 = some(10);
/// When one more of them may come after that.
const OF_PERSON_EVERY: Duration = Duration::from_secs(30);
/// Links by email that one address may ask for at once: behind it may be a whole office.
const ASKS_OF_ADDRESS: NonZeroU32 = some(20);
/// When it may ask for one more after that.
const ASKS_EVERY: Duration = Duration::from_secs(30);
/// Wrong guesses of one address a minute, whosever they are: behind it may be a whole office.
const OF_ADDRESS: NonZeroU32 = some(60);

const fn some(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// What is guessed. Each kind is counted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Secret {
    /// A password: counted for the person from this address, so that nobody else keeps them out, and for the address.
    Password,
    /// A short code: counted for the address here, and for the person in the database.
    Code,
    /// A link that is a secret.
    Link,
    /// An API key.
    Key,
}

/// Whose secret, and from where; of names only a hash, which has one size.
type Person = (Secret, [u8; 32], Option<IpAddr>);

/// Counts guesses; cheap to clone.
#[derive(Clone)]
pub struct Guesses<C: Clock = DefaultClock>(Arc<Counts<C>>);

struct Counts<C: Clock> {
    persons: Buckets<Person, C>,
    addresses: Buckets<(Secret, IpAddr), C>,
    asks: Buckets<Option<IpAddr>, C>,
}

/// One guess that was counted as a wrong one.
#[must_use = "a right guess has to be given back"]
pub struct Guess<C: Clock = DefaultClock> {
    counts: Arc<Counts<C>>,
    person: Option<Person>,
    address: Option<(Secret, IpAddr)>,
}

/// Too many guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// How many seconds to wait.
    pub retry_after_s: u32,
}

impl Default for Guesses {
    fn default() -> Self {
        Self::by(&DefaultClock::default())
    }
}

impl<C: Clock + Clone> Guesses<C> {
    /// Nothing has been guessed yet, by a clock.
    fn by(clock: &C) -> Self {
        let every = |most, every| {
            let quota = Quota::with_period(every).unwrap_or(Quota::per_minute(most));
            quota.allow_burst(most)
        };
        Self(Arc::new(Counts {
            persons: Buckets::with(every(OF_PERSON, OF_PERSON_EVERY), MOST_KEYS, clock.clone()),
            addresses: Buckets::with(Quota::per_minute(OF_ADDRESS), MOST_KEYS, clock.clone()),
            asks: Buckets::with(every(ASKS_OF_ADDRESS, ASKS_EVERY), MOST_KEYS, clock.clone()),
        }))
    }

    /// Counts a guess, before it is looked at. Of a link and a key nobody knows whose it would be.
    ///
    /// # Errors
    /// There were too many.
    pub fn guess(
        &self,
        secret: Secret,
        whose: Option<&str>,
        from: ClientAddress,
    ) -> Result<Guess<C>, TooMany> {
        let mut guess = Guess {
            counts: Arc::clone(&self.0),
            person: None,
            address: None,
        };
        if let Some(group) = from.group() {
            self.0.addresses.take(&(secret, group))?;
            guess.address = Some((secret, group));
        }
        let person = whose.map(|whose| (secret, Sha256::digest(whose).into(), from.group()));
        if let Some(person) = &person
            && let Err(wait) = self.0.persons.take(person)
        {
            // What is not looked at costs the address nothing: others there have their own guesses.
            guess.give_back();
            return Err(wait.into());
        }
        guess.person = person;
        Ok(guess)
    }

    /// Counts a link by email that is asked for, whosever mailbox it would go to.
    ///
    /// # Errors
    /// There were too many.
    pub fn ask(&self, from: ClientAddress) -> Result<(), TooMany> {
        Ok(self.0.asks.take(&from.group())?)
    }

    /// Forgets who has been quiet.
    pub fn forget_quiet(&self) {
        self.0.persons.forget_quiet();
        self.0.addresses.forget_quiet();
        self.0.asks.forget_quiet();
    }

    /// People and addresses that are remembered.
    pub fn remembered(&self) -> usize {
        self.0.persons.remembered() + self.0.addresses.remembered() + self.0.asks.remembered()
    }
}

impl<C: Clock> Guess<C> {
    /// It was right, or was not looked at: it does not count.
    pub fn give_back(self) {
        if let Some(person) = &self.person {
            self.counts.persons.give_back(person);
        }
        if let Some(address) = &self.address {
            self.counts.addresses.give_back(address);
        }
    }
}

impl TooMany {
    /// In words, for the page with the form.
    pub fn words(self) -> String {
        format!("Too many attempts: try again in {} s.", self.retry_after_s)
    }
}

impl From<Duration> for TooMany {
    fn from(wait: Duration) -> Self {
        let retry_after_s = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
        Self { retry_after_s }
    }
}

impl From<TooMany> for Problem {
    fn from(too_many: TooMany) -> Self {
        Self::too_many("too many wrong attempts", too_many.retry_after_s)
    }
}

impl IntoResponse for TooMany {
    /// For people; programs are answered a [`Problem`].
    fn into_response(self) -> Response {
        let seconds = self.retry_after_s;
        let text = format!("{}\n", self.words());
        let head = [(header::RETRY_AFTER, seconds.to_string())];
        (StatusCode::TOO_MANY_REQUESTS, head, text).into_response()
    }
}

/// Counts requests for links that are secrets; those that led somewhere are given back.
pub async fn links(State(guesses): State<Guesses>, request: Request, next: Next) -> Response {
    let from = ClientAddress::of(request.extensions());
    let guess = match guesses.guess(Secret::Link, None, from) {
        Ok(guess) => guess,
        Err(too_many) => return too_many.into_response(),
    };
    let response = next.run(request).await;
    // Another method is no guess: nothing was looked at.
    let status = response.status();
    if !status.is_client_error() || status == StatusCode::METHOD_NOT_ALLOWED {
        guess.give_back();
    }
    response
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn at(text: &str) -> ClientAddress {
        ClientAddress(Some(text.parse().unwrap()))
    }

    /// How many of a hundred guesses are looked at.
    fn looked_at(guesses: &Guesses, secret: Secret, whose: Option<&str>, from: &str) -> usize {
        let all = 0..100;
        all.filter(|_| guesses.guess(secret, whose, at(from)).is_ok())
            .count()
    }

    #[test]
    fn nobody_keeps_somebody_elsewhere_from_signing_in() {
        let guesses = Guesses::default();
        let ada = Some("ada@example.com");
        assert_eq!(looked_at(&guesses, Secret::Password, ada, "192.0.2.1"), 10);
        assert_eq!(looked_at(&guesses, Secret::Password, ada, "192.0.2.2"), 10);
        let bob = Some("bob@example.com");
        assert_eq!(looked_at(&guesses, Secret::Password, bob, "192.0.2.1"), 10);
    }

    #[test]
    fn of_a_hundred_people_tried_from_one_address_sixty_are_looked_at_and_one_more_a_second() {
        let clock = FakeRelativeClock::default();
        let guesses = Guesses::by(&clock);
        let tried = |of: &str, from: &str| {
            let people = (0..100).map(|number| format!("{of}{number}@example.com"));
            let guess = |who: String| guesses.guess(Secret::Password, Some(&who), at(from));
            people.flat_map(guess).count()
        };
        assert_eq!(tried("a", "192.0.2.1"), 60);
        assert_eq!(tried("b", "192.0.2.1"), 0);
        assert_eq!(tried("b", "192.0.2.2"), 60);
        for of in ["c", "d", "e"] {
            clock.advance(Duration::from_millis(999));
            assert_eq!(tried(of, "192.0.2.1"), 0, "{of}");
            clock.advance(Duration::from_millis(1));
            assert_eq!(tried(of, "192.0.2.1"), 1, "{of}");
        }
    }

    #[test]
    fn links_by_email_are_asked_for_twenty_times_at_once_by_one_address() {
        let guesses = Guesses::default();
        let asked = |from: &str| (0..100).filter(|_| guesses.ask(at(from)).is_ok()).count();
        assert_eq!((asked("192.0.2.1"), asked("192.0.2.2")), (20, 20));
        assert_eq!(asked("2001:db8::1"), 20);
        assert_eq!(asked("2001:db8::2"), 0);
    }

    #[test]
    fn an_address_guesses_only_so_often_whosever_secret_it_is() {
        let guesses = Guesses::default();
        let spread = |from: &str| {
            let looked = |number: &u32| {
                let whose = number.to_string();
                guesses
                    .guess(Secret::Password, Some(&whose), at(from))
                    .is_ok()
            };
            (0..100).filter(looked).count()
        };
        assert_eq!(spread("2001:db8::1"), 60);
        // One network is one sender, whatever the rest of its addresses.
        assert_eq!(spread("2001:db8::ffff:1"), 0);
        assert_eq!(spread("2001:db8:0:1::1"), 60);
    }

    #[test]
    fn right_guesses_do_not_count() {
        let guesses = Guesses::default();
        for _ in 0..200 {
            let guess = guesses.guess(Secret::Link, None, at("192.0.2.1"));
            guess.unwrap().give_back();
        }
        assert_eq!(looked_at(&guesses, Secret::Link, None, "192.0.2.1"), 60);
    }
}

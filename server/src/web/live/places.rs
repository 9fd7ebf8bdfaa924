//! How many live streams there may be at once, for each person, account and address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::AccountId;
use service::Caller;

use crate::middleware::address::ClientAddress;

/// Of an IPv6 address, what one customer of a network is given.
const CUSTOMER_BITS: u32 = 64;

/// Most live streams at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveLimits {
    /// Of one person.
    pub person: u32,
    /// That follow one account.
    pub account: u32,
    /// From one address.
    pub address: u32,
    /// How long a reader may take for one frame.
    pub write_time: Duration,
    /// How often a page is asked for a sign of life.
    pub ping_every: Duration,
}

impl Default for LiveLimits {
    /// Large offices behind one address, and screens that one person signs in. From one address there are more connections
    /// than these, so that those who look can still ask for something.
    fn default() -> Self {
        Self {
            person: 2_500,
            account: 10_000,
            address: 2_000,
            write_time: Duration::from_secs(10),
            ping_every: Duration::from_secs(15),
        }
    }
}

/// Whom a stream counts for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Holder {
    Person(String),
    Account(AccountId),
    Address(IpAddr),
}

/// Counts live streams. What has none is in no map, so that their size is bounded by the streams there are.
#[derive(Debug, Clone, Default)]
pub struct Places {
    limits: LiveLimits,
    taken: Arc<Mutex<HashMap<Holder, u32>>>,
}

/// One stream of somebody; given back when dropped.
#[derive(Debug)]
pub struct Place {
    holder: Holder,
    taken: Arc<Mutex<HashMap<Holder, u32>>>,
}

impl Places {
    /// Nobody has a stream yet.
    pub fn new(limits: LiveLimits) -> Self {
        Self {
            limits,
            taken: Arc::default(),
        }
    }

    /// A place for another stream of a caller; none when they have too many.
    pub fn of_person(&self, caller: &Caller) -> Option<Place> {
        let name = caller.user().map_or_else(
            || format!("{} {:?}", caller.name(), caller.own_accounts()),
            |user| format!("user {user:?}"),
        );
        self.take(Holder::Person(name), self.limits.person)
    }

    /// A place for another stream that follows an account; none when too many do.
    pub fn of_account(&self, account: AccountId) -> Option<Place> {
        self.take(Holder::Account(account), self.limits.account)
    }

    /// A place for another stream from an address, none when there are too many; nothing is counted where it is not known.
    pub fn of_address(&self, address: ClientAddress) -> Option<Option<Place>> {
        let Some(address) = address.0 else {
            return Some(None);
        };
        let place = self.take(Holder::Address(network(address)), self.limits.address);
        place.map(Some)
    }

    /// How many streams there are.
    pub fn open(&self) -> u32 {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_people = taken
            .iter()
            .filter(|(holder, _)| matches!(holder, Holder::Person(_)));
        of_people.map(|(_, count)| count).sum()
    }

    /// How long a reader may take for one frame.
    pub(super) const fn write_time(&self) -> Duration {
        self.limits.write_time
    }

    /// How often a page is asked for a sign of life.
    pub(super) const fn ping_every(&self) -> Duration {
        self.limits.ping_every
    }

    fn take(&self, holder: Holder, most: u32) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.get(&holder).copied().unwrap_or(0);
        if count >= most {
            return None;
        }
        taken.insert(holder.clone(), count + 1);
        drop(taken);
        Some(Place {
            holder,
            taken: Arc::clone(&self.taken),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.holder) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.holder)),
        }
    }
}

/// What one customer of a network can choose addresses from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mask = u128::MAX << (128 - CUSTOMER_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(most: u32) -> Places {
        Places::new(LiveLimits {
            person: most,
            account: most,
            address: most,
            ..LiveLimits::default()
        })
    }

    #[test]
    fn a_place_is_given_back_and_what_has_none_is_forgotten() {
        let places = places(2);
        let account = AccountId(1);
        let (first, second) = (places.of_account(account), places.of_account(account));
        assert!(first.is_some() && second.is_some());
        assert!(places.of_account(account).is_none());
        assert!(places.of_account(AccountId(2)).is_some());
        drop(first);
        let third = places.of_account(account);
        assert!(third.is_some());
        drop((second, third));
        assert!(places.taken.lock().unwrap().is_empty());
    }

    #[test]
    fn the_addresses_of_one_customer_are_one() {
        let places = places(1);
        let of = |text: &str| places.of_address(ClientAddress(Some(text.parse().unwrap())));
        let one = of("2001:db8:1:2::1");
        assert!(one.is_some());
        assert!(of("2001:db8:1:2:ffff::9").is_none());
        assert!(of("2001:db8:1:3::1").is_some());
        let four = of("192.0.2.1");
        assert!(four.is_some());
        assert!(of("::ffff:192.0.2.1").is_none());
        assert!(matches!(places.of_address(ClientAddress(None)), Some(None)));
    }
}

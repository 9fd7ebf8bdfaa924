//! How many connections there may be, and how long they may take.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::time::Instant;

use super::line::Line;
use crate::middleware::address::{Proxies, group};

/// Places beyond all others, for those who ask how the server is.
pub const RESERVED: u32 = 32;
/// How many of these one sender may have.
const RESERVED_OF_ONE: u32 = 8;
/// How long a connection in such a place may take with anything.
const RESERVED_TIME: Duration = Duration::from_secs(2);
/// How long a connection must have rested before it has to make room for another: a client takes a moment to ask.
const RESTED: Duration = Duration::from_secs(1);

/// What connections may be and take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at once.
    pub connections: u32,
    /// Those of one sender: an IPv4 address or a /64 network of IPv6. Behind a proxy that is trusted, requests and live
    /// pages of one sender.
    pub connections_address: u32,
    /// For a handshake, for a request's head, and for each pause within its body.
    pub read_timeout: Duration,
    /// For how long a client may read nothing of an answer.
    pub write_timeout: Duration,
    /// How long a connection may be there without a request.
    pub idle_timeout: Duration,
}

impl Default for Bounds {
    /// Ten thousand open pages of many people: a live page is a connection, and reading it may be another.
    fn default() -> Self {
        Self {
            connections: 20_000,
            connections_address: 2_500,
            read_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(1),
        }
    }
}

impl Bounds {
    pub(super) fn times(&self, kind: Kind) -> Times {
        let most = match kind {
            Kind::Full => Duration::MAX,
            Kind::Reserved => RESERVED_TIME,
        };
        Times {
            read: self.read_timeout.min(most),
            write: self.write_timeout.min(most),
            idle: self.idle_timeout.min(most),
        }
    }
}

/// How long a connection may take, by what it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) read: Duration,
    pub(super) write: Duration,
    pub(super) idle: Duration,
}

/// What a place is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Everything.
    Full,
    /// Asking how the server is.
    Reserved,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    full: u32,
    reserved: u32,
}

#[derive(Default)]
struct Taken {
    all: Counts,
    /// By sender, and those of proxies: as many as there are connections at most.
    senders: HashMap<Option<IpAddr>, Sender>,
    /// The number of the next place.
    next: u64,
}

#[derive(Default)]
struct Sender {
    counts: Counts,
    lines: HashMap<u64, Weak<Line>>,
}

/// The places of a listener; cheap to clone.
#[derive(Clone)]
pub(super) struct Places {
    bounds: Bounds,
    proxies: Proxies,
    taken: Arc<Mutex<Taken>>,
}

/// A place that is taken until this is dropped.
pub(super) struct Place {
    pub(super) kind: Kind,
    number: u64,
    sender: Option<IpAddr>,
    places: Places,
}

impl Places {
    pub(super) fn new(bounds: Bounds, proxies: Proxies) -> Self {
        Self {
            bounds,
            proxies,
            taken: Arc::default(),
        }
    }

    pub(super) const fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// A place for whoever connects from an address; none when they have too many, and none of these rests.
    pub(super) fn claim(&self, peer: IpAddr) -> Option<Place> {
        // A proxy stands for many: their requests are counted when it has said whose they are.
        let is_proxy = self.proxies.trust(peer.to_canonical());
        let sender = (!is_proxy).then(|| group(peer));
        let theirs = self.counts_of(sender);
        // What does nothing makes room for what may do something.
        let has_room = if sender.is_some() && theirs.full >= self.bounds.connections_address {
            self.make_room(|of| of == sender)
        } else {
            self.lock().all.full < self.bounds.connections || self.make_room(|_| true)
        };
        let mut taken = self.lock();
        let kind = if has_room {
            Kind::Full
        } else if taken.all.reserved < RESERVED && theirs.reserved < RESERVED_OF_ONE {
            Kind::Reserved
        } else {
            return None;
        };
        let number = taken.next;
        taken.next += 1;
        taken.all.add(kind);
        taken.senders.entry(sender).or_default().counts.add(kind);
        drop(taken);
        Some(Place {
            kind,
            number,
            sender,
            places: self.clone(),
        })
    }

    /// Remembers whose place it is, who may have to leave it when they rest.
    pub(super) fn settle(&self, line: &Arc<Line>) {
        let mut taken = self.lock();
        if let Some(sender) = taken.senders.get_mut(&line.place.sender) {
            let number = line.place.number;
            sender.lines.insert(number, Arc::downgrade(line));
        }
    }

    fn counts_of(&self, sender: Option<IpAddr>) -> Counts {
        let taken = self.lock();
        let theirs = taken.senders.get(&sender);
        theirs.map(|sender| sender.counts).unwrap_or_default()
    }

    /// Ends connections of some that have rested for longest, if any has for a while. Looking for them takes longer the
    /// more there are, so that some of them go at once.
    fn make_room(&self, is_one: impl Fn(Option<IpAddr>) -> bool) -> bool {
        let taken = self.lock();
        let senders = taken.senders.iter().filter(|(sender, _)| is_one(**sender));
        let lines = senders.flat_map(|(_, sender)| sender.lines.values());
        let lines: Vec<_> = lines.filter_map(Weak::upgrade).collect();
        // The last of a line gives its place back, which must be open then.
        drop(taken);
        let enough = lines.len().div_ceil(100);
        let long_ago = |since: &Instant| since.elapsed() >= RESTED;
        let resting = lines.iter().filter(|line| !line.is_reserved());
        let mut resting: Vec<_> = resting
            .filter_map(|line| Some((line.rests_since().filter(long_ago)?, line)))
            .collect();
        resting.sort_unstable_by_key(|(since, _)| *since);
        let longest = resting.iter().take(enough);
        longest.filter(|(_, line)| line.make_room()).count() > 0
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn of(&mut self, kind: Kind) -> &mut u32 {
        match kind {
            Kind::Full => &mut self.full,
            Kind::Reserved => &mut self.reserved,
        }
    }

    fn add(&mut self, kind: Kind) {
        *self.of(kind) += 1;
    }

    fn take(&mut self, kind: Kind) {
        let count = self.of(kind);
        *count = count.saturating_sub(1);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all.take(self.kind);
        if let Some(theirs) = taken.senders.get_mut(&self.sender) {
            theirs.counts.take(self.kind);
            theirs.lines.remove(&self.number);
            if theirs.counts.full == 0 && theirs.counts.reserved == 0 {
                taken.senders.remove(&self.sender);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections: u32, connections_address: u32) -> Places {
        let bounds = Bounds {
            connections,
            connections_address,
            ..Bounds::default()
        };
        Places::new(bounds, Proxies(vec!["10.0.0.0/8".parse().unwrap()]))
    }

    fn claim(places: &Places, peer: &str) -> Option<Place> {
        places.claim(peer.parse().unwrap())
    }

    #[test]
    fn one_sender_takes_its_own_places_and_nobody_elses() {
        let places = places(10, 3);
        let taken: Vec<_> = (0..3)
            .map(|_| claim(&places, "192.0.2.1").unwrap())
            .collect();
        assert!(taken.iter().all(|place| place.kind == Kind::Full));
        let beyond: Vec<_> = (0..20)
            .filter_map(|_| claim(&places, "192.0.2.1"))
            .collect();
        assert_eq!(beyond.len(), RESERVED_OF_ONE as usize);
        assert!(beyond.iter().all(|place| place.kind == Kind::Reserved));
        assert_eq!(claim(&places, "192.0.2.2").unwrap().kind, Kind::Full);
        drop(taken);
        assert_eq!(claim(&places, "192.0.2.1").unwrap().kind, Kind::Full);
    }

    #[test]
    fn ipv6_is_counted_by_network_and_proxies_are_not_counted_by_address() {
        let places = places(100, 2);
        let _taken = [
            claim(&places, "2001:db8::1").unwrap(),
            claim(&places, "2001:db8::2").unwrap(),
        ];
        assert_eq!(claim(&places, "2001:db8::3").unwrap().kind, Kind::Reserved);
        assert_eq!(claim(&places, "2001:db8:0:1::3").unwrap().kind, Kind::Full);
        let of_proxy: Vec<_> = (0..10).filter_map(|_| claim(&places, "10.0.0.1")).collect();
        assert!(of_proxy.iter().all(|place| place.kind == Kind::Full));
        let mapped: Vec<_> = (0..5)
            .filter_map(|_| claim(&places, "::ffff:10.0.0.1"))
            .collect();
        assert!(mapped.iter().all(|place| place.kind == Kind::Full));
    }

    #[test]
    fn when_all_places_are_taken_some_are_kept_for_asking_how_the_server_is() {
        let places = places(4, 100);
        let _taken: Vec<_> = (0..4)
            .map(|_| claim(&places, "192.0.2.1").unwrap())
            .collect();
        assert_eq!(claim(&places, "192.0.2.9").unwrap().kind, Kind::Reserved);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_rested_for_longest_makes_room_and_what_works_does_not() {
        let places = places(100, 3);
        let settle = || {
            let place = claim(&places, "192.0.2.1").unwrap();
            let times = places.bounds().times(place.kind);
            let line = Arc::new(Line::new(place, times));
            places.settle(&line);
            line
        };
        let (working, first) = (settle(), settle());
        let request = working.begin(false);
        tokio::time::sleep(RESTED).await;
        let second = settle();
        assert_eq!(claim(&places, "192.0.2.1").unwrap().kind, Kind::Full);
        assert_eq!(first.rests_since(), None, "it has to go");
        assert!(second.rests_since().is_some());
        // Nobody else has rested for long.
        assert_eq!(claim(&places, "192.0.2.1").unwrap().kind, Kind::Reserved);
        drop((request, working));
    }

    #[test]
    fn nothing_is_remembered_of_whoever_has_left() {
        let places = places(1_000, 1_000);
        for number in 0..500_u32 {
            drop(places.claim(std::net::Ipv4Addr::from(number).into()));
        }
        assert!(places.lock().senders.is_empty());
        assert_eq!(places.lock().all.full, 0);
    }
}

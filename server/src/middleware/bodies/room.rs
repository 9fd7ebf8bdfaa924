//! How much of all bodies is kept at once. Small bodies have room of their own, which no batch takes: permission to spend
//! and signing in do not wait for those who send a lot.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{MAX_BATCH_BYTES, SMALL_BODY_BYTES};

/// One sender may have this part of the room.
const SHARE: u64 = 4;
/// There is this part of the room beside it for small bodies.
const RESERVE: u64 = 8;

/// How much of all bodies is kept at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Bytes of all large bodies that are being sent, or whose requests are not answered yet. Of them one sender may have
    /// a quarter, and one batch in any case. Small bodies have an eighth of it beside that, and one sender a quarter of
    /// the eighth.
    pub kept: u64,
}

impl Default for BodyLimits {
    /// Sixteen of the largest batches.
    fn default() -> Self {
        Self {
            kept: 16 * MAX_BATCH_BYTES,
        }
    }
}

/// Counts what is kept of bodies; cheap to clone.
#[derive(Debug, Clone)]
pub struct Bodies {
    limits: BodyLimits,
    rooms: Arc<Mutex<Rooms>>,
}

#[derive(Debug, Default)]
struct Rooms {
    small: Room,
    large: Room,
}

#[derive(Debug, Default)]
struct Room {
    all: u64,
    /// As many as have anything kept.
    of: HashMap<IpAddr, u64>,
}

impl Room {
    fn take(&mut self, sender: Option<IpAddr>, bytes: u64, most: u64, share: u64) -> bool {
        if self.all + bytes > most {
            return false;
        }
        if let Some(sender) = sender.filter(|_| bytes > 0) {
            let theirs = self.of.get(&sender).copied().unwrap_or(0) + bytes;
            if theirs > share {
                return false;
            }
            self.of.insert(sender, theirs);
        }
        self.all += bytes;
        true
    }

    fn give_back(&mut self, sender: Option<IpAddr>, bytes: u64) {
        self.all -= bytes;
        let Some(sender) = sender else { return };
        if let Some(theirs) = self.of.get_mut(&sender) {
            *theirs -= bytes;
            if *theirs == 0 {
                self.of.remove(&sender);
            }
        }
    }
}

impl Bodies {
    /// Nothing is kept yet.
    pub fn new(limits: BodyLimits) -> Self {
        Self {
            limits,
            rooms: Arc::default(),
        }
    }

    /// Bytes that are kept, and of how many senders in each room.
    pub fn kept(&self) -> (u64, usize) {
        let Rooms { small, large } = &*self.lock();
        (small.all + large.all, small.of.len() + large.of.len())
    }

    /// Makes more room for a body that had some; whether there is as much. It has what it had otherwise.
    pub(super) fn grow(&self, sender: Option<IpAddr>, had: u64, wanted: u64) -> bool {
        let mut rooms = self.lock();
        if wanted <= SMALL_BODY_BYTES {
            let most = self.limits.kept / RESERVE;
            let share = (most / SHARE).max(SMALL_BODY_BYTES);
            return rooms.small.take(sender, wanted - had, most, share);
        }
        let most = self.limits.kept;
        let share = (most / SHARE).max(MAX_BATCH_BYTES);
        if had > SMALL_BODY_BYTES {
            return rooms.large.take(sender, wanted - had, most, share);
        }
        // It was not known before how large it would become.
        let is_room = rooms.large.take(sender, wanted, most, share);
        if is_room {
            rooms.small.give_back(sender, had);
        }
        is_room
    }

    pub(super) fn give_back(&self, sender: Option<IpAddr>, had: u64) {
        let mut rooms = self.lock();
        let room = if had <= SMALL_BODY_BYTES {
            &mut rooms.small
        } else {
            &mut rooms.large
        };
        room.give_back(sender, had);
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn senders() -> Vec<Option<IpAddr>> {
        (1..=5)
            .map(|last| Some(IpAddr::from([192, 0, 2, last])))
            .collect()
    }

    #[test]
    fn one_sender_has_a_quarter_and_what_is_kept_of_nobody_is_forgotten() {
        let bodies = Bodies::new(BodyLimits::default());
        let senders = senders();
        let batch = MAX_BATCH_BYTES;
        for sender in &senders[..4] {
            for _ in 0..4 {
                assert!(bodies.grow(*sender, 0, batch));
            }
        }
        let large = SMALL_BODY_BYTES + 1;
        assert!(!bodies.grow(senders[4], 0, large), "more than all may have");
        bodies.give_back(senders[3], batch);
        assert!(!bodies.grow(senders[0], 0, large), "more than its share");
        assert!(bodies.grow(senders[4], 0, large));
        bodies.give_back(senders[4], large);
        for _ in 0..4 {
            for sender in &senders[..3] {
                bodies.give_back(*sender, batch);
            }
        }
        for _ in 0..3 {
            bodies.give_back(senders[3], batch);
        }
        assert_eq!(bodies.kept(), (0, 0));
    }

    #[test]
    fn batches_leave_the_room_of_small_bodies_alone_also_that_of_their_own_sender() {
        let bodies = Bodies::new(BodyLimits::default());
        let senders = senders();
        for sender in &senders[..4] {
            assert!(bodies.grow(*sender, 0, 4 * MAX_BATCH_BYTES));
        }
        for sender in &senders {
            assert!(bodies.grow(*sender, 0, SMALL_BODY_BYTES));
            assert!(!bodies.grow(*sender, SMALL_BODY_BYTES, SMALL_BODY_BYTES + 1));
            bodies.give_back(*sender, SMALL_BODY_BYTES);
        }
        // One sender of small bodies does not take all of it either.
        let share = MAX_BATCH_BYTES * 16 / RESERVE / SHARE;
        for _ in 0..share / SMALL_BODY_BYTES {
            assert!(bodies.grow(senders[0], 0, SMALL_BODY_BYTES));
        }
        assert!(!bodies.grow(senders[0], 0, 1));
        assert!(bodies.grow(senders[1], 0, 1));
    }

    #[test]
    fn a_body_that_turns_out_to_be_large_is_counted_once() {
        let bodies = Bodies::new(BodyLimits::default());
        let sender = senders()[0];
        let mut had = 0;
        for wanted in [10, SMALL_BODY_BYTES, SMALL_BODY_BYTES + 1, MAX_BATCH_BYTES] {
            assert!(bodies.grow(sender, had, wanted));
            assert_eq!(bodies.kept(), (wanted, 1));
            had = wanted;
        }
        bodies.give_back(sender, had);
        assert_eq!(bodies.kept(), (0, 0));
    }
}

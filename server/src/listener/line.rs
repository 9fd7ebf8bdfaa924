//! What happens on one connection: which requests run on it, since when it rests, and when it has taken too long.

use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use tokio::time::Instant;

use super::bounds::{Kind, Place, Times};

/// So much of an answer that was sent shows that its client reads; what keeps a connection alive is far less.
const PROGRESS_BYTES: usize = 16 * 1_024;

/// One connection.
pub struct Line {
    times: Times,
    pub(super) place: Place,
    state: Mutex<State>,
}

struct State {
    /// Requests that run: since when the client is waited for, unless their handler is.
    running: HashMap<u64, Option<Instant>>,
    /// The number of the next.
    next: u64,
    /// When the last one ended, or the connection began.
    rests_since: Instant,
    /// When the next one's head began.
    head_since: Option<Instant>,
    /// Whether heads of several requests may come at once, mixed with other frames.
    is_http2: bool,
    /// Whether it is a socket by now, which has rules of its own.
    is_socket: bool,
    sent_bytes: usize,
    /// When so much was last sent that the client reads.
    progress: Instant,
    /// What ends with the connection.
    kept: Vec<Box<dyn Any + Send>>,
    /// Whether it has to make room.
    is_ended: bool,
    /// Who waits for bytes.
    reader: Option<Waker>,
}

impl Line {
    pub(super) fn new(place: Place, times: Times) -> Self {
        let now = Instant::now();
        Self {
            times,
            place,
            state: Mutex::new(State {
                running: HashMap::new(),
                next: 0,
                rests_since: now,
                head_since: None,
                is_http2: false,
                is_socket: false,
                sent_bytes: 0,
                progress: now,
                kept: Vec::new(),
                is_ended: false,
                reader: None,
            }),
        }
    }

    /// Lets something end with the connection.
    pub fn keep(&self, thing: impl Any + Send) {
        self.lock().kept.push(Box::new(thing));
    }

    /// Since when it rests; none while a request runs or a page is open.
    pub(super) fn rests_since(&self) -> Option<Instant> {
        let state = self.lock();
        let rests = state.running.is_empty() && !state.is_socket && !state.is_ended;
        rests.then_some(state.rests_since)
    }

    /// Ends it if it still rests: somebody else needs its place.
    pub(super) fn make_room(&self) -> bool {
        let mut state = self.lock();
        if !state.running.is_empty() || state.is_socket || state.is_ended {
            return false;
        }
        state.is_ended = true;
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        true
    }

    /// Lets its end wake who waits for bytes.
    pub(super) fn waits(&self, reader: &Waker) {
        let mut state = self.lock();
        if !state
            .reader
            .as_ref()
            .is_some_and(|known| known.will_wake(reader))
        {
            state.reader = Some(reader.clone());
        }
    }

    pub(super) fn is_reserved(&self) -> bool {
        self.place.kind == Kind::Reserved
    }

    pub(super) const fn times(&self) -> &Times {
        &self.times
    }

    pub(super) fn begin(self: &Arc<Self>, is_http2: bool) -> Running {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        state.is_http2 |= is_http2;
        state.head_since = None;
        state.running.insert(number, None);
        drop(state);
        Running {
            line: Arc::clone(self),
            number,
        }
    }

    pub(super) fn becomes_socket(&self) {
        self.lock().is_socket = true;
    }

    /// Bytes came in.
    pub(super) fn received(&self) {
        let mut state = self.lock();
        if state.running.is_empty() {
            state.head_since.get_or_insert_with(Instant::now);
        }
    }

    /// Bytes went out.
    pub(super) fn sent(&self, bytes: usize) {
        let mut state = self.lock();
        state.sent_bytes += bytes;
        if state.sent_bytes >= PROGRESS_BYTES {
            state.sent_bytes = 0;
            state.progress = Instant::now();
        }
    }

    /// When the connection has taken too long, as things are.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let state = self.lock();
        if state.is_socket {
            return None;
        }
        if state.is_ended {
            return Some(state.rests_since);
        }
        if state.running.is_empty() {
            let idle = state.rests_since + self.times.idle;
            let head = state.head_since.filter(|_| !state.is_http2);
            return Some(head.map_or(idle, |since| idle.min(since + self.times.read)));
        }
        let waited_for = state.running.values().flatten();
        let longest = waited_for.map(|since| *since.max(&state.progress)).min()?;
        Some(longest + self.times.write)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that runs, until this is dropped.
pub(super) struct Running {
    pub(super) line: Arc<Line>,
    number: u64,
}

impl Running {
    /// Its client is to read what there is.
    pub(super) fn waits_for_client(&self) {
        self.set(Some(Instant::now()));
    }

    /// There is nothing to read yet.
    pub(super) fn waits_for_handler(&self) {
        self.set(None);
    }

    fn set(&self, since: Option<Instant>) {
        if let Some(kept) = self.line.lock().running.get_mut(&self.number) {
            *kept = since;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.line.lock();
        state.running.remove(&self.number);
        if state.running.is_empty() {
            state.rests_since = Instant::now();
        }
    }
}

//! A request with a key is done once: each write of it is stored together with its outcome, in one transaction.
//!
//! While such a request runs, it is at hand for everything that its task calls ([`Keyed::run`]). Its writes are counted.
//! When it runs again, because its answer was lost with the process or the connection, a write that was done is not done
//! again: its stored outcome stands for it, and the request goes on from there. So its other steps must be the same each
//! time: what is made by chance or read before a write is noted ([`noted`], [`recall`]), and stored with the write.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{AccountId, Time};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{ServiceResult, ports::StoreError};

tokio::task_local! {
    static RUNNING: Arc<Keyed>;
}

/// What a request is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestName {
    /// The account of the caller's key; none for the platform's.
    pub account: Option<AccountId>,
    /// Who sent it.
    pub caller: String,
    /// Its `Idempotency-Key`.
    pub key: String,
}

/// Makes what is stored of a request unreadable to all who do not have the caller's token: outcomes and answers may hold
/// a new API key, which the database must not know. SHA-256 in counter mode; each keystream is used for one text only.
#[derive(Clone)]
pub struct Seal(Sha256);

impl Seal {
    /// The seal of a caller's token for a key.
    pub fn new(token: &str, key: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"creditscope idempotency seal");
        for part in [token, key] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(digest)
    }

    /// The seal of one write of a request.
    fn of_part(&self, number: u32) -> Self {
        let mut digest = self.0.clone();
        digest.update(b"part");
        digest.update(number.to_be_bytes());
        Self(digest)
    }

    /// Seals a text, or opens a sealed one.
    pub fn apply(&self, text: &[u8]) -> Vec<u8> {
        let mut out = text.to_vec();
        for (block, counter) in out.chunks_mut(32).zip(0_u64..) {
            let mut digest = self.0.clone();
            digest.update(counter.to_be_bytes());
            block
                .iter_mut()
                .zip(digest.finalize())
                .for_each(|(byte, stream)| *byte ^= stream);
        }
        out
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Seal")
    }
}

/// What is stored with a write: its outcome, and everything that was noted before it.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    notes: Vec<Value>,
    outcome: Value,
}

/// How far a request has come.
#[derive(Debug, Default)]
struct Run {
    /// Outcomes of the writes that were done when it began.
    done: BTreeMap<u32, Value>,
    /// The number of its next write.
    next_part: u32,
    notes: Vec<Value>,
    /// The number of its next note.
    next_note: usize,
    /// Whether another process did a write of it meanwhile.
    is_overtaken: bool,
}

/// A request with a key, while it runs.
#[derive(Debug)]
pub struct Keyed {
    name: RequestName,
    hash: Vec<u8>,
    at: Time,
    seal: Seal,
    run: Mutex<Run>,
}

impl Keyed {
    /// A request of which these writes were done before, by their numbers, in their order, sealed.
    ///
    /// # Errors
    /// What was stored cannot be read with this seal.
    pub fn new(
        name: RequestName,
        hash: Vec<u8>,
        at: Time,
        seal: Seal,
        parts: &[(u32, Vec<u8>)],
    ) -> Result<Arc<Self>, StoreError> {
        let mut run = Run::default();
        for (number, part) in parts {
            let kept: Kept = serde_json::from_slice(&seal.of_part(*number).apply(part))
                .map_err(StoreError::new)?;
            run.done.insert(*number, kept.outcome);
            run.notes = kept.notes;
        }
        Ok(Arc::new(Self {
            name,
            hash,
            at,
            seal,
            run: Mutex::new(run),
        }))
    }

    /// Does `work` as this request.
    pub async fn run<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> T {
        RUNNING.scope(Arc::clone(self), work).await
    }

    /// Whether another process did a write of this request while it ran here: then its answer is to be asked for again.
    pub fn is_overtaken(&self) -> bool {
        self.state().is_overtaken
    }

    fn state(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note<T: Serialize>(&self, value: &T) {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        let mut run = self.state();
        run.notes.push(value);
        run.next_note = run.notes.len();
    }

    /// The next note, if it was taken before.
    fn next_note<T: DeserializeOwned>(&self) -> Option<T> {
        let mut run = self.state();
        let value = run.notes.get(run.next_note)?.clone();
        run.next_note += 1;
        serde_json::from_value(value).ok()
    }
}

/// Work that goes on as the request with a key that runs here, wherever the work is done then.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let request = RUNNING.try_with(Arc::clone).ok();
    async move {
        match request {
            Some(request) => request.run(work).await,
            None => work.await,
        }
    }
}

/// One write of a request with a key.
#[derive(Debug, Clone)]
pub struct Part {
    request: Arc<Keyed>,
    number: u32,
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        (self.name(), self.number) == (other.name(), other.number)
    }
}

impl Eq for Part {}

impl Part {
    /// The next write of the request that runs; none when none does.
    pub fn next() -> Option<Self> {
        let request = RUNNING.try_with(Arc::clone).ok()?;
        let mut run = request.state();
        let number = run.next_part;
        run.next_part += 1;
        drop(run);
        Some(Self { request, number })
    }

    /// The outcome, when it was done before the request began to run here.
    ///
    /// # Errors
    /// What was stored cannot be read.
    pub fn outcome<T: DeserializeOwned>(&self) -> Result<Option<T>, serde_json::Error> {
        let known = self.request.state().done.get(&self.number).cloned();
        known.map(serde_json::from_value).transpose()
    }

    /// The request.
    pub fn name(&self) -> &RequestName {
        &self.request.name
    }

    /// Its place among the writes of the request, from 0.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// SHA-256 of what was asked for.
    pub fn hash(&self) -> &[u8] {
        &self.request.hash
    }

    /// When the request began to run.
    pub fn at(&self) -> Time {
        self.request.at
    }

    /// What is stored with the write, sealed.
    ///
    /// # Errors
    /// The outcome cannot be written as JSON.
    pub fn seal<T: Serialize>(&self, outcome: &T) -> Result<Vec<u8>, serde_json::Error> {
        let kept = Kept {
            notes: self.request.state().notes.clone(),
            outcome: serde_json::to_value(outcome)?,
        };
        let text = serde_json::to_vec(&kept)?;
        Ok(self.request.seal.of_part(self.number).apply(&text))
    }

    /// Says that another process did this write meanwhile.
    pub fn overtaken(&self) {
        self.request.state().is_overtaken = true;
    }
}

/// Something made by chance, or the time: in a request with a key the same each time it runs.
pub(crate) fn noted<T: Serialize + DeserializeOwned>(make: impl FnOnce() -> T) -> T {
    let Ok(request) = RUNNING.try_with(Arc::clone) else {
        return make();
    };
    if let Some(known) = request.next_note() {
        return known;
    }
    let value = make();
    request.note(&value);
    value
}

/// Something read that the request itself then changes: in a request with a key what it read the first time.
pub(crate) async fn recall<T: Serialize + DeserializeOwned>(
    read: impl Future<Output = ServiceResult<T>>,
) -> ServiceResult<T> {
    let Ok(request) = RUNNING.try_with(Arc::clone) else {
        return read.await;
    };
    if let Some(known) = request.next_note() {
        return Ok(known);
    }
    let found = read.await?;
    request.note(&found);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_opens_only_with_the_same_token_and_key() {
        let text = b"{\"key\":\"cs_ab_secret\"} and more than one block of it".to_vec();
        let sealed = Seal::new("one", "k").apply(&text);
        assert_ne!(sealed, text);
        assert_eq!(Seal::new("one", "k").apply(&sealed), text);
        assert_ne!(Seal::new("two", "k").apply(&sealed), text);
        assert_ne!(Seal::new("one", "l").apply(&sealed), text);
        let part = |number| Seal::new("one", "k").of_part(number).apply(&text);
        assert_ne!(part(0), sealed);
        assert_ne!(part(0), part(1));
    }

    fn keyed(parts: &[(u32, Vec<u8>)]) -> Arc<Keyed> {
        let name = RequestName {
            account: None,
            caller: "key ab".to_owned(),
            key: "k".to_owned(),
        };
        let seal = Seal::new("token", "k");
        Keyed::new(name, vec![1], Time::from_micros(0), seal, parts).unwrap()
    }

    #[tokio::test]
    async fn a_request_that_runs_again_finds_what_it_noted_and_did() {
        let first = keyed(&[]);
        let sealed = first.run(async {
            assert_eq!(noted(|| 7), 7);
            let part = Part::next().unwrap();
            assert_eq!(part.outcome::<String>().unwrap(), None);
            part.seal(&"done").unwrap()
        });
        let again = keyed(&[(0, sealed.await)]);
        let ran = again.run(async {
            assert_eq!(noted(|| 8), 7, "as the first time");
            let done = Part::next().unwrap().outcome::<String>().unwrap();
            assert_eq!(done.as_deref(), Some("done"));
            assert_eq!(noted(|| 9), 9, "it did not come so far");
            assert_eq!(Part::next().unwrap().outcome::<String>().unwrap(), None);
        });
        ran.await;
        assert_eq!(noted(|| 10), 10);
        assert!(Part::next().is_none(), "no request runs");
    }
}

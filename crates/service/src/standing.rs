//! Whether those who follow something are still who they were: one question for all of them.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::UserId;
use tokio::{
    sync::{oneshot, watch},
    time::{sleep, timeout},
};

use crate::{
    Caller, Clock, Services,
    ports::{Standing, Store, StoreResult},
    tasks::Tasks,
};

/// How soon someone who may no longer look sees nothing new.
const LOOK_EVERY: Duration = Duration::from_millis(800);
/// How soon after one question the next is asked, however much is done.
const PAUSE: Duration = Duration::from_millis(50);
/// Renamed sessions that are remembered: those of the last moments, each for as long as a look takes.
const REMEMBERED: usize = 1_000;
/// Its name among background tasks.
const NAME: &str = "standing";

/// Callers who are told when they are no longer who they were.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    watched: Mutex<HashMap<u64, Watched>>,
    number: AtomicU64,
    /// Sessions that this process lately gave another id, by the hash of the one before.
    renamed: Mutex<VecDeque<Vec<u8>>>,
    /// Somebody is watched, and nobody was.
    begun: watch::Sender<()>,
}

#[derive(Debug)]
struct Watched {
    caller: Caller,
    changed: oneshot::Sender<Changed>,
}

/// How a caller is no longer who they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Their session was given another id, with which they are who they were.
    Renamed,
    /// They are signed out, or may do something else.
    Otherwise,
}

/// A caller who is watched until this is dropped.
struct Place {
    inner: Arc<Inner>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.inner.watched).remove(&self.number);
    }
}

impl Services {
    /// Resolves when a caller is no longer who they were: signed in, not disabled, and allowed the same.
    pub async fn until_changed(&self, caller: Caller) -> Changed {
        let (changed, told) = oneshot::channel();
        let inner = Arc::clone(&self.standing.0);
        let number = inner.number.fetch_add(1, Ordering::Relaxed);
        let watched = Watched { caller, changed };
        lock(&inner.watched).insert(number, watched);
        inner.begun.send_replace(());
        let place = Place { inner, number };
        let Ok(changed) = told.await else {
            // Nobody looks any more: the program ends.
            return std::future::pending().await;
        };
        drop(place);
        changed
    }
}

impl Watch {
    /// A session is given another id.
    pub fn renames(&self, from: &[u8]) {
        let mut renamed = lock(&self.0.renamed);
        renamed.push_back(from.to_vec());
        if renamed.len() > REMEMBERED {
            renamed.pop_front();
        }
    }

    /// Looks until nobody can be watched any more, and at once after each deed.
    pub fn start(
        &self,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        deeds: watch::Receiver<()>,
        tasks: Tasks,
    ) {
        let begun = self.0.begun.subscribe();
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(run(inner, store, clock, (begun, deeds), tasks));
    }
}

async fn run(
    watch: Weak<Inner>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    (mut begun, mut deeds): (watch::Receiver<()>, watch::Receiver<()>),
    tasks: Tasks,
) {
    loop {
        let is_idle = watch
            .upgrade()
            .is_none_or(|inner| lock(&inner.watched).is_empty());
        if is_idle {
            if begun.changed().await.is_err() {
                return;
            }
        } else {
            // What this process did is seen at once; what another did, at the next look.
            let _ = timeout(LOOK_EVERY, deeds.changed()).await;
        }
        let Some(inner) = watch.upgrade() else {
            return;
        };
        let looked = tasks.guard(NAME, inner.look(store.as_ref(), clock.as_ref()));
        // A database that does not answer says nothing about them.
        if let Some(Err(error)) = looked.await {
            tracing::error!(%error, "those who follow could not be looked at");
        }
        drop(inner);
        sleep(PAUSE).await;
    }
}

impl Inner {
    /// Tells those who are no longer who they were.
    async fn look(&self, store: &dyn Store, clock: &dyn Clock) -> StoreResult<()> {
        let (sessions, users) = self.asked();
        if sessions.is_empty() && users.is_empty() {
            return Ok(());
        }
        let now = clock.now();
        let standing = store.standing(&sessions, &users, now).await?;
        let mut watched = lock(&self.watched);
        // Whoever came meanwhile was not asked about.
        let is_asked = |caller: &Caller| {
            let find = |id: &[u8]| sessions.binary_search_by(|asked| asked.as_slice().cmp(id));
            let session = caller.session().is_none_or(|id| find(id).is_ok());
            session
                && caller
                    .user()
                    .is_none_or(|id| users.binary_search(&id).is_ok())
        };
        let changed: Vec<_> = watched
            .iter()
            .filter(|(_, one)| is_asked(&one.caller))
            .filter_map(|(number, one)| Some((*number, self.change(&one.caller, &standing)?)))
            .collect();
        for (number, change) in changed {
            if let Some(one) = watched.remove(&number) {
                let _ = one.changed.send(change);
            }
        }
        drop(watched);
        Ok(())
    }

    /// How a caller is no longer who they were; nothing when they still are.
    fn change(&self, caller: &Caller, standing: &Standing) -> Option<Changed> {
        if !may_still(caller, standing) {
            return Some(Changed::Otherwise);
        }
        let ended = caller.session();
        let ended = ended.filter(|id| !standing.sessions.contains(*id))?;
        let renamed = lock(&self.renamed);
        Some(if renamed.iter().any(|one| one == ended) {
            Changed::Renamed
        } else {
            Changed::Otherwise
        })
    }

    /// Sessions and people to be asked about.
    fn asked(&self) -> (Vec<Vec<u8>>, Vec<UserId>) {
        let watched = lock(&self.watched);
        let callers = || watched.values().map(|one| &one.caller);
        let sessions: BTreeSet<_> = callers().filter_map(Caller::session).collect();
        let users: BTreeSet<_> = callers().filter_map(Caller::user).collect();
        let sessions = sessions.into_iter().map(<[u8]>::to_vec).collect();
        (sessions, users.into_iter().collect())
    }
}

/// Whether a caller may still do the same.
fn may_still(caller: &Caller, standing: &Standing) -> bool {
    let may = |id| {
        let user = standing.users.get(&id).filter(|user| !user.disabled);
        user.is_some_and(|user| {
            !caller.owes_second_factor(user) && Caller::from_user(user).may_the_same(caller)
        })
    };
    caller.user().is_none_or(may)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

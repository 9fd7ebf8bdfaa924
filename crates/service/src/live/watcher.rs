//! One watcher for all who follow anything: it finds out what has changed, and reads each changed account once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::Duration,
};

use domain::{AccountId, Seq, live::HowFar};
use futures::{StreamExt as _, stream};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    FRAME_EVERY,
    hub::{Hub, Inner},
    news::Mark,
    reading::Reading,
};
use crate::{
    Clock, ServiceResult,
    ports::{Change, Store},
    tasks::Tasks,
};

/// Another process may write to the same database without telling this one.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Accounts that are read at once: fewer than the database has readers.
const AT_ONCE: usize = 3;
/// Its name among background tasks.
const NAME: &str = "live";

/// Watches until nobody can follow any more.
pub(crate) fn watch(store: Arc<dyn Store>, clock: Arc<dyn Clock>, hub: &Hub, tasks: Tasks) {
    let woken = hub.0.wake.subscribe();
    let watcher = Watcher {
        store,
        clock,
        hub: Arc::downgrade(&hub.0),
        seen: BTreeMap::new(),
    };
    tokio::spawn(watcher.run(woken, tasks));
}

struct Watcher {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    hub: Weak<Inner>,
    /// How far what is followed was when it was read.
    seen: BTreeMap<AccountId, HowFar>,
}

impl Watcher {
    async fn run(mut self, mut woken: watch::Receiver<()>, tasks: Tasks) {
        let mut look_at = Instant::now();
        loop {
            let waits = self
                .hub
                .upgrade()
                .is_some_and(|hub| !hub.followed().is_empty());
            let is_open = if waits {
                !matches!(timeout_at(look_at, woken.changed()).await, Ok(Err(_)))
            } else {
                woken.changed().await.is_ok()
            };
            let Some(hub) = self.hub.upgrade().filter(|_| is_open) else {
                return;
            };
            let round_ends = Instant::now() + FRAME_EVERY;
            let looks = Instant::now() >= look_at;
            if looks {
                look_at = Instant::now() + LOOK_EVERY;
            }
            tasks.guard(NAME, self.round(&hub, looks)).await;
            drop(hub);
            sleep_until(round_ends).await;
        }
    }

    /// Reads what was told of, and when it is time, whatever else has changed.
    async fn round(&mut self, hub: &Inner, looks: bool) {
        let told = hub.take_told().into_iter().map(|account| (account, None));
        let mut wanted: BTreeMap<_, _> = told.collect();
        if looks {
            match self.look(hub).await {
                Ok(changed) => wanted.extend(
                    changed
                        .into_iter()
                        .map(|change| (change.account, Some(change))),
                ),
                Err(error) => tracing::error!(%error, "what is followed could not be looked at"),
            }
        }
        let reads = wanted
            .into_iter()
            .map(|(account, change)| self.read(hub, account, change));
        let read: Vec<_> = stream::iter(reads)
            .buffer_unordered(AT_ONCE)
            .filter_map(std::future::ready)
            .collect()
            .await;
        self.seen.extend(read);
    }

    /// Accounts that have changed since they were read: one statement for all that are followed.
    async fn look(&mut self, hub: &Inner) -> ServiceResult<Vec<Change>> {
        let followed = hub.followed();
        self.seen
            .retain(|account, _| followed.binary_search(account).is_ok());
        if followed.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.store.changes(&followed).await?;
        let is_new = |change: &Change| {
            let seen = self.seen.get(&change.account);
            seen != Some(&change.far)
        };
        Ok(now.into_iter().filter(is_new).collect())
    }

    /// Reads an account, and hands it to those who follow it.
    async fn read(
        &self,
        hub: &Inner,
        account: AccountId,
        change: Option<Change>,
    ) -> Option<(AccountId, HowFar)> {
        let wanted = hub.to_read(account)?;
        let told = wanted.told;
        let before = self.seen.get(&account).copied();
        let known = change.map(|change| change.far).or(before);
        let now = self.clock.now();
        match Reading::take(self.store.as_ref(), wanted, hub.begin(), now).await {
            Ok(mut reading) => {
                let newest = [reading.newest(), known.map(|far| far.newest)];
                let before = before.map(|far| far.newest);
                let newest = newest.into_iter().flatten().chain(before).max();
                let far = HowFar {
                    books: reading.version,
                    newest: newest.unwrap_or(Seq::ZERO),
                    others: known.map_or(0, |far| far.others),
                };
                reading.far = Mark { far, told };
                hub.publish(account, reading);
                Some((account, far))
            }
            Err(error) => {
                tracing::error!(%error, "a followed account could not be read");
                hub.again(account);
                None
            }
        }
    }
}

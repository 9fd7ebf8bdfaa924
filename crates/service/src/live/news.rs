//! Only that an account has something new, for pages that the server renders again.

use std::sync::Arc;

use domain::{AccountId, live::HowFar};
use tokio::sync::watch;

use super::{hub::Listener, reading::Reading};
use crate::{Scope, ServiceResult, Services};

/// How far an account was, and how often this process had said that there is something new: not all that is new is
/// counted in the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub far: HowFar,
    pub told: u64,
}

impl Mark {
    /// Whether it says of anything more than another one: a page may have been read after a reading.
    fn is_beyond(self, other: Self) -> bool {
        let parts = |mark: Self| {
            let far = mark.far;
            (far.books, far.newest, far.others, mark.told)
        };
        let ((books, newest, others, told), than) = (parts(self), parts(other));
        books > than.0 || newest > than.1 || others > than.2 || told > than.3
    }
}

/// What there is of an account, one after the other; forgotten when dropped.
pub struct News {
    listener: Listener,
    /// What was heard of last.
    heard: Option<Mark>,
}

impl Services {
    /// How far an account is.
    ///
    /// # Errors
    /// The store's.
    pub async fn how_far(&self, account: AccountId) -> ServiceResult<HowFar> {
        let changes = self.store.changes(&[account]).await?;
        Ok(changes.first().map(|change| change.far).unwrap_or_default())
    }

    /// Listens to what an account has since it was so far; without a place, there is something new already.
    pub fn news(&self, scope: &Scope, since: Option<HowFar>) -> News {
        let listener = self.hub.listen(scope.account.id);
        let told = listener.told;
        News {
            listener,
            heard: since.map(|far| Mark { far, told }),
        }
    }
}

impl News {
    /// How far the account was when there was something new.
    pub fn far(&self) -> HowFar {
        self.heard.unwrap_or_default().far
    }

    /// The number of the newest reading: whatever is read from now on is at least as new.
    pub fn number(&self) -> u64 {
        let reading = self.listener.readings.borrow();
        reading.as_ref().map_or(0, |reading| reading.number)
    }

    /// Waits until there is something new; the number of the reading that says so, 0 when there was before any reading.
    ///
    /// Asked for the next again after it was not waited for, it misses nothing.
    pub async fn next(&mut self) -> u64 {
        loop {
            let reading = self.listener.readings.borrow_and_update().clone();
            if let Some(number) = self.is_new(reading.as_deref()) {
                return number;
            }
            self.changed().await;
        }
    }

    fn is_new(&mut self, reading: Option<&Reading>) -> Option<u64> {
        let Some(reading) = reading else {
            let is_unknown = self.heard.is_none();
            self.heard.get_or_insert_default();
            return is_unknown.then_some(0);
        };
        let is_new = self.heard.is_none_or(|heard| reading.far.is_beyond(heard));
        if is_new {
            self.heard = Some(reading.far);
        }
        is_new.then_some(reading.number)
    }

    async fn changed(&mut self) {
        let readings: &mut watch::Receiver<Option<Arc<Reading>>> = &mut self.listener.readings;
        if readings.changed().await.is_err() {
            // The program ends.
            std::future::pending::<()>().await;
        }
    }
}

//! Who did what, when, from where.

use domain::AccountId;

use crate::{
    Caller, Permission, Scope, ServiceResult, Services, log_failure,
    ports::{AuditEntry, AuditFilter},
};

/// Most entries of one reading.
pub const MAX_AUDIT: u32 = 200;

/// What was done, to what, and what else there is to say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deed<'a> {
    /// A word for programs: `member.invited`.
    pub action: &'static str,
    /// To what.
    pub target: &'a str,
    /// What else there is to say.
    pub detail: String,
}

impl<'a> Deed<'a> {
    /// Something there is nothing else to say of.
    pub const fn plain(action: &'static str, target: &'a str) -> Self {
        Self {
            action,
            target,
            detail: String::new(),
        }
    }
}

/// What to read of an audit log.
#[derive(Debug, Clone, Default)]
pub struct AuditAsk {
    /// Actions that begin with this; all when empty.
    pub action: String,
    /// Actors that contain this; all when empty.
    pub actor: String,
    /// Older than this entry.
    pub before: Option<i64>,
}

impl Services {
    /// What was done in an account, newest first.
    pub async fn audit(&self, scope: &Scope, ask: &AuditAsk) -> ServiceResult<Vec<AuditEntry>> {
        scope.require_manage()?;
        self.read_audit(Some(scope.account.id), ask).await
    }

    /// What was done anywhere, newest first.
    pub async fn platform_audit(
        &self,
        caller: &Caller,
        ask: &AuditAsk,
    ) -> ServiceResult<Vec<AuditEntry>> {
        caller.require_platform(Permission::Provision)?;
        self.read_audit(None, ask).await
    }

    async fn read_audit(
        &self,
        account: Option<AccountId>,
        ask: &AuditAsk,
    ) -> ServiceResult<Vec<AuditEntry>> {
        let filter = AuditFilter {
            account,
            action: Some(ask.action.as_str()).filter(|text| !text.is_empty()),
            actor: Some(ask.actor.as_str()).filter(|text| !text.is_empty()),
            before: ask.before,
        };
        Ok(self.store.audit(filter, MAX_AUDIT).await?)
    }

    /// Writes down what was done in an account.
    pub(crate) async fn record(&self, scope: &Scope, deed: Deed<'_>) {
        let (actor, address) = (&scope.actor, scope.address.as_deref());
        self.record_entry(Some(scope.account.id), actor, address, deed)
            .await;
    }

    /// Writes down what a caller did to an account or to the platform.
    pub(crate) async fn record_of(
        &self,
        caller: &Caller,
        account: Option<AccountId>,
        deed: Deed<'_>,
    ) {
        self.record_entry(account, caller.name(), caller.address(), deed)
            .await;
    }

    /// What was done is done: that it could not be written down is told to the operator, not to who did it.
    pub(crate) async fn record_entry(
        &self,
        account: Option<AccountId>,
        actor: &str,
        address: Option<&str>,
        deed: Deed<'_>,
    ) {
        let entry = AuditEntry {
            number: 0,
            at: self.now(),
            account,
            actor: actor.to_owned(),
            address: address.map(str::to_owned),
            action: deed.action.to_owned(),
            target: deed.target.to_owned(),
            detail: deed.detail,
        };
        if let Err(error) = self.store.record(&entry).await {
            log_failure(&error);
        }
        if let Some(account) = account {
            self.tips.forget(account);
        }
        self.deeds.send_replace(());
    }
}

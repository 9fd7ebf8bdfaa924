//! Compares log, roll-ups, cycle totals and ledger now and then, and says when that was done and what it found.

use domain::usage::ReconciledView;

use crate::{ServiceResult, Services, ports::Reconciliation, selection::View};

impl Services {
    /// Compares everything with everything and remembers the result; how many differences there are.
    pub async fn reconcile(&self) -> ServiceResult<usize> {
        // Accounts made after this moment may not be part of it.
        let checked_at = self.now();
        let report = self.store.doctor().await?;
        let latest = Reconciliation { checked_at, report };
        self.store.save_reconciliation(&latest).await?;
        Ok(latest.report.differences.len())
    }

    /// The latest comparison, as far as it concerns the account of a view; none when the account is younger.
    pub(crate) async fn reconciled(&self, view: &View) -> ServiceResult<Option<ReconciledView>> {
        let Some(latest) = self.store.reconciliation().await? else {
            return Ok(None);
        };
        let is_damaged = self.is_damaged();
        if !is_damaged && latest.checked_at < view.scope.account.created_at {
            return Ok(None);
        }
        let at = view.zone.at(latest.checked_at);
        Ok(Some(ReconciledView {
            at: at.strftime("%-d %b %H:%M").to_string(),
            is_clean: !is_damaged && latest.report.is_clean_for(&view.scope.account.key),
            is_damaged,
        }))
    }
}

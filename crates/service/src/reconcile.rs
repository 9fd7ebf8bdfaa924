//! Compares log, roll-ups, cycle totals and ledger now and then, and says when that was done and what it found.

use domain::usage::ReconciledView;

use crate::{
    ServiceResult, Services,
    ports::{MOST_DIFFERENCES, Reconciliation},
    selection::View,
};

impl Services {
    /// Compares everything with everything and remembers the result; how many differences there are.
    pub async fn reconcile(&self) -> ServiceResult<usize> {
        let report = self.store.doctor().await?;
        let latest = Reconciliation {
            checked_at: self.now(),
            events: report.events,
            differences: report.differences,
        };
        self.store.save_reconciliation(&latest).await?;
        Ok(latest.differences.len())
    }

    /// The latest comparison, as far as it concerns the account of a view.
    pub(crate) async fn reconciled(&self, view: &View) -> ServiceResult<Option<ReconciledView>> {
        let Some(latest) = self.store.reconciliation().await? else {
            return Ok(None);
        };
        let at = view.zone.at(latest.checked_at);
        let name = format!("account {}", view.scope.account.key);
        let concerns = |difference: &String| {
            let rest = difference.split(&name).nth(1);
            // A longer key that begins alike is another account.
            rest.is_some_and(|rest| {
                !rest.starts_with(|next: char| next.is_alphanumeric() || "_-.".contains(next))
            }) || !difference.contains("account ")
        };
        // Past that many nothing more was looked at.
        let is_complete = latest.differences.len() < MOST_DIFFERENCES as usize;
        Ok(Some(ReconciledView {
            at: at.strftime("%-d %b %H:%M").to_string(),
            is_clean: is_complete && !latest.differences.iter().any(concerns),
        }))
    }
}

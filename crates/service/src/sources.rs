//! Who reports an account's usage, and up to when all of it is probably here.

use domain::{
    Time,
    calendar::Zone,
    source::{Source, complete_to},
    usage::CompleteView,
};

use crate::{Scope, ServiceResult, Services, ports::Snapshot, selection::View};

/// Sources that a page names.
const LATE_NAMED: usize = 10;

/// The sources of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Sources {
    /// The account's zone.
    pub zone: Zone,
    /// When they were read.
    pub now: Time,
    /// By name.
    pub sources: Vec<Source>,
    /// Up to when everything is probably here; none when no source is late.
    pub complete_to: Option<Time>,
}

impl Services {
    /// Who reports, what came last, and who is late.
    ///
    /// # Errors
    /// [`crate::ServiceError::NotFound`] for readers of some companies only.
    pub async fn sources(&self, scope: &Scope) -> ServiceResult<Sources> {
        scope.require_all()?;
        let cycles = crate::ingest::account_cycles(&scope.account)?;
        let mut snapshot = self.store.snapshot().await?;
        let sources = snapshot.sources(scope.account.id).await?;
        let now = self.now();
        Ok(Sources {
            zone: cycles.zone().clone(),
            now,
            complete_to: complete_to(&sources, now),
            sources,
        })
    }
}

/// What a page says of sources that are late; nothing to those who see some companies only.
pub(crate) async fn complete_view(
    snapshot: &mut dyn Snapshot,
    view: &View,
) -> ServiceResult<Option<CompleteView>> {
    if !view.scope.sees_all() {
        return Ok(None);
    }
    let sources = snapshot.sources(view.scope.account.id).await?;
    let Some(to) = complete_to(&sources, view.now) else {
        return Ok(None);
    };
    let to = view.zone.at(to);
    let is_today = to.date() == view.zone.at(view.now).date();
    let format = if is_today { "%H:%M:%S" } else { "%-d %b %H:%M" };
    let late = sources
        .into_iter()
        .filter(|source| source.is_late(view.now));
    let mut late: Vec<_> = late.map(|source| source.name).collect();
    let late_count = u32::try_from(late.len()).unwrap_or(u32::MAX);
    late.truncate(LATE_NAMED);
    Ok(Some(CompleteView {
        to: to.strftime(format).to_string(),
        late,
        late_count,
    }))
}

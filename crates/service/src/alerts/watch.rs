//! Looks at accounts that have news, and tells what crossed a level since the last look.

use std::collections::BTreeMap;

use domain::{
    AccountId, Time,
    alert::{BudgetUse, Condition, Figures, Reading, Rule, Step, step},
};

use super::tell::{Told, message};
use crate::{
    Caller, Permission, Scope, ServiceResult, Services,
    books::desk_of,
    companies::{MOST_COMPANIES, by_company},
    forecast::AccountForecast,
    ingest::account_cycles,
    ports::{Alert, AlertChange, BooksNeeds, GroupBy, Selection},
    split::{Ask, read_cells},
};

/// How closely an account is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// At its balance and budgets: cheap enough for every piece of news.
    Quick,
    /// Also at its past, for forecasts and spikes.
    Full,
}

impl Services {
    /// Looks at the accounts that had news since the last call; how many alerts changed. One account that cannot be
    /// looked at does not keep the others from it.
    pub async fn watch_news(&self) -> usize {
        self.watch_each(self.hub.take_news(), Look::Quick).await
    }

    /// Looks at every account that has rules: time passes, too, and other programs write to the same database.
    pub async fn watch_all(&self) -> ServiceResult<usize> {
        let accounts = self.store.accounts_with_rules().await?;
        Ok(self.watch_each(accounts, Look::Full).await)
    }

    async fn watch_each(&self, accounts: impl IntoIterator<Item = AccountId>, look: Look) -> usize {
        let mut changed = 0;
        for account in accounts {
            match self.watch(account, look).await {
                Ok(count) => changed += count,
                Err(error) => {
                    tracing::error!(%error, "alerts of an account could not be looked at");
                }
            }
        }
        changed
    }

    /// Looks at an account and tells what its rules see; how many alerts changed.
    pub async fn watch(&self, account: AccountId, look: Look) -> ServiceResult<usize> {
        let mut rules = self.store.alert_rules(account).await?;
        if look == Look::Quick {
            rules.retain(|rule| !rule.condition.looks_back());
        }
        if rules.is_empty() {
            return Ok(0);
        }
        let caller = Caller::operator("alerts");
        let scope = self.scope_by_id(&caller, account, Permission::Read).await?;
        let figures = self.figures(&scope, &rules).await?;
        let latest = self.store.latest_alerts(account).await?;
        let mut changes = Vec::new();
        for rule in &rules {
            for reading in rule.condition.readings(&figures) {
                let last = latest.iter().find(|alert| {
                    alert.rule == rule.key && alert.reading.subject == reading.subject
                });
                changes.extend(self.change(&scope, rule, reading, last).await?);
            }
        }
        if changes.is_empty() {
            return Ok(0);
        }
        let made = self
            .store
            .change_alerts(account, &changes, self.now())
            .await?;
        if made > 0 {
            self.messages.notify_one();
        }
        Ok(made)
    }

    /// What a reading changes, if anything.
    async fn change(
        &self,
        scope: &Scope,
        rule: &Rule,
        reading: Reading,
        last: Option<&Alert>,
    ) -> ServiceResult<Option<AlertChange>> {
        let settles = match step(last.map(Alert::fired).as_ref(), &reading) {
            Step::Nothing => return Ok(None),
            Step::Fire => None,
            Step::Recover(settled) => Some(settled),
        };
        let now = self.now();
        let targets = if rule.is_snoozed(now) {
            Vec::new()
        } else {
            self.targets(scope, rule).await?
        };
        // What is over is told with the level that was told before.
        let level = match (settles, last) {
            (Some(_), Some(last)) => last.reading.level,
            _ => reading.level,
        };
        let told = Told {
            rule,
            reading: &reading,
            level,
            is_over: settles.is_some(),
        };
        let message = (!targets.is_empty()).then(|| {
            let id = format!("msg_{}", self.new_id());
            message(id, scope.account(), &told, targets, now)
        });
        Ok(Some(AlertChange {
            rule: rule.key.clone(),
            kind: rule.condition.kind().to_owned(),
            reading,
            after: last.map(|alert| alert.number),
            settles,
            message,
        }))
    }

    /// The figures that some rules need.
    async fn figures(&self, scope: &Scope, rules: &[Rule]) -> ServiceResult<Figures> {
        let (account, now) = (scope.account.id, self.now());
        let cycle = account_cycles(&scope.account)?.at(now).range;
        let mut snapshot = self.store.snapshot().await?;
        let desk = desk_of(snapshot.as_mut(), account, BooksNeeds::default(), now).await?;
        let balance = desk.balance(account).ok_or(crate::ServiceError::NotFound)?;
        drop(snapshot);
        let has = |which: fn(&Condition) -> bool| rules.iter().any(|rule| which(&rule.condition));
        let budgets = if has(|one| matches!(one, Condition::CompanyBudget { .. })) {
            self.budget_uses(scope, cycle).await?
        } else {
            Vec::new()
        };
        let runs_out_at = if has(|one| matches!(one, Condition::ProjectedRunOut)) {
            runs_out(&self.forecast(scope).await?)
        } else {
            None
        };
        let spike = if has(|one| matches!(one, Condition::Spike { .. })) {
            self.latest_spike(scope).await?
        } else {
            None
        };
        Ok(Figures {
            cycle,
            allocation: balance.allocation,
            used: balance.used,
            remaining: balance.remaining,
            budgets,
            runs_out_at,
            spike,
        })
    }

    /// What companies used of their budgets.
    async fn budget_uses(
        &self,
        scope: &Scope,
        cycle: domain::TimeRange,
    ) -> ServiceResult<Vec<BudgetUse>> {
        let companies = self.companies(scope, None, None, MOST_COMPANIES).await?;
        let limited: BTreeMap<_, _> = companies
            .into_iter()
            .filter_map(|company| Some((company.id, (company.budget?, company.key))))
            .collect();
        if limited.is_empty() {
            return Ok(Vec::new());
        }
        let selection = Selection {
            companies: Some(limited.keys().copied().collect()),
            ..Selection::default()
        };
        let cycles = account_cycles(&scope.account)?;
        let ask = Ask {
            account: scope.account.id,
            selection: &selection,
            days_of: Some(cycles.zone()),
            group_by: GroupBy::Company,
        };
        let mut snapshot = self.store.snapshot().await?;
        let spent = by_company(read_cells(snapshot.as_mut(), ask, cycle).await?);
        let uses = limited
            .into_iter()
            .map(|(id, (budget, company))| BudgetUse {
                company,
                budget,
                used: spent.get(&id).copied().unwrap_or_default().credits,
            });
        Ok(uses.collect())
    }
}

/// When credits will more likely than not be used up, before the cycle ends.
fn runs_out(forecast: &AccountForecast) -> Option<Time> {
    let at = forecast.forecast.as_ref()?.runs_out_at.p50?;
    (at < forecast.cycle.end).then_some(at)
}

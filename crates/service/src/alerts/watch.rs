//! Looks at accounts that have news, and tells what crossed a level since the last look.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, Time,
    alert::{BudgetUse, Condition, Ending, Figures, Reading, Rule, Step, step},
};

use super::tell::{Told, message};
use crate::{
    Caller, Permission, Scope, ServiceResult, Services,
    books::desk_of,
    companies::{MOST_COMPANIES, by_company},
    forecast::AccountForecast,
    ingest::account_cycles,
    ports::{Alert, AlertChange, AlertTurn, BooksNeeds, GroupBy, Message, Selection, Target},
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
        let all = self.store.alert_rules(account).await?;
        let latest = self.store.latest_alerts(account).await?;
        let rules: Vec<_> = all
            .iter()
            .filter(|rule| look == Look::Full || !rule.condition.looks_back())
            .collect();
        if rules.is_empty() && !latest.iter().any(Alert::lasts) {
            return Ok(0);
        }
        let caller = Caller::operator("alerts");
        let scope = self.scope_by_id(&caller, account, Permission::Read).await?;
        let figures = self.figures(&scope, &rules).await?;
        let (mut seen, mut changes) = (BTreeSet::new(), Vec::new());
        for rule in &rules {
            for reading in rule.condition.readings(&figures) {
                let last = latest.iter().find(|alert| {
                    alert.rule == rule.key && alert.reading.subject == reading.subject
                });
                seen.extend(last.map(|alert| alert.number));
                changes.extend(self.change(&scope, rule, reading, last).await?);
            }
        }
        let unseen = |alert: &&Alert| alert.lasts() && !seen.contains(&alert.number);
        for alert in latest.iter().filter(unseen) {
            let rule = all.iter().find(|rule| rule.key == alert.rule);
            if let Some(ending) = ending_of(alert, rule, &rules) {
                changes.push(self.ending(&scope, rule, alert, ending).await?);
            }
        }
        self.make(account, &changes).await
    }

    async fn make(&self, account: AccountId, changes: &[AlertChange]) -> ServiceResult<usize> {
        if changes.is_empty() {
            return Ok(0);
        }
        let made = self
            .store
            .change_alerts(account, changes, self.now())
            .await?;
        if made > 0 {
            self.messages.notify_one();
            self.hub.nudge(account);
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
        let fired = last.map(Alert::fired);
        let is_snoozed = rule.is_snoozed(self.now());
        let (turn, is_told) = match (step(&rule.condition, fired.as_ref(), &reading), last) {
            (
                Step::Fire {
                    crossings,
                    is_known,
                },
                _,
            ) => {
                let is_owed = is_snoozed && !is_known;
                (AlertTurn::Fire { crossings, is_owed }, !is_known)
            }
            (Step::End { ending, .. }, Some(last)) if ending.is_by_hand() => {
                let ending = self.ending(scope, Some(rule), last, ending).await?;
                return Ok(Some(ending));
            }
            (Step::End { ending, crossings }, Some(last)) => {
                (AlertTurn::End { ending, crossings }, !last.is_owed)
            }
            (Step::Nothing, Some(last)) if is_due(last, is_snoozed) => (AlertTurn::Notify, true),
            (Step::End { .. } | Step::Nothing, _) => return Ok(None),
        };
        // What is over, or told late, is told with the threshold that was crossed.
        let (mark, ending) = match (&turn, last) {
            (AlertTurn::End { ending, .. }, Some(last)) => (last.reading.mark, Some(*ending)),
            (AlertTurn::Notify, Some(last)) => (last.reading.mark, None),
            _ => (reading.mark, None),
        };
        let targets = if is_told && !is_snoozed {
            self.targets(scope, rule).await?
        } else {
            Vec::new()
        };
        let told = Told {
            rule,
            kind: rule.condition.kind(),
            reading: &reading,
            mark,
            ending,
            company: &self.company_name(scope, &reading.subject).await?,
        };
        let message = self.told(scope, &told, targets);
        Ok(Some(AlertChange {
            rule: rule.key.clone(),
            kind: rule.condition.kind().to_owned(),
            reading,
            after: last.map(|alert| alert.number),
            turn,
            message,
        }))
    }

    fn told(&self, scope: &Scope, told: &Told<'_>, targets: Vec<Target>) -> Option<Message> {
        (!targets.is_empty()).then(|| {
            let id = format!("msg_{}", self.new_id());
            message(id, scope.account(), told, targets, self.now())
        })
    }

    /// Ends an alert because of what somebody did: programs are told, so that they close what they opened; people are
    /// not, because somebody did it.
    async fn ending(
        &self,
        scope: &Scope,
        rule: Option<&Rule>,
        alert: &Alert,
        ending: Ending,
    ) -> ServiceResult<AlertChange> {
        let heard = rule.filter(|rule| !rule.is_snoozed(self.now()) && !alert.is_owed);
        let message = match heard {
            Some(rule) if rule.by_webhook => {
                let told = Told {
                    rule,
                    kind: &alert.kind,
                    reading: &alert.reading,
                    mark: alert.reading.mark,
                    ending: Some(ending),
                    company: &self.company_name(scope, &alert.reading.subject).await?,
                };
                self.told(scope, &told, self.called(scope).await?)
            }
            _ => None,
        };
        Ok(AlertChange {
            rule: alert.rule.clone(),
            kind: alert.kind.clone(),
            reading: alert.reading.clone(),
            after: Some(alert.number),
            turn: AlertTurn::End {
                ending,
                crossings: alert.crossings.clone(),
            },
            message,
        })
    }

    /// Ends what a rule told and what lasts.
    pub(super) async fn end_alerts_of(&self, scope: &Scope, rule: &Rule) -> ServiceResult<()> {
        let account = scope.account.id;
        let mut changes = Vec::new();
        for alert in self.store.latest_alerts(account).await? {
            if alert.rule == rule.key && alert.lasts() {
                let ending = self.ending(scope, Some(rule), &alert, Ending::RuleDeleted);
                changes.push(ending.await?);
            }
        }
        self.make(account, &changes).await.map(drop)
    }

    /// How people call a company; its key when it is gone.
    async fn company_name(&self, scope: &Scope, key: &str) -> ServiceResult<String> {
        if key.is_empty() {
            return Ok(String::new());
        }
        let company = self.directory.company(scope.account.id, key).await?;
        Ok(company.map_or_else(|| key.to_owned(), |company| company.name.clone()))
    }

    /// The figures that some rules need.
    async fn figures(&self, scope: &Scope, rules: &[&Rule]) -> ServiceResult<Figures> {
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

/// Why an alert that lasts has nothing to be held against any more; none when its rule was not looked at this time.
fn ending_of(alert: &Alert, rule: Option<&Rule>, looked_at: &[&Rule]) -> Option<Ending> {
    let Some(rule) = rule else {
        return Some(Ending::RuleDeleted);
    };
    let condition = &rule.condition;
    if condition.kind() != alert.kind || !condition.is_about(&alert.reading.subject) {
        return Some(Ending::RuleChanged);
    }
    let is_looked_at = looked_at.iter().any(|one| one.key == rule.key);
    is_looked_at.then_some(Ending::BudgetRemoved)
}

/// Whether an alert that fired while its rule was snoozed is to be told now.
const fn is_due(alert: &Alert, is_snoozed: bool) -> bool {
    alert.lasts() && alert.is_owed && !is_snoozed && alert.acknowledged.is_none()
}

/// When credits will more likely than not be used up, before the cycle ends.
fn runs_out(forecast: &AccountForecast) -> Option<Time> {
    let at = forecast.forecast.as_ref()?.runs_out_at.p50?;
    (at < forecast.cycle.end).then_some(at)
}

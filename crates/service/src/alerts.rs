//! Alerts: rules of an account, what they told, and who knows of it.

mod tell;
mod watch;

pub(crate) use tell::body;
pub use watch::Look;

use domain::{FieldError, Time, alert::Rule, ids::check_key};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    audit::Deed,
    ports::{Alert, EmailKind, Expected, Noted, Stored, Target},
    request::recall,
};

/// Most rules of an account.
pub const MOST_RULES: u32 = 50;
/// Longest time for which a rule can be snoozed, in seconds.
pub const MAX_SNOOZE_S: u32 = 35 * 86_400;

impl Services {
    /// The rules of an account, by key.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for readers of some companies only.
    pub async fn alert_rules(&self, scope: &Scope) -> ServiceResult<Vec<Rule>> {
        scope.require_all()?;
        Ok(self.store.alert_rules(scope.account.id).await?)
    }

    /// Stores a rule in the place of one with its key. A rule that is snoozed stays so.
    pub async fn put_alert_rule(&self, scope: &Scope, rule: Rule) -> ServiceResult<Rule> {
        self.put_alert_rule_if(scope, rule, &Expected::Any).await
    }

    /// The same, if what is there is what is expected.
    ///
    /// # Errors
    /// [`ServiceError::Stale`] when it is not.
    pub async fn put_alert_rule_if(
        &self,
        scope: &Scope,
        rule: Rule,
        expected: &Expected,
    ) -> ServiceResult<Rule> {
        scope.require_bill()?;
        scope.require_all()?;
        check_key(&rule.key).map_err(|rule| ServiceError::invalid("key", rule))?;
        rule.condition.check().map_err(invalid)?;
        if let domain::alert::Condition::CompanyBudget {
            company: Some(company),
            ..
        } = &rule.condition
        {
            self.company_known(scope, company).await?;
        }
        let stored = self
            .store
            .put_alert_rule(scope.account.id, &rule, expected, MOST_RULES)
            .await?;
        let rule = match stored {
            Stored::Created(rule) | Stored::Replaced(rule) => rule,
            Stored::Stale => return Err(ServiceError::Stale),
            Stored::Over | Stored::Fixed => {
                return Err(ServiceError::Conflict(format!(
                    "an account has at most {MOST_RULES} rules: change or remove one"
                )));
            }
        };
        let deed = Deed {
            action: "alert.rule_stored",
            target: &rule.key,
            detail: rule.condition.to_string(),
        };
        self.record(scope, deed).await;
        self.hub.mark(scope.account.id);
        Ok(rule)
    }

    async fn alert_rule(&self, scope: &Scope, key: &str) -> ServiceResult<Rule> {
        let rules = self.store.alert_rules(scope.account.id).await?;
        let found = rules.into_iter().find(|rule| rule.key == key);
        found.ok_or(ServiceError::NotFound)
    }

    async fn company_known(&self, scope: &Scope, key: &str) -> ServiceResult<()> {
        let found = self.directory.company(scope.account.id, key).await?;
        found.map(|_| ()).ok_or_else(|| {
            let message = "is not a company of the account";
            invalid(FieldError::new("company", "unknown_company", message))
        })
    }

    /// Adds a rule under a key that nobody has to think of. Two that are added at the same moment are two.
    pub async fn add_alert_rule(&self, scope: &Scope, rule: Rule) -> ServiceResult<Rule> {
        // Each time another one was faster, so that this ends.
        for _ in 0..=MOST_RULES {
            let key = self.free_rule_key(scope, &rule.condition).await?;
            let rule = Rule {
                key,
                ..rule.clone()
            };
            match self.put_alert_rule_if(scope, rule, &Expected::Absent).await {
                Err(ServiceError::Stale) => {}
                added => return added,
            }
        }
        Err(ServiceError::Stale)
    }

    /// A key for a new rule: its kind, and a number when that is taken.
    async fn free_rule_key(
        &self,
        scope: &Scope,
        condition: &domain::alert::Condition,
    ) -> ServiceResult<String> {
        let rules = self.alert_rules(scope).await?;
        let kind = condition.kind().replace('_', "-");
        let numbered = (2..).map(|number| format!("{kind}-{number}"));
        let mut keys = std::iter::once(kind.clone()).chain(numbered);
        let free = keys.find(|key| rules.iter().all(|rule| rule.key != *key));
        Ok(free.unwrap_or(kind))
    }

    /// Removes a rule. What it told stays, and is over.
    pub async fn delete_alert_rule(&self, scope: &Scope, key: &str) -> ServiceResult<()> {
        scope.require_bill()?;
        scope.require_all()?;
        let rule = recall(self.alert_rule(scope, key)).await?;
        if !self.store.delete_alert_rule(scope.account.id, key).await? {
            return Err(ServiceError::NotFound);
        }
        self.end_alerts_of(scope, &rule).await?;
        self.record(scope, Deed::plain("alert.rule_removed", key))
            .await;
        Ok(())
    }

    /// Lets nobody be told of a rule outside the page for a while; for no time it ends at once. What fired meanwhile and
    /// lasts is told then.
    pub async fn snooze_alert_rule(
        &self,
        scope: &Scope,
        key: &str,
        for_s: u32,
    ) -> ServiceResult<Rule> {
        scope.require_bill()?;
        scope.require_all()?;
        if for_s > MAX_SNOOZE_S {
            let rule = format!("must be at most {MAX_SNOOZE_S}: remove the rule instead");
            return Err(ServiceError::invalid("for_s", rule));
        }
        let until = self.moment().plus_micros(i64::from(for_s) * 1_000_000);
        let until = Some(until).filter(|_| for_s > 0);
        let snoozed = self
            .store
            .snooze_alert_rule(scope.account.id, key, until)
            .await?;
        let rule = snoozed.ok_or(ServiceError::NotFound)?;
        let deed = Deed {
            action: "alert.rule_snoozed",
            target: key,
            detail: format!("for {for_s} s"),
        };
        self.record(scope, deed).await;
        self.hub.mark(scope.account.id);
        Ok(rule)
    }

    /// What was told, newest first.
    pub async fn alerts(
        &self,
        scope: &Scope,
        before: Option<i64>,
        limit: u32,
    ) -> ServiceResult<Vec<Alert>> {
        scope.require_all()?;
        Ok(self.store.alerts(scope.account.id, before, limit).await?)
    }

    /// What was told and is still so, the latest first.
    pub async fn lasting_alerts(&self, scope: &Scope) -> ServiceResult<Vec<Alert>> {
        scope.require_all()?;
        let latest = self.store.latest_alerts(scope.account.id).await?;
        Ok(latest.into_iter().rev().filter(Alert::lasts).collect())
    }

    /// Those that nobody said they know of.
    pub async fn open_alerts(&self, scope: &Scope) -> ServiceResult<Vec<Alert>> {
        let lasting = self.lasting_alerts(scope).await?;
        let is_open = |alert: &Alert| alert.acknowledged.is_none();
        Ok(lasting.into_iter().filter(is_open).collect())
    }

    /// Says that somebody knows of an alert; whether nobody had said so before, who stays.
    pub async fn acknowledge_alert(&self, scope: &Scope, number: i64) -> ServiceResult<bool> {
        scope.require_bill()?;
        scope.require_all()?;
        let (account, now): (_, Time) = (scope.account.id, self.now());
        let done = self
            .store
            .acknowledge_alert(account, number, &scope.actor, now);
        match done.await? {
            Noted::Now => {}
            Noted::Before => return Ok(false),
            Noted::Missing => return Err(ServiceError::NotFound),
        }
        let deed = Deed {
            action: "alert.acknowledged",
            target: &number.to_string(),
            detail: String::new(),
        };
        self.record(scope, deed).await;
        self.hub.nudge(account);
        Ok(true)
    }

    /// Takes back that the caller knows of an alert.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when it was not they who said so.
    pub async fn unacknowledge_alert(&self, scope: &Scope, number: i64) -> ServiceResult<()> {
        scope.require_bill()?;
        scope.require_all()?;
        let undone = self
            .store
            .unacknowledge_alert(scope.account.id, number, &scope.actor);
        if !undone.await? {
            return Err(ServiceError::NotFound);
        }
        let target = number.to_string();
        let deed = Deed::plain("alert.acknowledgement_undone", &target);
        self.record(scope, deed).await;
        self.hub.nudge(scope.account.id);
        Ok(())
    }

    /// Where a rule of an account tells: its webhooks, and those who pay.
    async fn targets(&self, scope: &Scope, of: &Rule) -> ServiceResult<Vec<Target>> {
        let mut targets = Vec::new();
        if of.by_webhook {
            targets.extend(self.called(scope).await?);
        }
        if of.by_mail {
            targets.extend(self.payers(scope.account.id, EmailKind::Alerts).await?);
        }
        Ok(targets)
    }

    /// The webhooks of an account that are called.
    async fn called(&self, scope: &Scope) -> ServiceResult<Vec<Target>> {
        let webhooks = self.store.webhooks(scope.account.id).await?;
        let called = webhooks.into_iter().filter(|one| one.disabled_at.is_none());
        Ok(called.map(|webhook| Target::Webhook(webhook.id)).collect())
    }
}

fn invalid(error: FieldError) -> ServiceError {
    domain::Invalid(vec![error]).into()
}

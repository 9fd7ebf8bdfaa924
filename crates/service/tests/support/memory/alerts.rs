//! Alerts and messages, as lists.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{AccountId, Time, UserId, alert::Rule};
use service::ports::{
    Alert, AlertChange, AlertStore, AlertTurn, Delivery, DueAsk, Edited, EmailKind, EmailStore,
    EndingMark, Expected, Message, Noted, Outcome, Reached, StoreResult, Stored, Target, Webhook,
};

use super::{MemoryStore, State, put};

/// Everything about alerts.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    pub rules: Vec<(AccountId, Rule)>,
    told: Vec<(AccountId, Alert)>,
    pub(super) webhooks: Vec<(AccountId, Webhook)>,
    pub(super) deliveries: Vec<Delivery>,
    /// Failures in a row, and until when it rests.
    rests: Vec<((AccountId, Target), (u32, Time))>,
    pub(super) told_endings: Vec<EndingMark>,
    optouts: Vec<(AccountId, (UserId, EmailKind))>,
    keys: Vec<(String, Vec<u8>)>,
    /// How often the alerts of each account changed.
    pub(super) changes: BTreeMap<AccountId, i64>,
}

fn of<T: Clone>(items: &[(AccountId, T)], account: AccountId) -> Vec<T> {
    let found = items.iter().filter(|(owner, _)| *owner == account);
    found.map(|(_, item)| item.clone()).collect()
}

/// Removes what matches; whether there was any.
fn remove<T>(items: &mut Vec<T>, is_it: impl Fn(&T) -> bool) -> bool {
    let before = items.len();
    items.retain(|item| !is_it(item));
    items.len() < before
}

impl State {
    fn change_alert(&mut self, account: AccountId, change: &AlertChange, now: Time) -> bool {
        let told = &mut self.alerts.told;
        let number = i64::try_from(told.len()).unwrap_or(0) + 1;
        let newest = told.iter_mut().rev().find(|(owner, alert)| {
            *owner == account
                && alert.rule == change.rule
                && alert.reading.subject == change.reading.subject
        });
        let newest = newest.map(|(_, alert)| alert);
        let can_end = newest.as_ref().is_some_and(|alert| {
            alert.lasts() && (alert.is_owed || change.turn != AlertTurn::Notify)
        });
        let is_new = matches!(change.turn, AlertTurn::Fire { .. });
        if newest.as_ref().map(|alert| alert.number) != change.after || (!is_new && !can_end) {
            return false;
        }
        match (&change.turn, newest) {
            (AlertTurn::End { ending, crossings }, Some(alert)) => {
                alert.is_over = true;
                alert.ending = Some(*ending);
                alert.recovered_at = Some(now);
                alert.is_owed = false;
                crossings.clone_into(&mut alert.crossings);
            }
            (AlertTurn::Notify, Some(alert)) => alert.is_owed = false,
            (AlertTurn::Fire { crossings, is_owed }, older) => {
                if let Some(older) = older {
                    older.is_over = true;
                }
                let alert = Alert {
                    number,
                    rule: change.rule.clone(),
                    kind: change.kind.clone(),
                    reading: change.reading.clone(),
                    fired_at: now,
                    recovered_at: None,
                    is_over: false,
                    ending: None,
                    crossings: crossings.clone(),
                    is_owed: *is_owed,
                    acknowledged: None,
                };
                told.push((account, alert));
            }
            (AlertTurn::End { .. } | AlertTurn::Notify, None) => return false,
        }
        if let Some(message) = &change.message {
            self.send(account, message, now);
        }
        true
    }

    /// A target that rests is asked at once.
    fn wake(&mut self, account: AccountId, target: &Target, now: Time) {
        for ((owner, of), (_, until)) in &mut self.alerts.rests {
            if *owner == account && of == target {
                *until = now.min(*until);
            }
        }
    }

    fn forget(&mut self, account: AccountId, target: &Target) {
        self.alerts
            .rests
            .retain(|((owner, of), _)| *owner != account || of != target);
    }

    fn note_reached(&mut self, delivery: &Delivery, reached: Reached, now: Time) {
        let place = (delivery.account, delivery.target.clone());
        match reached {
            Reached::Yes => self.forget(place.0, &place.1),
            Reached::No { rest_us } => {
                let known = self.alerts.rests.iter().find(|(of, _)| *of == place);
                let failures = known.map_or(0, |(_, (failures, _))| *failures) + 1;
                self.forget(place.0, &place.1);
                let rest = (failures, now.plus_micros(rest_us(failures)));
                self.alerts.rests.push((place, rest));
            }
            Reached::Unasked => {}
        }
    }

    pub(super) fn send(&mut self, account: AccountId, message: &Message, now: Time) {
        let deliveries = message.targets.iter().map(|target| Delivery {
            account,
            message: message.id.clone(),
            kind: message.kind.clone(),
            subject: message.subject.clone(),
            body: message.body.clone(),
            target: target.clone(),
            created_at: now,
            attempts: 0,
            due_at: Some(now),
            delivered_at: None,
            failed_at: None,
            answer: String::new(),
        });
        self.alerts.deliveries.extend(deliveries);
    }
}

#[async_trait]
impl AlertStore for MemoryStore {
    async fn alert_rules(&self, account: AccountId) -> StoreResult<Vec<Rule>> {
        let mut rules = of(&self.state().alerts.rules, account);
        rules.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(rules)
    }

    async fn put_alert_rule(
        &self,
        account: AccountId,
        rule: &Rule,
        expected: &Expected,
        most: u32,
    ) -> StoreResult<Stored<Rule>> {
        Ok(self.change(|state| {
            let rules = of(&state.alerts.rules, account);
            let before = rules.iter().find(|old| old.key == rule.key);
            if !expected.is_met_by(before) {
                return Stored::Stale;
            }
            if before.is_none() && rules.len() >= most as usize {
                return Stored::Over;
            }
            let rule = Rule {
                snoozed_until: before.and_then(|before| before.snoozed_until),
                ..rule.clone()
            };
            let is_same =
                |(owner, old): &(AccountId, Rule)| *owner == account && old.key == rule.key;
            put(&mut state.alerts.rules, (account, rule.clone()), is_same);
            Stored::now(rule, before.is_some())
        }))
    }

    async fn snooze_alert_rule(
        &self,
        account: AccountId,
        key: &str,
        until: Option<Time>,
    ) -> StoreResult<Option<Rule>> {
        Ok(self.change(|state| {
            let mut rules = state.alerts.rules.iter_mut();
            let (_, rule) = rules.find(|(owner, rule)| *owner == account && rule.key == key)?;
            rule.snoozed_until = until;
            Some(rule.clone())
        }))
    }

    async fn delete_alert_rule(&self, account: AccountId, key: &str) -> StoreResult<bool> {
        Ok(self.change(|state| {
            remove(&mut state.alerts.rules, |(owner, rule)| {
                *owner == account && rule.key == key
            })
        }))
    }

    async fn accounts_with_rules(&self) -> StoreResult<Vec<AccountId>> {
        let state = self.state();
        let mut accounts: Vec<_> = state.alerts.rules.iter().map(|(owner, _)| *owner).collect();
        let lasting = state.alerts.told.iter().filter(|(_, alert)| alert.lasts());
        accounts.extend(lasting.map(|(owner, _)| *owner));
        accounts.sort_unstable();
        accounts.dedup();
        Ok(accounts)
    }

    async fn latest_alerts(&self, account: AccountId) -> StoreResult<Vec<Alert>> {
        let told = of(&self.state().alerts.told, account);
        let mut latest: Vec<Alert> = Vec::new();
        for alert in told {
            latest.retain(|older| {
                (&older.rule, &older.reading.subject) != (&alert.rule, &alert.reading.subject)
            });
            latest.push(alert);
        }
        Ok(latest)
    }

    async fn alerts(
        &self,
        account: AccountId,
        before: Option<i64>,
        limit: u32,
    ) -> StoreResult<Vec<Alert>> {
        let told = of(&self.state().alerts.told, account).into_iter().rev();
        let older = told.filter(|alert| before.is_none_or(|before| alert.number < before));
        Ok(older.take(limit as usize).collect())
    }

    async fn change_alerts(
        &self,
        account: AccountId,
        changes: &[AlertChange],
        now: Time,
    ) -> StoreResult<usize> {
        Ok(self.change(|state| {
            let made = changes
                .iter()
                .filter(|change| state.change_alert(account, change, now));
            let made = made.count();
            *state.alerts.changes.entry(account).or_default() += i64::try_from(made).unwrap_or(0);
            made
        }))
    }

    async fn acknowledge_alert(
        &self,
        account: AccountId,
        number: i64,
        by: &str,
        now: Time,
    ) -> StoreResult<Noted> {
        Ok(self.change(|state| {
            let mut told = state.alerts.told.iter_mut();
            let found = told.find(|(owner, alert)| *owner == account && alert.number == number);
            let Some((_, alert)) = found else {
                return Noted::Missing;
            };
            if alert.acknowledged.is_some() {
                return Noted::Before;
            }
            alert.acknowledged = Some((now, by.to_owned()));
            *state.alerts.changes.entry(account).or_default() += 1;
            Noted::Now
        }))
    }

    async fn unacknowledge_alert(
        &self,
        account: AccountId,
        number: i64,
        by: &str,
    ) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let mut told = state.alerts.told.iter_mut();
            let found = told.find(|(owner, alert)| *owner == account && alert.number == number);
            let known = found.map(|(_, alert)| &mut alert.acknowledged);
            let own = known.filter(|known| known.as_ref().is_some_and(|(_, who)| who == by));
            own.is_some_and(|own| own.take().is_some())
        }))
    }

    async fn webhooks(&self, account: AccountId) -> StoreResult<Vec<Webhook>> {
        self.works()?;
        Ok(of(&self.state().alerts.webhooks, account))
    }

    async fn add_webhook(
        &self,
        account: AccountId,
        webhook: &Webhook,
        most: u32,
    ) -> StoreResult<Edited<()>> {
        Ok(self.change(|state| {
            if of(&state.alerts.webhooks, account).len() >= most as usize {
                return Edited::Over;
            }
            state.alerts.webhooks.push((account, webhook.clone()));
            Edited::Made(())
        }))
    }

    async fn set_webhook_disabled(
        &self,
        account: AccountId,
        id: &str,
        since: Option<Time>,
    ) -> StoreResult<Option<Webhook>> {
        Ok(self.change(|state| {
            let mut webhooks = state.alerts.webhooks.iter_mut();
            let (_, webhook) = webhooks.find(|(owner, one)| *owner == account && one.id == id)?;
            webhook.disabled_at = since.map(|since| webhook.disabled_at.unwrap_or(since));
            let webhook = webhook.clone();
            if since.is_none() {
                state.forget(account, &Target::Webhook(id.to_owned()));
            }
            Some(webhook)
        }))
    }

    async fn delete_webhook(&self, account: AccountId, id: &str) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let target = Target::Webhook(id.to_owned());
            state.forget(account, &target);
            remove(&mut state.alerts.deliveries, |delivery| {
                delivery.account == account && delivery.target == target
            });
            remove(&mut state.alerts.webhooks, |(owner, webhook)| {
                *owner == account && webhook.id == id
            })
        }))
    }

    async fn put_message(
        &self,
        account: AccountId,
        message: &Message,
        now: Time,
    ) -> StoreResult<()> {
        self.change(|state| state.send(account, message, now));
        Ok(())
    }

    async fn put_test(
        &self,
        account: AccountId,
        message: &Message,
        most: u32,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let pending = |target: &Target| {
                let all = state.alerts.deliveries.iter();
                let pending = all.filter(|one| {
                    one.account == account
                        && one.target == *target
                        && one.due_at.is_some()
                        && one.kind == message.kind
                });
                pending.count()
            };
            if message
                .targets
                .iter()
                .any(|target| pending(target) >= most as usize)
            {
                return false;
            }
            for target in &message.targets {
                state.wake(account, target, now);
            }
            state.send(account, message, now);
            true
        }))
    }

    async fn take_due(
        &self,
        now: Time,
        until: Time,
        ask: DueAsk<'_>,
    ) -> StoreResult<Vec<Delivery>> {
        Ok(self.change(|state| {
            let mut running = ask.running.to_vec();
            let mut taken = Vec::new();
            let rests = state.alerts.rests.clone();
            for delivery in &mut state.alerts.deliveries {
                let place = (delivery.account, delivery.target.clone());
                let rest = rests.iter().find(|(of, _)| *of == place);
                let (failures, until_rested) = rest.map_or((0, now), |(_, rest)| *rest);
                let to_target = if failures >= ask.rest_after {
                    1
                } else {
                    ask.to_target
                };
                let of_target = running.iter().filter(|one| **one == place).count();
                let of_account = running.iter().filter(|one| one.0 == place.0).count();
                let is_due = delivery.due_at.is_some_and(|due| due <= now)
                    && until_rested <= now
                    && matches!(delivery.target, Target::Mail(_)) == ask.by_mail;
                let is_free = of_target < to_target as usize
                    && of_account < ask.of_account as usize
                    && taken.len() < ask.most as usize;
                if is_due && is_free {
                    running.push(place);
                    delivery.due_at = Some(until);
                    taken.push(delivery.clone());
                }
            }
            taken
        }))
    }

    async fn note_attempt(
        &self,
        delivery: &Delivery,
        outcome: &Outcome,
        answer: &str,
        reached: Reached,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(self.change(|state| {
            state.note_reached(delivery, reached, now);
            let mut all = state.alerts.deliveries.iter_mut();
            let found = all.find(|other| {
                other.message == delivery.message
                    && other.target == delivery.target
                    && (other.attempts, other.due_at) == (delivery.attempts, delivery.due_at)
            });
            let Some(found) = found else { return false };
            found.attempts += 1;
            answer.clone_into(&mut found.answer);
            (found.due_at, found.delivered_at, found.failed_at) = match outcome {
                Outcome::Delivered => (None, Some(now), None),
                Outcome::Retry(time) => (Some(*time), None, None),
                Outcome::Failed => (None, None, Some(now)),
            };
            true
        }))
    }

    async fn deliveries(
        &self,
        account: AccountId,
        target: &Target,
        before: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<Delivery>> {
        let state = self.state();
        let found = state.alerts.deliveries.iter().rev();
        let found = found.filter(|one| {
            one.account == account
                && one.target == *target
                && before.is_none_or(|before| one.message.as_str() < before)
        });
        Ok(found.take(limit as usize).cloned().collect())
    }

    async fn replay(
        &self,
        account: AccountId,
        message: &str,
        target: &Target,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(self.change(|state| {
            state.wake(account, target, now);
            let mut all = state.alerts.deliveries.iter_mut();
            let found = all.find(|one| {
                one.account == account && one.message == message && one.target == *target
            });
            let Some(found) = found else { return false };
            (found.due_at, found.attempts, found.failed_at) = (Some(now), 0, None);
            true
        }))
    }
}

#[async_trait]
impl EmailStore for MemoryStore {
    async fn email_optouts(&self, account: AccountId) -> StoreResult<Vec<(UserId, EmailKind)>> {
        Ok(of(&self.state().alerts.optouts, account))
    }

    async fn set_email_optout(
        &self,
        account: AccountId,
        user: UserId,
        kind: EmailKind,
        is_out: bool,
        _: Time,
    ) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let optouts = &mut state.alerts.optouts;
            let one = (account, (user, kind));
            let was_out = remove(optouts, |other| *other == one);
            if is_out {
                optouts.push(one);
            }
            was_out != is_out
        }))
    }

    async fn signing_key(&self, name: &str, fresh: &[u8]) -> StoreResult<Vec<u8>> {
        Ok(self.change(|state| {
            let keys = &mut state.alerts.keys;
            let found = keys.iter().find(|(known, _)| known == name).cloned();
            let (_, key) = found.unwrap_or_else(|| {
                keys.push((name.to_owned(), fresh.to_vec()));
                (name.to_owned(), fresh.to_vec())
            });
            key
        }))
    }
}

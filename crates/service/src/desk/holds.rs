//! Holds at the desk.

use std::borrow::Cow;

use domain::{
    AccountId, Credits, Time,
    event::USAGE_TYPE,
    lead::is_short_call,
    ledger::{Hold, HoldError, HoldState, Moment, OutOfRange, Renewal, expiry},
};

use super::{Account, Booked, Desk, HOLDS_SOURCE, MOST};
use crate::ports::{Acted, NewEvent, NewHold, Refusal, Settlement};

/// How far the costs of holds are counted: they were made, whatever was used beside them.
const MOST_OF_ENDS: i128 = 2 * MOST;

impl Desk {
    /// Ends a hold that nobody renewed: what it reported last is booked at the time it ended.
    pub(super) fn expire(&mut self, account: AccountId, hold: &Hold) {
        let end = End {
            state: HoldState::Expired,
            cost: hold.used,
            at: hold.expires_at,
            fingerprint: 0,
            reference: None,
            metadata: None,
        };
        // A cost that cannot be counted stays held: nothing is lost.
        let _ = self.end(account, hold, end);
    }

    pub(super) fn settle(
        &mut self,
        account: AccountId,
        settlement: &Settlement,
    ) -> Result<Acted, Refusal> {
        let hold = self.hold_of(account, &settlement.id)?;
        match hold.state {
            HoldState::Active => {}
            HoldState::Settled if hold.fingerprint == settlement.fingerprint => {
                return Ok(Acted::Hold(hold));
            }
            HoldState::Settled => return Err(Refusal::OtherContent),
            ended => return Err(Refusal::Hold(HoldError::Ended(ended))),
        }
        let end = End {
            state: HoldState::Settled,
            cost: settlement.credits,
            at: self.now,
            fingerprint: settlement.fingerprint,
            reference: settlement.reference.clone(),
            metadata: settlement.metadata.clone(),
        };
        self.end(account, &hold, end)
    }

    pub(super) fn release(&mut self, account: AccountId, id: &str) -> Result<Acted, Refusal> {
        let hold = self.hold_of(account, id)?;
        match hold.state {
            HoldState::Active => {}
            HoldState::Released => return Ok(Acted::Hold(hold)),
            ended => return Err(Refusal::Hold(HoldError::Ended(ended))),
        }
        let end = End {
            state: HoldState::Released,
            cost: hold.used,
            at: self.now,
            fingerprint: 0,
            reference: None,
            metadata: None,
        };
        self.end(account, &hold, end)
    }

    fn hold_of(&self, account: AccountId, id: &str) -> Result<Hold, Refusal> {
        let account = self.accounts.get(&account).ok_or(Refusal::NotFound)?;
        account.holds.get(id).cloned().ok_or(Refusal::NotFound)
    }

    /// Ends a hold. A cost becomes an event with the hold's id.
    fn end(&mut self, account: AccountId, hold: &Hold, end: End) -> Result<Acted, Refusal> {
        let seq = self.next_seq();
        let Some(account) = self.accounts.get_mut(&account) else {
            return Err(Refusal::NotFound);
        };
        let ended = hold.ended(end.state, end.cost, end.fingerprint);
        if end.cost > Credits::ZERO {
            let moment = account.moment_at(end.at);
            let event = account.event_of(hold, end);
            let payment = account
                .pay(&event, moment, MOST_OF_ENDS)
                .map_err(|OutOfRange| Refusal::OutOfRange)?;
            self.booked.push(Booked {
                seq,
                event: Cow::Owned(event),
                payment,
                reverses: None,
            });
        }
        account.replace(hold, ended.clone());
        Ok(Acted::Hold(ended))
    }
}

/// How a hold ends.
struct End {
    state: HoldState,
    cost: Credits,
    at: Time,
    fingerprint: i64,
    reference: Option<String>,
    metadata: Option<String>,
}

impl Account {
    /// Holds that should have been renewed by now, in the order in which they ended.
    pub(super) fn overdue_holds(&self, now: Time) -> Vec<Hold> {
        let overdue = self.holds.values().filter(|hold| hold.is_overdue(now));
        let mut overdue: Vec<_> = overdue.cloned().collect();
        overdue.sort_by(|a, b| (a.expires_at, &a.id).cmp(&(b.expires_at, &b.id)));
        overdue
    }

    pub(super) fn moment_at(&self, time: Time) -> Moment {
        Moment {
            now: time,
            cycle: self.cycles.at(time).range,
        }
    }

    pub(super) fn hold(&mut self, new: &NewHold) -> Result<Acted, Refusal> {
        if let Some(there) = self.holds.get(&new.id) {
            return if new.began(there) {
                Ok(Acted::Hold(there.clone()))
            } else {
                Err(Refusal::HoldExists)
            };
        }
        let decision = self.decide(new.company, new.agent, Some(new.credits));
        if !decision.is_allowed() {
            return Err(Refusal::Denied(decision));
        }
        let hold = Hold {
            id: new.id.clone(),
            company: new.company,
            agent: new.agent,
            activity: new.activity.clone(),
            credits: new.credits,
            used: Credits::ZERO,
            state: HoldState::Active,
            created_at: self.moment.now,
            expires_at: expiry(self.moment.now, new.expires_in_s),
            settled: None,
            fingerprint: 0,
            asked: Some(new.fingerprint()),
        };
        self.check_countable(hold.reserved())?;
        self.reserve(&hold, hold.reserved());
        self.remember(hold.clone());
        Ok(Acted::Hold(hold))
    }

    /// What is held has to be countable beside what was used, or a hold could never end.
    fn check_countable(&self, more: Credits) -> Result<(), Refusal> {
        let held = i128::from(self.held.micro()) + i128::from(more.micro());
        if more > Credits::ZERO && held + self.counted > MOST {
            return Err(Refusal::OutOfRange);
        }
        Ok(())
    }

    pub(super) fn renew_hold(&mut self, id: &str, renewal: Renewal) -> Result<Acted, Refusal> {
        let hold = self.holds.get(id).cloned().ok_or(Refusal::NotFound)?;
        let renewed = hold
            .renewed(renewal, self.moment.now)
            .map_err(Refusal::Hold)?;
        // Usage that happened is always taken; what is asked for beyond it needs room beside it.
        if renewed.credits > renewed.used.max(hold.reserved()) {
            let more = renewed.credits.saturating_sub(hold.reserved());
            let decision = self.decide(hold.company, hold.agent, Some(more));
            if !decision.is_allowed() {
                return Err(Refusal::Denied(decision));
            }
        }
        self.check_countable(renewed.reserved().saturating_sub(hold.reserved()))?;
        self.replace(&hold, renewed.clone());
        Ok(Acted::Hold(renewed))
    }

    /// Puts a hold in the place of what it was before.
    fn replace(&mut self, before: &Hold, after: Hold) {
        let was = if before.is_active() {
            before.reserved()
        } else {
            Credits::ZERO
        };
        let is = if after.is_active() {
            after.reserved()
        } else {
            Credits::ZERO
        };
        self.reserve(&after, is.saturating_sub(was));
        self.remember(after);
    }

    fn reserve(&mut self, hold: &Hold, more: Credits) {
        self.held = self.held.saturating_add(more);
        if let Some(limits) = self.limits.get_mut(&hold.company) {
            let of_agent = limits.held.entry(hold.agent).or_default();
            *of_agent = of_agent.saturating_add(more);
        }
    }

    fn remember(&mut self, hold: Hold) {
        self.changed_holds.insert(hold.id.clone(), hold.clone());
        self.holds.insert(hold.id.clone(), hold);
    }

    fn event_of(&self, hold: &Hold, end: End) -> NewEvent {
        NewEvent {
            account: self.id,
            company: hold.company,
            source: HOLDS_SOURCE.to_owned(),
            id: hold.id.clone(),
            fingerprint: end.fingerprint,
            kind: USAGE_TYPE.to_owned(),
            time: end.at,
            day_start: self.cycles.zone().day_of(end.at),
            cycle_start: self.cycles.at(end.at).range.start,
            agent: hold.agent,
            activity: hold.activity.clone(),
            credits: end.cost,
            quantity: None,
            unit: None,
            rate_version: None,
            reference: end.reference,
            is_short_call: is_short_call(hold.agent, None, None, end.metadata.as_deref()),
            metadata: end.metadata,
            lead: None,
        }
    }
}

//! Giving back what an event cost.

use std::borrow::Cow;

use domain::{
    AccountId, Credits, Time,
    lead::is_short_call,
    ledger::{Part, Payer, Payment, Returned, Why},
};

use super::{Account, Booked, Desk, REVERSAL_TYPE, REVERSALS_SOURCE};
use crate::ports::{Acted, NewEvent, Refusal, ReturnedTo, Reverse, Reversed, Reversible};

impl Desk {
    /// Gives back what an event cost, and makes the reversal's event: a copy of the event it takes back, at the
    /// same time, with negative credits, so that every total of that time follows.
    pub(super) fn reverse(
        &mut self,
        account: AccountId,
        reverse: &Reverse,
        actor: &str,
    ) -> Result<Acted, Refusal> {
        let seq = self.next_seq();
        let account = self.accounts.get_mut(&account).ok_or(Refusal::NotFound)?;
        let name = (reverse.source.clone(), reverse.id.clone());
        let found = account
            .reversible
            .get(&name)
            .cloned()
            .ok_or(Refusal::NotFound)?;
        let left = found.event.credits.saturating_sub(found.before);
        let credits = reverse.credits.unwrap_or(left);
        if credits > left || credits <= Credits::ZERO {
            return Err(Refusal::MoreThanCost { left });
        }
        let event = account.reversal_of(&found, credits, reverse, actor);
        let why = Why {
            actor: actor.to_owned(),
            reason: Some(reverse.reason.clone()),
            event: Some(seq),
        };
        let returned = Returned {
            parts: &found.parts,
            before: found.before,
            cycle_start: event.cycle_start,
            carry: account.carry(),
        };
        let parts = account
            .books
            .give_back(returned, credits, account.moment, &why);
        account.count(&event, event.credits);
        let total = found.before.saturating_add(credits);
        if let Some(found) = account.reversible.get_mut(&name) {
            found.before = total;
        }
        let returned_to = parts
            .into_iter()
            .map(|part| account.returned_to(part))
            .collect();
        let balance_after = account.books.available(account.moment);
        self.booked.push(Booked {
            seq,
            event: Cow::Owned(event),
            payment: Payment {
                parts: Vec::new(),
                balance_after,
            },
            reverses: Some(found.event.seq),
        });
        Ok(Acted::Reversed(Reversed {
            id: reverse.reversal.clone(),
            credits,
            total,
            returned_to,
        }))
    }
}

impl Account {
    fn returned_to(&self, part: Part) -> ReturnedTo {
        let grant = match part.payer {
            Payer::Grant(number) => self.books.grant(number),
            Payer::Overage => None,
        };
        ReturnedTo {
            payer: part.payer,
            credits: part.credits,
            grant: grant.map(|grant| (grant.kind, grant.name.clone())),
            expires_at: grant.map(|grant| grant.active.end),
        }
    }

    fn reversal_of(
        &self,
        found: &Reversible,
        credits: Credits,
        reverse: &Reverse,
        actor: &str,
    ) -> NewEvent {
        let (event, time): (_, Time) = (&found.event, found.event.time);
        let why = serde_json::json!({"reason": reverse.reason, "actor": actor});
        NewEvent {
            account: self.id,
            company: event.company,
            source: REVERSALS_SOURCE.to_owned(),
            id: reverse.reversal.clone(),
            fingerprint: 0,
            kind: REVERSAL_TYPE.to_owned(),
            time,
            day_start: self.cycles.zone().day_of(time),
            cycle_start: self.cycles.at(time).range.start,
            agent: event.agent,
            activity: event.activity.clone(),
            credits: Credits::ZERO.saturating_sub(credits),
            quantity: None,
            unit: None,
            rate_version: None,
            reference: event.reference.clone(),
            metadata: Some(why.to_string()),
            is_short_call: is_short_call(
                event.agent,
                event.quantity,
                event.unit.as_deref(),
                event.metadata.as_deref(),
            ),
            lead: None,
        }
    }
}

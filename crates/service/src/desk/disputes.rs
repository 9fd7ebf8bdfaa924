//! Disputes at the desk: a request is kept, and decided once, by somebody else than who asked.

use domain::{
    AccountId, Credits,
    ledger::{Dispute, DisputeState, SYSTEM, Support, Verdict},
};

use super::{Account, Desk};
use crate::{
    disputes::MOST_OPEN_REQUESTS,
    ports::{Acted, Refusal, Reverse},
};

/// How a dispute is decided, and by whom.
struct Decided<'a> {
    verdict: Verdict,
    reason: Option<&'a str>,
    reversal: &'a str,
    actor: &'a str,
}

impl Account {
    fn found_dispute(&self, id: &str) -> Result<&Dispute, Refusal> {
        self.disputes.get(id).ok_or(Refusal::NotFound)
    }

    fn keep_dispute(&mut self, dispute: Dispute) {
        self.changed_disputes
            .insert(dispute.id.clone(), dispute.clone());
        let is_open = |dispute: &Dispute| dispute.state == DisputeState::Open;
        let (is, id) = (is_open(&dispute), dispute.id.clone());
        let was = self
            .disputes
            .insert(id, dispute)
            .as_ref()
            .is_some_and(is_open);
        match (was, is) {
            (false, true) => self.open_disputes = self.open_disputes.saturating_add(1),
            (true, false) => self.open_disputes = self.open_disputes.saturating_sub(1),
            (true, true) | (false, false) => {}
        }
    }

    /// What is left of the cost of a dispute's event.
    fn left_of(&self, dispute: &Dispute) -> Result<Credits, Refusal> {
        let name = (dispute.source.clone(), dispute.event.clone());
        let found = self.reversible.get(&name).ok_or(Refusal::NotFound)?;
        Ok(found.event.credits.saturating_sub(found.before))
    }

    /// Checks a new request, and says how much it asks for.
    fn asked(&self, dispute: &Dispute) -> Result<Credits, Refusal> {
        let is_open = |other: &Dispute| {
            other.state == DisputeState::Open
                && (&other.source, &other.event) == (&dispute.source, &dispute.event)
        };
        if self.disputes.values().any(is_open) {
            return Err(Refusal::AskedBefore);
        }
        if self.open_disputes >= MOST_OPEN_REQUESTS {
            return Err(Refusal::TooManyRequests);
        }
        let left = self.left_of(dispute)?;
        let asked = dispute.credits.unwrap_or(left);
        if asked <= Credits::ZERO || asked > left {
            return Err(Refusal::MoreThanCost { left });
        }
        Ok(asked)
    }

    /// Whether the policy of the account lets the system refund so much in the running cycle.
    fn refunds_at_once(&self, credits: Credits) -> bool {
        credits <= self.auto_refund.saturating_sub(self.auto_refunded)
    }

    /// What an agency says of its client's request, which stays open. Said again, the latest holds.
    pub(super) fn support_dispute(
        &mut self,
        id: &str,
        supports: bool,
        note: Option<&str>,
        actor: &str,
    ) -> Result<Acted, Refusal> {
        let dispute = self.found_dispute(id)?;
        if dispute.actor == actor {
            return Err(Refusal::OwnRequest);
        }
        if !dispute.is_of_client {
            return Err(Refusal::NotOfClient);
        }
        if dispute.state != DisputeState::Open {
            return Err(Refusal::Decided(dispute.state.label()));
        }
        let supported = Dispute {
            support: Some(Support {
                supports,
                note: note.map(str::to_owned),
                actor: actor.to_owned(),
                at: self.moment.now,
            }),
            ..dispute.clone()
        };
        self.keep_dispute(supported.clone());
        Ok(Acted::Dispute(Box::new(supported)))
    }
}

impl Desk {
    /// Keeps a request, and approves it at once when the account's policy lets the system do so.
    pub(super) fn dispute(
        &mut self,
        account: AccountId,
        dispute: &Dispute,
        reversal: &str,
    ) -> Result<Acted, Refusal> {
        let at_desk = self.accounts.get_mut(&account).ok_or(Refusal::NotFound)?;
        if let Some(known) = at_desk.disputes.get(&dispute.id) {
            // Sent again, because the answer of the first time did not arrive.
            return Ok(Acted::KnownDispute(Box::new(known.clone())));
        }
        let asked = at_desk.asked(dispute)?;
        at_desk.keep_dispute(dispute.clone());
        if !at_desk.refunds_at_once(asked) {
            return Ok(Acted::Dispute(Box::new(dispute.clone())));
        }
        let refunded = at_desk.auto_refunded.saturating_add(asked);
        at_desk.auto_refunded = refunded;
        let decided = Decided {
            verdict: Verdict::Approve {
                credits: Some(asked),
            },
            reason: None,
            reversal,
            actor: SYSTEM,
        };
        self.settle_dispute(account, dispute.clone(), &decided)
    }

    /// Decides a dispute, once, and never by who asked for it. Approving refunds in the same transaction.
    pub(super) fn decide_dispute(
        &mut self,
        account: AccountId,
        id: &str,
        verdict: Verdict,
        reason: Option<&str>,
        reversal: &str,
        actor: &str,
    ) -> Result<Acted, Refusal> {
        let at_desk = self.accounts.get(&account).ok_or(Refusal::NotFound)?;
        let dispute = at_desk.found_dispute(id)?.clone();
        if dispute.actor == actor {
            return Err(Refusal::OwnRequest);
        }
        if dispute.state != DisputeState::Open {
            return if dispute.was_decided_as(verdict) {
                Ok(Acted::KnownDispute(Box::new(dispute)))
            } else {
                Err(Refusal::Decided(dispute.state.label()))
            };
        }
        let decided = Decided {
            verdict,
            reason,
            reversal,
            actor,
        };
        self.settle_dispute(account, dispute, &decided)
    }

    fn settle_dispute(
        &mut self,
        account: AccountId,
        dispute: Dispute,
        decided: &Decided<'_>,
    ) -> Result<Acted, Refusal> {
        let refunded = match decided.verdict {
            Verdict::Approve { credits } => Some(self.refund(account, &dispute, credits, decided)?),
            Verdict::Decline => None,
        };
        let now = self.now;
        let account = self.accounts.get_mut(&account).ok_or(Refusal::NotFound)?;
        let dispute = Dispute {
            state: match refunded {
                Some(_) => DisputeState::Accepted,
                None => DisputeState::Refused,
            },
            refunded,
            decision_reason: decided.reason.map(str::to_owned),
            decided_by: Some(decided.actor.to_owned()),
            decided_at: Some(now),
            ..dispute
        };
        account.keep_dispute(dispute.clone());
        Ok(Acted::Dispute(Box::new(dispute)))
    }

    /// Gives back what is approved: at most what was asked for and what is left of the event's cost by now.
    fn refund(
        &mut self,
        account: AccountId,
        dispute: &Dispute,
        credits: Option<Credits>,
        decided: &Decided<'_>,
    ) -> Result<Credits, Refusal> {
        let at_desk = self.accounts.get(&account).ok_or(Refusal::NotFound)?;
        let left = at_desk.left_of(dispute)?;
        if left <= Credits::ZERO {
            return Err(Refusal::MoreThanCost { left });
        }
        let most = dispute.credits.unwrap_or(left).min(left);
        let credits = credits.unwrap_or(most);
        if credits <= Credits::ZERO || credits > most {
            return Err(Refusal::MoreThanAsked { most });
        }
        let reverse = Reverse {
            source: dispute.source.clone(),
            id: dispute.event.clone(),
            credits: Some(credits),
            reason: dispute.reason.clone(),
            reversal: decided.reversal.to_owned(),
        };
        self.reverse(account, &reverse, decided.actor)?;
        Ok(credits)
    }
}

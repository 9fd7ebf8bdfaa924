//! Orders and disputes at the desk: what was asked for is kept, and decided once.

use domain::{
    AccountId,
    ledger::{Dispute, DisputeState, GrantKind, Order, OrderKind, OrderState},
};

use super::{Account, Desk};
use crate::ports::{Acted, Gift, Refusal, Reverse};

impl Account {
    pub(super) fn order(&mut self, order: &Order) -> Acted {
        self.keep_order(order.clone());
        Acted::Order(order.clone())
    }

    /// A payment came in. Its credits are given in the same transaction, once, however often it is reported.
    pub(super) fn pay_order(
        &mut self,
        id: &str,
        reference: Option<&str>,
        actor: &str,
    ) -> Result<Acted, Refusal> {
        let order = self.orders.get(id).cloned().ok_or(Refusal::NotFound)?;
        if order.state == OrderState::Applied {
            return Ok(Acted::Order(order));
        }
        match order.kind {
            OrderKind::Pack => {
                let gift = Gift {
                    kind: GrantKind::Pack,
                    name: order.name.clone(),
                    credits: order.credits,
                    cycles: order.valid_cycles,
                    reference: reference.map(str::to_owned).or(Some(order.id.clone())),
                };
                self.give(&gift, actor)?;
            }
            OrderKind::Plan => self.change_plan(&order),
        }
        let applied = Order {
            state: OrderState::Applied,
            reason: None,
            reference: reference.map(str::to_owned),
            updated_at: self.moment.now,
            ..order
        };
        self.keep_order(applied.clone());
        Ok(Acted::Order(applied))
    }

    fn change_plan(&mut self, order: &Order) {
        self.terms.plan_name.clone_from(&order.name);
        self.terms.monthly_credits = order.credits;
        self.allot(self.moment.cycle, self.moment);
        self.new_plan = Some(order.item.clone());
    }

    /// A payment failed. What was paid meanwhile stays paid.
    pub(super) fn fail_order(&mut self, id: &str, reason: &str) -> Result<Acted, Refusal> {
        let order = self.orders.get(id).cloned().ok_or(Refusal::NotFound)?;
        if order.state == OrderState::Applied {
            return Err(Refusal::Decided(order.state.id()));
        }
        let failed = Order {
            state: OrderState::Failed,
            reason: Some(reason.to_owned()),
            updated_at: self.moment.now,
            ..order
        };
        self.keep_order(failed.clone());
        Ok(Acted::Order(failed))
    }

    fn keep_order(&mut self, order: Order) {
        self.changed_orders.insert(order.id.clone(), order.clone());
        self.orders.insert(order.id.clone(), order);
    }

    pub(super) fn dispute(&mut self, dispute: &Dispute) -> Result<Acted, Refusal> {
        let is_open = |other: &&Dispute| {
            other.state == DisputeState::Open
                && (&other.source, &other.event) == (&dispute.source, &dispute.event)
        };
        if self.disputes.values().any(|other| is_open(&other)) {
            return Err(Refusal::Decided("disputed"));
        }
        self.keep_dispute(dispute.clone());
        Ok(Acted::Dispute(dispute.clone()))
    }

    fn keep_dispute(&mut self, dispute: Dispute) {
        self.changed_disputes
            .insert(dispute.id.clone(), dispute.clone());
        self.disputes.insert(dispute.id.clone(), dispute);
    }
}

impl Desk {
    /// Decides a dispute, once. Accepting it gives back what was asked for in the same transaction.
    pub(super) fn decide_dispute(
        &mut self,
        account: AccountId,
        id: &str,
        accepts: bool,
        reversal: &str,
        actor: &str,
    ) -> Result<Acted, Refusal> {
        let at_desk = self.accounts.get(&account).ok_or(Refusal::NotFound)?;
        let dispute = at_desk.disputes.get(id).cloned().ok_or(Refusal::NotFound)?;
        let state = if accepts {
            DisputeState::Accepted
        } else {
            DisputeState::Refused
        };
        if dispute.state != DisputeState::Open {
            return if dispute.state == state {
                Ok(Acted::Dispute(dispute))
            } else {
                Err(Refusal::Decided(dispute.state.id()))
            };
        }
        if accepts {
            let reverse = Reverse {
                source: dispute.source.clone(),
                id: dispute.event.clone(),
                credits: dispute.credits,
                reason: dispute.reason.clone(),
                reversal: reversal.to_owned(),
            };
            self.reverse(account, &reverse, actor)?;
        }
        let now = self.now;
        let account = self.accounts.get_mut(&account).ok_or(Refusal::NotFound)?;
        let decided = Dispute {
            state,
            decided_by: Some(actor.to_owned()),
            decided_at: Some(now),
            ..dispute
        };
        account.keep_dispute(decided.clone());
        Ok(Acted::Dispute(decided))
    }
}

//! Orders at the desk: what was ordered is kept, and given once.

use domain::ledger::{GrantKind, Order, OrderKind, OrderState, PlanHistory, PlanTerms};

use super::Account;
use crate::ports::{Acted, Chosen, Gift, Refusal};

impl Account {
    pub(super) fn order(&mut self, order: &Order, chosen: &Chosen) -> Result<Acted, Refusal> {
        let plan = self.new_plan.as_ref().unwrap_or(&self.plan);
        if chosen.beside.as_ref().is_some_and(|beside| beside != plan) {
            return Err(Refusal::Stale);
        }
        if chosen.once && self.orders.values().any(|other| order.repeats(other)) {
            return Err(Refusal::OrderPending);
        }
        self.keep_order(order.clone());
        Ok(Acted::Order(Box::new(order.clone())))
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
            return Ok(Acted::KnownOrder(Box::new(order)));
        }
        match order.kind {
            OrderKind::Pack => {
                let gift = Gift {
                    kind: GrantKind::Pack,
                    name: order.title(),
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
        Ok(Acted::Order(Box::new(applied)))
    }

    fn change_plan(&mut self, order: &Order) {
        let ordered = PlanTerms {
            plan_name: order.name.clone(),
            monthly_credits: order.credits,
            ..self.terms.plan.of_cycle(self.moment.cycle.start).clone()
        };
        // The running cycle has what was ordered; those after it what the plan gives by then.
        self.terms.plan = PlanHistory::new(ordered, Vec::new());
        self.allot(self.moment.cycle, self.moment);
        self.new_plan = Some(order.item.clone());
    }

    /// A payment failed. What was paid meanwhile stays paid.
    pub(super) fn fail_order(&mut self, id: &str, reason: &str) -> Result<Acted, Refusal> {
        let order = self.orders.get(id).cloned().ok_or(Refusal::NotFound)?;
        if matches!(order.state, OrderState::Applied | OrderState::Cancelled) {
            return Err(Refusal::Decided(order.state.id()));
        }
        let failed = Order {
            state: OrderState::Failed,
            reason: Some(reason.to_owned()),
            updated_at: self.moment.now,
            ..order
        };
        self.keep_order(failed.clone());
        Ok(Acted::Order(Box::new(failed)))
    }

    /// Nobody wants it any more. What was paid stays paid; a payment that comes after all is no gift, and gives it.
    pub(super) fn cancel_order(&mut self, id: &str) -> Result<Acted, Refusal> {
        let order = self.orders.get(id).cloned().ok_or(Refusal::NotFound)?;
        match order.state {
            OrderState::Applied => return Err(Refusal::Decided("paid")),
            OrderState::Cancelled => return Ok(Acted::KnownOrder(Box::new(order))),
            OrderState::Ordered | OrderState::Failed => {}
        }
        let cancelled = Order {
            state: OrderState::Cancelled,
            updated_at: self.moment.now,
            ..order
        };
        self.keep_order(cancelled.clone());
        Ok(Acted::Order(Box::new(cancelled)))
    }

    fn keep_order(&mut self, order: Order) {
        self.changed_orders.insert(order.id.clone(), order.clone());
        self.orders.insert(order.id.clone(), order);
    }
}

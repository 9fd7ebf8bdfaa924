//! What a change of plan is measured by. It is worth what it adds to what the running cycle has already, whatever plan the
//! account is on by now: after a smaller plan was chosen, the cycle still has, and has paid, the larger one's credits.

use domain::{
    Credits,
    ledger::{Order, OrderKind},
    tenancy::Plan,
};
use serde::Serialize;

use super::{CATALOGUE, unplaced};
use crate::{Scope, ServiceError, ServiceResult, Services, books::desk_of, ports::BooksNeeds};

/// A hundredth, in micro: prices are whole ones.
const CENT: i128 = 10_000;

/// The plan that an account is on, and what plans gave to its running cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanBase {
    /// The plan it is on.
    pub plan: Plan,
    /// Credits of plans in the running cycle: more than the plan's after a downgrade.
    pub allotted: Credits,
    /// Where that is more, the plans on offer that give as much: the cycle has paid as if it were on one.
    alike: Vec<Plan>,
}

impl PlanBase {
    /// An account on a plan, in a cycle that has so much of plans, with these on offer.
    pub fn new(plan: Plan, allotted: Credits, plans: &[Plan]) -> Self {
        let is_more = allotted > plan.monthly_credits;
        let alike = plans
            .iter()
            .filter(|other| is_more && other.monthly_credits == allotted);
        Self {
            alike: alike.cloned().collect(),
            plan,
            allotted,
        }
    }

    /// Whether a plan adds anything to the running cycle.
    pub fn is_exceeded_by(&self, plan: &Plan) -> bool {
        plan.monthly_credits > self.allotted
    }

    /// What is to be paid for the running cycle with a plan; none when its price is not known.
    fn due(&self, plan: &Plan) -> Option<Credits> {
        let price = price_of(plan)?;
        if !self.is_exceeded_by(plan) {
            return Some(Credits::ZERO);
        }
        let is_same = |paid: &&Plan| paid.currency == plan.currency;
        let own = Some(&self.plan).filter(is_same).and_then(price_of);
        let own = own.unwrap_or_default();
        let alike = self.alike.iter().filter(is_same).filter_map(price_of).max();
        let paid = if self.allotted > self.plan.monthly_credits {
            alike.unwrap_or_else(|| self.share(plan, price))
        } else {
            own
        };
        Some(price.saturating_sub(paid.max(own)).max(Credits::ZERO))
    }

    /// What the credits that the cycle has would cost in a plan, to the cent.
    fn share(&self, plan: &Plan, price: Credits) -> Credits {
        let all = i128::from(plan.monthly_credits.micro()).max(1);
        let part = i128::from(price.micro()) * i128::from(self.allotted.micro()) / all;
        Credits::from_wide((part + CENT - 1) / CENT * CENT).unwrap_or(price)
    }
}

fn price_of(plan: &Plan) -> Option<Credits> {
    plan.price.as_ref()?.parse().ok()
}

/// A change to a plan. What it adds to the running cycle is paid; one that adds nothing begins with the next cycle, so
/// nothing is to be paid for this one.
pub(crate) fn order_of_plan(plan: &Plan, base: &PlanBase) -> Order {
    Order {
        credits: plan.monthly_credits,
        price: base.due(plan).map(|price| price.to_string()),
        currency: plan.currency.clone(),
        ..unplaced(OrderKind::Plan, &plan.key, &plan.name)
    }
}

impl Services {
    /// What a change of an account's plan is measured by at this moment.
    pub async fn plan_base(&self, scope: &Scope) -> ServiceResult<PlanBase> {
        let plan = self.present_plan(scope).await?;
        let plans = self.store.plans(None, CATALOGUE).await?;
        let mut snapshot = self.store.snapshot().await?;
        let (account, now) = (scope.account.id, self.now());
        let desk = desk_of(snapshot.as_mut(), account, BooksNeeds::default(), now).await?;
        Ok(PlanBase::new(plan, desk.allotted(account), &plans))
    }

    /// The plan that an account is on at this moment, as it is stored.
    pub(crate) async fn present_plan(&self, scope: &Scope) -> ServiceResult<Plan> {
        let plan = self.current_plan(scope).await?;
        self.store.plan(&plan).await?.ok_or(ServiceError::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(key: &str, credits: i64, price: &str) -> Plan {
        Plan {
            key: key.to_owned(),
            name: key.to_owned(),
            monthly_credits: Credits::from_whole(credits).unwrap(),
            rollover: None,
            price: Some(price.to_owned()),
            currency: Some("EUR".to_owned()),
        }
    }

    fn due(on: &Plan, allotted: i64, plans: &[Plan], wanted: &Plan) -> String {
        let base = PlanBase::new(on.clone(), Credits::from_whole(allotted).unwrap(), plans);
        order_of_plan(wanted, &base).price.unwrap()
    }

    #[test]
    fn a_plan_costs_what_it_adds_to_what_the_cycle_has_already() {
        let (small, large, huge) = (
            plan("small", 1_000, "10"),
            plan("large", 5_000, "40"),
            plan("huge", 20_000, "100"),
        );
        let all = [small.clone(), large.clone(), huge.clone()];
        let cases = [
            (&small, 1_000, &large, "30"),
            (&small, 1_000, &huge, "90"),
            (&large, 5_000, &small, "0"),
            // After a downgrade the cycle still has the large plan's credits.
            (&small, 5_000, &large, "0"),
            (&small, 5_000, &huge, "60"),
        ];
        for (on, allotted, wanted, price) in cases {
            let found = due(on, allotted, &all, wanted);
            assert_eq!(found, price, "{} with {allotted} to {}", on.key, wanted.key);
        }
        // The plan whose credits the cycle has is not offered any more: by its share, and never more than before.
        assert_eq!(
            due(&small, 5_000, &[small.clone(), huge.clone()], &huge),
            "75"
        );
        assert_eq!(
            due(&small, 1_001, &[small.clone(), huge.clone()], &huge),
            "90"
        );
    }

    #[test]
    fn what_was_paid_in_another_currency_is_not_taken_off() {
        let small = plan("small", 1_000, "10");
        let foreign = Plan {
            currency: Some("USD".to_owned()),
            ..plan("foreign", 2_000, "40")
        };
        assert_eq!(due(&small, 1_000, &[], &foreign), "40");
    }
}

//! What people do in the demo's past, and when.

mod billing;
mod found;
mod office;

use domain::{
    Time,
    time::{DAY_US, HOUR_US, MINUTE_US},
};
use service::{Caller, Permission, Scope, ServiceError, ServiceResult, Services};

use super::{
    cast::{AGENCY, CUSTOMER, OWNER},
    world::{DemoAccount, World},
};

/// Something people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The platform has plans, packs and staff.
    Found,
    /// An account, by its place, joins with its companies and people.
    Join(usize),
    /// The agency sets up alerts.
    Rules,
    /// The agency creates keys.
    Keys,
    /// An account orders a pack, and pays.
    Buy(&'static str, &'static str),
    /// An account orders a pack, and the payment fails.
    FailToBuy(&'static str, &'static str),
    /// The platform grants the agency promotional credits.
    Promote,
    /// The platform adjusts what the agency has.
    Adjust,
    /// The agency sets budgets for the running cycle.
    SetBudgets,
    /// One more budget, which is almost used up when the demo begins.
    SetTightBudget,
    /// The customer sets budgets for the running cycle.
    SetCustomerBudgets,
    /// The platform returns what an event cost.
    Reverse,
    /// A client requests a refund, for the first or second time.
    RequestRefund,
    /// The platform approves it.
    ApproveRefund,
    /// The agency acknowledges its alerts.
    Acknowledge,
    /// The agency invites people.
    Invite,
    /// Programs use their keys.
    UseKeys,
}

/// Everything people do, in order.
pub fn schedule(world: &World) -> Vec<(Time, Step)> {
    let before = |days: i64, hours: i64| world.began.plus_micros(-days * DAY_US + hours * HOUR_US);
    let mut steps = vec![(world.starts(), Step::Found)];
    for (place, account) in world.accounts.iter().enumerate() {
        steps.push((account.joined, Step::Join(place)));
    }
    if let Some(agency) = world.account(AGENCY) {
        steps.extend(of_agency(agency, world.began));
    }
    if let Some(customer) = world.account(CUSTOMER) {
        steps.extend(of_customer(customer, world.began));
    }
    steps.extend([
        (before(12, 1), Step::Reverse),
        (before(8, 2), Step::Adjust),
        (before(6, 0), Step::RequestRefund),
        (before(6, 3), Step::ApproveRefund),
        (before(5, 0), Step::Acknowledge),
        (before(2, 0), Step::Invite),
        (before(1, 0), Step::RequestRefund),
        (before(1, 1), Step::SetTightBudget),
        (world.began.plus_micros(-2 * MINUTE_US), Step::UseKeys),
    ]);
    // Steps of the same time stay in the order in which they were told.
    steps.sort_by_key(|(time, _)| *time);
    steps
}

/// A time in a cycle, counted from the running one.
fn in_cycle(account: &DemoAccount, began: Time, cycle: i32, days: i64, hours: i64) -> Time {
    let running = account.cycles.at(began).number;
    let start = account.cycles.boundary(running + cycle);
    start.plus_micros(days * DAY_US + hours * HOUR_US)
}

fn of_agency(agency: &DemoAccount, began: Time) -> Vec<(Time, Step)> {
    let at = |cycle: i32, days: i64, hours: i64| in_cycle(agency, began, cycle, days, hours);
    vec![
        (agency.joined.plus_micros(DAY_US), Step::Rules),
        (agency.joined.plus_micros(2 * DAY_US), Step::Keys),
        (at(-3, 22, 10), Step::Buy(AGENCY, "boost-5000")),
        (at(-2, 21, 9), Step::FailToBuy(AGENCY, "boost-20000")),
        (at(-2, 21, 11), Step::Buy(AGENCY, "boost-20000")),
        (at(-1, 3, 12), Step::Promote),
        (at(-1, 23, 15), Step::Buy(AGENCY, "boost-5000")),
        (at(0, 0, 9), Step::SetBudgets),
    ]
}

/// The customer buys in time twice, and once when it has gone past its credits.
fn of_customer(customer: &DemoAccount, began: Time) -> Vec<(Time, Step)> {
    let at = |cycle: i32, days: i64, hours: i64| in_cycle(customer, began, cycle, days, hours);
    vec![
        (at(-3, 20, 15), Step::Buy(CUSTOMER, "boost-5000")),
        (at(-2, 21, 16), Step::Buy(CUSTOMER, "boost-5000")),
        (at(-1, 25, 15), Step::Buy(CUSTOMER, "boost-5000")),
        (at(0, 1, 14), Step::SetCustomerBudgets),
    ]
}

/// Where people do it.
pub struct Stage<'a> {
    services: &'a Services,
    caller: &'a Caller,
    world: &'a World,
    /// Keys that programs use.
    tokens: Vec<String>,
}

impl<'a> Stage<'a> {
    /// The use-cases, and the demo's own caller for what the platform does.
    pub const fn new(services: &'a Services, caller: &'a Caller, world: &'a World) -> Self {
        Self {
            services,
            caller,
            world,
            tokens: Vec::new(),
        }
    }

    /// Does a step.
    ///
    /// # Errors
    /// What the use-cases refused.
    pub async fn act(&mut self, step: Step) -> ServiceResult<()> {
        match step {
            Step::Found => self.found().await,
            Step::Join(place) => self.join(&self.world.accounts[place]).await,
            Step::Rules => self.rules().await,
            Step::Keys => self.keys().await,
            Step::Buy(account, pack) => self.buy(account, pack, true).await,
            Step::FailToBuy(account, pack) => self.buy(account, pack, false).await,
            Step::Promote => self.promote().await,
            Step::Adjust => self.adjust().await,
            Step::SetBudgets => self.set_budgets().await,
            Step::SetTightBudget => self.set_tight_budget().await,
            Step::SetCustomerBudgets => self.set_customer_budgets().await,
            Step::Reverse => self.reverse().await,
            Step::RequestRefund => self.request_refund().await,
            Step::ApproveRefund => self.approve_refund().await,
            Step::Acknowledge => self.acknowledge().await,
            Step::Invite => self.invite().await,
            Step::UseKeys => self.use_keys().await,
        }
    }

    /// Someone of the demo who signs in.
    async fn person(&self, email: &str) -> ServiceResult<Caller> {
        let users = self.services.users(self.caller, None, 1_000).await?;
        let user = users.iter().find(|user| user.email == email);
        user.map(Caller::from_user).ok_or(ServiceError::NotFound)
    }

    /// What someone of the demo sees of an account.
    async fn scope_of(&self, email: &str, account: &str) -> ServiceResult<Scope> {
        let person = self.person(email).await?;
        self.services
            .scope(&person, Some(account), Permission::Read)
            .await
    }

    async fn owner(&self) -> ServiceResult<Scope> {
        self.scope_of(OWNER, AGENCY).await
    }
}

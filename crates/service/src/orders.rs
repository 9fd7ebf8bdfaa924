//! Buying: orders of packs and plans, and what a payment system says of them.
//!
//! With the provider `manual` an operator confirms payments; with `webhook` a payment system reports them, signed.
//! Either way an order's credits are given in the transaction that records its payment.

use domain::{
    Invalid,
    cursor::TimedId,
    ledger::{Order, OrderKind, OrderState},
    tenancy::{Pack, Plan},
};

use crate::{
    Caller, Permission, Scope, ServiceError, ServiceResult, Services,
    audit::Deed,
    ledger::{check_reason, check_reference},
    payments::{MessageRefused, PaymentMessage, SignedMessage},
    ports::{AccountAct, Act, Acted, Offered, Version, Versioned as _},
};

/// Plans and packs of a catalogue that a page shows.
const CATALOGUE: u32 = 100;

/// What can be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// Plans, cheapest allocation first.
    pub plans: Vec<Plan>,
    /// Packs, smallest first.
    pub packs: Vec<Pack>,
}

/// What a payment system says of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentReport {
    /// It was paid.
    Paid {
        /// The payment, as the payment system names it.
        reference: Option<String>,
    },
    /// It could not be paid.
    Failed {
        /// Why.
        reason: String,
    },
}

impl Services {
    /// Everything that can be bought.
    pub async fn catalogue(&self, _: &Scope) -> ServiceResult<Catalogue> {
        let mut plans = self.store.plans(None, CATALOGUE).await?;
        plans.sort_by_key(|plan| plan.monthly_credits);
        let mut packs = self.store.packs(None, CATALOGUE).await?;
        packs.sort_by_key(|pack| pack.credits);
        Ok(Catalogue { plans, packs })
    }

    /// Orders a pack or a plan. It is given once it is paid.
    pub async fn place_order(
        &self,
        scope: &Scope,
        kind: OrderKind,
        item: &str,
    ) -> ServiceResult<Order> {
        self.place_order_if(scope, kind, item, None).await
    }

    /// The same, if it is still offered as `expected` says, and the account is still on the plan beside which it was chosen.
    ///
    /// # Errors
    /// [`ServiceError::Stale`] when it is not.
    pub async fn place_order_if(
        &self,
        scope: &Scope,
        kind: OrderKind,
        item: &str,
        expected: Option<Version>,
    ) -> ServiceResult<Order> {
        scope.require_bill()?;
        let beside = match expected {
            Some(expected) => Some(self.beside(scope, kind, item, expected).await?),
            None => None,
        };
        let now = self.now();
        let order = Order {
            id: self.new_id(),
            state: OrderState::Ordered,
            reason: None,
            reference: None,
            actor: scope.actor.clone(),
            created_at: now,
            updated_at: now,
            ..self.offer(kind, item).await?
        };
        let order = Box::new(order);
        self.order_act(scope, Act::Order { order, beside }).await
    }

    /// The plan that the account is on, if what is offered beside it is what was chosen from.
    async fn beside(
        &self,
        scope: &Scope,
        kind: OrderKind,
        item: &str,
        expected: Version,
    ) -> ServiceResult<String> {
        let plan = self.current_plan(scope).await?;
        let now = match kind {
            OrderKind::Pack => {
                let pack = self.store.pack(item).await?;
                pack.map(|item| {
                    Offered {
                        plan: &plan,
                        item: &item,
                    }
                    .version()
                })
            }
            OrderKind::Plan => {
                let offered = self.store.plan(item).await?;
                offered.map(|item| {
                    Offered {
                        plan: &plan,
                        item: &item,
                    }
                    .version()
                })
            }
        };
        match now {
            Some(now) if now != expected => Err(ServiceError::Stale),
            // What is not offered is refused in its own words.
            _ => Ok(plan),
        }
    }

    /// Key of the plan that an account is on at this moment.
    pub async fn current_plan(&self, scope: &Scope) -> ServiceResult<String> {
        let account = self.store.account_by_id(scope.account.id).await?;
        Ok(account.ok_or(ServiceError::NotFound)?.plan)
    }

    /// A pack or plan as an order keeps it.
    async fn offer(&self, kind: OrderKind, item: &str) -> ServiceResult<Order> {
        let unknown = || {
            let message = format!("'{item}' is not a {} that can be ordered", kind.id());
            ServiceError::from(Invalid::one(kind.id(), "unknown_item", message))
        };
        let (name, credits, valid_cycles, price, currency) = match kind {
            OrderKind::Pack => {
                let pack = self.store.pack(item).await?.ok_or_else(unknown)?;
                (
                    pack.name,
                    pack.credits,
                    pack.valid_cycles,
                    pack.price,
                    pack.currency,
                )
            }
            OrderKind::Plan => {
                let plan = self.store.plan(item).await?.ok_or_else(unknown)?;
                (
                    plan.name,
                    plan.monthly_credits,
                    1,
                    plan.price,
                    plan.currency,
                )
            }
        };
        let never = domain::Time::from_micros(0);
        Ok(Order {
            id: String::new(),
            kind,
            item: item.to_owned(),
            name,
            credits,
            valid_cycles,
            price,
            currency,
            state: OrderState::Ordered,
            reason: None,
            reference: None,
            actor: String::new(),
            created_at: never,
            updated_at: never,
        })
    }

    /// Orders of an account, newest first, those before `before`.
    pub async fn orders(
        &self,
        scope: &Scope,
        before: Option<&TimedId>,
        limit: u32,
    ) -> ServiceResult<Vec<Order>> {
        scope.require_all()?;
        Ok(self.store.orders(scope.account.id, before, limit).await?)
    }

    /// Records what became of an order's payment, as an operator or the platform says.
    pub async fn report_payment(
        &self,
        caller: &Caller,
        account: &str,
        order: &str,
        report: PaymentReport,
    ) -> ServiceResult<Order> {
        caller.require_platform(Permission::Provision)?;
        let scope = self
            .scope(caller, Some(account), Permission::Provision)
            .await?;
        check_report(&report)?;
        self.order_act(&scope, payment_act(order, report)).await
    }

    /// Where an order that waits for its payment is paid; none when an operator confirms payments.
    pub fn checkout_url(&self, order: &Order) -> Option<String> {
        if order.state == OrderState::Applied {
            return None;
        }
        self.payments.checkout_url(order)
    }

    /// Verifies and reads a message of the payment system.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn read_payment(
        &self,
        message: SignedMessage<'_>,
    ) -> Result<PaymentMessage, MessageRefused> {
        self.payments.read(message, self.now())
    }

    /// Records what a payment system said in a message whose signature was verified.
    pub async fn payment_reported(
        &self,
        order: &str,
        report: PaymentReport,
    ) -> ServiceResult<Order> {
        check_report(&report)?;
        let account = self
            .store
            .order_account(order)
            .await?
            .ok_or(ServiceError::NotFound)?;
        let scope = self
            .scope_by_id(
                &Caller::operator("payments"),
                account,
                Permission::Provision,
            )
            .await?;
        self.order_act(&scope, payment_act(order, report)).await
    }

    async fn order_act(&self, scope: &Scope, act: Act) -> ServiceResult<Order> {
        let act = AccountAct {
            account: scope.account.id,
            actor: scope.actor.clone(),
            act,
        };
        let Acted::Order(order) = self.act(act).await? else {
            return Err(crate::books::other_answer());
        };
        let action = match order.state {
            OrderState::Ordered => "order.placed",
            OrderState::Applied => "order.paid",
            OrderState::Failed => "order.failed",
        };
        let deed = Deed {
            detail: order.name.clone(),
            ..Deed::plain(action, &order.id)
        };
        self.record(scope, deed).await;
        // A plan may have changed with it.
        self.directory.forget_account(&scope.account);
        Ok(order)
    }
}

fn payment_act(order: &str, report: PaymentReport) -> Act {
    let id = order.to_owned();
    match report {
        PaymentReport::Paid { reference } => Act::PayOrder { id, reference },
        PaymentReport::Failed { reason } => Act::FailOrder { id, reason },
    }
}

fn check_report(report: &PaymentReport) -> ServiceResult<()> {
    match report {
        PaymentReport::Paid { reference } => check_reference("reference", reference.as_deref()),
        PaymentReport::Failed { reason } => check_reason(reason),
    }
}

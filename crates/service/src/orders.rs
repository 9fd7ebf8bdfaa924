//! Buying: orders of packs and plans, and what a payment system says of them.
//!
//! With the provider `manual` an operator confirms payments; with `webhook` a payment system reports them, signed.
//! Either way an order's credits are given in the transaction that records its payment.

mod plan_base;

pub use plan_base::PlanBase;
pub(crate) use plan_base::order_of_plan;

use domain::{
    Credits, FieldError, Invalid, Time,
    bounds::{Sign, check_credits},
    cursor::TimedId,
    ledger::{Order, OrderKind, OrderState},
    tenancy::{Pack, Plan},
};

use crate::{
    Caller, Permission, Scope, ServiceError, ServiceResult, Services,
    audit::Deed,
    ledger::{check_reason, check_reference},
    payments::{MessageRefused, PaymentMessage, SignedMessage},
    ports::{AccountAct, Act, Acted, Chosen, Offered, Version, Versioned as _},
    request,
};

/// Plans and packs of a catalogue that a page shows.
const CATALOGUE: u32 = 100;

/// Most of a pack in one order.
pub const MOST_QUANTITY: u32 = 99;

/// What somebody wants to order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderAsk {
    /// A pack or a plan.
    pub kind: OrderKind,
    /// Key of the pack or plan.
    pub item: String,
    /// How many of a pack.
    pub quantity: u32,
}

impl OrderAsk {
    /// One of something.
    pub fn one(kind: OrderKind, item: &str) -> Self {
        Self {
            kind,
            item: item.to_owned(),
            quantity: 1,
        }
    }
}

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
    pub async fn place_order(&self, scope: &Scope, asked: &OrderAsk) -> ServiceResult<Order> {
        scope.require_bill()?;
        self.place_chosen(scope, asked, None).await
    }

    /// The same on a page, which shows the order that waits for its payment instead of taking another of the same.
    ///
    /// # Errors
    /// [`ServiceError::Stale`] when it is not offered any more as `expected` says, or the account is not on the plan any
    /// more beside which it was chosen; [`ServiceError::Conflict`] while an order of the same is pending.
    pub async fn place_order_once(
        &self,
        scope: &Scope,
        asked: &OrderAsk,
        expected: Option<Version>,
    ) -> ServiceResult<Order> {
        scope.require_bill()?;
        // What the request itself changes is read as it was the first time.
        let plan = request::recall(self.current_plan(scope)).await?;
        if let Some(expected) = expected {
            request::recall(self.check_offer(scope, asked, expected)).await?;
        }
        self.place_chosen(scope, asked, Some(plan)).await
    }

    /// Orders something; on a page, beside the plan that the account was on.
    async fn place_chosen(
        &self,
        scope: &Scope,
        asked: &OrderAsk,
        beside: Option<String>,
    ) -> ServiceResult<Order> {
        let now = request::noted(|| self.now());
        let order = Order {
            id: self.new_id(),
            actor: scope.actor.clone(),
            created_at: now,
            updated_at: now,
            ..request::recall(self.order_of(scope, asked)).await?
        };
        let chosen = Chosen {
            once: beside.is_some(),
            beside,
        };
        let order = Box::new(order);
        self.order_act(scope, Act::Order { order, chosen }).await
    }

    /// Cancels an order that is not paid. A payment that comes after all still gives what was ordered.
    pub async fn cancel_order(&self, scope: &Scope, order: &str) -> ServiceResult<Order> {
        scope.require_bill()?;
        let id = order.to_owned();
        self.order_act(scope, Act::CancelOrder { id }).await
    }

    /// Whether what is offered, and what its sum depends on, is still what was chosen from. What is not offered any more is refused in
    /// its own words.
    async fn check_offer(
        &self,
        scope: &Scope,
        asked: &OrderAsk,
        expected: Version,
    ) -> ServiceResult<()> {
        let base = &self.plan_base(scope).await?;
        let now = match asked.kind {
            OrderKind::Pack => {
                let pack = self.store.pack(&asked.item).await?;
                pack.map(|item| Offered { base, item: &item }.version())
            }
            OrderKind::Plan => {
                let offered = self.store.plan(&asked.item).await?;
                offered.map(|item| Offered { base, item: &item }.version())
            }
        };
        match now {
            Some(now) if now != expected => Err(ServiceError::Stale),
            _ => Ok(()),
        }
    }

    /// Key of the plan that an account is on at this moment.
    pub async fn current_plan(&self, scope: &Scope) -> ServiceResult<String> {
        let account = self.store.account_by_id(scope.account.id).await?;
        Ok(account.ok_or(ServiceError::NotFound)?.plan)
    }

    /// What is asked for as an order keeps it.
    async fn order_of(&self, scope: &Scope, asked: &OrderAsk) -> ServiceResult<Order> {
        let unknown = || {
            let kind = asked.kind.id();
            let message = format!("'{}' is not a {kind} that can be ordered", asked.item);
            ServiceError::from(Invalid::one(kind, "unknown_item", message))
        };
        match asked.kind {
            OrderKind::Pack => {
                let pack = self.store.pack(&asked.item).await?.ok_or_else(unknown)?;
                Ok(order_of_pack(&pack, asked.quantity)?)
            }
            OrderKind::Plan => {
                let plan = self.store.plan(&asked.item).await?.ok_or_else(unknown)?;
                Ok(order_of_plan(&plan, &self.plan_base(scope).await?))
            }
        }
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

    /// All orders of an account that wait for their payment, newest first.
    pub async fn pending_orders(&self, scope: &Scope) -> ServiceResult<Vec<Order>> {
        scope.require_all()?;
        Ok(self.store.pending_orders(scope.account.id).await?)
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

    /// Where an order that waits for its payment is paid; none when an operator confirms payments, and when there is
    /// nothing to pay.
    pub fn checkout_url(&self, order: &Order) -> Option<String> {
        if matches!(order.state, OrderState::Applied | OrderState::Cancelled) || order.is_free() {
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
        let order = match self.act(act).await? {
            Acted::Order(order) => order,
            // It was so before: nothing was done that could be recorded.
            Acted::KnownOrder(order) => return Ok(*order),
            _ => return Err(crate::books::other_answer()),
        };
        let action = match order.state {
            OrderState::Ordered => "order.placed",
            OrderState::Applied => "order.paid",
            OrderState::Failed => "order.failed",
            OrderState::Cancelled => "order.cancelled",
        };
        let deed = Deed {
            detail: order.title(),
            ..Deed::plain(action, &order.id)
        };
        self.record(scope, deed).await;
        // A plan may have changed with it.
        self.directory.forget_account(&scope.account);
        Ok(*order)
    }
}

/// An order that nobody has placed.
fn unplaced(kind: OrderKind, item: &str, name: &str) -> Order {
    let never = Time::from_micros(0);
    Order {
        id: String::new(),
        kind,
        item: item.to_owned(),
        quantity: 1,
        name: name.to_owned(),
        credits: Credits::ZERO,
        valid_cycles: 1,
        price: None,
        currency: None,
        state: OrderState::Ordered,
        reason: None,
        reference: None,
        actor: String::new(),
        created_at: never,
        updated_at: never,
    }
}

/// So many of a pack.
///
/// # Errors
/// There are too few or too many of them, or they come to more than one amount may be.
pub(crate) fn order_of_pack(pack: &Pack, quantity: u32) -> Result<Order, Invalid> {
    let mut errors = Vec::new();
    if quantity == 0 || quantity > MOST_QUANTITY {
        let message = format!("must be 1 to {MOST_QUANTITY}");
        errors.push(FieldError::invalid("quantity", message));
    }
    let times = |amount: Credits| {
        let wide = i128::from(amount.micro()) * i128::from(quantity);
        Credits::from_wide(wide).unwrap_or(Credits::MAX)
    };
    let credits = times(pack.credits);
    check_credits("quantity", credits, Sign::Positive, &mut errors);
    Invalid::refuse(errors)?;
    let price = pack.price.as_ref();
    let price = price.and_then(|price| price.parse::<Credits>().ok());
    Ok(Order {
        quantity,
        credits,
        valid_cycles: pack.valid_cycles,
        price: price.map(|price| times(price).to_string()),
        currency: pack.currency.clone(),
        ..unplaced(OrderKind::Pack, &pack.key, &pack.name)
    })
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

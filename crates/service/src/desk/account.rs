//! One account at the desk: renewing it, paying, giving, and what is left.

use std::collections::BTreeMap;

use domain::{
    AccountId, CompanyId, Credits, Time, TimeRange,
    bounds::MOST_COUNTED,
    calendar::GRACE_US,
    ledger::{
        Ask, Balance, Books, Carry, Decision, Dispute, Hold, Moment, NewGrant, Order, OutOfRange,
        PRIORITY, Payment, PlanTerms, Quota, RENEWAL, decide,
    },
};

use crate::ports::{
    Acted, ChangedBooks, CompanyLimits, Gift, LoadedBooks, NewEvent, Refusal, Reversible, Terms,
};

/// Most cycles that are renewed one after the other: further ones have long ended and changed nothing.
const MAX_RENEWALS: i32 = 1_200;

/// Micro-credits that an account is counted to.
pub(super) const MOST: i128 = MOST_COUNTED.micro() as i128;

/// One account at the desk.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) id: AccountId,
    pub(super) plan: String,
    pub(super) terms: Terms,
    pub(super) cycles: domain::calendar::Cycles,
    opened: Option<Time>,
    pub(super) moment: Moment,
    pub(super) books: Books,
    pub(super) last_entry: i64,
    pub(super) version: i64,
    pub(super) billing: i64,
    pub(super) renewed: Option<Time>,
    pub(super) used: Credits,
    pub(super) counted: i128,
    pub(super) held: Credits,
    pub(super) holds: BTreeMap<String, Hold>,
    pub(super) changed_holds: BTreeMap<String, Hold>,
    pub(super) limits: BTreeMap<CompanyId, CompanyLimits>,
    pub(super) reversible: BTreeMap<(String, String), Reversible>,
    pub(super) orders: BTreeMap<String, Order>,
    pub(super) changed_orders: BTreeMap<String, Order>,
    pub(super) disputes: BTreeMap<String, Dispute>,
    pub(super) changed_disputes: BTreeMap<String, Dispute>,
    pub(super) auto_refund: Credits,
    pub(super) auto_refunded: Credits,
    pub(super) open_disputes: u32,
    pub(super) new_plan: Option<String>,
}

fn by_id<T>(items: Vec<T>, id: impl Fn(&T) -> &String) -> BTreeMap<String, T> {
    items
        .into_iter()
        .map(|item| (id(&item).clone(), item))
        .collect()
}

impl Account {
    pub(super) fn open(loaded: LoadedBooks, now: Time) -> Self {
        let moment = Moment {
            now,
            cycle: loaded.cycles.at(now).range,
        };
        Self {
            id: loaded.account,
            plan: loaded.plan,
            terms: loaded.terms,
            cycles: loaded.cycles,
            opened: loaded.opened,
            moment,
            books: Books::new(loaded.grants, loaded.overage, loaded.last_grant),
            last_entry: loaded.last_entry,
            version: loaded.version,
            billing: loaded.billing,
            renewed: loaded.renewed,
            used: loaded.used,
            counted: loaded.counted,
            held: loaded.held,
            holds: by_id(loaded.holds, |hold| &hold.id),
            changed_holds: BTreeMap::new(),
            limits: loaded.limits,
            reversible: BTreeMap::new(),
            orders: by_id(loaded.orders, |order| &order.id),
            changed_orders: BTreeMap::new(),
            disputes: by_id(loaded.disputes, |dispute| &dispute.id),
            changed_disputes: BTreeMap::new(),
            auto_refund: loaded.auto_refund,
            auto_refunded: loaded.auto_refunded,
            open_disputes: loaded.open_disputes,
            new_plan: None,
        }
    }

    /// Gives the allocations of all cycles that began since the latest renewal, each exactly once and as if at its start.
    pub(super) fn renew(&mut self, until: Time) {
        let current = self.cycles.at(until);
        let begins = self.renewed.is_none();
        let renewed = self.renewed.unwrap_or_else(|| self.begin(until));
        if renewed < current.range.start {
            let last = self.cycles.at(renewed).number;
            let first = (last + 1).max(current.number - MAX_RENEWALS);
            for number in first..=current.number {
                self.begin_cycle(number);
            }
            self.renewed = Some(current.range.start);
        }
        if begins {
            self.take_over();
        }
    }

    /// Gives the allocation of the first cycle: that in which the account came to be, however late the first one looks.
    fn begin(&mut self, until: Time) -> Time {
        let opened = self.opened.map_or(until, |opened| opened.min(until));
        let moment = self.moment_at(opened);
        if !self.books.is_allotted(moment.cycle.start) {
            self.allot(moment.cycle, moment);
        }
        self.renewed = Some(moment.cycle.start);
        moment.cycle.start
    }

    fn begin_cycle(&mut self, number: i32) {
        let before = self.cycles.numbered(number - 1).range;
        let cycle = self.cycles.numbered(number).range;
        let moment = Moment {
            now: cycle.start,
            cycle,
        };
        // Usage from a sender whose clock runs ahead may have begun it under a smaller plan, and gone past it.
        self.allot(cycle, moment);
        if let Some(cap) = self.terms_of(cycle).rollover {
            self.books.carry_over(before, cycle, cap, moment);
        }
        // What went past it is paid by a pack that was bought since.
        self.books.settle(moment, RENEWAL);
    }

    fn terms_of(&self, cycle: TimeRange) -> &PlanTerms {
        self.terms.plan.of_cycle(cycle.start)
    }

    /// The cycle before the running one, while it takes late events: what its plan has left still moves over.
    pub(super) fn carry(&self) -> Option<Carry> {
        let running = self.cycles.at(self.moment.now);
        let from = self.cycles.before(running).range;
        let is_open = self.moment.now < from.end.plus_micros(GRACE_US);
        let cap = self.terms_of(running.range).rollover?;
        is_open.then_some(Carry { from, cap })
    }

    /// Takes usage of the running cycle from before there was a ledger off the credits it is given: nobody has paid it.
    fn take_over(&mut self) {
        if self.used > Credits::ZERO {
            let (reason, moment) = ("Used before there was a ledger", self.moment);
            // It was counted in the cycle's total, so it can be counted here.
            let _ = self.books.correct(self.used, moment, reason, RENEWAL);
        }
    }

    pub(super) fn allot(&mut self, cycle: TimeRange, moment: Moment) {
        let PlanTerms {
            plan_name,
            monthly_credits,
            ..
        } = self.terms_of(cycle);
        let (name, credits) = (format!("{plan_name} plan"), *monthly_credits);
        self.books.allot(cycle, credits, &name, moment);
    }

    /// Pays for an event, as seen from a moment, unless it takes the account past `most` micro-credits in all.
    pub(super) fn pay(
        &mut self,
        event: &NewEvent,
        moment: Moment,
        most: i128,
    ) -> Result<Payment, OutOfRange> {
        let counted = self.counted + i128::from(event.credits.micro());
        if event.credits > Credits::ZERO && counted > most {
            return Err(OutOfRange);
        }
        if !self.books.is_allotted(event.cycle_start) {
            self.allot(self.cycles.at(event.time).range, self.moment);
        }
        let payment = self
            .books
            .pay(event.time, event.cycle_start, event.credits, moment)?;
        self.count(event, event.credits);
        Ok(payment)
    }

    /// Counts what was spent (or given back, when negative) against the cycle and the company.
    pub(super) fn count(&mut self, event: &NewEvent, credits: Credits) {
        self.counted += i128::from(credits.micro());
        if event.cycle_start != self.moment.cycle.start {
            return;
        }
        self.used = self.used.saturating_add(credits);
        if let Some(limits) = self.limits.get_mut(&event.company) {
            let used = limits.used.entry(event.agent).or_default();
            *used = used.saturating_add(credits);
        }
    }

    pub(super) fn give(&mut self, gift: &Gift, actor: &str) -> Result<Acted, Refusal> {
        let left = self.books.available(self.moment).micro();
        if i128::from(left) + i128::from(gift.credits.micro()) > MOST {
            return Err(Refusal::OutOfRange);
        }
        let last = self.cycles.at(self.moment.now).number
            + i32::try_from(gift.cycles.max(1) - 1).unwrap_or(0);
        let number = self.books.give(
            NewGrant {
                kind: gift.kind,
                name: gift.name.clone(),
                amount: gift.credits,
                active: TimeRange::new(self.moment.now, self.cycles.numbered(last).range.end),
                priority: PRIORITY,
                cycle_start: None,
                reference: gift.reference.clone(),
                actor: actor.to_owned(),
            },
            self.moment,
        );
        let grant = self.books.grant(number).cloned();
        grant.map(Acted::Given).ok_or(Refusal::OutOfRange)
    }

    pub(super) fn correct(
        &mut self,
        credits: Credits,
        reason: &str,
        actor: &str,
    ) -> Result<Acted, Refusal> {
        let due = self.books.due(self.moment.cycle.start).micro();
        if i128::from(due) + i128::from(credits.micro()) > MOST {
            return Err(Refusal::OutOfRange);
        }
        self.books
            .correct(credits, self.moment, reason, actor)
            .map_err(|OutOfRange| Refusal::OutOfRange)?;
        Ok(Acted::Corrected(self.books.available(self.moment)))
    }

    pub(super) fn balance(&self) -> Balance {
        self.books
            .balance(self.moment, self.used, self.held, self.terms.policy)
    }

    pub(super) fn decide(
        &self,
        company: CompanyId,
        agent: domain::Agent,
        credits: Option<Credits>,
    ) -> Decision {
        let limits = self.limits.get(&company);
        let spent = |limits: &CompanyLimits, of: Option<domain::Agent>| {
            let counts = limits.used.iter().chain(&limits.held);
            counts
                .filter(|(agent, _)| of.is_none_or(|of| of == **agent))
                .fold(Credits::ZERO, |sum, (_, credits)| {
                    sum.saturating_add(*credits)
                })
        };
        decide(&Ask {
            credits,
            balance: self.balance(),
            budget: limits.and_then(|limits| {
                Some(Quota {
                    amount: limits.budget?,
                    used: spent(limits, None),
                })
            }),
            cap: limits.and_then(|limits| {
                Some(Quota {
                    amount: *limits.caps.get(&agent)?,
                    used: spent(limits, Some(agent)),
                })
            }),
            is_suspended: self.terms.is_suspended,
        })
    }

    pub(super) fn close(mut self) -> ChangedBooks {
        // Usage of a time before a pack was bought goes past all grants; the pack pays it all the same.
        self.books.settle(self.moment, RENEWAL);
        let changes = self.books.take_changes();
        let is_billing = !(changes.entries.is_empty()
            && self.changed_orders.is_empty()
            && self.changed_disputes.is_empty());
        let mut last_entry = self.last_entry;
        let entries = changes
            .entries
            .into_iter()
            .map(|entry| {
                last_entry += 1;
                (last_entry, entry)
            })
            .collect();
        ChangedBooks {
            account: self.id,
            grants: changes.grants,
            overage: changes.overage,
            entries,
            holds: self.changed_holds.into_values().collect(),
            orders: self.changed_orders.into_values().collect(),
            disputes: self.changed_disputes.into_values().collect(),
            new_plan: self.new_plan,
            last_grant: self.books.last_number(),
            last_entry,
            version: self.version + 1,
            billing: self.billing + i64::from(is_billing),
            renewed: match self.renewed {
                // A clock that was set back does not renew again.
                Some(renewed) => self.cycles.at(renewed).range,
                None => self.moment.cycle,
            },
            held: self.held,
            counted: self.counted,
        }
    }
}

//! The books in memory: laid out at the same desk as by every other database.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    AccountId, Agent, CompanyId, Credits, Seq, Time, TimeRange,
    calendar::{Cycles, Zone},
    cursor::TimedId,
    ledger::{
        Dispute, DisputeState, EntryKind, Grant, GrantKind, GrantNo, Hold, Order, Overage, Part,
        Payer, PlanHistory, Refunded, SYSTEM,
    },
};
use service::{
    desk::{Booked, Desk},
    ports::{
        AccountAct, Acted, BooksNeeds, ChangedBooks, CompanyLimits, DisputesQuery, EventPayment,
        LedgerStore, LoadedBooks, NumberedEntry, OpenDispute, Refusal, Reversible, StoreResult,
        StoredReversal, Terms,
    },
};

use super::{Event, MemoryStore, State};

/// The books of an account.
#[derive(Debug, Clone, Default)]
pub struct Books {
    pub grants: BTreeMap<GrantNo, Grant>,
    overage: BTreeMap<Time, Overage>,
    pub entries: Vec<NumberedEntry>,
    holds: BTreeMap<String, Hold>,
    orders: BTreeMap<String, Order>,
    disputes: BTreeMap<String, Dispute>,
    last_grant: i64,
    last_entry: i64,
    pub version: i64,
    billing: i64,
    renewed: Option<Time>,
    renews_at: Option<Time>,
    held: Credits,
}

impl State {
    /// The books of some accounts, and everything that may be asked about them.
    pub(super) fn load(&self, accounts: &[AccountId], now: Time) -> Vec<LoadedBooks> {
        accounts
            .iter()
            .filter_map(|account| self.load_one(*account, now))
            .collect()
    }

    fn load_one(&self, id: AccountId, now: Time) -> Option<LoadedBooks> {
        let account = self.accounts.iter().find(|account| account.id == id)?;
        let (moved_to, opened) = self.moved_to.get(&id).copied().unwrap_or_default();
        let terms = self.plan_terms.get(&account.plan)?.get(moved_to..)?;
        let (moved_to, later) = terms.split_first()?;
        let zone = Zone::named(&account.time_zone).ok()?;
        let cycles = Cycles::new(account.cycle_anchor, zone);
        let cycle = cycles.at(now).range.start;
        let books = self.books.get(&id).cloned().unwrap_or_default();
        let companies = self.companies.iter().filter(|(owner, _)| *owner == id);
        Some(LoadedBooks {
            account: id,
            opened,
            plan: account.plan.clone(),
            terms: Terms {
                plan: PlanHistory::new(moved_to.clone(), later.to_vec()),
                policy: account.policy,
                is_suspended: account.is_suspended,
            },
            auto_refund: account.auto_refund,
            auto_refunded: auto_refunded(&books, cycle),
            open_disputes: open_disputes(&books),
            cycles,
            grants: books.grants.values().cloned().collect(),
            last_grant: books.last_grant,
            last_entry: books.last_entry,
            version: books.version,
            billing: books.billing,
            renewed: books.renewed,
            held: books.held,
            used: self.used(id, cycle, |_| true),
            counted: self.counted(id),
            limits: companies
                .map(|(_, company)| {
                    let limits = CompanyLimits {
                        budget: company.budget,
                        caps: company.agent_caps.clone(),
                        used: self.used_by_agent(id, cycle, company.id),
                        held: held_by_agent(&books, company.id),
                    };
                    (company.id, limits)
                })
                .collect(),
            holds: books.holds.into_values().collect(),
            overage: books.overage,
            orders: books.orders.into_values().collect(),
            disputes: books.disputes.into_values().collect(),
        })
    }

    fn counted(&self, account: AccountId) -> i128 {
        let events = self.events.iter();
        let of_account = events.filter(|event| event.new.account == account);
        of_account
            .map(|event| i128::from(event.new.credits.micro()))
            .sum()
    }

    fn used(&self, account: AccountId, cycle: Time, of: impl Fn(&Event) -> bool) -> Credits {
        let events = self.events.iter().filter(|event| {
            event.new.account == account && event.new.cycle_start == cycle && of(event)
        });
        events.fold(Credits::ZERO, |sum, event| {
            sum.saturating_add(event.new.credits)
        })
    }

    fn used_by_agent(
        &self,
        account: AccountId,
        cycle: Time,
        company: CompanyId,
    ) -> BTreeMap<Agent, Credits> {
        let used = |agent: Agent| {
            self.used(account, cycle, |event| {
                event.new.company == company && event.new.agent == agent
            })
        };
        Agent::ALL.map(|agent| (agent, used(agent))).into()
    }

    /// Stores what a desk has booked and changed.
    pub(super) fn keep(&mut self, booked: Vec<Booked<'_>>, now: Time) {
        self.events.extend(booked.into_iter().map(|booked| Event {
            new: booked.event.into_owned(),
            seq: booked.seq,
            recorded_at: now,
            payment: booked.payment,
            reverses: booked.reverses,
        }));
    }

    pub(super) fn close(&mut self, desk: Desk, now: Time) {
        let as_of = self.newest();
        for changed in desk.finish() {
            self.close_one(changed, as_of, now);
        }
    }

    fn close_one(&mut self, changed: ChangedBooks, as_of: Seq, now: Time) {
        let books = self.books.entry(changed.account).or_default();
        books.grants.extend(
            changed
                .grants
                .into_iter()
                .map(|grant| (grant.number, grant)),
        );
        books.overage.extend(changed.overage);
        books.entries.extend(
            changed
                .entries
                .into_iter()
                .map(|(number, entry)| NumberedEntry {
                    number,
                    at: now,
                    as_of,
                    entry,
                }),
        );
        books.holds.extend(
            changed
                .holds
                .into_iter()
                .map(|hold| (hold.id.clone(), hold)),
        );
        let orders = changed.orders.into_iter();
        books
            .orders
            .extend(orders.map(|order| (order.id.clone(), order)));
        let disputes = changed.disputes.into_iter();
        books
            .disputes
            .extend(disputes.map(|dispute| (dispute.id.clone(), dispute)));
        (books.last_grant, books.last_entry) = (changed.last_grant, changed.last_entry);
        (books.version, books.held) = (changed.version, changed.held);
        books.billing = changed.billing;
        books.renewed = Some(changed.renewed.start);
        books.renews_at = Some(changed.renewed.end);
        let account = self
            .accounts
            .iter_mut()
            .find(|account| account.id == changed.account);
        if let (Some(account), Some(plan)) = (account, changed.new_plan) {
            account.plan.clone_from(&plan);
            self.move_to_plan(changed.account, &plan, None);
        }
    }

    /// Does something to the books of an account.
    pub(super) fn act(&mut self, ordered: &AccountAct, now: Time) -> Result<Acted, Refusal> {
        let mut desk = Desk::new(now, self.newest(), self.load(&[ordered.account], now));
        if let Some(name) = desk.event_to_reverse(ordered) {
            let found = self
                .known(ordered.account, &name.0, &name.1)
                .filter(|event| event.reverses.is_none())
                .map(|event| Reversible {
                    parts: event.payment.parts.clone(),
                    before: self.reversed(event.seq),
                    event: self.named(event),
                });
            let found = found.map(|found| (name, found)).into_iter().collect();
            desk.add_reversible(ordered.account, found);
        }
        let acted = desk.act(ordered);
        self.keep(desk.take_booked(), now);
        self.close(desk, now);
        acted
    }

    /// How much of an event was given back.
    pub(super) fn reversed(&self, seq: Seq) -> Credits {
        let reversals = self
            .events
            .iter()
            .filter(|event| event.reverses == Some(seq));
        reversals.fold(Credits::ZERO, |sum, event| {
            sum.saturating_sub(event.new.credits)
        })
    }
}

/// What the system has refunded since a cycle began.
fn auto_refunded(books: &Books, cycle: Time) -> Credits {
    let by_system = books.disputes.values().filter(|dispute| {
        dispute.decided_by.as_deref() == Some(SYSTEM)
            && dispute.decided_at.is_some_and(|at| at >= cycle)
    });
    by_system
        .filter_map(|dispute| dispute.refunded)
        .fold(Credits::ZERO, Credits::saturating_add)
}

fn open_disputes(books: &Books) -> u32 {
    let disputes = books.disputes.values();
    let open = disputes.filter(|dispute| dispute.state == DisputeState::Open);
    u32::try_from(open.count()).unwrap()
}

fn held_by_agent(books: &Books, company: CompanyId) -> BTreeMap<Agent, Credits> {
    let mut held: BTreeMap<Agent, Credits> = BTreeMap::new();
    let running = books.holds.values().filter(|hold| hold.is_active());
    for hold in running.filter(|hold| hold.company == company) {
        let sum = held.entry(hold.agent).or_default();
        *sum = sum.saturating_add(hold.reserved());
    }
    held
}

/// The books of those who are asked about.
pub(super) fn books(
    state: &State,
    needs: &BTreeMap<AccountId, BooksNeeds>,
    now: Time,
) -> Vec<LoadedBooks> {
    let accounts: Vec<_> = needs.keys().copied().collect();
    state.load(&accounts, now)
}

/// Active holds with the names of their companies.
pub(super) fn active_holds(
    state: &State,
    account: AccountId,
    companies: Option<&[CompanyId]>,
) -> Vec<(Hold, String)> {
    let holds = state.books.get(&account).map(|books| &books.holds);
    let running = holds.into_iter().flat_map(BTreeMap::values).filter(|hold| {
        hold.is_active() && companies.is_none_or(|companies| companies.contains(&hold.company))
    });
    let name = |hold: &Hold| {
        let company = state
            .companies
            .iter()
            .find(|(_, company)| company.id == hold.company);
        company.map_or_else(String::new, |(_, company)| company.name.clone())
    };
    let mut holds: Vec<_> = running.map(|hold| (hold.clone(), name(hold))).collect();
    holds.sort_by(|(a, _), (b, _)| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    holds
}

/// Credits that corrections have taken off since.
pub(super) fn corrected_since(state: &State, account: AccountId, since: Time) -> Credits {
    let entries = state.books.get(&account).map(|books| &books.entries);
    let corrected = entries
        .into_iter()
        .flatten()
        .filter(|line| line.entry.kind == EntryKind::Corrected && line.at >= since);
    corrected.fold(Credits::ZERO, |sum, line| {
        sum.saturating_sub(line.entry.credits)
    })
}

/// What was given back since a cycle ended.
pub(super) fn refunded_since(state: &State, account: AccountId, cycle: TimeRange) -> Refunded {
    let mut refunded = Refunded::default();
    let Some(books) = state.books.get(&account) else {
        return refunded;
    };
    for line in books.entries.iter().filter(|line| line.at >= cycle.end) {
        let event = line
            .entry
            .event
            .and_then(|seq| state.events.iter().find(|event| event.seq == seq));
        let Payer::Grant(number) = line.entry.payer else {
            continue;
        };
        let Some((event, grant)) = event.zip(books.grants.get(&number)) else {
            continue;
        };
        let time = event.new.time;
        let outlasts = grant.active.start < cycle.end && grant.active.end > cycle.end;
        match line.entry.kind {
            EntryKind::Granted if grant.kind == GrantKind::Refund && cycle.contains(time) => {
                refunded.anew = refunded.anew.saturating_add(line.entry.credits);
            }
            EntryKind::Returned if time < cycle.start && outlasts => {
                refunded.earlier = refunded.earlier.saturating_add(line.entry.credits);
            }
            _ => {}
        }
    }
    refunded
}

#[async_trait]
impl LedgerStore for MemoryStore {
    async fn entries(
        &self,
        account: AccountId,
        before: Option<i64>,
        limit: u32,
    ) -> StoreResult<Vec<NumberedEntry>> {
        let state = self.state();
        let entries = state.books.get(&account).map(|books| &books.entries);
        let older = entries
            .into_iter()
            .flatten()
            .rev()
            .filter(|line| before.is_none_or(|before| line.number < before));
        Ok(older.take(limit as usize).cloned().collect())
    }

    async fn payment(&self, account: AccountId, seq: Seq) -> StoreResult<Option<EventPayment>> {
        let state = self.state();
        let reversals = state
            .events
            .iter()
            .filter(|event| event.reverses == Some(seq));
        let reversals = reversals.map(|event| StoredReversal {
            id: event.new.id.clone(),
            credits: Credits::ZERO.saturating_sub(event.new.credits),
            at: event.recorded_at,
            metadata: event.new.metadata.clone(),
            returned_to: state.returned_to(account, event.seq),
        });
        let event = state
            .events
            .iter()
            .find(|event| event.new.account == account && event.seq == seq);
        Ok(event.map(|event| EventPayment {
            parts: event.payment.parts.clone(),
            balance_after: Some(event.payment.balance_after),
            reversals: reversals.collect(),
        }))
    }

    async fn grant_names(
        &self,
        account: AccountId,
        _parts: &[Part],
    ) -> StoreResult<BTreeMap<GrantNo, (GrantKind, String)>> {
        let state = self.state();
        let grants = state.books.get(&account).map(|books| &books.grants);
        Ok(grants
            .into_iter()
            .flat_map(BTreeMap::values)
            .map(|grant| (grant.number, (grant.kind, grant.name.clone())))
            .collect())
    }

    async fn pending_orders(&self, account: AccountId) -> StoreResult<Vec<Order>> {
        let mut orders = self.orders(account, None, u32::MAX).await?;
        orders.retain(Order::is_pending);
        Ok(orders)
    }

    async fn orders(
        &self,
        account: AccountId,
        before: Option<&TimedId>,
        limit: u32,
    ) -> StoreResult<Vec<Order>> {
        let place = |order: &Order| TimedId {
            time: order.created_at,
            id: order.id.clone(),
        };
        let state = self.state();
        let books = state.books.get(&account);
        let mut orders: Vec<_> = books
            .into_iter()
            .flat_map(|books| books.orders.values())
            .filter(|order| before.is_none_or(|before| place(order) < *before))
            .cloned()
            .collect();
        orders.sort_by_key(|order| std::cmp::Reverse(place(order)));
        orders.truncate(limit as usize);
        Ok(orders)
    }

    async fn order_account(&self, order: &str) -> StoreResult<Option<AccountId>> {
        let state = self.state();
        let owner = state
            .books
            .iter()
            .find(|(_, books)| books.orders.contains_key(order));
        Ok(owner.map(|(account, _)| *account))
    }

    async fn disputes_of(
        &self,
        account: AccountId,
        source: &str,
        event: &str,
    ) -> StoreResult<Vec<Dispute>> {
        let all = self
            .disputes(account, &DisputesQuery::default(), u32::MAX)
            .await?
            .into_iter()
            .rev();
        let is_of = |dispute: &Dispute| {
            (dispute.source.as_str(), dispute.event.as_str()) == (source, event)
        };
        Ok(all.filter(is_of).collect())
    }

    async fn disputes(
        &self,
        account: AccountId,
        query: &DisputesQuery<'_>,
        limit: u32,
    ) -> StoreResult<Vec<Dispute>> {
        let place = |dispute: &Dispute| TimedId {
            time: dispute.created_at,
            id: dispute.id.clone(),
        };
        let state = self.state();
        let all = state
            .books
            .get(&account)
            .into_iter()
            .flat_map(|books| books.disputes.values());
        let mut disputes: Vec<_> = all
            .filter(|dispute| {
                let is_of = |companies: &[CompanyId]| companies.contains(&dispute.company);
                query.companies.is_none_or(is_of)
                    && (query.states.is_empty() || query.states.contains(&dispute.state))
                    && query.before.is_none_or(|before| place(dispute) < *before)
            })
            .cloned()
            .collect();
        disputes.sort_by_key(|dispute| std::cmp::Reverse(place(dispute)));
        disputes.truncate(limit as usize);
        Ok(disputes)
    }

    async fn open_disputes(
        &self,
        after: Option<&TimedId>,
        limit: u32,
    ) -> StoreResult<Vec<OpenDispute>> {
        let state = self.state();
        let place = |dispute: &Dispute| TimedId {
            time: dispute.created_at,
            id: dispute.id.clone(),
        };
        let is_after = |dispute: &Dispute| after.is_none_or(|after| place(dispute) > *after);
        let mut open = Vec::new();
        for account in &state.accounts {
            let books = state.books.get(&account.id).into_iter();
            for dispute in books.flat_map(|books| books.disputes.values()) {
                let event = state.known(account.id, &dispute.source, &dispute.event);
                if let Some(event) = event
                    && dispute.state == DisputeState::Open
                    && is_after(dispute)
                {
                    open.push(OpenDispute {
                        account: account.key.clone(),
                        account_name: account.name.clone(),
                        time_zone: account.time_zone.clone(),
                        dispute: dispute.clone(),
                        event: state.named(event),
                    });
                }
            }
        }
        open.sort_by_key(|open| place(&open.dispute));
        open.truncate(limit as usize);
        Ok(open)
    }

    async fn hold(&self, account: AccountId, id: &str) -> StoreResult<Option<Hold>> {
        let state = self.state();
        let books = state.books.get(&account);
        Ok(books.and_then(|books| books.holds.get(id)).cloned())
    }

    async fn accounts_due(&self, now: Time, limit: u32) -> StoreResult<Vec<AccountId>> {
        let state = self.state();
        let due = state.books.iter().filter(|(_, books)| {
            books.renews_at.is_some_and(|renews_at| renews_at <= now)
                || books.holds.values().any(|hold| hold.is_overdue(now))
        });
        Ok(due
            .map(|(account, _)| *account)
            .take(limit as usize)
            .collect())
    }
}

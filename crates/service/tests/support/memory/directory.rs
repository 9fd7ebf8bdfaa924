//! Accounts, companies, plans, rate cards and API keys.

use async_trait::async_trait;
use domain::{
    AccountId, CompanyId, Time,
    alert::Rule,
    ledger::PlanTerms,
    rate::{RateCard, RateRule},
    tenancy::{Account, Company, Pack, Plan},
};
use service::{
    desk::Desk,
    ports::{
        ApiKey, DirectoryStore, Edited, Expected, NewApiKey, PutAccount, PutCompany, StoreResult,
        Stored,
    },
};

use super::{MemoryStore, State, page, put};

#[async_trait]
impl DirectoryStore for MemoryStore {
    async fn account(&self, key: &str) -> StoreResult<Option<Account>> {
        Ok(self
            .state()
            .accounts
            .iter()
            .find(|account| account.key == key)
            .cloned())
    }

    async fn account_by_id(&self, id: AccountId) -> StoreResult<Option<Account>> {
        Ok(self
            .state()
            .accounts
            .iter()
            .find(|account| account.id == id)
            .cloned())
    }

    async fn accounts(
        &self,
        search: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<Account>> {
        let mut accounts = self.state().accounts.clone();
        let found = domain::fold::contains;
        accounts.retain(|account| {
            search.is_none_or(|search| found(&account.key, search) || found(&account.name, search))
        });
        Ok(page(accounts, |account| account.key.clone(), after, limit))
    }

    async fn put_account(
        &self,
        account: &PutAccount,
        rules: &[Rule],
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Stored<Account>> {
        Ok(self.change(|state| {
            let mut known = state.accounts.iter();
            if !expected.is_met_by(known.find(|known| known.key == account.key)) {
                return Stored::Stale;
            }
            let stored = state.put_account(account, now);
            if let Stored::Created(account) = &stored {
                let begins_with = rules.iter().map(|rule| (account.id, rule.clone()));
                state.alerts.rules.extend(begins_with);
            }
            stored
        }))
    }

    async fn companies_by_key(
        &self,
        account: AccountId,
        keys: &[String],
    ) -> StoreResult<Vec<Company>> {
        Ok(self
            .state()
            .companies_of(account)
            .into_iter()
            .filter(|company| keys.contains(&company.key))
            .collect())
    }

    async fn company_owners(
        &self,
        key: &str,
        limit: u32,
    ) -> StoreResult<Vec<(AccountId, Company)>> {
        let state = self.state();
        Ok(state
            .companies
            .iter()
            .filter(|(_, company)| company.key == key)
            .take(limit as usize)
            .cloned()
            .collect())
    }

    async fn companies(
        &self,
        account: AccountId,
        ids: Option<&[CompanyId]>,
        search: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<Company>> {
        let mut companies = self.state().companies_of(account);
        companies.retain(|company| ids.is_none_or(|ids| ids.contains(&company.id)));
        let found = domain::fold::contains;
        companies.retain(|company| {
            search.is_none_or(|search| found(&company.key, search) || found(&company.name, search))
        });
        Ok(page(companies, |company| company.key.clone(), after, limit))
    }

    async fn company_count(&self, account: AccountId) -> StoreResult<u32> {
        Ok(u32::try_from(self.state().companies_of(account).len()).unwrap_or(u32::MAX))
    }

    async fn put_company(
        &self,
        account: AccountId,
        new: &PutCompany,
        expected: &Expected,
        most: u32,
        _now: Time,
    ) -> StoreResult<Stored<Company>> {
        let key = new.key.as_str();
        Ok(self.change(|state| {
            let known = state
                .companies
                .iter()
                .find(|(owner, company)| *owner == account && company.key == key);
            if !expected.is_met_by(known.map(|(_, company)| company)) {
                return Stored::Stale;
            }
            if known.is_none() && state.companies_of(account).len() >= most as usize {
                return Stored::Over;
            }
            let id = known.map_or(CompanyId(next(state.companies.len())), |(_, company)| {
                company.id
            });
            let company = Company {
                id,
                key: key.to_owned(),
                name: new.name.clone(),
                budget: new.budget,
                agent_caps: new.agent_caps.clone(),
            };
            let replaced = put(
                &mut state.companies,
                (account, company.clone()),
                |(owner, old)| *owner == account && old.key == key,
            );
            *state.alerts.changes.entry(account).or_default() += 1;
            Stored::now(company, replaced)
        }))
    }

    async fn plan(&self, key: &str) -> StoreResult<Option<Plan>> {
        Ok(self
            .state()
            .plans
            .iter()
            .find(|plan| plan.key == key)
            .cloned())
    }

    async fn plans(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<Plan>> {
        Ok(page(
            self.state().plans.clone(),
            |plan| plan.key.clone(),
            after,
            limit,
        ))
    }

    async fn plan_effective_at(&self, key: &str) -> StoreResult<Option<Time>> {
        let state = self.state();
        let versions = state.plan_terms.get(key);
        Ok(versions
            .and_then(|versions| versions.last())
            .map(|terms| terms.effective_at))
    }

    async fn put_plan(
        &self,
        plan: &Plan,
        expected: &Expected,
        now: Time,
    ) -> StoreResult<Stored<Plan>> {
        Ok(self.change(|state| {
            let known = state.plans.iter().find(|old| old.key == plan.key);
            if !expected.is_met_by(known) {
                return Stored::Stale;
            }
            if !state.plans.contains(plan) {
                let versions = state.plan_terms.entry(plan.key.clone()).or_default();
                versions.push(PlanTerms {
                    version: next(versions.len()),
                    effective_at: now,
                    plan_name: plan.name.clone(),
                    monthly_credits: plan.monthly_credits,
                    rollover: plan.rollover,
                });
            }
            let replaced = put(&mut state.plans, plan.clone(), |old| old.key == plan.key);
            Stored::now(plan.clone(), replaced)
        }))
    }

    async fn pack(&self, key: &str) -> StoreResult<Option<Pack>> {
        let state = self.state();
        Ok(state.packs.iter().find(|pack| pack.key == key).cloned())
    }

    async fn packs(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<Pack>> {
        let packs = self.state().packs.clone();
        Ok(page(packs, |pack| pack.key.clone(), after, limit))
    }

    async fn put_pack(
        &self,
        pack: &Pack,
        expected: &Expected,
        _now: Time,
    ) -> StoreResult<Stored<Pack>> {
        Ok(self.change(|state| {
            let known = state.packs.iter().find(|old| old.key == pack.key);
            if !expected.is_met_by(known) {
                return Stored::Stale;
            }
            let replaced = put(&mut state.packs, pack.clone(), |old| old.key == pack.key);
            Stored::now(pack.clone(), replaced)
        }))
    }

    async fn suspend(&self, id: AccountId, is_suspended: bool, _now: Time) -> StoreResult<()> {
        self.change(|state| {
            let account = state.accounts.iter_mut().find(|account| account.id == id);
            if let Some(account) = account {
                account.is_suspended = is_suspended;
                state.books.entry(id).or_default().version += 1;
            }
        });
        Ok(())
    }

    async fn rate_cards(&self, event_type: &str) -> StoreResult<Vec<RateCard>> {
        Ok(self
            .state()
            .rate_cards
            .iter()
            .filter(|card| card.event_type == event_type)
            .cloned()
            .collect())
    }

    async fn rate_card_types(&self, after: Option<&str>, limit: u32) -> StoreResult<Vec<String>> {
        let mut types: Vec<_> = self
            .state()
            .rate_cards
            .iter()
            .map(|card| card.event_type.clone())
            .collect();
        types.sort_unstable();
        types.dedup();
        Ok(page(types, String::clone, after, limit))
    }

    async fn put_rate_card(
        &self,
        event_type: &str,
        effective_at: Time,
        rules: &[RateRule],
        expected: &Expected,
        _now: Time,
    ) -> StoreResult<Stored<RateCard>> {
        Ok(self.change(|state| {
            let latest = state
                .rate_cards
                .iter()
                .rfind(|card| card.event_type == event_type)
                .cloned();
            if !expected.is_met_by(latest.as_ref()) {
                return Stored::Stale;
            }
            if let Some(latest) = &latest
                && latest.effective_at == effective_at
                && latest.rules == rules
            {
                return Stored::Replaced(latest.clone());
            }
            let version = latest.map_or(1, |latest| latest.version + 1);
            let card = RateCard {
                event_type: event_type.to_owned(),
                version,
                effective_at,
                rules: rules.to_vec(),
            };
            state.rate_cards.push(card.clone());
            Stored::Created(card)
        }))
    }

    async fn api_key(&self, prefix: &str) -> StoreResult<Option<ApiKey>> {
        Ok(self
            .state()
            .keys
            .iter()
            .find(|key| key.prefix == prefix)
            .cloned())
    }

    async fn put_api_key(&self, key: &NewApiKey, most: u32) -> StoreResult<Edited<()>> {
        Ok(self.change(|state| state.add_key(key, most)))
    }

    async fn rotate_api_key(
        &self,
        before: &str,
        key: &NewApiKey,
        ends_at: Time,
        most: u32,
    ) -> StoreResult<Edited<()>> {
        Ok(self.change(|state| {
            let works = |old: &ApiKey| {
                old.account == key.account && old.prefix == before && old.works_at(key.created_at)
            };
            let Some(place) = state.keys.iter().position(works) else {
                return Edited::Missing;
            };
            let works = |new: &ApiKey| new.works_at(key.created_at);
            let successor = state.successors.get(before);
            let mut keys = state.keys.iter();
            if keys.any(|new| successor == Some(&new.prefix) && works(new)) {
                return Edited::Stale;
            }
            let added = state.add_key(key, most);
            if added.is_made() {
                let after = key.prefix.clone();
                state.successors.insert(before.to_owned(), after);
                let old = &mut state.keys[place];
                old.expires_at = Some(old.expires_at.map_or(ends_at, |end| end.min(ends_at)));
            }
            added
        }))
    }

    async fn api_keys(
        &self,
        account: Option<AccountId>,
        after: Option<&str>,
        limit: u32,
    ) -> StoreResult<Vec<ApiKey>> {
        let keys = self
            .state()
            .keys
            .iter()
            .filter(|key| key.account == account)
            .cloned()
            .collect();
        Ok(page(keys, |key: &ApiKey| key.prefix.clone(), after, limit))
    }

    async fn revoke_api_key(
        &self,
        account: Option<AccountId>,
        prefix: &str,
        now: Time,
    ) -> StoreResult<bool> {
        Ok(self.change(|state| {
            let key = state
                .keys
                .iter_mut()
                .find(|key| key.account == account && key.prefix == prefix);
            key.map(|key| key.revoked_at = key.revoked_at.or(Some(now)))
                .is_some()
        }))
    }
}

impl State {
    fn add_key(&mut self, key: &NewApiKey, most: u32) -> Edited<()> {
        let keys = self.keys.iter();
        let working = keys.filter(|old| old.account == key.account && old.works_at(key.created_at));
        if working.count() >= most as usize {
            return Edited::Over;
        }
        self.keys.push(key.clone());
        Edited::Made(())
    }

    fn companies_of(&self, account: AccountId) -> Vec<Company> {
        self.companies
            .iter()
            .filter(|(owner, _)| *owner == account)
            .map(|(_, company)| company.clone())
            .collect()
    }

    fn put_account(&mut self, new: &PutAccount, now: Time) -> Stored<Account> {
        let known = self.accounts.iter().find(|account| account.key == new.key);
        let changes_plan = known.filter(|account| account.plan != new.plan);
        let changes_plan = changes_plan.map(|account| account.id);
        let moves = known.is_some_and(|account| {
            (account.time_zone.as_str(), account.cycle_anchor)
                != (new.time_zone.as_str(), new.cycle_anchor)
                && self
                    .events
                    .iter()
                    .any(|event| event.new.account == account.id)
        });
        if moves {
            return Stored::Fixed;
        }
        let account = Account {
            id: known.map_or(AccountId(next(self.accounts.len())), |account| account.id),
            key: new.key.clone(),
            name: new.name.clone(),
            kind: new.kind,
            time_zone: new.time_zone.clone(),
            cycle_anchor: new.cycle_anchor,
            plan: new.plan.clone(),
            policy: new.policy,
            auto_refund: new.auto_refund,
            is_suspended: known.is_some_and(|account| account.is_suspended),
            created_at: known.map_or(now, |account| account.created_at),
        };
        self.made.entry(account.id).or_insert(now);
        let is_new = known.is_none();
        // Under the plan before, cycles that have begun are renewed; then the new one gives what it adds.
        let desk =
            changes_plan.map(|id| (id, Desk::new(now, self.newest(), self.load(&[id], now))));
        if is_new || desk.is_some() {
            self.move_to_plan(account.id, &new.plan, is_new.then_some(now));
        }
        let replaced = put(&mut self.accounts, account.clone(), |old| {
            old.key == new.key
        });
        if let Some((id, mut desk)) = desk {
            if let Some(books) = self.load(&[id], now).pop() {
                desk.change_terms(id, books.terms);
            }
            self.keep(desk.take_booked(), now);
            self.close(desk, now);
        }
        Stored::now(account, replaced)
    }

    /// Notes the version of a plan's terms that an account moves to.
    pub(super) fn move_to_plan(&mut self, account: AccountId, plan: &str, opened: Option<Time>) {
        let newest = self.plan_terms.get(plan).map_or(0, Vec::len);
        let moved = self.moved_to.entry(account).or_default();
        moved.0 = newest.saturating_sub(1);
        moved.1 = moved.1.or(opened);
    }
}

fn next(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX - 1) + 1
}

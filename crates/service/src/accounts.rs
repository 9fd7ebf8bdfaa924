//! Accounts, their companies, and plans.

use std::collections::BTreeMap;

use domain::{
    Agent, Credits, FieldError, Invalid,
    alert::Rule,
    bounds::{MOST_MONEY_MICRO, Sign, check_credits},
    calendar::Zone,
    fold::contains,
    ids::check_key,
    tenancy::{Account, Company, Plan},
};

use crate::{
    Caller, Permission, Scope, ServiceError, ServiceResult, Services,
    audit::Deed,
    companies::MOST_COMPANIES,
    ingest::valid_key,
    ports::{Expected, PutAccount, PutCompany, Stored},
};

/// Longest display name, in characters.
const MAX_NAME_CHARS: usize = 120;

/// Whether a create-or-replace made something new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put<T> {
    /// What is stored now.
    pub value: T,
    /// Whether it was not there before.
    pub created: bool,
}

impl<T> Put<T> {
    /// What became of it, for people.
    pub const fn verb(&self) -> &'static str {
        if self.created { "Created" } else { "Replaced" }
    }

    pub(crate) fn from_stored(stored: Stored<T>) -> ServiceResult<Self> {
        match stored {
            Stored::Created(value) => Ok(Self { value, created: true }),
            Stored::Replaced(value) => Ok(Self { value, created: false }),
            Stored::Stale => Err(ServiceError::Stale),
            Stored::Over => Err(ServiceError::Conflict(format!(
                "an account has at most {MOST_COMPANIES} companies"
            ))),
            Stored::Fixed => Err(ServiceError::Conflict(
                "time_zone and cycle_anchor cannot change once usage is recorded: recorded days and cycles would move".to_owned(),
            )),
        }
    }
}

impl Services {
    /// Creates or replaces an account.
    pub async fn put_account(
        &self,
        caller: &Caller,
        account: PutAccount,
    ) -> ServiceResult<Put<Account>> {
        self.put_account_if(caller, account, &Expected::Any).await
    }

    /// The same, if what is there is what is expected.
    ///
    /// # Errors
    /// [`ServiceError::Stale`] when it is not.
    pub async fn put_account_if(
        &self,
        caller: &Caller,
        account: PutAccount,
        expected: &Expected,
    ) -> ServiceResult<Put<Account>> {
        caller.require_platform(Permission::Provision)?;
        self.check_account(&account).await?;
        let rules = [Rule::usual()];
        let stored = self
            .store
            .put_account(&account, &rules, expected, self.now());
        let put = Put::from_stored(stored.await?)?;
        self.directory.forget_account(&put.value);
        self.hub.notify(&[put.value.id]);
        let deed = Deed {
            detail: format!("plan {}, {}", put.value.plan, put.value.policy.id()),
            ..Deed::plain("account.put", &put.value.key)
        };
        self.record_of(caller, Some(put.value.id), deed).await;
        Ok(put)
    }

    async fn check_account(&self, account: &PutAccount) -> ServiceResult<()> {
        let mut errors = Vec::new();
        if let Err(rule) = check_key(&account.key) {
            errors.push(FieldError::invalid("key", rule));
        }
        check_name(&account.name, &mut errors);
        if let Err(error) = Zone::named(&account.time_zone) {
            errors.push(FieldError::new(
                "time_zone",
                "unknown_time_zone",
                error.to_string(),
            ));
        }
        let refund = account.auto_refund;
        check_credits(
            "auto_refund_credits",
            refund,
            Sign::NotNegative,
            &mut errors,
        );
        if self.store.plan(&account.plan).await?.is_none() {
            let message = format!("'{}' is not a plan: create it first", account.plan);
            errors.push(FieldError::new("plan", "unknown_plan", message));
        }
        Ok(Invalid::refuse(errors)?)
    }

    /// An account the caller may read.
    pub async fn account(&self, caller: &Caller, key: &str) -> ServiceResult<Account> {
        Ok(self
            .scope(caller, Some(key), Permission::Read)
            .await?
            .account)
    }

    /// Accounts the caller may read, by key, those after `after`; those with `search` in key or name, folded, when given.
    pub async fn accounts(
        &self,
        caller: &Caller,
        search: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> ServiceResult<Vec<Account>> {
        if caller.may_everywhere(Permission::Read) {
            return Ok(self.store.accounts(search, after, limit).await?);
        }
        caller.require_somewhere(Permission::Read)?;
        let mut own = Vec::new();
        for id in caller.own_accounts() {
            own.extend(self.directory.account_by_id(id).await?);
        }
        own.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let is_found = |account: &Account| {
            search.is_none_or(|search| {
                contains(&account.key, search) || contains(&account.name, search)
            })
        };
        let later = own
            .into_iter()
            .filter(|account| after.is_none_or(|after| account.key.as_str() > after))
            .filter(is_found);
        Ok(later.take(limit as usize).collect())
    }

    /// Creates or replaces a company of an account.
    pub async fn put_company(
        &self,
        caller: &Caller,
        account: &str,
        company: &PutCompany,
    ) -> ServiceResult<Put<Company>> {
        self.put_company_if(caller, account, company, &Expected::Any)
            .await
    }

    /// The same, if what is there is what is expected.
    ///
    /// # Errors
    /// [`ServiceError::Stale`] when it is not.
    pub async fn put_company_if(
        &self,
        caller: &Caller,
        account: &str,
        company: &PutCompany,
        expected: &Expected,
    ) -> ServiceResult<Put<Company>> {
        caller.require_platform(Permission::Provision)?;
        valid_key("key", &company.key)?;
        let mut errors = Vec::new();
        check_name(&company.name, &mut errors);
        check_limits(company.budget, &company.agent_caps, &mut errors);
        Invalid::refuse(errors)?;
        let account = self
            .directory
            .account(account)
            .await?
            .ok_or(ServiceError::NotFound)?;
        let put = Put::from_stored(
            self.store
                .put_company(account.id, company, expected, MOST_COMPANIES, self.now())
                .await?,
        )?;
        self.directory.forget_company(account.id, &company.key);
        self.hub.notify(&[account.id]);
        let deed = Deed::plain("company.put", &company.key);
        self.record_of(caller, Some(account.id), deed).await;
        Ok(put)
    }

    /// A company the caller may see.
    pub async fn company(&self, scope: &Scope, key: &str) -> ServiceResult<Company> {
        // What is remembered may be another process's version before the last.
        let asked = [key.to_owned()];
        let found = self
            .store
            .companies_by_key(scope.account.id, &asked)
            .await?;
        let company = found.into_iter().next();
        company
            .filter(|company| scope.companies.allows(company.id))
            .ok_or(ServiceError::NotFound)
    }

    /// The companies with these keys that the caller may see, by key; however many they are, all of them.
    pub async fn companies_named(
        &self,
        scope: &Scope,
        keys: &[String],
    ) -> ServiceResult<Vec<Company>> {
        let mut found = self.store.companies_by_key(scope.account.id, keys).await?;
        found.retain(|company| scope.companies.allows(company.id));
        Ok(found)
    }

    /// Companies the caller may see, by key, those after `after`; `search` looks in key and name.
    pub async fn companies(
        &self,
        scope: &Scope,
        search: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> ServiceResult<Vec<Company>> {
        Ok(self
            .store
            .companies(scope.account.id, scope.company_ids(), search, after, limit)
            .await?)
    }

    /// Creates or replaces a plan. What it gives changes with each account's next billing cycle.
    pub async fn put_plan(&self, caller: &Caller, plan: Plan) -> ServiceResult<Put<Plan>> {
        self.put_plan_if(caller, plan, &Expected::Any).await
    }

    /// The same, if what is there is what is expected.
    ///
    /// # Errors
    /// [`ServiceError::Stale`] when it is not.
    pub async fn put_plan_if(
        &self,
        caller: &Caller,
        plan: Plan,
        expected: &Expected,
    ) -> ServiceResult<Put<Plan>> {
        caller.require_platform(Permission::Provision)?;
        let mut errors = Vec::new();
        if let Err(rule) = check_key(&plan.key) {
            errors.push(FieldError::invalid("key", rule));
        }
        check_name(&plan.name, &mut errors);
        let monthly = plan.monthly_credits;
        check_credits("monthly_credits", monthly, Sign::NotNegative, &mut errors);
        check_credits("rollover", plan.rollover, Sign::NotNegative, &mut errors);
        check_price(plan.price.as_ref(), plan.currency.as_ref(), &mut errors);
        Invalid::refuse(errors)?;
        let put = Put::from_stored(self.store.put_plan(&plan, expected, self.now()).await?)?;
        self.directory.forget_plan(&put.value.key);
        self.record_of(caller, None, Deed::plain("plan.put", &put.value.key))
            .await;
        Ok(put)
    }

    /// A plan.
    pub async fn plan(&self, caller: &Caller, key: &str) -> ServiceResult<Plan> {
        caller.require_somewhere(Permission::Read)?;
        self.store.plan(key).await?.ok_or(ServiceError::NotFound)
    }

    /// A plan, and since when its terms are in force.
    pub async fn plan_in_force(
        &self,
        caller: &Caller,
        key: &str,
    ) -> ServiceResult<(Plan, domain::Time)> {
        let plan = self.plan(caller, key).await?;
        let since = self.store.plan_effective_at(key).await?;
        Ok((plan, since.ok_or(ServiceError::NotFound)?))
    }

    /// Plans by key, those after `after`.
    pub async fn plans(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: u32,
    ) -> ServiceResult<Vec<Plan>> {
        caller.require_somewhere(Permission::Read)?;
        Ok(self.store.plans(after, limit).await?)
    }
}

pub(crate) fn check_name(name: &str, errors: &mut Vec<FieldError>) {
    let chars = name.chars().count();
    if name.trim().is_empty() || chars > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        errors.push(FieldError::invalid(
            "name",
            format!("must be 1 to {MAX_NAME_CHARS} characters, without control characters"),
        ));
    }
}

pub(crate) fn check_limits(
    budget: Option<Credits>,
    caps: &BTreeMap<Agent, Credits>,
    errors: &mut Vec<FieldError>,
) {
    check_credits("budget", budget, Sign::NotNegative, errors);
    for (agent, cap) in caps {
        let field = format!("agent_caps.{}", agent.id());
        check_credits(&field, *cap, Sign::NotNegative, errors);
    }
}

pub(crate) fn check_price(
    price: Option<&String>,
    currency: Option<&String>,
    errors: &mut Vec<FieldError>,
) {
    let is_amount = |text: &String| {
        text.parse::<Credits>()
            .is_ok_and(|amount| (0..=MOST_MONEY_MICRO).contains(&amount.micro()))
    };
    if price.is_some_and(|price| !is_amount(price)) {
        errors.push(FieldError::invalid(
            "price",
            "must be a decimal from 0 to 1000000000, such as \"199\"",
        ));
    }
    let is_code =
        |text: &String| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if currency.is_some_and(|currency| !is_code(currency)) {
        errors.push(FieldError::invalid(
            "currency",
            "must be an ISO 4217 code such as EUR",
        ));
    }
    if price.is_some() != currency.is_some() {
        errors.push(FieldError::new(
            "currency",
            "required",
            "goes with price: send both or neither",
        ));
    }
}

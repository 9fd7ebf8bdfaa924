//! Whose an event is.

use std::collections::HashMap;

use domain::{AccountId, FieldError, calendar::Cycles, event::ParsedEvent, tenancy::Company};

use super::{Refused, account_cycles};
use crate::{Caller, Permission, Scope, ServiceError, Services};

/// Most accounts that are looked through for an event whose company several have.
const MAX_OWNERS: u32 = 100;

/// What one request looked up, so that each name is looked up once.
pub(super) struct Places<'a> {
    services: &'a Services,
    caller: &'a Caller,
    default_account: Option<&'a str>,
    cycles: HashMap<AccountId, Cycles>,
    found: HashMap<(Option<String>, String), (AccountId, Company)>,
}

impl<'a> Places<'a> {
    pub(super) fn new(
        services: &'a Services,
        caller: &'a Caller,
        default_account: Option<&'a str>,
    ) -> Self {
        Self {
            services,
            caller,
            default_account,
            cycles: HashMap::new(),
            found: HashMap::new(),
        }
    }

    /// The cycles of an account that was found.
    pub(super) fn cycles(&self, account: AccountId) -> Result<&Cycles, FieldError> {
        self.cycles.get(&account).ok_or_else(unknown_company)
    }

    /// The account and company an event belongs to, if the caller may write there. `accounts` becomes all in which it
    /// may be known, also when it can belong to none of them now.
    pub(super) async fn find(
        &mut self,
        event: &ParsedEvent,
        accounts: &mut Vec<AccountId>,
    ) -> Result<(AccountId, Company), Refused> {
        let account = event.account.as_deref().or(self.default_account);
        let name = (account.map(str::to_owned), event.company.clone());
        if let Some((account, company)) = self.found.get(&name) {
            accounts.push(*account);
            return Ok((*account, company.clone()));
        }
        let (account, company) = match &name.0 {
            None if self.caller.may_everywhere(Permission::Ingest) => {
                self.owner(&event.company, accounts).await?
            }
            key => {
                self.company_in(key.as_deref(), &event.company, accounts)
                    .await?
            }
        };
        self.found.insert(name, (account, company.clone()));
        Ok((account, company))
    }

    async fn company_in(
        &mut self,
        account: Option<&str>,
        company: &str,
        accounts: &mut Vec<AccountId>,
    ) -> Result<(AccountId, Company), Refused> {
        let scope = self
            .services
            .scope(self.caller, account, Permission::Ingest)
            .await;
        let scope = match scope {
            Ok(scope) => scope,
            Err(ServiceError::NotFound) => return Err(unknown_account().into()),
            Err(error) => return Err(Refused::Request(error)),
        };
        let account = scope.account.id;
        let company = self.services.directory.company(account, company).await?;
        let is_visible = |company: &Company| scope.companies.allows(company.id);
        // Who sees some companies only is not told what is known of others.
        if scope.company_ids().is_none() || company.as_ref().is_some_and(is_visible) {
            accounts.push(account);
        }
        let company = company.filter(is_visible).ok_or_else(unknown_company)?;
        self.remember(&scope)?;
        Ok((account, company))
    }

    /// The only account that has a company of this key.
    async fn owner(
        &mut self,
        company: &str,
        accounts: &mut Vec<AccountId>,
    ) -> Result<(AccountId, Company), Refused> {
        let owners = &self.services.store;
        let mut owners = owners.company_owners(company, MAX_OWNERS).await?;
        accounts.extend(owners.iter().map(|(account, _)| *account));
        if owners.len() > 1 {
            let message = "is a company of several accounts: add the extension attribute account";
            return Err(FieldError::new("subject", "ambiguous_company", message).into());
        }
        let (account, company) = owners.pop().ok_or_else(unknown_company)?;
        let scope = self
            .services
            .scope_by_id(self.caller, account, Permission::Ingest)
            .await
            .map_err(Refused::Request)?;
        self.remember(&scope)?;
        Ok((account, company))
    }

    fn remember(&mut self, scope: &Scope) -> Result<(), Refused> {
        let account = &scope.account;
        let cycles = account_cycles(account).map_err(Refused::Request)?;
        self.cycles.insert(account.id, cycles);
        Ok(())
    }
}

fn unknown_account() -> FieldError {
    FieldError::new(
        "account",
        "unknown_account",
        "is not an account this key can write to",
    )
}

fn unknown_company() -> FieldError {
    FieldError::new(
        "subject",
        "unknown_company",
        "is not a company of the account: create it first, or check its key",
    )
}

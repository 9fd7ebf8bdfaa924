//! Who calls, and what that lets them see and do.

use domain::{
    AccountId, CompanyId, UserId,
    tenancy::{Account, AccountKind, CompanyScope, PlatformRole, Role},
};

use crate::{
    ServiceError, ServiceResult, Services,
    ports::{ApiKey, KeyScope, Membership, PortalGrant, User},
};

/// Something a caller may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Report usage.
    Ingest,
    /// Ask whether an agent may act.
    Check,
    /// Read usage.
    Read,
    /// Buy packs and plans for their account, and watch its alerts.
    Bill,
    /// Ask for events of their account to be refunded.
    Dispute,
    /// Give the companies of their account budgets.
    Budget,
    /// Say who belongs to their account, which keys it has, and what its clients see; read who did what.
    Manage,
    /// Create and change accounts, plans, keys.
    Provision,
}

impl Permission {
    const fn needed(self) -> &'static str {
        match self {
            Self::Ingest => "this needs a key with scope ingest or platform",
            Self::Check => "this needs a key with scope check or platform",
            Self::Read => "this needs a key with scope read or platform",
            Self::Dispute => "this needs to be a member of the account",
            Self::Bill | Self::Budget => {
                "this needs the role owner or billing_admin, or a key with scope platform"
            }
            Self::Manage => "this needs the role owner, or a key with scope platform",
            Self::Provision => "this needs a key with scope platform",
        }
    }
}

/// Access to one account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct AccountAccess {
    account: AccountId,
    /// The member's role; none for keys.
    role: Option<Role>,
    companies: CompanyScope,
    permissions: Vec<Permission>,
}

/// A known caller: a program with a key, or a signed-in person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    name: String,
    user: Option<UserId>,
    session: Option<Vec<u8>>,
    address: Option<String>,
    everywhere: Vec<Permission>,
    accounts: Vec<AccountAccess>,
    /// Whether a platform's link lets them in, which ends.
    is_visitor: bool,
    /// Whether a second factor can be asked of them, and if so, whether of platform staff as well.
    second_factor: Option<bool>,
}

/// What a caller may see and do, whoever they are: pages that say nothing of a person are the same for equal rights.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rights {
    everywhere: Vec<Permission>,
    accounts: Vec<AccountAccess>,
    is_visitor: bool,
}

/// A caller's view of one account. Made only by [`Services::scope`]; every tenant use-case takes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The account.
    pub(crate) account: Account,
    /// The companies the caller may see.
    pub(crate) companies: CompanyScope,
    /// Who the caller is, as the ledger names them.
    pub(crate) actor: String,
    /// Where the caller is, when known.
    pub(crate) address: Option<String>,
    /// The signed-in person, if it is one.
    pub(crate) user: Option<UserId>,
    /// What the caller is in the account; none when they do not belong to it, and for keys.
    pub(crate) role: Option<Role>,
    /// Whether a platform's link lets the caller in, which ends.
    pub(crate) is_visitor: bool,
    /// What else the caller may do there.
    pub(crate) granted: Vec<Permission>,
}

impl Scope {
    /// The account.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// Whether the caller sees the whole account, and so its balance.
    pub fn sees_all(&self) -> bool {
        self.companies == CompanyScope::All
    }

    /// Whether the caller may buy packs and plans.
    pub fn may_bill(&self) -> bool {
        self.may(Permission::Bill)
    }

    /// Whether the caller may ask for events to be refunded.
    pub fn may_dispute(&self) -> bool {
        self.may(Permission::Dispute)
    }

    /// Whether the caller may say, for an agency they belong to, what it thinks of its clients' requests.
    pub fn may_support(&self) -> bool {
        self.account.kind == AccountKind::Agency
            && self.role.is_some()
            && self.may(Permission::Bill)
    }

    /// Whether the caller is a client of an agency.
    pub(crate) fn is_client(&self) -> bool {
        self.account.kind == AccountKind::Agency && self.role == Some(Role::Client)
    }

    /// Whether the caller may give companies budgets.
    pub fn may_budget(&self) -> bool {
        self.may(Permission::Budget)
    }

    /// Whether the caller may say who belongs to the account, and read who did what.
    pub fn may_manage(&self) -> bool {
        self.may(Permission::Manage)
    }

    fn may(&self, permission: Permission) -> bool {
        self.granted.contains(&permission)
    }

    fn require(&self, permission: Permission) -> ServiceResult<()> {
        require(self.may(permission), permission)
    }

    /// Refuses readers of some companies only: to them, what is of the whole account is not there.
    pub(crate) fn require_all(&self) -> ServiceResult<()> {
        if self.sees_all() {
            Ok(())
        } else {
            Err(ServiceError::NotFound)
        }
    }

    pub(crate) fn require_budget(&self) -> ServiceResult<()> {
        self.require(Permission::Budget)
    }

    pub(crate) fn require_manage(&self) -> ServiceResult<()> {
        self.require(Permission::Manage)
    }

    /// Refuses what outlives the session of a platform's user: a way in for somebody who need not come from the platform.
    pub(crate) fn require_lasting(&self) -> ServiceResult<()> {
        lasting(!self.is_visitor)
    }

    pub(crate) fn require_bill(&self) -> ServiceResult<()> {
        self.require(Permission::Bill)
    }

    pub(crate) fn require_provision(&self) -> ServiceResult<()> {
        self.require(Permission::Provision)
    }

    pub(crate) fn require_support(&self) -> ServiceResult<()> {
        self.require(Permission::Bill)?;
        if self.may_support() {
            Ok(())
        } else {
            Err(ServiceError::Forbidden(
                "this needs to be an owner or billing admin of the agency".to_owned(),
            ))
        }
    }

    pub(crate) fn require_dispute(&self) -> ServiceResult<()> {
        self.require(Permission::Dispute)
    }

    /// The same caller's view of some of these companies only; the same when none are named.
    pub(crate) fn narrowed(&self, companies: Option<&[CompanyId]>) -> Self {
        let mut narrowed = self.clone();
        if let Some(companies) = companies {
            narrowed.companies = CompanyScope::Only(companies.to_vec());
        }
        narrowed
    }

    pub(crate) fn company_ids(&self) -> Option<&[CompanyId]> {
        match &self.companies {
            CompanyScope::All => None,
            CompanyScope::Only(ids) => Some(ids),
        }
    }
}

impl Caller {
    /// The person at the machine's own shell: may do everything.
    pub fn operator(name: &str) -> Self {
        use Permission::{Bill, Budget, Check, Dispute, Ingest, Manage, Provision, Read};
        Self {
            everywhere: vec![
                Ingest, Check, Read, Bill, Dispute, Budget, Manage, Provision,
            ],
            ..Self::nobody(name.to_owned())
        }
    }

    /// Someone with a name who may do nothing yet.
    const fn nobody(name: String) -> Self {
        Self {
            name,
            user: None,
            session: None,
            address: None,
            everywhere: vec![],
            accounts: vec![],
            is_visitor: false,
            second_factor: None,
        }
    }

    /// A program with an API key.
    pub fn from_key(key: &ApiKey) -> Self {
        let name = format!("key {}", key.prefix);
        if key.scopes.contains(&KeyScope::Platform) {
            return Self {
                name,
                ..Self::operator("")
            };
        }
        let permissions = key.scopes.iter().filter_map(|scope| match scope {
            KeyScope::Ingest => Some(Permission::Ingest),
            KeyScope::Check => Some(Permission::Check),
            KeyScope::Read => Some(Permission::Read),
            KeyScope::Platform => None,
        });
        let permissions: Vec<_> = permissions.collect();
        let access = key.account.map(|account| AccountAccess {
            account,
            role: None,
            companies: CompanyScope::All,
            permissions,
        });
        Self {
            accounts: access.into_iter().collect(),
            ..Self::nobody(name)
        }
    }

    /// A user of the platform, signed in by one of its links.
    pub fn from_portal(grant: &PortalGrant) -> Self {
        let membership = Membership {
            account: grant.account,
            role: grant.role,
            companies: grant.companies.clone(),
        };
        Self {
            accounts: vec![member_access(&membership)],
            is_visitor: true,
            ..Self::nobody(format!("portal {}", grant.user))
        }
    }

    /// The same caller in a browser session, by the hash of its id.
    #[must_use]
    pub fn in_session(self, id_hash: Vec<u8>) -> Self {
        let session = Some(id_hash);
        Self { session, ..self }
    }

    /// The same caller, at an address.
    #[must_use]
    pub fn at(self, address: Option<String>) -> Self {
        Self { address, ..self }
    }

    /// The same caller, of whom a second factor can be asked; of platform staff as well or not.
    pub(crate) fn asked_for_second_factor(self, of_staff: bool) -> Self {
        Self {
            second_factor: Some(of_staff),
            ..self
        }
    }

    /// Whether a person has to set up a second factor before they may go on as this caller.
    pub(crate) fn owes_second_factor(&self, user: &User) -> bool {
        self.second_factor
            .is_some_and(|of_staff| user.owes_second_factor(of_staff))
    }

    /// A signed-in person.
    pub fn from_user(user: &User) -> Self {
        let everywhere = match user.platform_role {
            Some(PlatformRole::Operator) => vec![
                Permission::Read,
                Permission::Bill,
                Permission::Dispute,
                Permission::Budget,
                Permission::Manage,
                Permission::Provision,
            ],
            Some(PlatformRole::ProductManager) => vec![Permission::Read],
            None => vec![],
        };
        let accounts = user.memberships.iter().map(member_access).collect();
        Self {
            user: Some(user.id),
            everywhere,
            accounts,
            ..Self::nobody(user.email.clone())
        }
    }

    /// The browser session, by the hash of its id.
    pub fn session(&self) -> Option<&[u8]> {
        self.session.as_deref()
    }

    /// Where the caller is, when known.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Who it is, for logs and for remembering answers.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The signed-in person, if it is one.
    pub const fn user(&self) -> Option<UserId> {
        self.user
    }

    /// See [`Scope::require_lasting`].
    pub(crate) fn require_lasting(&self) -> ServiceResult<()> {
        lasting(!self.is_visitor)
    }

    /// Whether two callers may do the same.
    pub(crate) fn may_the_same(&self, other: &Self) -> bool {
        (&self.everywhere, &self.accounts) == (&other.everywhere, &other.accounts)
    }

    /// Whether the caller may do something in every account.
    pub fn may_everywhere(&self, permission: Permission) -> bool {
        self.everywhere.contains(&permission)
    }

    /// Refuses callers who may not do something in every account.
    pub fn require_platform(&self, permission: Permission) -> ServiceResult<()> {
        if self.may_everywhere(permission) {
            Ok(())
        } else {
            Err(ServiceError::Forbidden(permission.needed().to_owned()))
        }
    }

    /// Refuses callers who may not do something in any account.
    pub fn require_somewhere(&self, permission: Permission) -> ServiceResult<()> {
        let somewhere = self
            .accounts
            .iter()
            .any(|access| access.permissions.contains(&permission));
        if somewhere {
            Ok(())
        } else {
            self.require_platform(permission)
        }
    }

    /// What they may see and do.
    pub fn rights(&self) -> Rights {
        Rights {
            everywhere: self.everywhere.clone(),
            accounts: self.accounts.clone(),
            is_visitor: self.is_visitor,
        }
    }

    /// The accounts the caller belongs to, by number.
    pub fn own_accounts(&self) -> Vec<AccountId> {
        self.accounts.iter().map(|access| access.account).collect()
    }

    /// Whether the caller sees every company of an account, and so what the account pays.
    pub fn sees_all_of(&self, account: AccountId) -> bool {
        self.companies_in(account, Permission::Read) == Some(CompanyScope::All)
    }

    fn scope_of(&self, account: Account, companies: CompanyScope) -> Scope {
        // Who sees some companies only may ask for their events to be refunded, and change nothing else.
        let is_granted = |permission: &Permission| match self.companies_in(account.id, *permission)
        {
            Some(CompanyScope::All) => true,
            Some(CompanyScope::Only(_)) => *permission == Permission::Dispute,
            None => false,
        };
        let mut granted = vec![
            Permission::Bill,
            Permission::Dispute,
            Permission::Budget,
            Permission::Manage,
            Permission::Provision,
        ];
        granted.retain(is_granted);
        let own = self.accounts.iter().find(|own| own.account == account.id);
        Scope {
            role: own.and_then(|own| own.role),
            granted,
            actor: self.name.clone(),
            address: self.address.clone(),
            user: self.user,
            is_visitor: self.is_visitor,
            account,
            companies,
        }
    }

    /// The companies the caller may see in an account; `None` when they may not do this there.
    fn companies_in(&self, account: AccountId, permission: Permission) -> Option<CompanyScope> {
        if self.may_everywhere(permission) {
            return Some(CompanyScope::All);
        }
        let access = self
            .accounts
            .iter()
            .find(|access| access.account == account)?;
        access
            .permissions
            .contains(&permission)
            .then(|| access.companies.clone())
    }
}

fn lasting(lasts: bool) -> ServiceResult<()> {
    if lasts {
        Ok(())
    } else {
        Err(ServiceError::Forbidden(
            "you came here by a link of your platform, which ends: ask the platform to do this"
                .to_owned(),
        ))
    }
}

fn require(may: bool, permission: Permission) -> ServiceResult<()> {
    if may {
        Ok(())
    } else {
        Err(ServiceError::Forbidden(permission.needed().to_owned()))
    }
}

fn member_access(membership: &Membership) -> AccountAccess {
    let sees_all = membership.companies.is_empty() && membership.role != Role::Client;
    let companies = if sees_all {
        CompanyScope::All
    } else {
        CompanyScope::Only(membership.companies.clone())
    };
    AccountAccess {
        account: membership.account,
        role: Some(membership.role),
        companies,
        permissions: match membership.role {
            Role::Owner => vec![
                Permission::Read,
                Permission::Bill,
                Permission::Dispute,
                Permission::Budget,
                Permission::Manage,
            ],
            Role::BillingAdmin => vec![
                Permission::Read,
                Permission::Bill,
                Permission::Dispute,
                Permission::Budget,
            ],
            Role::Analyst | Role::Client => vec![Permission::Read, Permission::Dispute],
        },
    }
}

impl Services {
    /// The caller's view of an account: the named one, or their only (or first) one.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] when the caller may do this nowhere; [`ServiceError::NotFound`] when there is no
    /// such account or it is someone else's.
    pub async fn scope(
        &self,
        caller: &Caller,
        account: Option<&str>,
        permission: Permission,
    ) -> ServiceResult<Scope> {
        caller.require_somewhere(permission)?;
        let account = match account {
            Some(key) => self
                .directory
                .account(key)
                .await?
                .ok_or(ServiceError::NotFound)?,
            None => self.default_account(caller).await?,
        };
        let companies = caller
            .companies_in(account.id, permission)
            .ok_or(ServiceError::NotFound)?;
        Ok(caller.scope_of(account, companies))
    }

    async fn default_account(&self, caller: &Caller) -> ServiceResult<Account> {
        if let Some(own) = caller.accounts.first() {
            return self
                .directory
                .account_by_id(own.account)
                .await?
                .ok_or(ServiceError::NotFound);
        }
        if caller.user.is_some() && caller.may_everywhere(Permission::Read) {
            return self
                .store
                .accounts(None, None, 1)
                .await?
                .into_iter()
                .next()
                .ok_or(ServiceError::NotFound);
        }
        Err(ServiceError::Invalid(domain::Invalid::one(
            "account",
            "required",
            "is missing: name the account with ?account=",
        )))
    }

    /// The view of an account for a use-case that has already been allowed everywhere.
    pub(crate) async fn scope_by_id(
        &self,
        caller: &Caller,
        account: AccountId,
        permission: Permission,
    ) -> ServiceResult<Scope> {
        let companies = caller
            .companies_in(account, permission)
            .ok_or(ServiceError::NotFound)?;
        let account = self
            .directory
            .account_by_id(account)
            .await?
            .ok_or(ServiceError::NotFound)?;
        Ok(caller.scope_of(account, companies))
    }
}

//! Who has to have a second factor.

use domain::tenancy::Role;

use crate::{Caller, Scope, ServiceResult, Services, audit::Deed, ports::User};

impl Services {
    /// The same use-cases, whose platform staff need a second factor.
    #[must_use]
    pub fn requiring_second_factor(self, is_required: bool) -> Self {
        Self {
            staff_need_second_factor: is_required,
            ..self
        }
    }

    /// The caller that a signed-in person is, and whether they owe a second factor: until they have one, they may do
    /// nothing. Of those whom a provider of single sign-on vouches for none is asked.
    pub fn caller_of(&self, user: &User, is_elsewhere: bool) -> (Caller, bool) {
        if is_elsewhere {
            return (Caller::from_user(user), false);
        }
        if !user.owes_second_factor(self.staff_need_second_factor) {
            let caller = Caller::from_user(user);
            return (
                caller.asked_for_second_factor(self.staff_need_second_factor),
                false,
            );
        }
        let without_access = User {
            platform_role: None,
            memberships: vec![],
            ..user.clone()
        };
        (Caller::from_user(&without_access), true)
    }

    /// Roles of the account whose members need a second factor.
    pub async fn second_factor_demands(&self, scope: &Scope) -> ServiceResult<Vec<Role>> {
        scope.require_manage()?;
        Ok(self.store.second_factor_demands(scope.account.id).await?)
    }

    /// Says which roles of the account need a second factor. Whoever needs one and has none may do nothing else before.
    pub async fn set_second_factor_demands(
        &self,
        scope: &Scope,
        roles: &[Role],
    ) -> ServiceResult<()> {
        scope.require_manage()?;
        self.store
            .set_second_factor_demands(scope.account.id, roles)
            .await?;
        let names: Vec<_> = roles.iter().map(|role| role.id()).collect();
        let deed = Deed {
            action: "account.second_factor",
            target: &scope.account.key,
            detail: if names.is_empty() {
                "for nobody".to_owned()
            } else {
                format!("for {}", names.join(", "))
            },
        };
        self.record(scope, deed).await;
        Ok(())
    }
}

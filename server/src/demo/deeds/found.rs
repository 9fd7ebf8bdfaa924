//! How the demo's platform begins, and who joins it.

use domain::{
    Credits,
    event::USAGE_TYPE,
    tenancy::{Pack, Plan},
    time::DAY_US,
};
use service::{
    ServiceError, ServiceResult,
    ports::{PutAccount, PutCompany},
    users::{Joining, PutUser},
};

use super::Stage;
use crate::demo::{
    CARD_BEFORE_US,
    cast::{MANAGER, PACKS, PASSWORD, PEOPLE, PLANS, Person, rates},
    world::DemoAccount,
};

/// Rates hold since before history begins.
const _: () = assert!(
    CARD_BEFORE_US >= 150 * DAY_US,
    "history would have no price"
);

impl Stage<'_> {
    /// The product manager, when the demo began, plans, packs and the operator.
    pub(super) async fn found(&self) -> ServiceResult<()> {
        for person in PEOPLE.iter().filter(|person| person.email == MANAGER) {
            self.put_person(person).await?;
        }
        let since = self.world.began.plus_micros(-CARD_BEFORE_US);
        self.services
            .put_rate_card(self.caller, USAGE_TYPE, since, &rates())
            .await?;
        self.put_plans().await?;
        self.put_packs().await?;
        let staff = PEOPLE
            .iter()
            .filter(|person| person.platform_role.is_some() && person.email != MANAGER);
        for person in staff {
            self.put_person(person).await?;
        }
        Ok(())
    }

    async fn put_plans(&self) -> ServiceResult<()> {
        let size = self.world.size;
        for (key, name, credits, price, rollover) in PLANS {
            let plan = Plan {
                key: key.to_owned(),
                name: name.to_owned(),
                monthly_credits: size.credits(credits),
                price: Some(price.to_string()),
                currency: Some("EUR".to_owned()),
                rollover: rollover.map(|credits| size.credits(credits)),
            };
            self.services.put_plan(self.caller, plan).await?;
        }
        Ok(())
    }

    async fn put_packs(&self) -> ServiceResult<()> {
        for (key, name, credits, price) in PACKS {
            let pack = Pack {
                key: key.to_owned(),
                name: name.to_owned(),
                credits: self.world.size.credits(credits),
                price: Some(price.to_string()),
                currency: Some("EUR".to_owned()),
                valid_cycles: 1,
            };
            self.services.put_pack(self.caller, pack).await?;
        }
        Ok(())
    }

    /// An account with its companies and people, unless it is there: a demo that was interrupted goes on.
    pub(super) async fn join(&self, account: &DemoAccount) -> ServiceResult<()> {
        let row = &account.row;
        match self.services.account(self.caller, row.key).await {
            Ok(_) => return Ok(()),
            Err(ServiceError::NotFound) => {}
            Err(error) => return Err(error),
        }
        let new = PutAccount {
            key: row.key.to_owned(),
            name: row.name.to_owned(),
            kind: row.kind,
            time_zone: row.zone.to_owned(),
            cycle_anchor: account.joined,
            plan: row.plan.to_owned(),
            policy: row.policy,
            auto_refund: Credits::ZERO,
        };
        self.services.put_account(self.caller, new).await?;
        for company in &account.companies {
            let company = PutCompany::named(company.row.key, company.row.name);
            self.services
                .put_company(self.caller, row.key, &company)
                .await?;
        }
        let theirs = PEOPLE
            .iter()
            .filter(|person| person.account.is_some_and(|(key, _)| key == row.key));
        for person in theirs {
            self.put_person(person).await?;
        }
        Ok(())
    }

    async fn put_person(&self, person: &Person) -> ServiceResult<()> {
        let joining = person.account.map(|(account, role)| Joining {
            account: account.to_owned(),
            role,
            companies: person.company.map(str::to_owned).into_iter().collect(),
        });
        let user = PutUser {
            email: person.email.to_owned(),
            name: person.name.to_owned(),
            password: PASSWORD.to_owned(),
            platform_role: person.platform_role,
            memberships: joining.into_iter().collect(),
        };
        self.services.put_user(self.caller, user).await.map(|_| ())
    }
}

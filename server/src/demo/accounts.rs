//! Who there is in the demo.

use domain::{
    Credits, Time,
    calendar::Zone,
    ledger::OveragePolicy,
    rate::RateRule,
    tenancy::{AccountKind, Pack, Plan, PlatformRole, Role},
};
use jiff::ToSpan as _;
use serde_json::json;
use service::{
    Caller, ServiceError, ServiceResult, Services,
    ports::{PutAccount, PutCompany},
    users::{Joining, PutUser},
};

/// The password of everyone in the demo.
pub const PASSWORD: &str = "demo-credits";
/// How many days of the running cycle have passed when the demo is made: enough for a telling gauge on any date.
const CYCLE_DAYS_PASSED: i64 = 20;
/// How many months before that the account's first cycle began.
const MONTHS_BEFORE: i64 = 6;

/// An account of the demo.
pub struct DemoAccount {
    /// Its key.
    pub key: &'static str,
    /// Display name.
    name: &'static str,
    kind: AccountKind,
    /// IANA name of its zone.
    pub zone: &'static str,
    plan: &'static str,
    /// Its companies.
    pub companies: &'static [DemoCompany],
    /// Events of an ordinary working day.
    pub events_a_day: f64,
}

/// A company of the demo.
pub struct DemoCompany {
    /// Its key.
    pub key: &'static str,
    name: &'static str,
    /// Its part of the account's usage; all parts need not add up to 1.
    pub weight: f64,
    /// Usual parts of the six agents, in their order.
    pub agents: [f64; 6],
}

/// A person of the demo.
#[derive(Clone, Copy)]
pub struct Person {
    /// E-mail address.
    pub email: &'static str,
    name: &'static str,
    /// Who that is, for the list of sign-ins.
    pub who: &'static str,
    account: Option<(&'static str, Role)>,
    company: Option<&'static str>,
}

/// The accounts.
pub const ACCOUNTS: [DemoAccount; 2] = [
    DemoAccount {
        key: "northwind",
        name: "Northwind Agency",
        kind: AccountKind::Agency,
        zone: "Europe/Berlin",
        plan: "growth",
        events_a_day: 2_350.0,
        companies: &[
            DemoCompany {
                key: "acme-dental",
                name: "Acme Dental",
                weight: 0.31,
                agents: [0.50, 0.20, 0.06, 0.04, 0.14, 0.06],
            },
            DemoCompany {
                key: "bluewater-spa",
                name: "Bluewater Spa",
                weight: 0.18,
                agents: [0.58, 0.06, 0.02, 0.08, 0.22, 0.04],
            },
            DemoCompany {
                key: "harbor-homes",
                name: "Harbor Homes",
                weight: 0.27,
                agents: [0.44, 0.10, 0.14, 0.05, 0.20, 0.07],
            },
            DemoCompany {
                key: "lakeside-vet",
                name: "Lakeside Vet",
                weight: 0.15,
                agents: [0.52, 0.22, 0.03, 0.03, 0.14, 0.06],
            },
            DemoCompany {
                key: "northwind-hq",
                name: "Northwind HQ",
                weight: 0.09,
                agents: [0.22, 0.03, 0.05, 0.02, 0.06, 0.62],
            },
        ],
    },
    DemoAccount {
        key: "brightside",
        name: "Brightside Clinics",
        kind: AccountKind::Customer,
        zone: "America/New_York",
        plan: "starter",
        events_a_day: 330.0,
        companies: &[
            DemoCompany {
                key: "brightside-downtown",
                name: "Brightside Downtown",
                weight: 0.6,
                agents: [0.50, 0.22, 0.05, 0.04, 0.13, 0.06],
            },
            DemoCompany {
                key: "brightside-eastside",
                name: "Brightside Eastside",
                weight: 0.4,
                agents: [0.56, 0.16, 0.03, 0.05, 0.14, 0.06],
            },
        ],
    },
];

/// The people.
pub const PEOPLE: [Person; 4] = [
    Person {
        email: "owner@northwind.example",
        name: "Nora Lindqvist",
        who: "an agency with five companies",
        account: Some(("northwind", Role::Owner)),
        company: None,
    },
    Person {
        email: "client@acme.example",
        name: "Amir Haddad",
        who: "a client of that agency: sees Acme Dental only",
        account: Some(("northwind", Role::Client)),
        company: Some("acme-dental"),
    },
    Person {
        email: "owner@brightside.example",
        name: "Beth Okafor",
        who: "a customer",
        account: Some(("brightside", Role::Owner)),
        company: None,
    },
    Person {
        email: "pm@creditscope.example",
        name: "Paula Meier",
        who: "the platform's product manager: sees all accounts",
        account: None,
        company: None,
    },
];

/// What usage costs: seconds of calls, tokens of replies, and a fixed price for what has neither.
pub fn rates() -> Vec<RateRule> {
    let rules = json!([
        { "match": { "unit": "second" }, "unit": "second", "credits_per_unit": "0.014", "rounding": "up", "decimals": 2 },
        { "match": { "agent": "nox" }, "unit": "token", "credits_per_unit": "0.0006", "rounding": "up", "decimals": 3 },
        { "match": { "unit": "token" }, "unit": "token", "credits_per_unit": "0.001", "rounding": "up", "decimals": 3 },
        { "match": { "unit": "engagement" }, "unit": "engagement", "credits_per_unit": "0.25", "rounding": "exact", "decimals": 2 }
    ]);
    // A test holds that these are rules.
    serde_json::from_value(rules).unwrap_or_default()
}

/// Creates plans, accounts, companies and people that are not there yet.
pub async fn provision(services: &Services, caller: &Caller, began: Time) -> ServiceResult<()> {
    let plans = [
        ("starter", "Starter", 10_000, 99),
        ("growth", "Growth", 75_000, 499),
        ("scale", "Scale", 250_000, 1_390),
    ];
    for (key, name, credits, price) in plans {
        let monthly_credits = Credits::from_whole(credits).unwrap_or(Credits::ZERO);
        let (price, currency) = (Some(price.to_string()), Some("EUR".to_owned()));
        services
            .put_plan(
                caller,
                Plan {
                    key: key.to_owned(),
                    name: name.to_owned(),
                    monthly_credits,
                    price,
                    currency,
                    rollover: None,
                },
            )
            .await?;
    }
    put_packs(services, caller).await?;
    for account in &ACCOUNTS {
        put_account(services, caller, account, began).await?;
    }
    let known: Vec<_> = services
        .users(caller, None, 1_000)
        .await?
        .into_iter()
        .map(|user| user.email)
        .collect();
    for person in PEOPLE
        .iter()
        .filter(|person| known.iter().all(|email| email != person.email))
    {
        put_person(services, caller, person).await?;
    }
    Ok(())
}

async fn put_packs(services: &Services, caller: &Caller) -> ServiceResult<()> {
    let packs = [
        ("boost-1000", "Boost 1,000", 1_000, 15),
        ("boost-5000", "Boost 5,000", 5_000, 59),
        ("boost-20000", "Boost 20,000", 20_000, 199),
    ];
    for (key, name, credits, price) in packs {
        let pack = Pack {
            key: key.to_owned(),
            name: name.to_owned(),
            credits: Credits::from_whole(credits).unwrap_or(Credits::ZERO),
            price: Some(price.to_string()),
            currency: Some("EUR".to_owned()),
            valid_cycles: 1,
        };
        services.put_pack(caller, pack).await?;
    }
    Ok(())
}

async fn put_account(
    services: &Services,
    caller: &Caller,
    account: &DemoAccount,
    began: Time,
) -> ServiceResult<()> {
    match services.account(caller, account.key).await {
        Ok(_) => {}
        Err(ServiceError::NotFound) => {
            let zone = Zone::named(account.zone)
                .map_err(|error| ServiceError::invalid("time_zone", error))?;
            let anchor = zone
                .at(began)
                .date()
                .saturating_sub(CYCLE_DAYS_PASSED.days())
                .saturating_sub(MONTHS_BEFORE.months());
            let new = PutAccount {
                key: account.key.to_owned(),
                name: account.name.to_owned(),
                kind: account.kind,
                time_zone: account.zone.to_owned(),
                cycle_anchor: zone.day_start(anchor),
                plan: account.plan.to_owned(),
                policy: OveragePolicy::HardStop,
                auto_refund: domain::Credits::ZERO,
            };
            services.put_account(caller, new).await?;
        }
        Err(error) => return Err(error),
    }
    for company in account.companies {
        services
            .put_company(
                caller,
                account.key,
                &PutCompany::named(company.key, company.name),
            )
            .await?;
    }
    Ok(())
}

async fn put_person(services: &Services, caller: &Caller, person: &Person) -> ServiceResult<()> {
    let joining = |(account, role): (&str, Role)| Joining {
        account: account.to_owned(),
        role,
        companies: person.company.map(str::to_owned).into_iter().collect(),
    };
    let user = PutUser {
        email: person.email.to_owned(),
        name: person.name.to_owned(),
        password: PASSWORD.to_owned(),
        platform_role: person
            .account
            .is_none()
            .then_some(PlatformRole::ProductManager),
        memberships: person.account.map(joining).into_iter().collect(),
    };
    services.put_user(caller, user).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rates_are_rules() {
        assert_eq!(rates().len(), 4);
    }
}

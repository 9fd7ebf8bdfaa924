//! Who there is in the demo: plain tables.

mod offers;

use domain::{
    ledger::OveragePolicy,
    tenancy::{AccountKind, PlatformRole, Role},
};

pub use offers::{PACKS, PLANS, rates};

/// The password of everyone in the demo.
pub const PASSWORD: &str = "demo-credits";

/// Key of the agency.
pub const AGENCY: &str = "northwind";
/// Key of the customer with people.
pub const CUSTOMER: &str = "brightside";
/// Email address of the agency's owner.
pub const OWNER: &str = "owner@northwind.example";
/// Email address of the agency's client.
pub const CLIENT: &str = "client@acme.example";
/// Email address of the customer's owner.
pub const CUSTOMER_OWNER: &str = "owner@brightside.example";
/// Email address of the platform's operator.
pub const OPERATOR: &str = "operator@creditscope.example";
/// Email address of the product manager. Created first: a database that knows it is a demo.
pub const MANAGER: &str = "pm@creditscope.example";

/// How usage develops over the months before the demo begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// About the same.
    Steady,
    /// From a third of what it is when the demo begins.
    Growing,
    /// From twice what it is when the demo begins.
    Shrinking,
}

/// An account as the tables have it.
pub struct AccountRow {
    /// Its key.
    pub key: &'static str,
    /// Display name.
    pub name: &'static str,
    /// Customer or agency.
    pub kind: AccountKind,
    /// IANA name of its zone.
    pub zone: &'static str,
    /// Key of its plan.
    pub plan: &'static str,
    /// What happens when no credits remain.
    pub policy: OveragePolicy,
    /// Events of an ordinary working day.
    pub events_a_day: f64,
    /// How many days of its running cycle have passed when the demo begins, on any date.
    pub days_passed: i64,
    /// How many months before that it joined.
    pub months_before: i64,
    /// How its usage develops.
    pub trend: Trend,
    /// Its agents stop when so much of its credits is used, in percent; they go on when none.
    pub stops_at_percent: Option<u32>,
    /// Its companies.
    pub companies: &'static [CompanyRow],
}

/// A company as the tables have it.
#[derive(Clone, Copy)]
pub struct CompanyRow {
    /// Its key.
    pub key: &'static str,
    /// Display name.
    pub name: &'static str,
    /// IANA name of the zone of its opening hours.
    pub zone: &'static str,
    /// Its part of the account's usage; all parts need not add up to 1.
    pub weight: f64,
    /// Usual parts of the six agents, in their order.
    pub agents: [f64; 6],
    /// Whether its agents stop at its budget.
    pub stops: bool,
}

const fn company(
    key: &'static str,
    name: &'static str,
    zone: &'static str,
    weight: f64,
    agents: [f64; 6],
) -> CompanyRow {
    CompanyRow {
        key,
        name,
        zone,
        weight,
        agents,
        stops: false,
    }
}

/// The two accounts with people.
pub const MAIN: [AccountRow; 2] = [
    AccountRow {
        key: AGENCY,
        name: "Northwind Agency",
        kind: AccountKind::Agency,
        zone: "Europe/Berlin",
        plan: "growth",
        policy: OveragePolicy::HardStop,
        events_a_day: 2_100.0,
        days_passed: 20,
        months_before: 3,
        trend: Trend::Steady,
        stops_at_percent: None,
        // Opening hours around the world: something happens at any hour at which somebody looks.
        companies: &[
            company(
                "acme-dental",
                "Acme Dental",
                "Europe/Berlin",
                0.29,
                [0.50, 0.20, 0.06, 0.04, 0.14, 0.06],
            ),
            company(
                "bluewater-spa",
                "Bluewater Spa",
                "Australia/Sydney",
                0.18,
                [0.58, 0.06, 0.02, 0.08, 0.22, 0.04],
            ),
            company(
                "harbor-homes",
                "Harbor Homes",
                "America/New_York",
                0.25,
                [0.44, 0.10, 0.14, 0.05, 0.20, 0.07],
            ),
            company(
                "lakeside-vet",
                "Lakeside Vet",
                "Europe/Berlin",
                0.14,
                [0.52, 0.22, 0.03, 0.03, 0.14, 0.06],
            ),
            company(
                "northwind-hq",
                "Northwind HQ",
                "Europe/Berlin",
                0.09,
                [0.22, 0.03, 0.05, 0.02, 0.06, 0.62],
            ),
            CompanyRow {
                stops: true,
                ..company(
                    "cedar-fitness",
                    "Cedar Fitness",
                    "Europe/London",
                    0.05,
                    [0.62, 0.06, 0.02, 0.04, 0.22, 0.04],
                )
            },
        ],
    },
    AccountRow {
        key: CUSTOMER,
        name: "Brightside Clinics",
        kind: AccountKind::Customer,
        zone: "America/New_York",
        plan: "starter",
        policy: OveragePolicy::Grace { percent: 10 },
        events_a_day: 320.0,
        days_passed: 12,
        months_before: 3,
        trend: Trend::Steady,
        stops_at_percent: None,
        companies: &[
            company(
                "brightside-downtown",
                "Brightside Downtown",
                "America/New_York",
                0.6,
                [0.50, 0.22, 0.05, 0.04, 0.13, 0.06],
            ),
            company(
                "brightside-eastside",
                "Brightside Eastside",
                "America/New_York",
                0.4,
                [0.56, 0.16, 0.03, 0.05, 0.14, 0.06],
            ),
        ],
    },
];

/// What a small customer mostly uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Chat.
    Chat,
    /// Calls.
    Voice,
    /// The in-app assistant.
    Assistant,
}

impl Mix {
    /// Parts of the six agents.
    pub const fn agents(self) -> [f64; 6] {
        match self {
            Self::Chat => [0.74, 0.03, 0.0, 0.03, 0.17, 0.03],
            Self::Voice => [0.36, 0.40, 0.08, 0.04, 0.08, 0.04],
            Self::Assistant => [0.30, 0.0, 0.0, 0.02, 0.08, 0.60],
        }
    }
}

/// A small customer: one company with the account's key and name.
pub struct SmallRow {
    /// Its key.
    pub key: &'static str,
    /// Display name.
    pub name: &'static str,
    /// IANA name of its zone.
    pub zone: &'static str,
    /// Key of its plan.
    pub plan: &'static str,
    /// Events of an ordinary working day.
    pub events_a_day: f64,
    /// What it mostly uses.
    pub mix: Mix,
    /// As in [`AccountRow`].
    pub days_passed: i64,
    /// As in [`AccountRow`].
    pub months_before: i64,
    /// As in [`AccountRow`].
    pub trend: Trend,
    /// As in [`AccountRow`].
    pub stops_at_percent: Option<u32>,
}

macro_rules! small {
    ($($key:literal $name:literal $zone:literal $plan:literal $events:literal $mix:ident $days:literal $months:literal $trend:ident $stops:expr;)*) => {
        &[$(SmallRow {
            key: $key,
            name: $name,
            zone: $zone,
            plan: $plan,
            events_a_day: $events,
            mix: Mix::$mix,
            days_passed: $days,
            months_before: $months,
            trend: Trend::$trend,
            stops_at_percent: $stops,
        }),*]
    };
}

/// Thirty small customers. Those at the beginning are in the small form of the demo, too: one near its limit, some that
/// ran out in different weeks of their cycles, one that is new, one that grows, one that shrinks.
pub const SMALL: &[SmallRow] = small! {
    "cobalt-legal" "Cobalt Legal" "Europe/London" "solo" 60.0 Chat 19 2 Steady Some(94);
    "daylight-yoga" "Daylight Yoga" "Europe/Berlin" "solo" 78.0 Chat 17 2 Steady Some(100);
    "elm-street-books" "Elm Street Books" "America/Chicago" "free" 24.0 Chat 11 2 Steady Some(100);
    "fernhill-farms" "Fernhill Farms" "Europe/Dublin" "free" 42.0 Assistant 9 1 Steady Some(100);
    "granite-gym" "Granite Gym" "Europe/Berlin" "solo" 30.0 Voice 26 2 Growing Some(100);
    "hilltop-hotel" "Hilltop Hotel" "Europe/Vienna" "starter" 95.0 Voice 5 2 Growing None;
    "ivory-keys" "Ivory Keys Music" "Europe/Paris" "solo" 26.0 Chat 14 2 Shrinking None;
    "juniper-cafe" "Juniper Café" "Europe/Rome" "free" 7.0 Chat 6 0 Steady None;
    "kestrel-tours" "Kestrel Tours" "Pacific/Auckland" "starter" 88.0 Chat 8 2 Growing None;
    "lumen-optics" "Lumen Optics" "Asia/Tokyo" "solo" 20.0 Voice 22 2 Steady Some(100);
    "maple-motors" "Maple Motors" "America/Toronto" "starter" 74.0 Voice 15 2 Shrinking None;
    "nimbus-cloud" "Nimbus Cloud" "America/Los_Angeles" "starter" 82.0 Assistant 3 2 Growing None;
    "oakwood-dental" "Oakwood Dental" "America/New_York" "solo" 18.0 Voice 10 2 Steady None;
    "pine-pediatrics" "Pine Pediatrics" "America/Denver" "solo" 24.0 Chat 18 2 Steady None;
    "quartz-jewelry" "Quartz Jewelry" "Asia/Singapore" "solo" 22.0 Chat 13 2 Growing None;
    "riverside-inn" "Riverside Inn" "Europe/Zurich" "solo" 27.0 Chat 7 2 Steady None;
    "saffron-kitchen" "Saffron Kitchen" "Asia/Kolkata" "free" 14.0 Chat 20 2 Steady Some(100);
    "tidewater-surf" "Tidewater Surf" "Australia/Brisbane" "free" 8.0 Chat 12 1 Shrinking None;
    "umber-studio" "Umber Studio" "Europe/Madrid" "free" 6.0 Assistant 16 2 Steady None;
    "violet-florist" "Violet Florist" "Europe/Amsterdam" "free" 9.0 Chat 4 0 Steady None;
    "willow-wellness" "Willow Wellness" "Europe/Stockholm" "solo" 25.0 Chat 9 2 Shrinking None;
    "xenon-lighting" "Xenon Lighting" "Europe/Warsaw" "free" 7.0 Chat 13 2 Steady None;
    "yarrow-herbs" "Yarrow Herbs" "Europe/Lisbon" "free" 5.0 Chat 2 0 Steady None;
    "zephyr-bikes" "Zephyr Bikes" "Europe/Copenhagen" "solo" 23.0 Chat 21 1 Growing None;
    "copper-kettle" "Copper Kettle" "Europe/London" "free" 6.0 Chat 17 1 Steady None;
    "drift-sailing" "Drift Sailing" "Europe/Athens" "solo" 21.0 Voice 24 2 Shrinking None;
    "echo-audio" "Echo Audio" "America/Sao_Paulo" "solo" 19.0 Assistant 11 1 Growing None;
    "falcon-freight" "Falcon Freight" "Europe/Berlin" "starter" 70.0 Assistant 14 2 Steady None;
    "glacier-gear" "Glacier Gear" "America/Vancouver" "solo" 24.0 Chat 8 0 Steady None;
    "horizon-homes" "Horizon Homes" "Africa/Johannesburg" "solo" 26.0 Voice 23 2 Steady Some(100);
};

/// A person of the demo.
#[derive(Clone, Copy)]
pub struct Person {
    /// Email address.
    pub email: &'static str,
    /// Display name.
    pub name: &'static str,
    /// Who that is, for the list of sign-ins.
    pub who: &'static str,
    /// What the person may do in which account.
    pub account: Option<(&'static str, Role)>,
    /// The only company the person may see.
    pub company: Option<&'static str>,
    /// Role of platform staff.
    pub platform_role: Option<PlatformRole>,
}

/// The people.
pub const PEOPLE: [Person; 5] = [
    Person {
        email: OWNER,
        name: "Nora Lindqvist",
        who: "an agency with six companies",
        account: Some((AGENCY, Role::Owner)),
        company: None,
        platform_role: None,
    },
    Person {
        email: CLIENT,
        name: "Amir Haddad",
        who: "a client of that agency: sees Acme Dental only",
        account: Some((AGENCY, Role::Client)),
        company: Some("acme-dental"),
        platform_role: None,
    },
    Person {
        email: CUSTOMER_OWNER,
        name: "Beth Okafor",
        who: "a customer",
        account: Some((CUSTOMER, Role::Owner)),
        company: None,
        platform_role: None,
    },
    Person {
        email: MANAGER,
        name: "Paula Meier",
        who: "the platform's product manager: reads all accounts",
        account: None,
        company: None,
        platform_role: Some(PlatformRole::ProductManager),
    },
    Person {
        email: OPERATOR,
        name: "Omar Castillo",
        who: "the platform's operator: manages all accounts and decides refund requests",
        account: None,
        company: None,
        platform_role: Some(PlatformRole::Operator),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::calendar::Zone;

    use super::*;

    #[test]
    fn the_rates_are_rules() {
        assert_eq!(rates().len(), 4);
    }

    #[test]
    fn there_are_thirty_small_customers_each_with_a_key_a_zone_and_a_plan() {
        assert_eq!(SMALL.len(), 30);
        let keys: BTreeSet<_> = SMALL.iter().map(|row| row.key).collect();
        assert_eq!(keys.len(), 30);
        for row in SMALL {
            assert!(Zone::named(row.zone).is_ok(), "{}", row.zone);
            assert!(PLANS.iter().any(|plan| plan.0 == row.plan), "{}", row.plan);
            // Whoever reads every account begins with the first by key: one with people.
            assert!(row.key > CUSTOMER, "{}", row.key);
        }
    }
}

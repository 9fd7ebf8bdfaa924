//! Which pages a reader may use in an account.

use domain::tenancy::AccountKind;
use service::Scope;

use crate::{
    ADVICE_PATH, ALERTS_PATH, AUDIT_PATH, BRAND_PATH, COMPANIES_PATH, KEYS_PATH, MEMBERS_PATH,
    PLANS_PATH, PLATFORM_PATH, REFUNDS_PATH, REVIEW_PATH, TRENDS_PATH, USAGE_PATH, VALUE_PATH,
    YOU_PATH, context::Person,
};

/// What decides which pages there are for a reader.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a right of its own, and pages need them in any combination"
)]
pub(in crate::pages::settings) struct Reach {
    is_staff: bool,
    is_portal: bool,
    is_agency: bool,
    sees_all: bool,
    pub(in crate::pages::settings) may_manage: bool,
    pub(in crate::pages::settings) may_bill: bool,
    pub(in crate::pages::settings) may_budget: bool,
}

/// A page of the navigation.
#[derive(Debug, Clone, Copy)]
pub(in crate::pages::settings) struct Place {
    pub(in crate::pages::settings) path: &'static str,
    pub(in crate::pages::settings) label: &'static str,
    /// The letter that leads to it after G.
    pub(in crate::pages::settings) key: Option<&'static str>,
    /// Whether it can be narrowed to a company.
    pub(in crate::pages::settings) of_company: bool,
    needs: Needs,
}

/// What a page needs.
#[derive(Debug, Clone, Copy)]
enum Needs {
    Nothing,
    Staff,
    All,
    Managing,
    Branding,
    Oneself,
}

const fn place(
    path: &'static str,
    label: &'static str,
    key: Option<&'static str>,
    needs: Needs,
) -> Place {
    Place {
        path,
        label,
        key,
        of_company: false,
        needs,
    }
}

const fn of_company(place: Place) -> Place {
    Place {
        of_company: true,
        ..place
    }
}

/// All pages, in the order of the navigation.
const PLACES: [Place; 15] = [
    place(PLATFORM_PATH, "Platform trends", None, Needs::Staff),
    place(REFUNDS_PATH, "Refund requests", None, Needs::Staff),
    of_company(place(
        USAGE_PATH,
        "AI Credits Usage",
        Some("U"),
        Needs::Nothing,
    )),
    of_company(place(TRENDS_PATH, "Trends", Some("T"), Needs::Nothing)),
    of_company(place(
        REVIEW_PATH,
        "Weekly review",
        Some("W"),
        Needs::Nothing,
    )),
    of_company(place(VALUE_PATH, "Value", Some("V"), Needs::Nothing)),
    place(ALERTS_PATH, "Alerts", Some("A"), Needs::All),
    place(COMPANIES_PATH, "Companies", Some("C"), Needs::All),
    place(PLANS_PATH, "Plans & add-ons", Some("P"), Needs::All),
    place(ADVICE_PATH, "Plan recommendation", None, Needs::All),
    place(MEMBERS_PATH, "Members", Some("M"), Needs::Managing),
    place(KEYS_PATH, "API keys", Some("K"), Needs::Managing),
    place(BRAND_PATH, "Client branding", None, Needs::Branding),
    place(AUDIT_PATH, "Audit log", None, Needs::Managing),
    place(YOU_PATH, "Your account", None, Needs::Oneself),
];

impl Reach {
    pub(in crate::pages::settings) fn of(scope: &Scope, person: &Person) -> Self {
        Self {
            is_staff: person.is_staff,
            is_portal: person.is_portal,
            is_agency: scope.account().kind == AccountKind::Agency,
            sees_all: scope.sees_all(),
            may_manage: scope.may_manage(),
            may_bill: scope.may_bill(),
            may_budget: scope.may_budget(),
        }
    }

    /// Whether they see the whole account.
    pub(in crate::pages::settings) const fn sees_all(self) -> bool {
        self.sees_all
    }

    /// The pages there are for them.
    pub(in crate::pages::settings) fn places(self) -> impl Iterator<Item = &'static Place> {
        PLACES.iter().filter(move |place| self.has(place.needs))
    }

    const fn has(self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => true,
            Needs::Staff => self.is_staff,
            Needs::All => self.sees_all,
            Needs::Managing => self.may_manage,
            Needs::Branding => self.may_manage && self.is_agency,
            Needs::Oneself => !self.is_portal,
        }
    }

    /// The page of a path, where they have it in the account: not those that are about all accounts.
    pub(in crate::pages::settings) fn in_account(self, path: &str) -> Option<&'static Place> {
        let mut places = self.places();
        places.find(|place| place.path == path && !matches!(place.needs, Needs::Staff))
    }
}

//! Pages that are complete as the server sends them: plain forms, no scripts.

mod accounts;
mod advice;
mod alerts;
mod audit;
mod brand;
mod companies;
mod confirm;
mod endings;
mod enter;
mod frame;
mod go;
mod keys;
mod members;
mod passkeys;
mod plans;
mod platform;
mod recovery;
mod refunds;
mod refused;
mod review;
mod second_factor;
mod stale;
mod trend_parts;
mod trends;
mod unsubscribe;
mod value;
mod welcome;
mod you;

pub use accounts::AccountsPage;
pub use advice::AdvicePage;
pub use alerts::{AlertsPage, threshold_of};
pub use brand::BrandPage;
pub use companies::CompaniesPage;
pub use confirm::ConfirmPage;
pub use enter::EnterPage;
pub use go::GoPage;
pub use keys::{KeysPage, is_in_use, key_name};
pub use members::{MembersPage, role_words};
pub use plans::{
    DisputeLine, GrantLine, GrantStatus, LedgerLine, Offer, OrderLine, PlansPage, Progress,
    Standing, order_words, pack_offer, plan_offer,
};
pub use platform::PlatformPage;
pub use recovery::RecoveryPage;
pub use refunds::RefundsPage;
pub use refused::RefusedPage;
pub use review::{ReviewPage, hours_of, week_address};
pub use second_factor::SecondFactorPage;
pub use stale::{StaleField, StalePage};
pub use trends::TrendsPage;
pub use unsubscribe::UnsubscribePage;
pub use value::ValuePage;
pub use welcome::WelcomePage;
pub use you::{YouPage, browser};

pub use audit::AuditPage;
pub(in crate::pages) use frame::is_remembered;
pub use frame::{Ask, Frame};
pub(crate) use trend_parts::AGAINST;

use leptos::prelude::*;

use crate::{
    ACCOUNTS_PATH, ADVICE_PATH, ALERTS_PATH, AUDIT_PATH, BRAND_PATH, COMPANIES_PATH, GO_PATH,
    KEYS_PATH, MEMBERS_PATH, PLANS_PATH, PLATFORM_PATH, REFUNDS_PATH, REVIEW_PATH, TRENDS_PATH,
    VALUE_PATH, YOU_PATH, error::AppError,
};

/// One of these pages, with all that it shows.
#[derive(Debug, Clone)]
pub enum Settings {
    /// Usage over time.
    Trends(Box<TrendsPage>),
    /// What usage brought in.
    Value(Box<ValuePage>),
    /// Pages, companies and actions by their names.
    Go(Box<GoPage>),
    /// The accounts to switch to.
    Accounts(Box<AccountsPage>),
    /// What is watched, and what was told.
    Alerts(Box<AlertsPage>),
    /// What was unusual in a week.
    Review(Box<ReviewPage>),
    /// Usage across all accounts.
    Platform(Box<PlatformPage>),
    /// Requests for refunds of all accounts.
    Refunds(Box<RefundsPage>),
    /// What the account has, and what it can buy.
    Plans(Box<PlansPage>),
    /// Which plan would have cost least.
    Advice(Box<AdvicePage>),
    /// What each company spends.
    Companies(Box<CompaniesPage>),
    /// Who belongs to the account.
    Members(Box<MembersPage>),
    /// The account's API keys.
    Keys(Box<KeysPage>),
    /// Who did what.
    Audit(Box<AuditPage>),
    /// What clients see.
    Brand(Box<BrandPage>),
    /// The reader's own password and sessions.
    You(Box<YouPage>),
}

impl Settings {
    /// Reads the page of a path; none when there is none.
    pub async fn read(path: &str, ask: &Ask<'_>) -> Option<Result<Self, AppError>> {
        Some(match path {
            TRENDS_PATH => TrendsPage::read(ask).await.map(Box::new).map(Self::Trends),
            VALUE_PATH => ValuePage::read(ask).await.map(Box::new).map(Self::Value),
            GO_PATH => GoPage::read(ask).await.map(Box::new).map(Self::Go),
            ACCOUNTS_PATH => AccountsPage::read(ask)
                .await
                .map(Box::new)
                .map(Self::Accounts),
            ALERTS_PATH => AlertsPage::read(ask).await.map(Box::new).map(Self::Alerts),
            REVIEW_PATH => Box::pin(ReviewPage::read(ask))
                .await
                .map(Box::new)
                .map(Self::Review),
            PLATFORM_PATH => PlatformPage::read(ask)
                .await
                .map(Box::new)
                .map(Self::Platform),
            REFUNDS_PATH => RefundsPage::read(ask)
                .await
                .map(Box::new)
                .map(Self::Refunds),
            PLANS_PATH => PlansPage::read(ask).await.map(Box::new).map(Self::Plans),
            ADVICE_PATH => AdvicePage::read(ask).await.map(Box::new).map(Self::Advice),
            COMPANIES_PATH => CompaniesPage::read(ask)
                .await
                .map(Box::new)
                .map(Self::Companies),
            MEMBERS_PATH => MembersPage::read(ask)
                .await
                .map(Box::new)
                .map(Self::Members),
            KEYS_PATH => KeysPage::read(ask).await.map(Box::new).map(Self::Keys),
            AUDIT_PATH => AuditPage::read(ask).await.map(Box::new).map(Self::Audit),
            BRAND_PATH => BrandPage::read(ask).await.map(Box::new).map(Self::Brand),
            YOU_PATH => YouPage::read(ask).await.map(Box::new).map(Self::You),
            _ => return None,
        })
    }

    pub(super) const fn title(&self) -> &'static str {
        match self {
            Self::Trends(_) => "Trends · Creditscope",
            Self::Value(_) => "Value · Creditscope",
            Self::Go(_) => "Search · Creditscope",
            Self::Accounts(_) => "Switch account · Creditscope",
            Self::Alerts(_) => "Alerts · Creditscope",
            Self::Review(_) => "Weekly review · Creditscope",
            Self::Platform(_) => "Platform trends · Creditscope",
            Self::Refunds(_) => "Refund requests · Creditscope",
            Self::Plans(_) => "Plans & add-ons · Creditscope",
            Self::Advice(_) => "Plan recommendation · Creditscope",
            Self::Companies(_) => "Companies · Creditscope",
            Self::Members(_) => "Members · Creditscope",
            Self::Keys(_) => "API keys · Creditscope",
            Self::Audit(_) => "Audit log · Creditscope",
            Self::Brand(_) => "Client branding · Creditscope",
            Self::You(_) => "Your account · Creditscope",
        }
    }

    pub(super) fn view(self) -> AnyView {
        match self {
            Self::Trends(page) => page.view(),
            Self::Value(page) => page.view(),
            Self::Go(page) => page.view(),
            Self::Accounts(page) => page.view(),
            Self::Alerts(page) => page.view(),
            Self::Review(page) => page.view(),
            Self::Platform(page) => page.view(),
            Self::Refunds(page) => page.view(),
            Self::Plans(page) => page.view(),
            Self::Advice(page) => page.view(),
            Self::Companies(page) => page.view(),
            Self::Members(page) => page.view(),
            Self::Keys(page) => page.view(),
            Self::Audit(page) => page.view(),
            Self::Brand(page) => page.view(),
            Self::You(page) => page.view(),
        }
    }
}

//! What stands at an address.

use http::StatusCode;
use leptos::{nonce::use_nonce, prelude::*};

use super::{
    START_ID,
    company_options::read_companies,
    settings::{
        Ask, ConfirmPage, EnterPage, Frame, RecoveryPage, RefusedPage, SecondFactorPage, Settings,
        StalePage, UnsubscribePage, WelcomePage, is_remembered,
    },
    sign_in::{RefusedSignIn, SignIn},
    usage,
};
use crate::{
    SIGN_IN_PATH, USAGE_PATH,
    components::{
        Problem,
        filter_bar::{CompanyChoice, FIND},
    },
    context::{Assets, Current},
    error::AppError,
    functions::{Marks, Page, Start, read_marks, read_page, scope_of},
    packed,
    parts::{Since, html_of},
};

/// What stands at an address: a page, or why there is none.
#[derive(Debug, Clone)]
pub enum Found {
    /// Billing > AI Credits Usage, which takes changes in by itself.
    Usage {
        /// What it shows.
        page: Box<Page>,
        /// The address's query string.
        query: String,
        /// The companies that its filter offers.
        companies: CompanyChoice,
    },
    /// The sign-in form.
    SignIn {
        /// The address's query string.
        query: String,
        /// What the button of single sign-on says; there is none when none.
        sign_on: Option<String>,
        /// What was entered a moment ago and did not do.
        refused: Option<RefusedSignIn>,
    },
    /// A page that is complete as it is sent.
    Settings(Box<Settings>),
    /// An invitation.
    Welcome(Box<WelcomePage>),
    /// A platform's one-time link.
    Enter(Box<EnterPage>),
    /// A page on the way back in by email.
    Recovery(Box<RecoveryPage>),
    /// A page about a second factor.
    SecondFactor(Box<SecondFactorPage>),
    /// A page before a sensitive act.
    Confirm(Box<ConfirmPage>),
    /// Why somebody could not sign in.
    Refused(Box<RefusedPage>),
    /// A form that is out of date.
    Stale(Box<StalePage>),
    /// A link that unsubscribes.
    Unsubscribe(Box<UnsubscribePage>),
    /// Nothing that can be shown.
    Problem(AppError),
}

/// How far the account of an address is, for whoever may see it: asked before its page is read.
pub async fn since(services: &service::Services, current: &Current, query: &str) -> Option<Since> {
    let scope = Ask::plain(services, current, query).scope().await.ok()?;
    let at = services.now();
    let far = services.how_far(scope.account().id).await.ok()?;
    Some(Since { far, at })
}

/// What of a page is rendered again while it is followed.
#[derive(Debug, Clone)]
pub enum Followed {
    /// All of it.
    Whole(Box<Found>),
    /// What stands around it.
    Frame(Box<Frame>),
    /// What of the usage page does not follow from what its browser takes in.
    Usage {
        /// What stands around every page.
        frame: Box<Frame>,
        /// Its marked parts.
        marks: Box<Marks>,
        /// The address's query string.
        query: String,
    },
}

impl Followed {
    /// Reads what a page that is followed shows now.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn read(
        services: &service::Services,
        current: &Current,
        path: &str,
        query: &str,
    ) -> Result<Self, AppError> {
        let ask = Ask::plain(services, current, query);
        if path == USAGE_PATH {
            let (_, caller) = current.known()?;
            let frame = Box::new(ask.frame(USAGE_PATH).await?.1);
            let marks = read_marks(services, caller, frame.reader(), query).await?;
            return Ok(Self::Usage {
                frame,
                marks: Box::new(marks),
                query: query.to_owned(),
            });
        }
        let page = if is_remembered(path) {
            None
        } else {
            Settings::read(path, &ask).await
        };
        match page {
            Some(page) => Ok(Self::Whole(Box::new(Found::Settings(Box::new(page?))))),
            None => Ok(Self::Frame(Box::new(ask.frame(USAGE_PATH).await?.1))),
        }
    }

    /// Whether it has all marked parts of the page.
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole(_))
    }

    /// As HTML.
    pub fn html(self, current: Current, assets: Assets) -> String {
        html_of(current, assets, move || match self {
            Self::Whole(found) => found.view(),
            Self::Frame(frame) => frame.around().into_any(),
            Self::Usage {
                frame,
                marks,
                query,
            } => {
                let marks = usage::marks(&marks, &query);
                view! { {frame.around()}{marks} }.into_any()
            }
        })
    }
}

/// Finds the page of a path and reads what it begins with.
pub async fn find(
    services: &service::Services,
    current: &Current,
    path: &str,
    query: &str,
) -> Found {
    let ask = Ask::plain(services, current, query);
    if let Some(page) = Settings::read(path, &ask).await {
        return Found::of_settings(page);
    }
    let page = match path {
        USAGE_PATH => read_page(services, current, query).await,
        SIGN_IN_PATH => {
            return Found::SignIn {
                query: query.to_owned(),
                sign_on: None,
                refused: None,
            };
        }
        _ => Err(AppError::NotFound),
    };
    let page = match page {
        Ok(page) => page,
        Err(error) => return Found::Problem(error),
    };
    match companies_of(&ask, &page).await {
        Ok(companies) => Found::Usage {
            page: Box::new(page),
            query: query.to_owned(),
            companies,
        },
        Err(error) => Found::Problem(error),
    }
}

/// The companies to choose from on a page that lives on.
async fn companies_of(ask: &Ask<'_>, page: &Page) -> Result<CompanyChoice, AppError> {
    let (_, caller) = ask.current.known()?;
    let (scope, _) = scope_of(ask.services, caller, ask.query).await?;
    let chosen = page.dashboard.companies.iter();
    let chosen: Vec<_> = chosen.map(|company| company.key.clone()).collect();
    read_companies(ask.services, &scope, &chosen, ask.value(FIND)).await
}

impl Found {
    /// A page that was read, or why it could not be.
    pub fn of_settings(page: Result<Settings, AppError>) -> Self {
        match page {
            Ok(page) => Self::Settings(Box::new(page)),
            Err(error) => Self::Problem(error),
        }
    }

    /// Whether the page says by itself what a form came to.
    pub(crate) const fn tells_outcome(&self) -> bool {
        matches!(self, Self::Settings(_) | Self::Problem(_))
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Usage { .. }
            | Self::SignIn { .. }
            | Self::Settings(_)
            | Self::Welcome(_)
            | Self::Enter(_)
            | Self::SecondFactor(_)
            | Self::Confirm(_)
            | Self::Unsubscribe(_) => StatusCode::OK,
            Self::Recovery(page) => page.status(),
            Self::Refused(page) => page.status,
            Self::Stale(_) => StatusCode::PRECONDITION_FAILED,
            Self::Problem(why) => why.status(),
        }
    }

    /// What the browser's tab says.
    pub(crate) fn title(&self) -> String {
        let title = match self {
            Self::Usage { .. } => "AI Credits Usage",
            Self::SignIn { .. } | Self::Enter(_) | Self::Refused(_) => "Sign in",
            Self::Settings(page) => page.title(),
            Self::Welcome(_) => "Invitation",
            Self::Recovery(page) => page.title(),
            Self::SecondFactor(page) => page.title(),
            Self::Confirm(_) => "Confirm",
            Self::Stale(_) => "Changed meanwhile",
            Self::Unsubscribe(_) => "Unsubscribe",
            Self::Problem(_) => return "Creditscope".to_owned(),
        };
        [title, " · Creditscope"].concat()
    }

    /// Whether it is the usage page, which does without the other pages' style sheet.
    pub(crate) const fn is_usage(&self) -> bool {
        matches!(self, Self::Usage { .. })
    }

    /// The style sheet with the colour of an agency, for its clients.
    pub(crate) fn brand_sheet(&self) -> Option<String> {
        let Self::Usage { page, .. } = self else {
            return None;
        };
        page.reader.brand.as_ref()?;
        let account = &page.dashboard.account.key;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("account", account);
        Some(format!("/brand.css?{}", query.finish()))
    }

    /// The body of the document.
    pub(crate) fn view(self) -> AnyView {
        match self {
            Self::Usage {
                page,
                query,
                companies,
            } => {
                let sent = sent_along(&Start::of(&page));
                let page = usage::page(&page, &companies, &query);
                view! {
                    {page}
                    <script id=START_ID type="application/octet-stream" nonce=use_nonce() inner_html=sent></script>
                }
                .into_any()
            }
            Self::SignIn {
                query,
                sign_on,
                refused,
            } => view! { <SignIn query sign_on refused/> }.into_any(),
            Self::Settings(page) => page.view(),
            Self::Welcome(page) => page.view(),
            Self::Enter(page) => page.view(),
            Self::Recovery(page) => page.view(),
            Self::SecondFactor(page) => page.view(),
            Self::Confirm(page) => page.view(),
            Self::Refused(page) => page.view(),
            Self::Stale(page) => page.view(),
            Self::Unsubscribe(page) => page.view(),
            Self::Problem(error) => view! { <main class="lone"><Problem error/></main> }.into_any(),
        }
    }
}

/// The beginning as text.
fn sent_along(start: &Start) -> String {
    // It was just read from the database as plain structs: there is nothing in it that cannot be written.
    packed::to_text(&postcard::to_allocvec(start).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_a_status_that_says_so() {
        assert_eq!(
            Found::Problem(AppError::NotFound).status(),
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            Found::Problem(AppError::Busy).status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
}

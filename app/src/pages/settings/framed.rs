//! Pages that stand in the frame, and where: a new one is a file with this trait, and a line in the list.

use std::{fmt, pin::Pin};

use leptos::prelude::*;

use super::{
    AccountsPage, AdvicePage, AlertsPage, Ask, AuditPage, BrandPage, CompaniesPage, GoPage,
    KeysPage, MembersPage, PlansPage, PlatformPage, RefundsPage, ReviewPage, TrendsPage, ValuePage,
    YouPage,
};
use crate::error::AppError;

/// The pages.
const PAGES: [Entry; 16] = [
    Entry::of::<TrendsPage>(),
    Entry::of::<ValuePage>(),
    Entry::of::<GoPage>(),
    Entry::of::<AccountsPage>(),
    Entry::of::<AlertsPage>(),
    Entry::of::<ReviewPage>(),
    Entry::of::<PlatformPage>(),
    Entry::of::<RefundsPage>(),
    Entry::of::<PlansPage>(),
    Entry::of::<AdvicePage>(),
    Entry::of::<CompaniesPage>(),
    Entry::of::<MembersPage>(),
    Entry::of::<KeysPage>(),
    Entry::of::<AuditPage>(),
    Entry::of::<BrandPage>(),
    Entry::of::<YouPage>(),
];

/// A page in the frame, whole as the server sends it.
pub trait FramedPage: Clone + Send + Sync + Sized + 'static {
    /// Where it stands.
    const PATH: &'static str;
    /// What the browser's tab says, and what is announced.
    const TITLE: &'static str;
    /// Whether it stays as it was read, and says when that was, where others follow what happens.
    const IS_REMEMBERED: bool = false;

    /// Reads what it shows, as whoever asks may see it.
    fn read(ask: &Ask<'_>) -> impl Future<Output = Result<Self, AppError>> + Send;

    /// The page.
    fn view(self) -> AnyView;
}

type Read<'a> = Pin<Box<dyn Future<Output = Result<Settings, AppError>> + Send + 'a>>;

/// A page of the list.
struct Entry {
    path: &'static str,
    is_remembered: bool,
    read: for<'a> fn(&'a Ask<'a>) -> Read<'a>,
}

impl Entry {
    const fn of<P: FramedPage>() -> Self {
        Self {
            path: P::PATH,
            is_remembered: P::IS_REMEMBERED,
            read: |ask| Box::pin(async move { P::read(ask).await.map(Settings::of) }),
        }
    }
}

fn entry(path: &str) -> Option<&'static Entry> {
    PAGES.iter().find(|entry| entry.path == path)
}

/// Whether the page of a path stays as it was read.
pub fn is_remembered(path: &str) -> bool {
    entry(path).is_some_and(|entry| entry.is_remembered)
}

/// One of these pages, with all that it shows.
#[derive(Clone)]
pub struct Settings {
    title: &'static str,
    page: Box<dyn Shown>,
}

impl Settings {
    fn of<P: FramedPage>(page: P) -> Self {
        Self {
            title: P::TITLE,
            page: Box::new(page),
        }
    }

    /// Reads the page of a path; none when there is none.
    pub async fn read(path: &str, ask: &Ask<'_>) -> Option<Result<Self, AppError>> {
        Some((entry(path)?.read)(ask).await)
    }

    pub(in crate::pages) const fn title(&self) -> &'static str {
        self.title
    }

    pub(in crate::pages) fn view(self) -> AnyView {
        self.page.view()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Settings").field(&self.title).finish()
    }
}

/// A page of any kind.
trait Shown: Send + Sync {
    fn view(self: Box<Self>) -> AnyView;
    fn again(&self) -> Box<dyn Shown>;
}

impl<P: FramedPage> Shown for P {
    fn view(self: Box<Self>) -> AnyView {
        FramedPage::view(*self)
    }

    fn again(&self) -> Box<dyn Shown> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Shown> {
    fn clone(&self) -> Self {
        (**self).again()
    }
}

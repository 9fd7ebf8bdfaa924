//! Pages that are rendered again for those who follow them: once for all who look at the same with the same rights.

mod rendering;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use app::{
    context::{Current, Person},
    error::AppError,
    pages::Followed,
    parts::ShownParts,
};
use domain::{
    Time,
    calendar::{Window, Zone},
    live::LiveFrame,
};
use futures::{Stream, stream};
use service::{
    Scope, Services,
    caller::Rights,
    live::{News, Told},
};
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, timeout_at},
};

use self::rendering::{Rendering, resync};
use crate::{seat::Seat, web::files};

/// A page is rendered again no sooner than this after the last time.
const EVERY: Duration = Duration::from_secs(1);
/// Nor does rendering it again take more than one part in so many of the time.
const SHARE: u32 = 10;
/// However long it took once, as when the machine was busy: nobody waits longer than this for what is new.
const LONGEST: Duration = Duration::from_secs(10);
/// Pages that are written again at the same time, when what they show has been read.
const AT_ONCE: usize = 2;
/// When a page that could not be read is read again.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// How soon after the end of a day its pages are read again: clocks are not the same.
const TURN_WITHIN: Duration = Duration::from_secs(1);

/// Pages that are followed, and what was last rendered of each; cheap to clone.
#[derive(Clone, Default)]
pub struct Renderings(Arc<Inner>);

struct Inner {
    views: Mutex<HashMap<Key, Weak<View>>>,
    at_once: Semaphore,
    made: AtomicU64,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            views: Mutex::default(),
            at_once: Semaphore::new(AT_ONCE),
            made: AtomicU64::new(0),
        }
    }
}

impl Renderings {
    /// How often a page was rendered again.
    pub fn made(&self) -> u64 {
        self.0.made.load(Ordering::Relaxed)
    }

    /// How many pages are followed.
    pub fn followed(&self) -> usize {
        lock(&self.0.views).len()
    }

    fn view(&self, key: Key) -> Arc<View> {
        let mut views = lock(&self.0.views);
        if let Some(view) = views.get(&key).and_then(Weak::upgrade) {
            return view;
        }
        let view = Arc::new(View {
            key: key.clone(),
            all: Arc::clone(&self.0),
            state: watch::Sender::new(State {
                made: None,
                is_running: false,
                next_at: Instant::now(),
            }),
        });
        views.insert(key, Arc::downgrade(&view));
        view
    }
}

/// What makes pages equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    path: String,
    query: String,
    rights: Option<Rights>,
    /// Who reads, where the page may say something of them.
    reader: Option<String>,
}

/// A page that is followed, and by whom.
#[derive(Clone)]
pub(super) struct Page {
    pub path: String,
    pub query: String,
    pub current: Current,
}

impl Page {
    /// Whether what is marked of it depends only on what its reader may see and do, never on who they are.
    fn is_for_anybody(&self) -> bool {
        const PATHS: [&str; 10] = [
            app::USAGE_PATH,
            app::TRENDS_PATH,
            app::VALUE_PATH,
            app::REVIEW_PATH,
            app::ALERTS_PATH,
            app::COMPANIES_PATH,
            app::PLANS_PATH,
            app::ADVICE_PATH,
            app::PLATFORM_PATH,
            app::REFUNDS_PATH,
        ];
        PATHS.contains(&self.path.as_str())
    }

    /// What it is shared by; and as whom it is read, which is nobody in particular when it is shared.
    fn shared(mut self) -> (Key, Self) {
        let is_for_anybody = self.is_for_anybody();
        let known = self.current.known.as_mut();
        let reader = known.as_ref().map(|known| known.mark());
        let rights = known.as_ref().map(|known| known.caller.rights());
        if let Some(known) = known.filter(|_| is_for_anybody) {
            known.user = None;
            known.person = Person {
                name: String::new(),
                email: String::new(),
                ..known.person
            };
        }
        let key = Key {
            path: self.path.clone(),
            query: self.query.clone(),
            rights,
            reader: reader.filter(|_| !is_for_anybody),
        };
        (key, self)
    }
}

/// A page, as all who look at it with the same rights see it; forgotten with the last of them.
struct View {
    key: Key,
    all: Arc<Inner>,
    state: watch::Sender<State>,
}

impl Drop for View {
    fn drop(&mut self) {
        let mut views = lock(&self.all.views);
        // Somebody else may have begun to follow it meanwhile.
        if views
            .get(&self.key)
            .is_some_and(|view| view.strong_count() == 0)
        {
            views.remove(&self.key);
        }
    }
}

/// How far the rendering of a page is.
#[derive(Clone)]
struct State {
    /// What was rendered last, and the number of the reading it is not older than.
    made: Option<(u64, Outcome)>,
    is_running: bool,
    /// When it may be rendered again.
    next_at: Instant,
}

/// What came of rendering a page: nothing when it can no longer be shown as it was.
type Outcome = Option<Arc<Rendering>>;

/// One page's marked parts, followed.
pub(super) struct Viewer {
    view: Arc<View>,
    page: Page,
    services: Services,
    seat: Seat,
    news: News,
    shown: ShownParts,
    /// When the page's days and labels stop being right; none where that is told elsewhere.
    turns_at: Option<Time>,
    is_over: bool,
}

impl Viewer {
    /// Follows a page of an account from what it shows.
    pub fn new(
        renderings: &Renderings,
        page: Page,
        services: Services,
        seat: Seat,
        (scope, mut shown): (&Scope, ShownParts),
    ) -> Self {
        let (key, page) = page.shared();
        // Of the time only the day matters, so all who read the page on one day are told the same.
        if let Some(since) = &mut shown.since {
            since.at = start_of_day(scope, since.at);
        }
        let turns_at = shown.since.filter(|_| page.path != app::USAGE_PATH);
        let turns_at = turns_at.map(|since| end_of_day(scope, since.at));
        Self {
            view: renderings.view(key),
            news: services.news(scope, shown.since.map(|since| since.far)),
            page,
            services,
            seat,
            shown,
            turns_at,
            is_over: false,
        }
    }

    /// What changes, for as long as anybody listens.
    pub fn follow(self) -> impl Stream<Item = Arc<Told>> + Send {
        stream::unfold(self, |mut viewer| async move {
            viewer.next().await.map(|told| (told, viewer))
        })
    }

    async fn next(&mut self) -> Option<Arc<Told>> {
        if self.is_over {
            return None;
        }
        loop {
            let turn = self.turn();
            let number = tokio::select! {
                number = self.news.next() => number,
                () = turn => return Some(self.over()),
            };
            let Some(rendering) = self.rendered(number).await else {
                return Some(self.over());
            };
            if let Some(since) = &mut self.shown.since {
                since.far = self.news.far();
            }
            if let Some(told) = rendering.news_to(&mut self.shown) {
                self.is_over = *told.frame() == LiveFrame::Resync;
                return Some(told);
            }
        }
    }

    /// The page has to be read again.
    fn over(&mut self) -> Arc<Told> {
        self.is_over = true;
        resync()
    }

    /// Ends when the page's day does.
    fn turn(&self) -> impl Future<Output = ()> + use<> {
        let left = self.turns_at.map(|at| at.micros_since(self.services.now()));
        async move {
            let Some(left) = left else {
                return std::future::pending().await;
            };
            let left = Duration::from_micros(u64::try_from(left).unwrap_or(0));
            tokio::time::sleep(left + TURN_WITHIN).await;
        }
    }

    /// The page as it is since a reading or later; none when it is not what it was.
    async fn rendered(&self, number: u64) -> Outcome {
        let mut states = self.view.state.subscribe();
        loop {
            let state = states.borrow_and_update().clone();
            if let Some((since, outcome)) = state.made
                && since >= number
            {
                return outcome;
            }
            let changed = states.changed();
            if state.is_running {
                let _ = changed.await;
            } else if timeout_at(state.next_at, changed).await.is_err() {
                self.begin();
            }
        }
    }

    /// Renders the page again, unless somebody does already. That goes on if this viewer leaves or is slow: others wait
    /// for it.
    fn begin(&self) {
        let is_first = self.view.state.send_if_modified(|state| {
            let is_idle = !state.is_running && state.next_at <= Instant::now();
            state.is_running |= is_idle;
            is_idle
        });
        if !is_first {
            return;
        }
        let rendering = Running {
            view: Arc::clone(&self.view),
            outcome: None,
            wait: RETRY_AFTER,
        };
        let (page, services) = (self.page.clone(), self.services.clone());
        let (seat, number) = (self.seat.clone(), self.news.number());
        tokio::spawn(async move {
            Box::pin(seat.seated(rendering.run(page, services, number))).await;
        });
    }
}

/// A rendering that is being made. Whatever becomes of it, the page can be rendered again afterwards.
struct Running {
    view: Arc<View>,
    outcome: Option<(u64, Outcome)>,
    wait: Duration,
}

impl Running {
    async fn run(mut self, page: Page, services: Services, number: u64) {
        let all = Arc::clone(&self.view.all);
        let began = Instant::now();
        let Page {
            path,
            query,
            current,
        } = page;
        match Followed::read(&services, &current, &path, &query).await {
            Ok(page) => {
                let (is_whole, read_in) = (page.is_whole(), began.elapsed());
                // A place is taken once everything is read: reading waits for the account's turn, and however many wait
                // for one, they keep no place from the others.
                let Ok(_place) = all.at_once.acquire().await else {
                    return;
                };
                let began = Instant::now();
                let html = page.html(current, files::assets().clone());
                let rendering = Arc::new(Rendering::of(&html, is_whole));
                all.made.fetch_add(1, Ordering::Relaxed);
                let took = read_in + began.elapsed();
                self.wait = (took * SHARE).clamp(EVERY, LONGEST);
                self.outcome = Some((number, Some(rendering)));
            }
            Err(AppError::Busy | AppError::Failed) => {}
            Err(_) => self.outcome = Some((number, None)),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let (outcome, next_at) = (self.outcome.take(), Instant::now() + self.wait);
        self.view.state.send_modify(|state| {
            state.is_running = false;
            state.next_at = next_at;
            if outcome.is_some() {
                state.made = outcome;
            }
        });
    }
}

/// When the day of an account begins.
fn start_of_day(scope: &Scope, now: Time) -> Time {
    zone_of(scope).day_of(now)
}

/// When the day of an account ends.
fn end_of_day(scope: &Scope, now: Time) -> Time {
    let zone = zone_of(scope);
    Window::Day.next(zone.day_of(now), &zone)
}

fn zone_of(scope: &Scope) -> Zone {
    Zone::named(&scope.account().time_zone).unwrap_or_else(|_| Zone::utc())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

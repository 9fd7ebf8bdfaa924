//! Going to another page: its document is fetched and takes the place of the one that is shown.

use js_sys::{Promise, futures::JsFuture};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Document, DomParser, Element, Headers, Location, RequestInit, Response, SupportedType, Url,
};

use super::{
    Tab, apply,
    failure::{self, Words},
    focus,
    history::scroll_y,
    outdated::{BUILD, READER, READER_HEADER, leave, leave_for, reader},
    page, path_shown, prefetch, sheet, styles, transition,
};
use crate::{SIGN_IN_PATH, pages::START_ID};

/// Tells the server that a form is sent by a visit, which cannot follow a redirect to another site.
const VISIT_HEADER: &str = "x-visit";
/// Where such a redirect leads.
const ELSEWHERE_HEADER: &str = "x-elsewhere";

/// What a visit leaves in the history.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Entry {
    /// A new entry.
    New,
    /// The entry that is shown stays, with this address.
    Same,
    /// The browser went to it already; it was scrolled this far.
    Gone(f64),
}

/// Whether a form is on its way.
#[derive(Debug, Clone)]
pub enum Sending {
    /// None is.
    Nothing,
    /// This one is; another press of its button does nothing.
    Form(Option<Element>),
    /// One is, and this is where the reader goes once it has arrived.
    Before(Visit),
}

/// A page to go to.
#[derive(Debug, Clone)]
pub struct Visit {
    href: String,
    entry: Entry,
    /// What is sent there; nothing for a page that is only looked at.
    form: Option<JsValue>,
    /// The control that was used.
    control: Option<Element>,
    /// Whether the reader stays where they are in the page.
    keeps_place: bool,
    /// The form that was sent because something in it changed, by its name.
    applied: Option<String>,
    /// Whether nobody asked for it, so that nobody needs to hear that it failed.
    is_quiet: bool,
}

impl Visit {
    /// Follows a link.
    pub fn link(href: String, control: Element) -> Self {
        Self {
            keeps_place: control.has_attribute("data-noscroll"),
            control: Some(control),
            ..Self::to(href)
        }
    }

    /// Goes to an address, as a link does.
    pub fn to(href: String) -> Self {
        Self {
            href,
            entry: Entry::New,
            form: None,
            control: None,
            keeps_place: false,
            applied: None,
            is_quiet: false,
        }
    }

    /// Asks for a page with the fields of a form.
    pub fn filter(href: String, control: Option<Element>) -> Self {
        Self {
            control,
            keeps_place: true,
            ..Self::to(href)
        }
    }

    /// Asks for a page with the fields of a form in which something changed; the first change leaves an entry behind,
    /// and further ones go on in the one that it made.
    pub fn apply(href: String, control: Element, name: String, goes_on: bool) -> Self {
        Self {
            entry: if goes_on { Entry::Same } else { Entry::New },
            applied: Some(name),
            ..Self::filter(href, Some(control))
        }
    }

    /// The control that was used.
    pub fn control(&self) -> Option<&Element> {
        self.control.as_ref()
    }

    /// Sends a form.
    pub fn post(href: String, form: JsValue, control: Option<Element>) -> Self {
        Self {
            form: Some(form),
            control,
            ..Self::to(href)
        }
    }

    /// Shows the page that the back button led to.
    pub fn back(href: String, y: f64) -> Self {
        Self {
            entry: Entry::Gone(y),
            ..Self::to(href)
        }
    }

    /// Shows the page again that is shown, by itself.
    pub fn quiet(href: String) -> Self {
        Self {
            entry: Entry::Same,
            keeps_place: true,
            is_quiet: true,
            ..Self::to(href)
        }
    }

    /// The form that is sent.
    fn form(&self) -> Option<Element> {
        let control = self.control.as_ref().filter(|_| self.form.is_some())?;
        control.closest("form").ok().flatten()
    }
}

/// What came back.
struct Answer {
    status: u16,
    /// Where it came from in the end.
    url: Url,
    is_page: bool,
    was_redirected: bool,
    /// Another site to go to.
    elsewhere: Option<String>,
    text: String,
}

impl Answer {
    /// Whether a form was done, and led to a page that says no more than that.
    fn is_done(&self) -> bool {
        // A secret is shown this once: it is not passed over.
        let is_shown_once = self.text.contains("data-once");
        self.was_redirected && self.status < 400 && !is_shown_once && !self.asks_to_sign_in()
    }

    fn asks_to_sign_in(&self) -> bool {
        self.url.pathname().starts_with(SIGN_IN_PATH)
    }
}

/// Goes to a page. A later visit takes this one's place, but not that of a form: whether it arrived is always told.
pub fn visit(tab: Tab, visit: Visit) {
    match tab.sending.get_value() {
        Sending::Nothing => {}
        // What is shown once the form has arrived is fresh anyway.
        _ if visit.is_quiet => return,
        Sending::Form(sent) if visit.form.is_some() && sent == visit.form() => return,
        _ => {
            tab.sending.set_value(Sending::Before(visit));
            return;
        }
    }
    if visit.form.is_some() {
        tab.changed();
        tab.sending.set_value(Sending::Form(visit.form()));
    }
    prefetch::forget();
    super::CAME_BACK.set(matches!(visit.entry, Entry::Gone(_)));
    tab.visits.update_value(|visits| *visits += 1);
    if !visit.is_quiet {
        apply::forget();
        failure::clear();
        set_visiting(tab, true);
    }
    let mine = tab.visits.get_value();
    spawn_local(async move {
        let answer = fetch_dressed(tab, &visit).await;
        if tab.visits.get_value() == mine {
            arrived(tab, &visit, answer);
        }
    });
}

/// Nothing is waited for any more, but a form that was sent.
pub fn cancel(tab: Tab) {
    if matches!(tab.sending.get_value(), Sending::Nothing) {
        tab.visits.update_value(|visits| *visits += 1);
        set_visiting(tab, false);
        tab.history.is_there();
    }
}

fn arrived(tab: Tab, sent: &Visit, answer: Result<Answer, JsValue>) {
    set_visiting(tab, false);
    if sent.is_quiet && !(tab.may_be_replaced() && sent.href == page::address()) {
        // Something was begun meanwhile that would be lost.
        tab.refresh_later();
        return;
    }
    if sent.applied.is_some() && apply::is_waiting() {
        // It was changed again: what it says now is asked for in a moment, and would be taken back by this.
        return;
    }
    if sent.form.is_some() {
        // What was fetched while it was on its way may be older than what it did.
        tab.changed();
    }
    let sending = tab.sending.get_value();
    tab.sending.set_value(Sending::Nothing);
    match (answer, sending) {
        // What was done is seen on the page that the reader went to meanwhile; a problem or a secret only here.
        (Ok(answer), Sending::Before(next)) if answer.is_done() => visit(tab, next),
        (Ok(answer), _) => show(tab, sent, &answer),
        (Err(_), _) => failed(tab, sent, "The server cannot be reached."),
    }
}

/// Marks the document while an answer is waited for.
fn set_visiting(tab: Tab, is_visiting: bool) {
    tab.is_visiting.set_value(is_visiting);
    if let Some(root) = document().document_element() {
        let _ = root.toggle_attribute_with_force("data-visiting", is_visiting);
    }
}

/// Asks the server for the document of an address, or sends a form there.
pub fn ask(href: &str, form: Option<&JsValue>) -> Result<Promise, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "text/html")?;
    let request = RequestInit::new();
    if let Some(form) = form {
        headers.set(VISIT_HEADER, "1")?;
        headers.set(READER_HEADER, &reader())?;
        request.set_method("POST");
        request.set_body(form);
    }
    request.set_headers(&headers);
    Ok(window().fetch_with_str_and_init(href, &request))
}

/// Whether the server asks to sign in, in the place of the page that is shown.
pub async fn is_signed_out() -> bool {
    let Ok(asked) = ask(&page::address(), None) else {
        return false;
    };
    let asks = |response: Response| response.redirected() && response.url().contains(SIGN_IN_PATH);
    response_to(asked).await.is_ok_and(asks)
}

/// What was fetched before the link was followed. A failure of then says nothing about now.
async fn prefetched(tab: Tab, visit: &Visit) -> Option<Response> {
    let answer = prefetch::take(tab, &visit.href).filter(|_| visit.form.is_none())?;
    response_to(answer).await.ok().filter(Response::ok)
}

async fn response_to(asked: Promise) -> Result<Response, JsValue> {
    Ok(JsFuture::from(asked).await?.unchecked_into())
}

/// A page, once what it is shown with is there.
async fn fetch_dressed(tab: Tab, visit: &Visit) -> Result<Answer, JsValue> {
    let answer = fetch(tab, visit).await?;
    let is_dressed = styles::load(&answer.text).await;
    // What a form did is told in any case.
    match &visit.form {
        None => is_dressed.map(|()| answer),
        Some(_) => Ok(answer),
    }
}

async fn fetch(tab: Tab, visit: &Visit) -> Result<Answer, JsValue> {
    let response = match prefetched(tab, visit).await {
        Some(response) => response,
        None => response_to(ask(&visit.href, visit.form.as_ref())?).await?,
    };
    let headers = response.headers();
    let kind = headers.get("content-type")?.unwrap_or_default();
    let text = JsFuture::from(response.text()?).await?;
    Ok(Answer {
        status: response.status(),
        url: Url::new(&response.url())?,
        is_page: kind.starts_with("text/html"),
        was_redirected: response.redirected(),
        elsewhere: headers.get(ELSEWHERE_HEADER)?,
        text: text.as_string().unwrap_or_default(),
    })
}

/// The page stays as it is, with its controls, and the one that was used says why.
fn failed(tab: Tab, visit: &Visit, why: &str) {
    if visit.is_quiet {
        tab.refresh_later();
        return;
    }
    let control = visit.control.as_ref();
    if visit.form.is_some() {
        let words = Words {
            title: "It is not known whether this was saved.",
            text: &[why, " What you entered is still here: try again."].concat(),
            again: None,
        };
        failure::say(control, words);
        return;
    }
    let still = control.and_then(still_shown).map_or_else(
        || " The page is as it was.".to_owned(),
        |still| [" You still see ", &still, "."].concat(),
    );
    let mut again = visit.clone();
    if matches!(visit.entry, Entry::Gone(_)) {
        // The address says what is shown; trying again leads where the reader wanted to go.
        tab.history.replace(&page::address());
        tab.history.is_there();
        again.entry = Entry::Same;
    }
    let words = Words {
        title: &[&name_of(control), " could not be loaded."].concat(),
        text: &[why, &still].concat(),
        again: Some(again),
    };
    failure::say(control, words);
}

/// What was asked for, by what the link says.
fn name_of(control: Option<&Element>) -> String {
    let link = control.filter(|control| control.has_attribute("href"));
    let text = link.and_then(|link| {
        let label = link.get_attribute("aria-label");
        label.or_else(|| link.text_content())
    });
    let text = text.map(|text| text.trim().to_owned());
    text.filter(|text| !text.is_empty() && text.len() < 80)
        .unwrap_or_else(|| "This view".to_owned())
}

/// What a choice of the filter bar still says.
fn still_shown(control: &Element) -> Option<String> {
    let choice = control.closest("[data-choice]").ok()??;
    let button = choice.query_selector("[data-still]").ok()??;
    button.get_attribute("data-still")
}

fn show(tab: Tab, visit: &Visit, answer: &Answer) {
    if let Some(elsewhere) = &answer.elsewhere {
        leave(|location| location.assign(elsewhere));
        return;
    }
    if answer.status >= 500 {
        let why = ["The server failed (", &answer.status.to_string(), ")."].concat();
        failed(tab, visit, &why);
        return;
    }
    let href = address_of(visit, answer);
    let parsed = DomParser::new()
        .and_then(|parser| parser.parse_from_string(&answer.text, SupportedType::TextHtml));
    let next = parsed
        .ok()
        .filter(|next| answer.is_page && is_ours(next, visit, answer));
    let Some(next) = next else {
        leave_to_browser(tab, visit, answer, &href);
        return;
    };
    let from = path_shown();
    let focused = focus::Focused::now();
    let sheet = sheet::is_open().then(page::address);
    match visit.entry {
        Entry::New if is_shown(&href) => tab.history.replace(&href),
        Entry::New => tab.history.push(&href),
        Entry::Same => tab.history.replace(&href),
        Entry::Gone(_) => {}
    }
    let keeps_place = visit.keeps_place && from == answer.url.pathname();
    let arrival = Arrival {
        entry: visit.entry,
        is_quiet: visit.is_quiet,
        // An answer's own address is without it.
        hash: href.split_once('#').map_or("", |(_, id)| id).to_owned(),
        applied: visit.applied.clone(),
        is_form: visit.form.is_some(),
        keeps_place: keeps_place.then(scroll_y),
        focused,
        sheet,
    };
    let mine = tab.visits.get_value();
    let put = move || {
        // The reader may have gone on while the change was prepared.
        if tab.visits.get_value() != mine {
            return;
        }
        if page::swap(tab, &next) {
            arrival.arrive(tab);
        } else {
            leave(|location| location.assign(&href));
        }
    };
    if keeps_place {
        put();
    } else {
        transition::run(put);
    }
}

/// The address of what is shown in the end: an answer to a form has the address that the form was on.
fn address_of(visit: &Visit, answer: &Answer) -> String {
    let url = &answer.url;
    let asked = Url::new_with_base(&visit.href, &url.href());
    let was_redirected = asked
        .as_ref()
        .is_ok_and(|asked| (asked.pathname(), asked.search()) != (url.pathname(), url.search()));
    if visit.form.is_some() && !was_redirected {
        return page::address();
    }
    let hash = asked.map(|asked| asked.hash()).unwrap_or_default();
    url.pathname() + &url.search() + &hash
}

/// Whether the address bar shows it already.
fn is_shown(href: &str) -> bool {
    let location = window().location();
    let shown = [location.pathname(), location.search(), location.hash()]
        .map(Result::unwrap_or_default)
        .concat();
    shown == href
}

/// Whether a document is a page of this build for this reader, which can take the place of the one that is shown. What a
/// form came to is shown whatever the build: it would be lost otherwise.
fn is_ours(next: &Document, visit: &Visit, answer: &Answer) -> bool {
    let here = document();
    let named = |document: &Document, name: &str| {
        document
            .document_element()
            .and_then(|root| root.get_attribute(name))
    };
    let reader = named(next, READER);
    let is_form = visit.form.is_some() && next.get_element_by_id(START_ID).is_none();
    (is_form || named(next, BUILD) == named(&here, BUILD))
        && reader.is_none_or(|reader| Some(reader) == named(&here, READER))
        && !answer.asks_to_sign_in()
}

/// Whether the page stands in a frame of another site, where nobody can sign in.
fn is_framed() -> bool {
    window()
        .parent()
        .ok()
        .flatten()
        .is_some_and(|parent| parent != window())
}

/// Signing in, another build, a file: the browser does it by itself.
fn leave_to_browser(tab: Tab, visit: &Visit, answer: &Answer, href: &str) {
    let refused = if answer.asks_to_sign_in() {
        "Your session has ended: sign in again in another tab."
    } else {
        "The server refused it."
    };
    if visit.form.is_some() && (!answer.is_page || answer.asks_to_sign_in()) {
        failed(tab, visit, refused);
        return;
    }
    if answer.asks_to_sign_in() && is_framed() {
        let words = Words {
            title: "Your session has ended.",
            text: "Open this page again from where you came.",
            again: None,
        };
        failure::say(None, words);
        return;
    }
    let go = |location: &Location| match visit.entry {
        Entry::New if visit.form.is_none() => location.assign(&visit.href),
        Entry::New => location.assign(href),
        Entry::Same | Entry::Gone(_) => location.reload(),
    };
    if visit.is_quiet {
        leave(go);
    } else {
        leave_for(go);
    }
}

/// How a reader comes to a page.
struct Arrival {
    entry: Entry,
    is_quiet: bool,
    hash: String,
    applied: Option<String>,
    is_form: bool,
    /// How far the page is scrolled that the reader stays in.
    keeps_place: Option<f64>,
    focused: Option<focus::Focused>,
    /// Address of the sheet that lay over the page that was left.
    sheet: Option<String>,
}

impl Arrival {
    /// Puts the reader where they expect to be in the page.
    fn arrive(self, tab: Tab) {
        tab.applied
            .set_value(self.applied.clone().map(|name| (name, tab.history.entry())));
        let target = document().get_element_by_id(&self.hash);
        match (self.entry, self.keeps_place) {
            // A page that is taken down may scroll up meanwhile.
            (Entry::Gone(y), _) | (_, Some(y)) => window().scroll_to_with_x_and_y(0.0, y),
            _ => match &target {
                Some(target) => target.scroll_into_view(),
                None => window().scroll_to_with_x_and_y(0.0, 0.0),
            },
        }
        if !self.is_focused() && !self.is_quiet {
            match target.filter(|_| !matches!(self.entry, Entry::Gone(_))) {
                Some(target) => focus::place(&target),
                None => focus::heading(),
            }
        }
        if self.keeps_place.is_none() || self.is_form {
            let title = document().title();
            focus::announce(title.split(" · ").next().unwrap_or_default());
        }
    }

    /// Puts the focus where the reader goes on; says whether there is such a place but the heading.
    fn is_focused(&self) -> bool {
        if sheet::is_open() {
            // It took the focus when it opened.
            return true;
        }
        if self.is_form && focus::outcome() {
            return true;
        }
        let opener = self.sheet.as_deref();
        opener.is_some_and(sheet::opener_again)
            || self.keeps_place.is_some()
                && self.focused.as_ref().is_some_and(focus::Focused::again)
    }
}

//! What a form comes to. One that is refused is answered by the page it was on, with all that was entered and what is wrong
//! at each field; one that was done leads on to a page that says so once.
//!
//! What is said travels in a cookie of ours, sealed and short-lived: nobody puts words into our mouth by a link, nothing
//! is kept here, and a page that is loaded again neither says it again nor does anything again.

use app::{
    context::Current,
    error::AppError,
    forms::{Done, Draft, Problem as Wrong},
    pages::Found,
};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{Invalid, time::MINUTE_US};
use serde::{Deserialize, Serialize};
use service::{ServiceError, ServiceResult, sessions::UnderWay};

use super::{
    fields::{Fields, form_field},
    guard::sign_in_path,
    kept::SealedCookie,
    show,
    sign_in::local,
    stands, turn,
};
use crate::{AppState, api::problem::Problem, middleware::guesses::TooMany};

/// Largest form that is read here, in bytes: what one may send is bounded before (`middleware::bodies`).
const MAX_FORM_BYTES: usize = 2 * 1024 * 1024;
/// Largest value of a cookie that every browser keeps, in bytes.
const MAX_COOKIE_BYTES: usize = 3_800;
/// Longest sentence that is told when what was done does not fit otherwise, in characters.
const SHORT_CHARS: usize = 280;
/// Names that a sentence says; of the others only how many they are.
const MOST_NAMED: usize = 3;
/// What is said on the next page.
const COOKIE: SealedCookie = SealedCookie {
    waits: UnderWay::Outcome,
    plain: "creditscope_outcome",
    host: "__Host-creditscope_outcome",
    life_us: 2 * MINUTE_US,
};

/// Marks the answer to a form that was refused.
#[derive(Debug, Clone)]
struct Refused {
    status: StatusCode,
    wrong: Vec<Wrong>,
    next: String,
    /// What is shown where the page that the form was on cannot be.
    instead: Option<AppError>,
    /// What was entered, where the layer cannot read it by itself.
    fields: Option<Fields>,
}

/// Marks the answer to a form that was done.
#[derive(Debug, Clone)]
struct Finished {
    /// Where it leads; to the page that the form stands on when it does not say.
    next: Option<String>,
    done: Done,
}

/// What the browser brings to the next page.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// For whom it is.
    reader: String,
    /// The page it is said on.
    path: String,
    done: Done,
}

/// On to where the form leads, which says what was done; or back to the form, with why it was refused.
pub(super) fn go_on<T>(
    done: ServiceResult<T>,
    next: Option<&str>,
    said: impl Into<Done>,
) -> Response {
    finish(done.map(|_| said.into()), next)
}

/// The same, where what is said depends on what was done.
pub(super) fn finish(done: ServiceResult<Done>, next: Option<&str>) -> Response {
    finish_with(done, next, None)
}

/// The same, of a form whose fields are not read here.
pub(super) fn finish_with(
    done: ServiceResult<Done>,
    next: Option<&str>,
    fields: Option<Fields>,
) -> Response {
    let said = next.filter(|next| !next.is_empty());
    let next = local(said);
    let error = match done {
        Ok(done) => {
            let mut response = Redirect::to(&next).into_response();
            let next = said.map(|_| next);
            response.extensions_mut().insert(Finished { next, done });
            return response;
        }
        Err(ServiceError::Unauthenticated) => {
            return Redirect::to(&sign_in_path(&next)).into_response();
        }
        Err(error) => error,
    };
    let (wrong, instead) = (wrong_with(&error), instead_of(&error));
    let mut response = Problem::from(error).into_response();
    let status = response.status();
    response.extensions_mut().insert(Refused {
        status,
        wrong,
        next,
        instead,
        fields,
    });
    response
}

/// Names in a sentence: the first ones, and how many there are besides.
pub(super) fn named(names: &[&str]) -> String {
    let (first, others) = names.split_at(names.len().min(MOST_NAMED));
    let first = first.join(", ");
    if others.is_empty() {
        first
    } else {
        format!("{first} and {} more", others.len())
    }
}

/// Too many guesses at a secret: said at the form, which keeps what was entered.
pub(super) fn wait(too_many: TooMany, next: Option<&str>) -> Response {
    let mut response = too_many.into_response();
    let status = response.status();
    response.extensions_mut().insert(Refused {
        status,
        wrong: vec![Wrong {
            field: String::new(),
            message: too_many.words(),
        }],
        next: local(next),
        instead: None,
        fields: None,
    });
    response
}

/// What is wrong, for the page: people are answered in words, whatever it is.
fn wrong_with(error: &ServiceError) -> Vec<Wrong> {
    let message = match error {
        ServiceError::Invalid(Invalid(errors)) => return errors.iter().map(form_field).collect(),
        ServiceError::Conflict(text) | ServiceError::Forbidden(text) => text.clone(),
        ServiceError::NotFound => "It is not there any more.".to_owned(),
        ServiceError::Stale => "It was changed meanwhile: this is how it is now.".to_owned(),
        ServiceError::Denied(_) => "The credits left do not allow it.".to_owned(),
        ServiceError::Unauthenticated => "Your session has ended: sign in again.".to_owned(),
        ServiceError::Busy { .. } => "The server is busy: try again in a moment.".to_owned(),
        ServiceError::Store(_) => {
            "Something went wrong on our side: try again in a moment.".to_owned()
        }
    };
    vec![Wrong {
        field: String::new(),
        message,
    }]
}

/// What is shown where the page that a form was on cannot be; what is wrong, when none.
const fn instead_of(error: &ServiceError) -> Option<AppError> {
    match error {
        ServiceError::NotFound => Some(AppError::NotFound),
        ServiceError::Busy { .. } => Some(AppError::Busy),
        ServiceError::Store(_) => Some(AppError::Failed),
        _ => None,
    }
}

/// Makes pages of what forms come to.
pub async fn tell(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (asked, action) = (
        request.extensions().clone(),
        request.uri().path().to_owned(),
    );
    let (request, fields) = match read(request).await {
        Ok(read) => read,
        Err(refused) => return *refused,
    };
    if is_search(&fields) {
        let refused = Refused {
            status: StatusCode::OK,
            wrong: Vec::new(),
            next: local(value(&fields, "next")),
            instead: None,
            fields: None,
        };
        return answer(&state, &asked, action, fields, refused).await;
    }
    let mut response = next.run(request).await;
    if let Some(refused) = response.extensions_mut().remove::<Refused>() {
        let page = answer(&state, &asked, action, fields, refused).await;
        return with_marks_of(response, page);
    }
    if let Some(finished) = response.extensions_mut().remove::<Finished>() {
        let reader = super::current(&asked);
        let next = match finished.next {
            Some(next) => next,
            None => lead_on(&mut response, stands::list_of(&action, &fields)),
        };
        if let Some(cookie) = keep(&state, &reader, &next, finished.done).await {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

/// Leads on to where a form stands that does not say where it leads: what was done is told there, and a secret shown.
fn lead_on(response: &mut Response, next: String) -> String {
    if let Ok(place) = HeaderValue::from_str(&next) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    next
}

/// The form of a request, which stays readable; nothing of one that holds files.
async fn read(request: Request) -> Result<(Request, Fields), Box<Response>> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let is_plain = kind.is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    if !is_plain {
        return Ok((request, Vec::new()));
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MAX_FORM_BYTES).await else {
        return Err(Box::new(Problem::too_large().into_response()));
    };
    let fields = form_urlencoded::parse(&bytes).into_owned().collect();
    Ok((Request::from_parts(parts, Body::from(bytes)), fields))
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let mut fields = fields.iter();
    let found = fields.find(|(named, _)| named == name);
    found.map(|(_, value)| value.as_str())
}

/// Whether somebody looks for a company in a form: what they typed was not looked for yet. Nothing is done then, whatever
/// button was pressed: they have not chosen.
fn is_search(fields: &Fields) -> bool {
    let typed = |name| value(fields, name).map_or("", str::trim);
    value(fields, "find").is_some() && typed("find") != typed("found")
}

/// The page that a form was on, with what was entered and what is wrong with it.
async fn answer(
    state: &AppState,
    asked: &Extensions,
    action: String,
    fields: Fields,
    refused: Refused,
) -> Response {
    let mut current = super::current(asked);
    if let Err(busy) = turn(asked).await {
        return super::refused_to(state, current, busy).await;
    }
    let fields = refused.fields.unwrap_or(fields);
    // Where the form stands, which may be a sheet over the page that it leads to.
    let place = match value(&fields, "page") {
        Some(page) => local(Some(page)),
        None => stands::sheet_of(&action, &fields).unwrap_or(refused.next),
    };
    let own = stands::page_of(&action, &fields);
    let draft = Draft::new(action, fields, refused.wrong);
    current.sent.draft = Some(draft.clone());
    let found = match page_at(state, &current, &place).await {
        Some(found) => found,
        None => page_at(state, &current, &own).await.unwrap_or_else(|| {
            let wrong = || AppError::Invalid(draft.text());
            Found::Problem(refused.instead.unwrap_or_else(wrong))
        }),
    };
    let mut page = show(state, current, found).await;
    *page.status_mut() = refused.status;
    no_store(&mut page);
    page
}

/// The page of a place, if the reader may see it.
async fn page_at(state: &AppState, current: &Current, place: &str) -> Option<Found> {
    let (place, _) = place.split_once('#').unwrap_or((place, ""));
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    let found = app::pages::find(&state.services, current, path, query).await;
    Some(found).filter(|found| !matches!(found, Found::Problem(_) | Found::SignIn { .. }))
}

fn no_store(page: &mut Response) {
    let no_store = HeaderValue::from_static("no-store");
    page.headers_mut().insert(header::CACHE_CONTROL, no_store);
}

/// A page in the place of an answer: what that did to the session holds.
fn with_marks_of(answer: Response, mut page: Response) -> Response {
    let (parts, _) = answer.into_parts();
    page.extensions_mut().extend(parts.extensions);
    for name in [header::SET_COOKIE, header::RETRY_AFTER] {
        for value in parts.headers.get_all(&name) {
            page.headers_mut().append(&name, value.clone());
        }
    }
    page
}

/// Who is told, by what tells readers apart.
fn reader_of(current: &Current) -> String {
    let known = current.known.as_ref();
    known.map(app::context::Known::mark).unwrap_or_default()
}

async fn keep(state: &AppState, reader: &Current, next: &str, done: Done) -> Option<HeaderValue> {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let mut told = Told {
        reader: reader_of(reader),
        path: path.to_owned(),
        done,
    };
    // What does not fit is left out: first the way back, then the end of the sentence.
    let shorter: [fn(&mut Done); 3] = [|_| {}, |done| done.undo = None, shorten];
    for cut in shorter {
        cut(&mut told.done);
        let cookie = COOKIE.keep(&state.services, &state.origin, &told).await;
        match cookie {
            Ok(cookie) if cookie.len() > MAX_COOKIE_BYTES => {}
            Ok(cookie) => return Some(cookie),
            Err(error) => {
                tracing::error!(%error, "what was done could not be told");
                return None;
            }
        }
    }
    None
}

fn shorten(done: &mut Done) {
    if let Some((end, _)) = done.text.char_indices().nth(SHORT_CHARS) {
        done.text.truncate(end);
        done.text.push('…');
    }
}

/// What is told on a page, when a reader comes to look at it. Whatever only reads ahead is told nothing.
pub(super) async fn told(
    state: &AppState,
    current: &Current,
    headers: &HeaderMap,
    path: &str,
) -> Option<Done> {
    if !is_looked_at(headers) {
        return None;
    }
    let told = COOKIE.of::<Told>(&state.services, &state.origin, headers);
    let told = told.await.ok().flatten()?;
    (told.path == path && told.reader == reader_of(current)).then_some(told.done)
}

fn is_looked_at(headers: &HeaderMap) -> bool {
    let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_ahead = of("sec-purpose").is_some_and(|purpose| purpose.contains("prefetch"));
    let is_page = of("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    !is_ahead && (is_page || headers.contains_key("x-visit"))
}

/// The page that told it: the browser forgets it, and nothing keeps the page.
pub(super) fn was_told(state: &AppState, mut page: Response) -> Response {
    if let Some(forget) = COOKIE.forget(&state.origin) {
        page.headers_mut().append(header::SET_COOKIE, forget);
    }
    no_store(&mut page);
    page
}

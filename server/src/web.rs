//! Pages, their files, and signing in and out.

pub mod alerts;
pub mod billing;
pub mod brand;
mod companies;
mod company_options;
pub mod confirm;
mod fields;
pub mod files;
pub mod guard;
pub mod invitations;
mod kept;
pub mod keys;
pub mod live;
pub mod members;
pub mod orders;
mod outcome;
pub mod passkeys;
pub mod password;
pub mod pictures;
pub mod portal;
pub mod recovery;
pub mod refunds;
pub mod review;
pub mod second_factor;
pub mod second_step;
mod settings;
pub mod sign_in;
pub mod sign_on;
mod stale;
mod stands;
pub mod unsubscribe;
mod visits;
pub mod webhooks;
pub mod you;

use app::{context::Current, error::AppError, functions::Follow, pages::Found, parts::Since};
use axum::{
    Extension, Router,
    body::Body,
    extract::{Request, State},
    http::{Extensions, Method, StatusCode, Uri, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use leptos::{
    prelude::provide_context,
    server_fn::{ServerFn as _, error::FromServerFnError as _},
};
use service::ServiceError;

use crate::{
    AppState,
    middleware::{guesses, headers},
    seat::Seat,
};

/// When to come back to a server that is busy.
const BUSY_RETRY_AFTER_S: u32 = 2;

/// Longest text of why a function was not answered, in bytes.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// Pages, server functions, signing in and out.
pub fn router(state: &AppState) -> Router<AppState> {
    // What leptos spawns runs on tokio; setting it twice, as tests do, changes nothing.
    let _ = any_spawner::Executor::init_tokio();
    Router::new()
        .route(app::USAGE_PATH, get(page))
        .route(app::PLANS_PATH, get(page))
        .route(app::SIGN_IN_PATH, get(page))
        .route(app::TRENDS_PATH, get(page))
        .merge(pictures::router())
        .route(app::VALUE_PATH, get(page))
        .route(app::REVIEW_PATH, get(page))
        .route("/billing/review/mark", post(review::mark))
        .route(app::ALERTS_PATH, get(page))
        .route("/billing/alerts/rules", post(alerts::put_rule))
        .route("/billing/alerts/remove", post(alerts::remove_rule))
        .route("/billing/alerts/snooze", post(alerts::snooze_rule))
        .route("/billing/alerts/acknowledge", post(alerts::acknowledge))
        .route("/billing/alerts/digest", post(alerts::put_digest))
        .route("/billing/alerts/emails", post(alerts::put_email))
        .route("/settings/webhooks/test", post(webhooks::test))
        .route("/settings/webhooks/replay", post(webhooks::replay))
        .route(app::PLATFORM_PATH, get(page))
        .route(app::REFUNDS_PATH, get(page))
        .route(app::ADVICE_PATH, get(page))
        .route(app::COMPANIES_PATH, get(page))
        .route(app::GO_PATH, get(page))
        .route(app::ACCOUNTS_PATH, get(page))
        .route(app::MEMBERS_PATH, get(page))
        .route(app::KEYS_PATH, get(page))
        .route(app::AUDIT_PATH, get(page))
        .route(app::BRAND_PATH, get(page).post(brand::change))
        .route(app::YOU_PATH, get(page))
        .route("/brand.css", get(brand::sheet))
        .route("/companies/limits", post(companies::limits))
        .route(
            app::COMPANY_OPTIONS_PATH,
            get(company_options::show_options),
        )
        .route("/settings/you/password", post(password::change_password))
        .route(
            "/new-email/{secret}",
            get(recovery::show_new_email).post(recovery::change_email),
        )
        .route("/settings/you/email", post(recovery::ask_for_email))
        .route("/settings/you/end", post(you::end_session))
        .route("/settings/you/end-others", post(you::end_other_sessions))
        .route("/billing/orders/cancel", post(orders::cancel))
        .route("/billing/disputes", post(billing::dispute))
        .route("/billing/disputes/support", post(billing::support))
        .route(Follow::PATH, get(live::follow))
        .route(app::SECOND_FACTOR_PATH, get(second_factor::show_own))
        .route("/settings/second-factor/app", get(second_factor::show_app))
        .route(app::CONFIRM_PASSKEY_PATH, post(passkeys::ask_again))
        .route("/api/fn/{name}", post(function))
        .route("/", get(home))
        .merge(sensitive(state))
        .merge(each_time(state))
        .layer(from_fn_with_state(state.clone(), outcome::tell))
        .layer(from_fn(guard::signed_in))
        .merge(for_strangers())
        .merge(links(state))
        .layer(from_fn_with_state(state.clone(), confirm::renewed))
        .layer(from_fn(headers::secret_address))
        .layer(from_fn(visits::tell_elsewhere))
}

/// Acts that ask again who somebody is: they give access, take it, or cost money. Whatever asks for the password by itself,
/// and what only sends a webhook's message again, is not among them.
fn sensitive(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/settings/webhooks/make", post(webhooks::make))
        .route("/settings/webhooks/remove", post(webhooks::remove))
        .route("/settings/webhooks/enable", post(webhooks::enable))
        .route("/settings/members/invite", post(members::invite))
        .route("/settings/members/change", post(members::change))
        .route("/settings/members/remove", post(members::remove))
        .route("/settings/members/revoke", post(members::revoke_invitation))
        .route(
            "/settings/members/second-factor",
            post(second_factor::demand),
        )
        .route("/settings/keys/make", post(keys::make))
        .route("/settings/keys/rotate", post(keys::rotate))
        .route("/settings/keys/revoke", post(keys::revoke))
        .route("/settings/second-factor/set", post(second_factor::set))
        .route(
            "/settings/second-factor/remove",
            post(second_factor::remove),
        )
        .route(
            "/settings/second-factor/app/remove",
            post(second_factor::remove_app),
        )
        .route("/settings/second-factor/passkeys/new", post(passkeys::new))
        .route("/settings/second-factor/passkeys/add", post(passkeys::add))
        .route(
            "/settings/second-factor/passkeys/remove",
            post(passkeys::remove),
        )
        .route("/billing/orders", post(orders::order))
        .route("/platform/refunds/decide", post(refunds::decide))
        .route_layer(from_fn_with_state(state.clone(), confirm::lately))
}

/// What asks for a code or a passkey each time.
fn each_time(state: &AppState) -> Router<AppState> {
    Router::new()
        .route(
            "/settings/second-factor/codes",
            post(second_factor::renew_codes),
        )
        .route_layer(from_fn_with_state(state.clone(), confirm::by_code))
}

/// Signing in and out.
fn for_strangers() -> Router<AppState> {
    Router::new()
        .route("/sign-in", post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route(
            app::FORGOT_PATH,
            get(recovery::forgot).post(recovery::send_reset),
        )
        .route(
            second_step::SECOND_STEP,
            get(second_step::show_step).post(second_step::check),
        )
        .route(app::SIGN_IN_PASSKEY_PATH, post(second_step::ask_passkey))
        .route(app::AGAIN_PATH, get(confirm::signed_in_again))
        .route("/sign-in/sso", get(sign_on::begin))
        .route(
            sign_on::CALLBACK,
            get(sign_on::callback).head(sign_on::head),
        )
}

/// Links that are secrets.
fn links(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/portal/{secret}", get(portal::show).post(portal::sign_in))
        .route(
            "/reset-password/{secret}",
            get(recovery::show_reset).post(recovery::reset),
        )
        .route(
            "/undo-email/{secret}",
            get(recovery::show_undo).post(recovery::undo),
        )
        .route(
            "/invitations/{secret}",
            get(invitations::show).post(invitations::accept),
        )
        .route(
            "/unsubscribe/{token}",
            get(unsubscribe::show).post(unsubscribe::unsubscribe),
        )
        .layer(from_fn_with_state(state.clone(), guesses::links))
}

/// Where somebody begins: those who run the platform with all accounts, everybody else with their own credits.
async fn home(Extension(current): Extension<Current>) -> Redirect {
    let is_staff = current.known.is_some_and(|known| known.person.is_staff);
    Redirect::to(if is_staff {
        app::PLATFORM_PATH
    } else {
        app::USAGE_PATH
    })
}

/// Finds what stands at an address and renders it.
async fn page(State(state): State<AppState>, request: Request) -> Response {
    let (uri, mut current) = (request.uri(), current(request.extensions()));
    if let Err(busy) = turn(request.extensions()).await {
        return refused_to(&state, current, busy).await;
    }
    let query = uri.query().unwrap_or_default();
    let told = match *request.method() {
        Method::GET => outcome::told(&state, &current, request.headers(), uri.path()).await,
        _ => None,
    };
    let was_told = told.is_some();
    current.sent.done = told;
    let since = app::pages::since(&state.services, &current, query).await;
    let found = match app::pages::find(&state.services, &current, uri.path(), query).await {
        Found::SignIn { query, .. } => Found::SignIn {
            query,
            refused: None,
            sign_on: state
                .sign_on
                .as_ref()
                .map(|sign_on| sign_on.name().to_owned()),
        },
        found => found,
    };
    let page = render(&state, current, found, since).await;
    // A page that could not be read told nothing: the next one does.
    if was_told && page.status().is_success() {
        return outcome::was_told(&state, page);
    }
    page
}

/// Renders what was found.
async fn show(state: &AppState, current: Current, found: Found) -> Response {
    render(state, current, found, None).await
}

/// Renders what was found, in an account that was so far before.
async fn render(
    state: &AppState,
    current: Current,
    found: Found,
    since: Option<Since>,
) -> Response {
    let status = found.status();
    let options = state.leptos.clone();
    let render = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(current.clone());
            provide_context(files::assets().clone());
        },
        move || app::shell(options.clone(), found.clone(), since),
    );
    let mut page: Response<Body> = render(Request::default()).await;
    *page.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        page.headers_mut()
            .insert(header::RETRY_AFTER, BUSY_RETRY_AFTER_S.into());
    }
    page
}

/// Waits for the turn of whoever is signed in at reading; strangers read nothing.
async fn turn(extensions: &Extensions) -> Result<(), ServiceError> {
    match current(extensions).caller() {
        Some(caller) => Seat::of(extensions, caller).await,
        None => Ok(()),
    }
}

/// Says why something was refused to someone who is not signed in.
async fn refused(state: &AppState, error: ServiceError) -> Response {
    refused_to(state, Current::default(), error).await
}

async fn refused_to(state: &AppState, current: Current, error: ServiceError) -> Response {
    let said = match error {
        ServiceError::Forbidden(text) | ServiceError::Conflict(text) => AppError::Invalid(text),
        other => AppError::from(other),
    };
    show(state, current, Found::Problem(said)).await
}

/// Says why what was sent was not read.
pub(crate) async fn unread(state: &AppState, why: AppError) -> Response {
    show(state, Current::default(), Found::Problem(why)).await
}

/// Calls a server function, for somebody who is signed in.
///
/// A function is called by a page's script, which reads the answer: it is never redirected to where the request says
/// that it came from, as forms are that call a function by themselves.
async fn function(State(state): State<AppState>, mut request: Request) -> Response {
    let (services, current) = (state.services, current(request.extensions()));
    if current.known.is_none() {
        return signed_out();
    }
    if let Err(busy) = turn(request.extensions()).await {
        return told(&AppError::from(busy));
    }
    request.headers_mut().remove(header::ACCEPT);
    request.headers_mut().remove(header::REFERER);
    let provide = move || {
        provide_context(services.clone());
        provide_context(current.clone());
    };
    let answer = leptos_axum::handle_server_fns_with_context(provide, request).await;
    let answer = answer.into_response();
    if answer.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return answer;
    }
    // The library answers every error like a fault of ours.
    match axum::body::to_bytes(answer.into_body(), MAX_REFUSAL_BYTES).await {
        Ok(why) => told(&AppError::de(why)),
        Err(_) => told(&AppError::Failed),
    }
}

/// What a function answers to nobody.
fn signed_out() -> Response {
    told(&AppError::SignedOut)
}

/// Why a function was not answered.
fn told(why: &AppError) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    let mut answer = (why.status(), kind, why.ser()).into_response();
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        let wait = BUSY_RETRY_AFTER_S.into();
        answer.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    answer
}

/// Who asks.
fn current(extensions: &Extensions) -> Current {
    extensions.get::<Current>().cloned().unwrap_or_default()
}

/// A file of the site, or the page that says that there is nothing.
pub async fn fallback(State(state): State<AppState>, uri: Uri, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if let Some(file) = files::find(&uri, request.headers()) {
        return file;
    }
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|text| text.contains("text/html"));
    if !wants_page || uri.path().starts_with("/pkg/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    Box::pin(page(State(state), request)).await
}

//! Sensitive acts ask again who somebody is when that was shown more than fifteen minutes ago.
//!
//! What was typed is not lost, and no script is needed: the page that asks carries the fields of the form, and its own
//! form leads where that one did.

use app::{
    context::{Current, Known},
    pages::{Found, settings::ConfirmPage},
};
use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use service::{
    ServiceResult,
    ports::{PasskeyPurpose, User},
};
use tower_sessions::Session;

use super::{
    passkeys::has_passkey,
    second_step::{Proof, Tried, try_proof},
    show,
};
use crate::{
    AppState,
    api::problem::Problem,
    middleware::{address::ClientAddress, guesses::Secret},
    sessions,
};

/// Largest form of a sensitive act.
const MAX_FORM_BYTES: usize = 64 * 1024;
/// The field with the password that shows who somebody is.
const PASSWORD: &str = "confirm_password";
/// The field with the code that does.
const CODE: &str = "confirm_code";
/// The field with what the browser answers with a passkey.
const PASSKEY: &str = "confirm_passkey";

/// A form: names and values, in their order.
type Fields = Vec<(String, String)>;

/// Lets an act through when whoever acts has shown lately who they are, or does so with it; asks them otherwise.
///
/// Users of a platform are let through: it signs them in by a link each time, and we know nothing else of them.
pub async fn lately(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Extension(address): Extension<ClientAddress>,
    session: Session,
    request: Request,
    next: Next,
) -> Response {
    let Some((known, user)) = asked(&current).filter(|_| request.method() == Method::POST) else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MAX_FORM_BYTES).await else {
        return Problem::too_large().into_response();
    };
    let fields = form_urlencoded::parse(&bytes).into_owned();
    let (proof, fields): (Fields, Fields) =
        fields.partition(|(name, _)| [PASSWORD, CODE, PASSKEY].contains(&name.as_str()));
    if proof.iter().all(|(_, text)| text.is_empty()) {
        return ask(&state, known, user, &parts, fields, None).await;
    }
    match prove(&state, known, user, &proof, address).await {
        Ok(Tried::Right) => {}
        Ok(Tried::Wrong(problem)) => {
            return ask(&state, known, user, &parts, fields, Some(problem)).await;
        }
        Err(error) => return Problem::from(error).into_response(),
    }
    if let Err(error) = sessions::confirmed(&session, state.services.now()).await {
        return Problem::from(error).into_response();
    }
    next.run(with_form(parts, &fields)).await
}

/// Who has to show who they are.
fn asked(current: &Current) -> Option<(&Known, &User)> {
    let known = current.known.as_ref()?;
    let user = known.user.as_ref()?;
    (!known.is_confirmed).then_some((known, user))
}

async fn prove(
    state: &AppState,
    known: &Known,
    user: &User,
    proof: &Fields,
    address: ClientAddress,
) -> ServiceResult<Tried> {
    let typed = |wanted: &str| {
        let mut texts = proof.iter().filter(|(name, _)| name == wanted);
        texts.find(|(_, text)| !text.is_empty())
    };
    if user.second_factor.is_set {
        let passkey =
            typed(PASSKEY).map(|(_, answer)| Proof::Passkey(PasskeyPurpose::Confirm, answer));
        let proof = passkey.or_else(|| typed(CODE).map(|(_, code)| Proof::Code(code)));
        if let Some(proof) = proof {
            return try_proof(state, user, proof, address).await;
        }
    }
    // It is one secret, wherever it is typed.
    let name = Some(known.caller.name());
    let guess = match state.guesses.guess(Secret::Password, name, address) {
        Ok(guess) => guess,
        Err(too_many) => return Ok(Tried::Wrong(too_many.words())),
    };
    let password = typed(PASSWORD).map_or_else(String::new, |(_, text)| text.clone());
    let is_right = state.services.is_own_password(&known.caller, password);
    let is_right = is_right.await;
    if !matches!(is_right, Ok(false)) {
        guess.give_back();
    }
    Ok(if is_right? {
        Tried::Right
    } else {
        Tried::Wrong("Incorrect password.".to_owned())
    })
}

async fn ask(
    state: &AppState,
    known: &Known,
    user: &User,
    parts: &Parts,
    fields: Fields,
    problem: Option<String>,
) -> Response {
    let sign_on = state.sign_on.as_ref().filter(|_| known.is_elsewhere);
    let page = ConfirmPage::Ask {
        path: parts.uri.path().to_owned(),
        fields,
        has_password: !user.password_hash.is_empty(),
        has_code: user.second_factor.is_set,
        has_app: user.second_factor.has_app,
        has_passkey: has_passkey(state, user),
        sign_on: sign_on.map(|sign_on| sign_on.name().to_owned()),
        problem,
    };
    let found = Found::Confirm(Box::new(page));
    let mut response = show(state, Current::default(), found).await;
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

/// The request as it was, with these fields.
fn with_form(mut parts: Parts, fields: &Fields) -> Request {
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let length = HeaderValue::from(form.len());
    parts.headers.insert(header::CONTENT_LENGTH, length);
    Request::from_parts(parts, Body::from(form))
}

/// `GET /sign-in/again`: where somebody who signed in again elsewhere comes back to, beside the form that waits.
pub async fn signed_in_again(State(state): State<AppState>) -> Response {
    let page = Found::Confirm(Box::new(ConfirmPage::SignedInAgain));
    show(&state, Current::default(), page).await
}

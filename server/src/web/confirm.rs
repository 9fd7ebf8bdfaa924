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
    sessions::{self, Renamed},
};

/// Largest form of a sensitive act.
const MAX_FORM_BYTES: usize = 64 * 1024;
/// The field with the password that shows who somebody is.
const PASSWORD: &str = "confirm_password";
/// The field with the code that does.
const CODE: &str = "confirm_code";

/// What sets up a second factor.
const FIRST_FACTOR: [&str; 3] = [
    "/settings/second-factor/set",
    "/settings/second-factor/passkeys/new",
    "/settings/second-factor/passkeys/add",
];
/// The field with what the browser answers with a passkey.
const PASSKEY: &str = "confirm_passkey";

/// A form: names and values, in their order.
type Fields = Vec<(String, String)>;

/// Lets an act through when whoever acts has shown lately who they are, or does so with it; asks them otherwise.
pub async fn lately(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Extension(address): Extension<ClientAddress>,
    session: Session,
    request: Request,
    next: Next,
) -> Response {
    let asked = asked(&current).filter(|(known, user)| {
        let path = request.uri().path();
        request.method() == Method::POST && !is_first_factor_of_who_came(known, user, path)
    });
    let Some((known, user)) = asked else {
        return next.run(request).await;
    };
    let act = Act {
        state: &state,
        known,
        user,
        address,
        is_each_time: false,
    };
    act.run(&session, request, next).await
}

/// Lets an act through when whoever acts shows with it by a code or a passkey who they are, however lately they did; asks them
/// otherwise. Who has no second factor is asked as ever.
pub async fn by_code(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Extension(address): Extension<ClientAddress>,
    session: Session,
    request: Request,
    next: Next,
) -> Response {
    let person = current.known.as_ref().and_then(|known| {
        let user = known.user.as_ref()?;
        let is_each_time = user.second_factor.is_set;
        (is_each_time || !known.is_confirmed).then_some((known, user, is_each_time))
    });
    let person = person.filter(|_| request.method() == Method::POST);
    let Some((known, user, is_each_time)) = person else {
        return next.run(request).await;
    };
    let act = Act {
        state: &state,
        known,
        user,
        address,
        is_each_time,
    };
    act.run(&session, request, next).await
}

/// Whether somebody sets up their first second factor who has just come from a provider. One that does not say when it
/// asked them leaves them nothing else to confirm with.
fn is_first_factor_of_who_came(known: &Known, user: &User, path: &str) -> bool {
    let came_lately = known.elsewhere.is_some_and(|elsewhere| elsewhere.is_lately);
    came_lately && !user.second_factor.is_set && FIRST_FACTOR.contains(&path)
}

/// Who has to show who they are.
fn asked(current: &Current) -> Option<(&Known, &User)> {
    let known = current.known.as_ref()?;
    let user = known.user.as_ref()?;
    (!known.is_confirmed).then_some((known, user))
}

/// An act of somebody who has to show who they are.
struct Act<'a> {
    state: &'a AppState,
    known: &'a Known,
    user: &'a User,
    address: ClientAddress,
    /// Whether that is asked each time, and only a second factor will do.
    is_each_time: bool,
}

impl Act<'_> {
    async fn run(self, session: &Session, request: Request, next: Next) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(bytes) = axum::body::to_bytes(body, MAX_FORM_BYTES).await else {
            return Problem::too_large().into_response();
        };
        let fields = form_urlencoded::parse(&bytes).into_owned();
        let (proof, fields): (Fields, Fields) =
            fields.partition(|(name, _)| [PASSWORD, CODE, PASSKEY].contains(&name.as_str()));
        if proof.iter().all(|(_, text)| text.is_empty()) {
            return self.ask(&parts, fields, None).await;
        }
        match self.prove(&proof).await {
            Ok(Tried::Right) => {}
            Ok(Tried::Wrong(problem)) => return self.ask(&parts, fields, Some(problem)).await,
            Err(error) => return Problem::from(error).into_response(),
        }
        if let Err(error) = sessions::confirmed(session, self.state.services.now()).await {
            return Problem::from(error).into_response();
        }
        // The act is done in the session that it came with.
        let response = next.run(with_form(parts, &fields)).await;
        renew(self.state, session, response).await
    }

    async fn prove(&self, proof: &Fields) -> ServiceResult<Tried> {
        let typed = |wanted: &str| {
            let mut texts = proof.iter().filter(|(name, _)| name == wanted);
            texts.find(|(_, text)| !text.is_empty())
        };
        if self.user.second_factor.is_set {
            let passkey =
                typed(PASSKEY).map(|(_, answer)| Proof::Passkey(PasskeyPurpose::Confirm, answer));
            let proof = passkey.or_else(|| typed(CODE).map(|(_, code)| Proof::Code(code)));
            if let Some(proof) = proof {
                return try_proof(self.state, self.user, proof, self.address).await;
            }
        }
        if self.is_each_time {
            return Ok(Tried::Wrong("Enter a code.".to_owned()));
        }
        let password = typed(PASSWORD).map_or_else(String::new, |(_, text)| text.clone());
        self.try_password(password).await
    }

    /// It is one secret, wherever it is typed.
    async fn try_password(&self, password: String) -> ServiceResult<Tried> {
        let (caller, guesses) = (&self.known.caller, &self.state.guesses);
        let guess = match guesses.guess(Secret::Password, Some(caller.name()), self.address) {
            Ok(guess) => guess,
            Err(too_many) => return Ok(Tried::Wrong(too_many.words())),
        };
        let services = &self.state.services;
        let is_right = services.is_own_password(caller, password).await;
        if !matches!(is_right, Ok(false)) {
            guess.give_back();
        }
        Ok(if is_right? {
            Tried::Right
        } else {
            Tried::Wrong("Incorrect password.".to_owned())
        })
    }

    async fn ask(&self, parts: &Parts, fields: Fields, problem: Option<String>) -> Response {
        let sign_on = self.state.sign_on.as_ref();
        let elsewhere = self.known.elsewhere.filter(|_| !self.is_each_time);
        let sign_on = sign_on.filter(|_| elsewhere.is_some());
        let is_untimed = elsewhere.is_some_and(|one| one.is_untimed)
            && sign_on.is_some_and(|sign_on| !sign_on.trusts_prompt());
        let page = ConfirmPage::Ask {
            path: parts.uri.path().to_owned(),
            fields,
            is_each_time: self.is_each_time,
            has_password: !self.user.password_hash.is_empty() && !self.is_each_time,
            has_code: self.user.second_factor.is_set,
            has_app: self.user.second_factor.has_app,
            has_passkey: has_passkey(self.state, self.user).await,
            is_untimed,
            sign_on: sign_on.map(|sign_on| sign_on.name().to_owned()),
            problem,
        };
        let found = Found::Confirm(Box::new(page));
        let mut response = show(self.state, Current::default(), found).await;
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
        response
    }
}

/// Marks an answer: how somebody signs in, or what they may do, is not what it was.
#[derive(Debug, Clone, Copy)]
struct Changed;

/// The answer to a form that changed how somebody signs in, or what they may do.
pub fn changed(mut response: Response) -> Response {
    response.extensions_mut().insert(Changed);
    response
}

/// Gives the session another id after such an answer.
pub async fn renewed(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let session = request.extensions().get::<Session>().cloned();
    let response = next.run(request).await;
    match session {
        Some(session) if response.extensions().get::<Changed>().is_some() => {
            renew(&state, &session, response).await
        }
        _ => response,
    }
}

/// The act is done, and its answer may hold a secret that is shown this once: it is given whatever comes of the id.
async fn renew(state: &AppState, session: &Session, mut response: Response) -> Response {
    // Once: what asked again did so already.
    if response.extensions().get::<Renamed>().is_some() {
        return response;
    }
    match sessions::renew(session, &state.services).await {
        Ok(Some(renamed)) => {
            response.extensions_mut().insert(renamed);
        }
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "a session could not be given another id"),
    }
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

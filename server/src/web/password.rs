//! What the reader's own password is asked for. Who found somebody's session open could guess it here as well as at the
//! sign-in: the count is one.

use app::context::Current;
use axum::{Extension, Form, extract::State, response::Response};
use domain::Invalid;
use serde::Deserialize;
use service::{Caller, ServiceError, ServiceResult};

use super::{
    confirm::changed,
    outcome::{self, go_on},
    settings::caller,
};
use crate::{
    AppState,
    middleware::{address::ClientAddress, guesses::Secret},
};

/// Changes the reader's own password.
#[derive(Deserialize)]
pub struct PasswordForm {
    old_password: String,
    password: String,
    next: Option<String>,
}

/// Where a password was typed, and where to go on to.
pub struct Typed<'a> {
    /// What counts the guess.
    pub state: &'a AppState,
    /// Whose password it should be.
    pub current: &'a Current,
    /// From where.
    pub address: ClientAddress,
    /// Where to go on to.
    pub next: Option<&'a str>,
    /// What is said there when it was done.
    pub done: String,
}

impl Typed<'_> {
    /// Does what the password is asked for, as often as it may be guessed.
    pub async fn lets(self, act: impl AsyncFnOnce(&Caller) -> ServiceResult<()>) -> Response {
        let caller = match caller(self.current) {
            Ok(caller) => caller,
            Err(error) => return go_on::<()>(Err(error), self.next, self.done),
        };
        let guesses = &self.state.guesses;
        let guess = match guesses.guess(Secret::Password, Some(caller.name()), self.address) {
            Ok(guess) => guess,
            Err(too_many) => return outcome::wait(too_many, self.next),
        };
        let done = act(caller).await;
        if !is_wrong(&done) {
            guess.give_back();
        }
        let is_done = done.is_ok();
        let response = go_on(done, self.next, self.done);
        if is_done { changed(response) } else { response }
    }
}

/// Whether what was typed was not the password.
fn is_wrong(done: &ServiceResult<()>) -> bool {
    let Err(ServiceError::Invalid(Invalid(errors))) = done else {
        return false;
    };
    errors.iter().any(|error| error.reason == "wrong")
}

/// `POST /settings/you/password`
pub async fn change_password(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Extension(address): Extension<ClientAddress>,
    Form(form): Form<PasswordForm>,
) -> Response {
    let typed = Typed {
        state: &state,
        current: &current,
        address,
        next: form.next.as_deref(),
        done: "Your password is changed. Your other sessions are signed out.".to_owned(),
    };
    let (services, origin) = (&state.services, state.origin.address());
    let act = async |caller: &Caller| {
        services
            .change_password(caller, form.old_password, form.password, origin)
            .await
    };
    typed.lets(act).await
}

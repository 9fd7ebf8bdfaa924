//! Single sign-on by OpenID Connect: the authorization code flow with PKCE, state and nonce.

mod begun;
mod claims;
mod provider;

use std::{fmt, sync::Arc, time::Duration};

use app::{
    context::Current,
    pages::{Found, settings::RefusedPage},
};
use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use begun::Begun;
use claims::VerifiedClaims;
use domain::{Time, time::SECOND_US};
use openidconnect::{
    AuthenticationFlow, CsrfToken, IssuerUrl, Nonce, PkceCodeChallenge, Scope,
    core::{CoreAuthPrompt, CoreResponseType},
    reqwest,
};
use provider::{Failure, Known};
use serde::Deserialize;
use service::ServiceError;
use tower_sessions::Session;

use super::sign_in::local;
use crate::{AppState, middleware::address::ClientAddress, sessions, web::refused};

/// How long the provider may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How far the provider's clock may be from ours, in microseconds.
const LEEWAY_US: i64 = 30 * SECOND_US;
/// When to try again, in seconds, when it does not answer.
const RETRY_AFTER_S: &str = "5";
/// Where the provider sends people back to.
pub const CALLBACK: &str = "/sign-in/sso/callback";

/// How to reach the provider, and which of its claims say where someone belongs.
#[derive(Clone, PartialEq, Eq)]
pub struct SignOnSettings {
    /// Its issuer.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: Option<String>,
    /// What the button says: `Sign in with …`.
    pub name: String,
    /// Our own address, as the provider knows it.
    pub public_url: String,
    /// The claim with the key of the account.
    pub account_claim: String,
    /// The claim with the role.
    pub role_claim: String,
    /// The claim with the keys of the companies.
    pub companies_claim: String,
    /// Whether a sign-in that it was told to ask for (`prompt=login`) counts although it does not say when it asked.
    pub trusts_prompt: bool,
}

/// The provider of single sign-on. What it publishes about itself is read when it is first needed, and again when it is
/// old or names a key that is not known.
#[derive(Clone)]
pub struct SignOn {
    settings: Arc<SignOnSettings>,
    http: reqwest::Client,
    known: Arc<tokio::sync::Mutex<Known>>,
}

impl fmt::Debug for SignOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.settings.issuer)
    }
}

/// What the provider sends back.
#[derive(Debug, Deserialize)]
pub struct Answer {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    error: Option<String>,
}

/// Where to go on to.
#[derive(Debug, Deserialize)]
pub struct Next {
    next: Option<String>,
    /// Whether the provider is to ask who it is although it knows.
    again: Option<String>,
}

impl SignOn {
    /// A provider that nobody has asked anything yet.
    ///
    /// # Errors
    /// Why there can be no client for it.
    pub fn new(settings: SignOnSettings) -> Result<Self, String> {
        IssuerUrl::new(settings.issuer.clone())
            .map_err(|_| "oidc_issuer: must be an http:// or https:// address".to_owned())?;
        // A redirect could lead inside our own network.
        let http = reqwest::ClientBuilder::new()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            settings: Arc::new(settings),
            http,
            known: Arc::default(),
        })
    }

    /// What the button says.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Where to send somebody who begins, and the header that lets their browser remember it.
    async fn begin(
        &self,
        state: &AppState,
        next: String,
        is_again: bool,
    ) -> Result<Response, Failure> {
        let now = state.services.now();
        let client = self.client(now).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut ask = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge);
        if is_again {
            // With this it has to say when it asked.
            ask = ask
                .add_prompt(CoreAuthPrompt::Login)
                .set_max_age(Duration::ZERO);
        }
        let (url, csrf, nonce) = ask.url();
        let secrets = [csrf.secret(), nonce.secret(), verifier.secret()];
        let begun = Begun::new(secrets, next, is_again.then_some(now));
        let keep = begun.keep(&state.services, &state.origin).await?;
        let headers = [
            (header::SET_COOKIE, keep),
            (
                header::CACHE_CONTROL,
                header::HeaderValue::from_static("no-store"),
            ),
        ];
        Ok((headers, Redirect::to(url.as_str())).into_response())
    }
}

/// `GET /sign-in/sso`
pub async fn begin(State(state): State<AppState>, Query(next): Query<Next>) -> Response {
    let Some(sign_on) = &state.sign_on else {
        return refused(&state, ServiceError::NotFound).await;
    };
    let is_again = next.again.is_some();
    let next = match next.next.as_deref() {
        Some(app::AGAIN_PATH) => app::AGAIN_PATH.to_owned(),
        next => local(next),
    };
    match sign_on.begin(&state, next, is_again).await {
        Ok(sent) => sent,
        Err(failure) => told(&state, failure).await,
    }
}

/// `GET /sign-in/sso/callback`
pub async fn callback(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Extension(address): Extension<ClientAddress>,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
    session: Session,
) -> Response {
    let has_begun = begun::COOKIE.is_there(&state.origin, &headers);
    let who = Coming {
        session: &session,
        current: &current,
        address,
        headers: &headers,
    };
    let done = who.finish(&state, answer).await;
    let mut response = match done {
        Ok(next) => Redirect::to(&next).into_response(),
        // Back in the history, or read again: it did its work before.
        Err(Failure::Refused(_)) if !has_begun && current.known.is_some() => {
            Redirect::to("/").into_response()
        }
        Err(failure) => told(&state, failure).await,
    };
    if let Some(forget) = begun::COOKIE.forget(&state.origin) {
        response.headers_mut().append(header::SET_COOKIE, forget);
    }
    response
}

/// `HEAD /sign-in/sso/callback`: nobody signs in by looking.
pub async fn head() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Somebody who comes back from the provider.
struct Coming<'a> {
    session: &'a Session,
    current: &'a Current,
    address: ClientAddress,
    headers: &'a HeaderMap,
}

impl Coming<'_> {
    /// Signs somebody in; where they go on to.
    async fn finish(&self, state: &AppState, answer: Answer) -> Result<String, Failure> {
        let (services, now) = (&state.services, state.services.now());
        let sign_on = state.sign_on.as_ref().ok_or(ServiceError::NotFound)?;
        let begun = Begun::of(services, &state.origin, self.headers).await?;
        let begun = begun.filter(|begun| is_same(&begun.state, &answer.state));
        let begun = begun.ok_or_else(|| {
            forbidden("this sign-in was not begun here, or more than ten minutes ago: begin again")
        })?;
        if let Some(error) = answer.error {
            tracing::info!(error, "the sign-in service refused");
            return Err(forbidden("the sign-in service did not let you in").into());
        }
        let verified = sign_on.finish(answer.code, &begun, now).await?;
        let shown_at = match begun.again_at() {
            None => verified.shown_at(now),
            Some(asked) => Some(sign_on.shown_again(&verified, asked, now)?),
        };
        let claims = verified.claims(&sign_on.settings)?;
        let text = self.address.text();
        let user = services.sign_in_with(claims, text.as_deref()).await?;
        let known = self
            .current
            .known
            .as_ref()
            .and_then(|known| known.user.as_ref());
        if begun.again_at().is_some() && known.is_some_and(|known| known.id != user.id) {
            return Err(forbidden("you signed in there as somebody else").into());
        }
        sessions::begin(self.session, user.id, now, self.address, self.headers).await?;
        sessions::vouched(self.session, shown_at).await?;
        Ok(begun.next)
    }
}

impl SignOn {
    /// When somebody showed who they are whom the provider was told to ask again.
    fn shown_again(
        &self,
        verified: &VerifiedClaims,
        asked: Time,
        now: Time,
    ) -> Result<Time, ServiceError> {
        let shown_at = verified.shown_at(now);
        match shown_at.filter(|_| is_again(shown_at, asked)) {
            Some(shown_at) => Ok(shown_at),
            None if verified.says_when() => Err(forbidden(
                "the sign-in service did not say that it asked you again: sign out there, and try once more",
            )),
            None if self.settings.trusts_prompt => Ok(now),
            None => Err(forbidden(
                "the sign-in service does not say when it asked you: set up a second factor within 15 minutes after you \
                 sign in, and confirm with that",
            )),
        }
    }

    /// Whether the provider can be told to ask again, and what comes of it counts.
    pub fn trusts_prompt(&self) -> bool {
        self.settings.trusts_prompt
    }
}

/// Whether somebody showed who they are since they were asked to.
fn is_again(shown_at: Option<Time>, asked: Time) -> bool {
    shown_at.is_some_and(|shown| shown.micros_since(asked) >= -LEEWAY_US)
}

/// Says why somebody could not sign in, and what they can do.
async fn told(state: &AppState, failure: Failure) -> Response {
    let (reason, status) = match failure {
        Failure::Refused(reason) => (reason, StatusCode::FORBIDDEN),
        Failure::Unreachable => (
            "the sign-in service cannot be reached: try again in a moment".to_owned(),
            StatusCode::SERVICE_UNAVAILABLE,
        ),
        Failure::Service(error) => return refused(state, error).await,
    };
    let page = Found::Refused(Box::new(RefusedPage { reason, status }));
    let mut response = super::show(state, Current::default(), page).await;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let after = header::HeaderValue::from_static(RETRY_AFTER_S);
        response.headers_mut().insert(header::RETRY_AFTER, after);
    }
    response
}

fn is_same(a: &str, b: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

fn forbidden(text: &str) -> ServiceError {
    ServiceError::Forbidden(text.to_owned())
}

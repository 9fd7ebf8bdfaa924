//! Single sign-on by OpenID Connect: the authorization code flow with PKCE, state and nonce.

mod claims;

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use claims::{Extra, Ready, VerifiedClaims};
use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse as _,
    core::{CoreGenderClaim, CoreProviderMetadata, CoreResponseType},
    reqwest,
};
use serde::{Deserialize, Serialize};
use service::{ServiceError, ServiceResult, ports::StoreError};
use tower_sessions::Session;

use super::sign_in::local;
use crate::{AppState, middleware::address::ClientAddress, sessions, web::refused};

/// How long the provider may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Where the provider sends people back to.
pub const CALLBACK: &str = "/sign-in/sso/callback";
/// What is kept in the session between the two steps.
const UNDER_WAY: &str = "sign_on";

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
}

/// The provider of single sign-on. What it publishes about itself is read when it is first needed.
#[derive(Clone)]
pub struct SignOn {
    settings: Arc<SignOnSettings>,
    http: reqwest::Client,
    metadata: Arc<tokio::sync::OnceCell<CoreProviderMetadata>>,
}

impl fmt::Debug for SignOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.settings.issuer)
    }
}

/// A sign-in that has begun.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    state: String,
    nonce: String,
    verifier: String,
    next: String,
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
}

fn failed(error: impl fmt::Display) -> ServiceError {
    StoreError::new(format!("single sign-on: {error}")).into()
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
            metadata: Arc::default(),
        })
    }

    /// What the button says.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    async fn client(&self) -> ServiceResult<Ready> {
        let settings = &self.settings;
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(failed)?;
        let discover = || CoreProviderMetadata::discover_async(issuer, &self.http);
        let metadata = self
            .metadata
            .get_or_try_init(discover)
            .await
            .map_err(failed)?;
        let secret = settings.client_secret.clone().map(ClientSecret::new);
        let id = ClientId::new(settings.client_id.clone());
        let back =
            RedirectUrl::new(format!("{}{CALLBACK}", settings.public_url)).map_err(failed)?;
        Ok(Ready::from_provider_metadata(metadata.clone(), id, secret).set_redirect_uri(back))
    }

    async fn begin(&self, session: &Session, next: String) -> ServiceResult<String> {
        let client = self.client().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let under_way = UnderWay {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            next,
        };
        session
            .insert(UNDER_WAY, under_way)
            .await
            .map_err(sessions::broken)?;
        Ok(url.to_string())
    }

    /// What the provider says of who came back, its signature and nonce checked.
    async fn finish(&self, code: String, under_way: &UnderWay) -> ServiceResult<VerifiedClaims> {
        let client = self.client().await?;
        let token = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(failed)?
            .set_pkce_verifier(PkceCodeVerifier::new(under_way.verifier.clone()))
            .request_async(&self.http)
            .await
            .map_err(failed)?;
        let signed = token.id_token().ok_or_else(|| failed("no id token"))?;
        let nonce = Nonce::new(under_way.nonce.clone());
        let claims = signed
            .claims(&client.id_token_verifier(), &nonce)
            .map_err(failed)?;
        let mut verified = VerifiedClaims::of_token(claims);
        // Many providers tell the rest only when they are asked with the access token.
        let subject = Some(claims.subject().clone());
        if let Ok(request) = client.user_info(token.access_token().clone(), subject) {
            let told = request
                .request_async::<Extra, _, CoreGenderClaim>(&self.http)
                .await
                .map_err(failed)?;
            verified.add(&told);
        }
        Ok(verified)
    }
}

/// `GET /sign-in/sso`
pub async fn begin(
    State(state): State<AppState>,
    Query(next): Query<Next>,
    session: Session,
) -> Response {
    let Some(sign_on) = &state.sign_on else {
        return refused(&state, ServiceError::NotFound).await;
    };
    match sign_on.begin(&session, local(next.next.as_deref())).await {
        Ok(url) => Redirect::to(&url).into_response(),
        Err(error) => refused(&state, error).await,
    }
}

/// `GET /sign-in/sso/callback`
pub async fn callback(
    State(state): State<AppState>,
    Extension(address): Extension<ClientAddress>,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
    session: Session,
) -> Response {
    let done = finish(&state, &session, answer, address, &headers).await;
    match done {
        Ok(next) => Redirect::to(&next).into_response(),
        Err(error) => refused(&state, error).await,
    }
}

async fn finish(
    state: &AppState,
    session: &Session,
    answer: Answer,
    address: ClientAddress,
    headers: &HeaderMap,
) -> ServiceResult<String> {
    let sign_on = state.sign_on.as_ref().ok_or(ServiceError::NotFound)?;
    let under_way: UnderWay = session
        .remove(UNDER_WAY)
        .await
        .map_err(sessions::broken)?
        .ok_or_else(|| forbidden("this sign-in was not begun here: begin again"))?;
    if !is_same(&under_way.state, &answer.state) {
        return Err(forbidden("this sign-in was not begun here: begin again"));
    }
    if let Some(error) = answer.error {
        tracing::info!(error, "the sign-in service refused");
        return Err(forbidden("the sign-in service did not let you in"));
    }
    let verified = sign_on.finish(answer.code, &under_way).await?;
    let claims = verified.claims(&sign_on.settings)?;
    let text = address.text();
    let user = state.services.sign_in_with(claims, text.as_deref()).await?;
    let now = state.services.now();
    sessions::begin(session, user.id, now, address, headers).await?;
    Ok(under_way.next)
}

fn is_same(a: &str, b: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

fn forbidden(text: &str) -> ServiceError {
    ServiceError::Forbidden(text.to_owned())
}

//! Talking to the provider: what it publishes about itself, and what it says of someone.

use domain::{
    Time,
    time::{HOUR_US, MINUTE_US, SECOND_US},
};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    SignatureVerificationError, TokenResponse as _, UserInfoError,
    core::{CoreGenderClaim, CoreProviderMetadata},
};
use service::ServiceError;

use super::{
    CALLBACK, SignOn,
    begun::Begun,
    claims::{Extra, Ready, VerifiedClaims},
};

/// What the provider publishes is read again after this long: it changes its keys and addresses as it likes.
const MAX_AGE_US: i64 = HOUR_US;
/// It is read again because of a key that is not known at most this often: tokens must not make us ask for ever.
const RENEW_US: i64 = MINUTE_US;
/// After a failure it is left alone for this long.
const RETRY_US: i64 = 5 * SECOND_US;

/// Why somebody could not sign in.
#[derive(Debug)]
pub(super) enum Failure {
    /// What came back does not let anyone in: why, and what to do.
    Refused(String),
    /// The provider does not answer, or not as a provider does.
    Unreachable,
    /// Something on our side.
    Service(ServiceError),
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Forbidden(text) | ServiceError::Conflict(text) => Self::Refused(text),
            ServiceError::Invalid(_) => refused(error),
            other => Self::Service(other),
        }
    }
}

/// A token, or what it says, that is not what it should be. The cause is for the log: a person can do nothing with it.
fn refused(cause: impl std::fmt::Debug) -> Failure {
    tracing::warn!(?cause, "single sign-on: what the provider said was refused");
    Failure::Refused(
        "what the sign-in service said of you could not be confirmed: begin again, and tell your administrator if this \
         happens once more"
            .to_owned(),
    )
}

fn unreachable(cause: impl std::fmt::Debug) -> Failure {
    tracing::warn!(?cause, "single sign-on: the provider does not answer");
    Failure::Unreachable
}

/// What the provider published, and when it was asked.
#[derive(Debug, Default)]
pub(super) struct Known {
    published: Option<(CoreProviderMetadata, Time)>,
    tried_at: Option<Time>,
    renewed_at: Option<Time>,
}

/// Which metadata will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    /// What is known, if it is not too old.
    Known,
    /// What is there now: the known keys do not fit.
    Newer,
}

fn is_within(then: Option<Time>, now: Time, micros: i64) -> bool {
    then.is_some_and(|then| now.micros_since(then) < micros)
}

impl Known {
    /// Whether asking is not due.
    fn will_do(&self, want: Want, now: Time) -> bool {
        match want {
            Want::Newer => is_within(self.renewed_at, now, RENEW_US),
            Want::Known => {
                let read_at = self.published.as_ref().map(|(_, read_at)| *read_at);
                is_within(read_at, now, MAX_AGE_US) || is_within(self.tried_at, now, RETRY_US)
            }
        }
    }

    fn metadata(&self) -> Result<CoreProviderMetadata, Failure> {
        let published = self.published.as_ref();
        let known = published.map(|(metadata, _)| metadata.clone());
        known.ok_or(Failure::Unreachable)
    }
}

/// Tells that sensitive acts will be refused to people who have neither a password nor a second factor.
fn warn_without_time(metadata: &CoreProviderMetadata) {
    if lacks_time(metadata) {
        tracing::warn!(
            "single sign-on: the provider does not list auth_time among its claims. People who have neither a password nor \
             a second factor cannot confirm sensitive acts: let them set one up, or set oidc_trusts_prompt if the provider \
             really asks again when it is told to (prompt=login)"
        );
    }
}

/// Whether the provider says which claims it has, and not when it asked somebody among them.
fn lacks_time(metadata: &CoreProviderMetadata) -> bool {
    let claims = metadata.claims_supported();
    claims.is_some_and(|claims| !claims.iter().any(|claim| claim.as_str() == "auth_time"))
}

impl SignOn {
    /// Reads what the provider publishes before anybody needs it, and tells in the log what is amiss.
    pub async fn look(&self, now: Time) {
        // That it does not answer is in the log, and it is asked again when somebody comes.
        drop(self.metadata(Want::Known, now).await);
    }

    async fn metadata(&self, want: Want, now: Time) -> Result<CoreProviderMetadata, Failure> {
        // One asks, and the others wait for what it is told.
        let mut known = self.known.lock().await;
        if known.will_do(want, now) {
            return known.metadata();
        }
        known.tried_at = Some(now);
        if want == Want::Newer {
            known.renewed_at = Some(now);
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone()).map_err(unreachable)?;
        match CoreProviderMetadata::discover_async(issuer, &self.http).await {
            Ok(metadata) => {
                if known.published.is_none() && !self.settings.trusts_prompt {
                    warn_without_time(&metadata);
                }
                known.published = Some((metadata, now));
            }
            // What was known is better than nothing: it says itself whether it still holds.
            Err(error) => drop(unreachable(error)),
        }
        known.metadata()
    }

    fn client_of(&self, metadata: CoreProviderMetadata) -> Result<Ready, Failure> {
        let settings = &self.settings;
        let secret = settings.client_secret.clone().map(ClientSecret::new);
        let id = ClientId::new(settings.client_id.clone());
        let back = RedirectUrl::new(format!("{}{CALLBACK}", settings.public_url));
        let back = back.map_err(unreachable)?;
        Ok(Ready::from_provider_metadata(metadata, id, secret).set_redirect_uri(back))
    }

    /// A client that knows what the provider published in the last hour.
    pub(super) async fn client(&self, now: Time) -> Result<Ready, Failure> {
        self.client_of(self.metadata(Want::Known, now).await?)
    }

    /// What the provider says of who came back, its signature and nonce checked.
    pub(super) async fn finish(
        &self,
        code: String,
        begun: &Begun,
        now: Time,
    ) -> Result<VerifiedClaims, Failure> {
        let client = self.client(now).await?;
        let exchange = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(unreachable)?
            .set_pkce_verifier(PkceCodeVerifier::new(begun.verifier.clone()));
        let token = exchange.request_async(&self.http).await;
        let token = token.map_err(|error| match error {
            RequestTokenError::ServerResponse(_) | RequestTokenError::Parse(..) => refused(error),
            RequestTokenError::Request(_) | RequestTokenError::Other(_) => unreachable(error),
        })?;
        let signed = token.id_token().ok_or_else(|| refused("no id token"))?;
        let nonce = Nonce::new(begun.nonce.clone());
        let claims = match signed.claims(&client.id_token_verifier(), &nonce) {
            Err(error) if is_about_keys(&error) => {
                let renewed = self.client_of(self.metadata(Want::Newer, now).await?)?;
                signed.claims(&renewed.id_token_verifier(), &nonce)
            }
            checked => checked,
        };
        let claims = claims.map_err(refused)?;
        let mut verified = VerifiedClaims::of_token(claims);
        // Many providers tell the rest only when they are asked with the access token.
        let subject = Some(claims.subject().clone());
        if let Ok(request) = client.user_info(token.access_token().clone(), subject) {
            let told = request.request_async::<Extra, _, CoreGenderClaim>(&self.http);
            verified.add(&told.await.map_err(|error| match error {
                UserInfoError::Request(_) => unreachable(error),
                error => refused(error),
            })?);
        }
        Ok(verified)
    }
}

/// Whether a token may be right, and signed with a key that the provider has since.
fn is_about_keys(error: &ClaimsVerificationError) -> bool {
    matches!(
        error,
        ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey
                | SignatureVerificationError::CryptoError(_)
                | SignatureVerificationError::InvalidKey(_)
                | SignatureVerificationError::AmbiguousKeyId(_)
        )
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn published(claims: Option<Value>) -> CoreProviderMetadata {
        let mut published = json!({
            "issuer": "https://id.example",
            "authorization_endpoint": "https://id.example/authorize",
            "jwks_uri": "https://id.example/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        });
        if let Some(claims) = claims {
            published["claims_supported"] = claims;
        }
        serde_json::from_value(published).unwrap()
    }

    #[test]
    fn a_provider_that_lists_its_claims_without_the_time_is_known_before_anybody_comes() {
        assert!(lacks_time(&published(Some(json!(["sub", "email"])))));
        assert!(!lacks_time(&published(Some(json!(["sub", "auth_time"])))));
        assert!(!lacks_time(&published(None)));
    }
}

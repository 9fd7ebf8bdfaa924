//! What a provider says of someone.

use domain::{Time, tenancy::Role};
use openidconnect::{
    AdditionalClaims, Client, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IdTokenClaims, IdTokenFields, StandardErrorResponse, StandardTokenResponse, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use service::{
    ServiceError, ServiceResult, members::Place, ports::Identity, single_sign_on::Claims,
};

use super::{LEEWAY_US, SignOnSettings};

/// Claims that are no standard ones.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Extra {
    #[serde(flatten)]
    all: Map<String, Value>,
}

impl AdditionalClaims for Extra {}

type Fields = IdTokenFields<
    Extra,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// A client that can do the authorization code flow.
pub(super) type Ready = Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What is known after signature, issuer, audience, expiry and nonce were checked.
pub(super) struct VerifiedClaims {
    identity: Identity,
    email: Option<String>,
    is_email_verified: bool,
    name: Option<String>,
    /// When the provider asked the person last.
    shown_at: Option<Time>,
    extra: Map<String, Value>,
}

impl VerifiedClaims {
    pub(super) fn of_token(claims: &IdTokenClaims<Extra, CoreGenderClaim>) -> Self {
        Self {
            identity: Identity {
                issuer: claims.issuer().to_string(),
                subject: claims.subject().to_string(),
            },
            email: claims.email().map(|email| email.to_string()),
            is_email_verified: claims.email_verified().unwrap_or(false),
            name: claims
                .name()
                .and_then(|name| name.get(None))
                .map(|name| name.to_string()),
            shown_at: claims
                .auth_time()
                .map(|time| Time::from_micros(time.timestamp_micros())),
            extra: claims.additional_claims().all.clone(),
        }
    }

    pub(super) fn add(&mut self, told: &UserInfoClaims<Extra, CoreGenderClaim>) {
        if self.email.is_none() {
            self.email = told.email().map(|email| email.to_string());
            self.is_email_verified = told.email_verified().unwrap_or(false);
        }
        if self.name.is_none() {
            let name = told.name().and_then(|name| name.get(None));
            self.name = name.map(|name| name.to_string());
        }
        for (name, value) in &told.additional_claims().all {
            self.extra
                .entry(name.clone())
                .or_insert_with(|| value.clone());
        }
    }

    /// Whether the provider says when it asked, right or not.
    pub(super) const fn says_when(&self) -> bool {
        self.shown_at.is_some()
    }

    /// When the person showed last who they are, if the provider says when it asked and that can be.
    pub(super) fn shown_at(&self, now: Time) -> Option<Time> {
        let is_now_or_before = |at: &Time| now.micros_since(*at) >= -LEEWAY_US;
        self.shown_at.filter(is_now_or_before).map(|at| at.min(now))
    }

    /// As the service takes them.
    pub(super) fn claims(self, settings: &SignOnSettings) -> ServiceResult<Claims> {
        let place = self.place(settings)?;
        Ok(Claims {
            verified_email: self.email.filter(|_| self.is_email_verified),
            identity: self.identity,
            name: self.name,
            place,
        })
    }

    fn place(&self, settings: &SignOnSettings) -> ServiceResult<Option<(String, Place)>> {
        let text = |name: &str| self.extra.get(name).and_then(Value::as_str);
        let Some(account) = text(&settings.account_claim) else {
            return Ok(None);
        };
        let role = match text(&settings.role_claim) {
            None => Role::Analyst,
            Some(role) => role.parse().map_err(|rule| {
                let claim = &settings.role_claim;
                ServiceError::Forbidden(format!("the sign-in service's claim {claim} {rule}"))
            })?,
        };
        let companies = self.extra.get(&settings.companies_claim);
        let companies = companies.and_then(Value::as_array).into_iter().flatten();
        let companies = companies.filter_map(Value::as_str).map(str::to_owned);
        let place = Place {
            role,
            companies: companies.collect(),
        };
        Ok(Some((account.to_owned(), place)))
    }
}

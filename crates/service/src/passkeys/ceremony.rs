//! What `WebAuthn` says of passkeys, in bytes that are stored: the rules and the signatures are `webauthn_rp`'s.

use std::fmt::Display;

use webauthn_rp::{
    AuthenticatedCredential, NonDiscoverableAuthentication16, PublicKeyCredentialCreationOptions,
    Registration,
    bin::{Decode, Encode},
    request::{
        AsciiDomain, Credentials as _, PublicKeyCredentialDescriptor, RpId, TimedCeremony as _,
        UserVerificationRequirement,
        auth::{
            AllowedCredentials, AuthenticationVerificationOptions,
            NonDiscoverableAuthenticationServerState, NonDiscoverableCredentialRequestOptions,
        },
        register::{
            PublicKeyCredentialUserEntity, RegistrationServerState,
            RegistrationVerificationOptions, ResidentKeyRequirement, UserHandle16, Username,
        },
    },
    response::{
        AuthTransports, CredentialId,
        auth::error::AuthCeremonyErr,
        register::{DynamicState, StaticState, error::RegCeremonyErr},
    },
};

use crate::ports::{Passkey, PasskeyPurpose, PasskeyState, StoreError, StoreResult};

/// Where passkeys are made and used: the host and the origin of `public_url`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeySite {
    host: String,
    origin: String,
}

/// Something to be signed: what the browser is sent, and what its answer is compared with.
pub(super) struct Begun {
    pub(super) challenge: Vec<u8>,
    pub(super) state: Vec<u8>,
    pub(super) options: String,
}

/// A passkey that a browser has just made.
pub(super) struct Made {
    pub(super) credential: Vec<u8>,
    pub(super) handle: [u8; 16],
    pub(super) transports: u8,
    pub(super) key: Vec<u8>,
    pub(super) state: PasskeyState,
}

/// Why a passkey's answer does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyRefusal {
    /// It is no answer that can be read.
    Unreadable,
    /// It was asked for too long ago, for something else or of somebody else, or answered before.
    Stale,
    /// The passkey is none of the person's.
    Unknown,
    /// The device did not check who used it, and had to.
    Unverified,
    /// It was used since by what may be a copy of the device.
    Copied,
    /// It is not as it has to be.
    Wrong,
}

impl PasskeyRefusal {
    /// A word for the audit log.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Unverified => "unverified",
            Self::Copied => "copied",
            Self::Wrong => "wrong",
        }
    }

    /// What the person reads.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Stale => "That took too long. Try again.",
            Self::Unknown => "This passkey is not one of yours. Use another one.",
            Self::Unverified => {
                "Your device did not check that it is you. Use its fingerprint, face or PIN."
            }
            Self::Copied => {
                "This passkey may have been copied, so it was refused. Use another way, then remove it."
            }
            Self::Unreadable | Self::Wrong => "The passkey did not work. Try again.",
        }
    }
}

impl From<RegCeremonyErr> for PasskeyRefusal {
    fn from(error: RegCeremonyErr) -> Self {
        match error {
            RegCeremonyErr::Timeout => Self::Stale,
            RegCeremonyErr::UserNotVerified => Self::Unverified,
            _ => Self::Wrong,
        }
    }
}

impl From<AuthCeremonyErr> for PasskeyRefusal {
    fn from(error: AuthCeremonyErr) -> Self {
        match error {
            AuthCeremonyErr::Timeout => Self::Stale,
            AuthCeremonyErr::UserNotVerified => Self::Unverified,
            AuthCeremonyErr::SignatureCounter => Self::Copied,
            AuthCeremonyErr::NoMatchingAllowedCredential => Self::Unknown,
            _ => Self::Wrong,
        }
    }
}

/// What a browser answers: the challenge it answers, as it says itself.
pub(super) struct Answer<T> {
    pub(super) challenge: Vec<u8>,
    read: T,
}

pub(super) type NewAnswer = Answer<Registration>;
pub(super) type UseAnswer = Answer<NonDiscoverableAuthentication16>;

impl NewAnswer {
    pub(super) fn read(json: &str) -> Result<Self, PasskeyRefusal> {
        let read = Registration::from_json_relaxed(json.as_bytes());
        let read = read.map_err(|_| PasskeyRefusal::Unreadable)?;
        let challenge = read.challenge_relaxed();
        let challenge = challenge.map_err(|_| PasskeyRefusal::Unreadable)?;
        Ok(Self {
            challenge: challenge.0.to_be_bytes().to_vec(),
            read,
        })
    }
}

impl UseAnswer {
    pub(super) fn read(json: &str) -> Result<Self, PasskeyRefusal> {
        let read = NonDiscoverableAuthentication16::from_json_relaxed(json.as_bytes());
        let read = read.map_err(|_| PasskeyRefusal::Unreadable)?;
        let challenge = read.challenge_relaxed();
        let challenge = challenge.map_err(|_| PasskeyRefusal::Unreadable)?;
        Ok(Self {
            challenge: challenge.0.to_be_bytes().to_vec(),
            read,
        })
    }

    /// The passkey that the browser says it used.
    pub(super) fn is_of(&self, passkey: &Passkey) -> bool {
        *self.read.raw_id().inner() == passkey.credential.as_slice()
    }
}

impl PasskeySite {
    /// The site of an address such as `https://credits.example.com`. Browsers make passkeys over TLS, or on this machine
    /// by the name `localhost`, and for names alone: there is none for any other address.
    pub fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        let is_local = host == "localhost" || host.ends_with(".localhost");
        let is_secure = scheme == "https" || (scheme == "http" && is_local);
        if !is_secure || !is_name(host) || AsciiDomain::try_from(host.to_owned()).is_err() {
            return None;
        }
        let usual = if scheme == "https" { "443" } else { "80" };
        let origin = match port.filter(|port| *port != usual) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        Some(Self {
            host: host.to_owned(),
            origin,
        })
    }

    /// The host that passkeys are made for.
    pub fn host(&self) -> &str {
        &self.host
    }

    fn id(&self) -> StoreResult<RpId> {
        let host = AsciiDomain::try_from(self.host.clone());
        host.map(RpId::Domain).map_err(broken)
    }

    /// Asks for a new passkey. The device has to check who uses it, so that it can show again who somebody is.
    pub(super) fn ask_new(
        &self,
        email: &str,
        handle: [u8; 16],
        known: &[Passkey],
    ) -> StoreResult<Begun> {
        let (id, handle) = (self.id()?, handle_of(handle));
        let name = Username::try_from(email).or_else(|_| Username::try_from("creditscope"));
        let person = PublicKeyCredentialUserEntity {
            name: name.map_err(broken)?,
            id: &handle,
            display_name: None,
        };
        let known = known.iter().map(descriptor).collect::<StoreResult<_>>()?;
        let mut options = PublicKeyCredentialCreationOptions::second_factor(&id, person, known);
        options.authenticator_selection.resident_key = ResidentKeyRequirement::Preferred;
        options.authenticator_selection.user_verification = UserVerificationRequirement::Required;
        options.extensions.cred_props = None;
        let (server, client) = options.start_ceremony().map_err(broken)?;
        let challenge = server.sent_challenge().0;
        begun(challenge, server.encode().map_err(broken)?, &client)
    }

    /// Checks what was made.
    pub(super) fn made(
        &self,
        state: &[u8],
        answer: &NewAnswer,
    ) -> StoreResult<Result<Made, PasskeyRefusal>> {
        let server = RegistrationServerState::<16>::decode(state).map_err(broken)?;
        let options = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &[self.origin.as_str()],
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let made = match server.verify(&self.id()?, &answer.read, &options) {
            Ok(made) => made,
            Err(error) => return Ok(Err(told(error))),
        };
        Ok(Ok(Made {
            credential: made.id().inner().to_vec(),
            handle: made.user_id().encode().map_err(broken)?,
            transports: made.transports().encode().map_err(broken)?,
            key: made.static_state().encode().map_err(broken)?,
            state: made.dynamic_state().encode().map_err(broken)?,
        }))
    }

    /// Asks for one of the known passkeys; there has to be one. To show again who somebody is, the device has to check who
    /// uses it; after the password it is asked to.
    pub(super) fn ask_known(
        &self,
        purpose: PasskeyPurpose,
        known: &[Passkey],
    ) -> StoreResult<Begun> {
        let id = self.id()?;
        let mut allowed = AllowedCredentials::with_capacity(known.len());
        for passkey in known {
            allowed.push(descriptor(passkey)?.into());
        }
        let asked = NonDiscoverableCredentialRequestOptions::second_factor(&id, allowed);
        let mut asked = asked.map_err(broken)?;
        asked.options().user_verification = match purpose {
            PasskeyPurpose::SignIn => UserVerificationRequirement::Preferred,
            PasskeyPurpose::Add | PasskeyPurpose::Confirm => UserVerificationRequirement::Required,
        };
        let (server, client) = asked.start_ceremony().map_err(broken)?;
        let challenge = server.sent_challenge().0;
        begun(challenge, server.encode().map_err(broken)?, &client)
    }

    /// Checks that a passkey signed; the answer is what has changed of it.
    pub(super) fn used(
        &self,
        state: &[u8],
        answer: &UseAnswer,
        passkey: &Passkey,
    ) -> StoreResult<Result<PasskeyState, PasskeyRefusal>> {
        let server = NonDiscoverableAuthenticationServerState::decode(state).map_err(broken)?;
        let handle = handle_of(passkey.handle);
        let credential = AuthenticatedCredential::new(
            CredentialId::<&[u8]>::decode(&passkey.credential).map_err(broken)?,
            &handle,
            StaticState::decode(&passkey.key).map_err(broken)?,
            DynamicState::decode(passkey.state).map_err(broken)?,
        );
        let mut credential = credential.map_err(broken)?;
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &[self.origin.as_str()],
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        let used = server.verify(&self.id()?, &answer.read, &mut credential, &options);
        if let Err(error) = used {
            return Ok(Err(told(error)));
        }
        Ok(Ok(credential.dynamic_state().encode().map_err(broken)?))
    }
}

/// Whether a host is a name: one whose last part is a number is an address.
fn is_name(host: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    host.bytes().all(is_letter) && !is_number
}

fn handle_of(bytes: [u8; 16]) -> UserHandle16 {
    match UserHandle16::decode(bytes) {
        Ok(handle) => handle,
        Err(never) => match never {},
    }
}

fn descriptor(passkey: &Passkey) -> StoreResult<PublicKeyCredentialDescriptor<Vec<u8>>> {
    Ok(PublicKeyCredentialDescriptor {
        id: CredentialId::<Vec<u8>>::decode(passkey.credential.clone()).map_err(broken)?,
        transports: AuthTransports::decode(passkey.transports).map_err(broken)?,
    })
}

/// What the log says more exactly than the person reads.
fn told<E: Display + Into<PasskeyRefusal>>(error: E) -> PasskeyRefusal {
    tracing::info!(%error, "a passkey's answer was refused");
    error.into()
}

/// What a ceremony begins with, of whichever kind it is.
fn begun(challenge: u128, state: Vec<u8>, client: &impl serde::Serialize) -> StoreResult<Begun> {
    Ok(Begun {
        challenge: challenge.to_be_bytes().to_vec(),
        state,
        options: serde_json::to_string(client).map_err(broken)?,
    })
}

fn broken(error: impl Display) -> StoreError {
    StoreError::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_for_names_that_browsers_trust_alone() {
        let site = |url| PasskeySite::of(url).map(|site| (site.host, site.origin));
        let is = |host: &str, origin: &str| Some((host.to_owned(), origin.to_owned()));
        for (url, expected) in [
            (
                "https://credits.example.com",
                is("credits.example.com", "https://credits.example.com"),
            ),
            (
                "https://credits.example.com:443",
                is("credits.example.com", "https://credits.example.com"),
            ),
            (
                "https://credits.example.com:8443",
                is("credits.example.com", "https://credits.example.com:8443"),
            ),
            (
                "http://localhost:3000",
                is("localhost", "http://localhost:3000"),
            ),
            ("http://localhost:80", is("localhost", "http://localhost")),
            ("http://credits.example.com", None),
            ("http://127.0.0.1:3000", None),
            ("https://127.0.0.1", None),
            ("https://[::1]:3000", None),
            ("https://10.1", None),
            ("https://0x7f000001", None),
            ("credits.example.com", None),
            ("https://", None),
        ] {
            assert_eq!(site(url), expected, "{url}");
        }
    }
}

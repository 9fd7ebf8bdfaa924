//! Settings of how the server meets the world: addresses, proxies, TLS, frames, limits, mail, single sign-on.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use ipnet::IpNet;
use lettre::message::Mailbox;

use super::Layers;
use crate::{
    listener::Bounds,
    middleware::{address::Proxies, bodies::BodyLimits, rates::Rates},
    state::{Edge, Origin},
    turns::ReadLimits,
    web::{
        live::LiveLimits,
        sign_on::{SignOn, SignOnSettings},
    },
};

/// The files of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those that vouch for it, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

/// How emails are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// In whose name.
    pub from: Mailbox,
    /// By which server; written to files of the data folder when none.
    pub smtp_url: Option<String>,
}

/// Reads how the server meets the world.
pub(super) fn edge(all: &Layers, origin: Origin, errors: &mut Vec<String>) -> Edge {
    let per_second = |name: &str, otherwise: NonZeroU32, errors: &mut Vec<String>| {
        all.parsed(
            name,
            "a whole number of requests a second, more than zero",
            errors,
        )
        .unwrap_or(otherwise)
    };
    let rates = Rates::default();
    let at_once = |name: &str, otherwise: u32, errors: &mut Vec<String>| {
        all.parsed(name, "a whole number of live pages", errors)
            .unwrap_or(otherwise)
    };
    let live = LiveLimits::default();
    Edge {
        proxies: all
            .parse_with("trusted_proxies", proxies, errors)
            .unwrap_or_default(),
        rates: Rates {
            key: per_second("rate_key", rates.key, errors),
            account: per_second("rate_account", rates.account, errors),
            address: per_second("rate_address", rates.address, errors),
        },
        live: LiveLimits {
            person: at_once("live_person", live.person, errors),
            account: at_once("live_account", live.account, errors),
            address: at_once("live_address", live.address, errors),
            ..live
        },
        reads: reads(all, errors),
        bounds: bounds(all, errors),
        bodies: bodies(all, errors),
        embed_origins: all
            .parse_with("embed_origins", origins, errors)
            .unwrap_or_default(),
        sign_on: sign_on(all, &origin, errors),
        origin,
    }
}

/// Reads how many may read, and wait to.
fn reads(all: &Layers, errors: &mut Vec<String>) -> ReadLimits {
    let limits = ReadLimits::default();
    let mut number = |name: &str, otherwise: u32| {
        let number: Option<NonZeroU32> =
            all.parsed(name, "a whole number of requests, more than zero", errors);
        number.map_or(otherwise, NonZeroU32::get)
    };
    ReadLimits {
        account: number("reads_per_account", limits.account),
        waiting: number("reads_waiting", limits.waiting),
        ..limits
    }
}

/// Reads how many connections there may be, and how long they may take.
fn bounds(all: &Layers, errors: &mut Vec<String>) -> Bounds {
    let usual = Bounds::default();
    let number = |name: &str, otherwise: u32, errors: &mut Vec<String>| {
        let what = "a whole number, more than zero";
        let number = all.parsed::<NonZeroU32>(name, what, errors);
        number.map_or(otherwise, NonZeroU32::get)
    };
    let seconds = |name: &str, otherwise: Duration, errors: &mut Vec<String>| {
        let seconds = all.parse_with(name, seconds, errors);
        seconds.map_or(otherwise, |number| Duration::from_secs(number.into()))
    };
    Bounds {
        connections: number("connections", usual.connections, errors),
        connections_address: number("connections_address", usual.connections_address, errors),
        read_timeout: seconds("read_timeout_s", usual.read_timeout, errors),
        write_timeout: seconds("write_timeout_s", usual.write_timeout, errors),
        idle_timeout: seconds("idle_timeout_s", usual.idle_timeout, errors),
    }
}

/// Reads how much of all bodies may be kept.
fn bodies(all: &Layers, errors: &mut Vec<String>) -> BodyLimits {
    let mebibytes = |text: &str| {
        let number = text.parse::<u64>().ok();
        number
            .filter(|number| (8..=1_048_576).contains(number))
            .ok_or_else(|| "must be a whole number of mebibytes, at least 8".to_owned())
    };
    let kept = all.parse_with("body_memory_mib", mebibytes, errors);
    kept.map_or_else(BodyLimits::default, |number| BodyLimits {
        kept: number * 1_024 * 1_024,
    })
}

fn seconds(text: &str) -> Result<u32, String> {
    let number = text.parse().ok();
    number
        .filter(|seconds| (1..=3_600).contains(seconds))
        .ok_or_else(|| "must be a whole number of seconds from 1 to 3600".to_owned())
}

/// Reads the files of the certificate; both or none.
pub(super) fn tls(all: &Layers, errors: &mut Vec<String>) -> Option<TlsFiles> {
    match (all.text("tls_certificate"), all.text("tls_key")) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(TlsFiles {
            certificate: certificate.into(),
            key: key.into(),
        }),
        _ => {
            errors.push("tls_certificate and tls_key: set both, or none".to_owned());
            None
        }
    }
}

/// Reads how emails are sent.
pub(super) fn mail(all: &Layers, errors: &mut Vec<String>) -> Option<MailSettings> {
    let from = all
        .parsed(
            "mail_from",
            "an address such as Credits <credits@example.com>",
            errors,
        )
        .or_else(|| "Creditscope <creditscope@localhost>".parse().ok())?;
    Some(MailSettings {
        from,
        smtp_url: all.text("smtp_url"),
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|word| !word.is_empty())
}

fn proxies(text: &str) -> Result<Proxies, String> {
    let network = |word: &str| {
        let network = word.parse::<IpNet>();
        network.or_else(|_| {
            let address = word.parse::<std::net::IpAddr>();
            address.map(IpNet::from).map_err(|_| word.to_owned())
        })
    };
    let networks: Result<_, String> = words(text).map(network).collect();
    networks.map(Proxies).map_err(|word| {
        format!("has '{word}', which must be an address or a network such as 10.0.0.0/8")
    })
}

fn origins(text: &str) -> Result<Vec<String>, String> {
    words(text).map(super::public_url).collect()
}

fn sign_on(all: &Layers, origin: &Origin, errors: &mut Vec<String>) -> Option<SignOn> {
    let issuer = all.text("oidc_issuer")?;
    let Some(client_id) = all.text("oidc_client_id") else {
        errors.push("oidc_client_id: is missing: it goes with oidc_issuer".to_owned());
        return None;
    };
    let Some(public_url) = origin.url.clone() else {
        errors.push(
            "public_url: is missing: the provider of oidc_issuer sends people there".to_owned(),
        );
        return None;
    };
    let or = |name: &str, otherwise: &str| all.text(name).unwrap_or_else(|| otherwise.to_owned());
    let settings = SignOnSettings {
        issuer,
        client_id,
        public_url,
        client_secret: all.text("oidc_client_secret"),
        name: or("oidc_name", "single sign-on"),
        account_claim: or("oidc_account_claim", "creditscope_account"),
        role_claim: or("oidc_role_claim", "creditscope_role"),
        companies_claim: or("oidc_companies_claim", "creditscope_companies"),
        trusts_prompt: all
            .parsed("oidc_trusts_prompt", "true or false", errors)
            .unwrap_or(false),
    };
    SignOn::new(settings).map_err(|rule| errors.push(rule)).ok()
}

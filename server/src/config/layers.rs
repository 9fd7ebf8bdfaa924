//! Settings by name, each with the place it was made, so that an error can point there.

use std::{collections::BTreeMap, str::FromStr};

use super::FILE_VARIABLE;

/// Every setting, by its name in the file; its variable is the same in capitals after [`PREFIX`].
pub const SETTINGS: [&str; 44] = [
    "database_url",
    "addr",
    "public_url",
    "data_dir",
    "log",
    "log_format",
    "metrics_addr",
    "migrate",
    "readers",
    "payments_webhook_secret",
    "payments_checkout_url",
    "webhook_private_targets",
    "webhook_retries_s",
    "trusted_proxies",
    "embed_origins",
    "tls_certificate",
    "tls_key",
    "rate_key",
    "rate_account",
    "rate_address",
    "reads_per_account",
    "reads_waiting",
    "activities_per_account",
    "sources_per_account",
    "live_person",
    "live_account",
    "live_address",
    "connections",
    "connections_address",
    "read_timeout_s",
    "write_timeout_s",
    "idle_timeout_s",
    "body_memory_mib",
    "mail_from",
    "smtp_url",
    "oidc_issuer",
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_name",
    "oidc_account_claim",
    "oidc_role_claim",
    "oidc_companies_claim",
    "oidc_trusts_prompt",
    "require_second_factor",
];
/// Settings whose text is never shown, not even when it is wrong.
const SECRETS: [&str; 3] = ["payments_webhook_secret", "smtp_url", "oidc_client_secret"];
/// What variables begin with.
const PREFIX: &str = "CREDITSCOPE_";
/// Variables that belong to the build and its tests.
const NOT_OURS: [&str; 2] = [FILE_VARIABLE, "CREDITSCOPE_BIN"];

/// A setting as text, and where it was made.
#[derive(Debug, Clone)]
struct Setting {
    place: String,
    text: String,
}

/// Settings by name. What is added later goes before what is there.
#[derive(Debug, Clone, Default)]
pub struct Layers(BTreeMap<&'static str, Setting>);

impl Layers {
    /// The settings made by flags.
    pub fn of_flags(flags: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Self {
        let set = flags.into_iter().filter_map(|(name, text)| {
            let place = format!("--{}", name.replace('_', "-"));
            Some((name, Setting { place, text: text? }))
        });
        Self(set.collect())
    }

    pub(super) fn add_over(&mut self, over: Self) {
        self.0.extend(over.0);
    }

    pub(super) fn add_file(&mut self, text: &str, errors: &mut Vec<String>) {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => return errors.push(format!("creditscope.toml: {error}")),
        };
        for (name, value) in table {
            let Some(known) = SETTINGS.iter().find(|known| **known == name) else {
                errors.push(format!(
                    "creditscope.toml: '{name}' is not a setting; there are {}",
                    SETTINGS.join(", ")
                ));
                continue;
            };
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(_) | toml::Value::Boolean(_) => value.to_string(),
                _ => {
                    errors.push(format!(
                        "creditscope.toml: {name}: must be a text, a number or true or false"
                    ));
                    continue;
                }
            };
            self.0.insert(
                known,
                Setting {
                    place: format!("creditscope.toml: {name}"),
                    text,
                },
            );
        }
    }

    pub(super) fn add_environment(
        &mut self,
        environment: impl IntoIterator<Item = (String, String)>,
        errors: &mut Vec<String>,
    ) {
        for (variable, text) in environment {
            let Some(name) = variable.strip_prefix(PREFIX) else {
                continue;
            };
            if NOT_OURS.contains(&variable.as_str()) {
                continue;
            }
            let Some(known) = SETTINGS
                .iter()
                .find(|known| known.to_ascii_uppercase() == name)
            else {
                let all: Vec<_> = SETTINGS
                    .iter()
                    .map(|name| format!("{PREFIX}{}", name.to_ascii_uppercase()))
                    .collect();
                errors.push(format!(
                    "{variable} is not a setting; there are {}",
                    all.join(", ")
                ));
                continue;
            };
            if !text.is_empty() {
                self.0.insert(
                    known,
                    Setting {
                        place: variable,
                        text,
                    },
                );
            }
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|setting| setting.text.clone())
    }

    pub(super) fn parsed<T: FromStr>(
        &self,
        name: &str,
        what: &str,
        errors: &mut Vec<String>,
    ) -> Option<T> {
        self.parse_with(
            name,
            |text| text.parse().map_err(|_| format!("must be {what}")),
            errors,
        )
    }

    pub(super) fn parse_with<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, String>,
        errors: &mut Vec<String>,
    ) -> Option<T> {
        let setting = self.0.get(name)?;
        match parse(&setting.text) {
            Ok(value) => Some(value),
            Err(rule) => {
                let shown = if SECRETS.contains(&name) {
                    "what is set".to_owned()
                } else {
                    format!("'{}'", setting.text)
                };
                errors.push(format!("{}: {shown} {rule}", setting.place));
                None
            }
        }
    }
}

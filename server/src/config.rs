//! Settings: flags, then environment, then `creditscope.toml`. A wrong or unknown one stops the start.

mod edge;
mod layers;

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

pub use edge::{MailSettings, TlsFiles};
pub use layers::{Layers, SETTINGS};
use service::payments::Webhooks;

use crate::state::{Edge, Origin};

/// The file read when none is named.
const DEFAULT_FILE: &str = "creditscope.toml";
/// The variable that names the file.
pub const FILE_VARIABLE: &str = "CREDITSCOPE_CONFIG";

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database; a relative path starts in the data folder. None takes the default of the command.
    pub database_url: Option<String>,
    /// Where the server listens.
    pub addr: SocketAddr,
    /// How it meets the world.
    pub edge: Edge,
    /// Its certificate; none when it speaks without TLS.
    pub tls: Option<TlsFiles>,
    /// How emails are sent; none when the settings are wrong.
    pub mail: Option<MailSettings>,
    /// Where the embedded database lives.
    pub data_dir: PathBuf,
    /// What is logged, as `tracing` filters.
    pub log: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// A listener of its own for metrics.
    pub metrics_addr: Option<SocketAddr>,
    /// Whether the server brings the schema up to date when it starts.
    pub migrate: bool,
    /// Reading connections of the embedded database.
    pub readers: u32,
    /// Sources of an account that are counted by themselves.
    pub sources_per_account: u32,
    /// Activities of an account that are counted by themselves.
    pub activities_per_account: u32,
    /// Signs the messages of the payment system; without it an operator confirms payments.
    pub payments_webhook_secret: Option<String>,
    /// Where buyers pay, with `{order}` in the place of the order's id.
    pub payments_checkout_url: Option<String>,
    /// Whether platform staff may do nothing without a second factor.
    pub require_second_factor: bool,
    /// Whether webhooks may be in private networks and without TLS.
    pub webhook_private_targets: bool,
    /// When a webhook is called again: seconds after each attempt. None takes the usual ones.
    pub webhook_retries_s: Option<Vec<u32>>,
}

/// Why the settings cannot be used: everything wrong with them, each by its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads the settings of this process.
    ///
    /// # Errors
    /// Wrong and unknown settings, all of them.
    pub fn load(flags: Layers, file: Option<&Path>) -> Result<Self, ConfigError> {
        let environment: Vec<_> = std::env::vars_os()
            .map(|(name, value)| (lossy(&name), lossy(&value)))
            .collect();
        let named = environment
            .iter()
            .find(|(name, value)| name == FILE_VARIABLE && !value.is_empty())
            .map(|(_, value)| PathBuf::from(value));
        let named = file.map(Path::to_path_buf).or(named);
        let text = read_file(named.as_deref())?;
        Self::resolve(flags, environment, text.as_deref())
    }

    /// Puts the layers over one another and reads the result.
    ///
    /// # Errors
    /// Wrong and unknown settings, all of them.
    pub fn resolve(
        flags: Layers,
        environment: impl IntoIterator<Item = (String, String)>,
        file: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let mut errors = Vec::new();
        let mut all = Layers::default();
        if let Some(text) = file {
            all.add_file(text, &mut errors);
        }
        all.add_environment(environment, &mut errors);
        all.add_over(flags);
        let config = Self::read(&all, &mut errors);
        if errors.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(errors))
        }
    }

    fn read(all: &Layers, errors: &mut Vec<String>) -> Self {
        let origin = Origin {
            url: all.parse_with("public_url", public_url, errors),
            local: None,
        };
        let readers = all
            .parse_with("readers", readers, errors)
            .unwrap_or(storage::OpenOptions::default().readers);
        let mut edge = edge::edge(all, origin, errors);
        // Who has a turn need not wait for a connection as well.
        edge.reads.at_once = readers;
        Self {
            database_url: all.text("database_url"),
            addr: all
                .parsed("addr", "an address such as 127.0.0.1:3000", errors)
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3000))),
            edge,
            tls: edge::tls(all, errors),
            mail: edge::mail(all, errors),
            data_dir: all
                .text("data_dir")
                .map_or_else(|| PathBuf::from("data"), PathBuf::from),
            log: all
                .parse_with("log", log_filter, errors)
                .unwrap_or_else(|| "info".to_owned()),
            log_format: all
                .parse_with("log_format", log_format, errors)
                .unwrap_or_default(),
            metrics_addr: all.parsed("metrics_addr", "an address such as 127.0.0.1:9100", errors),
            migrate: all
                .parsed("migrate", "true or false", errors)
                .unwrap_or(true),
            readers,
            sources_per_account: names(all, "sources_per_account", errors),
            activities_per_account: names(all, "activities_per_account", errors),
            payments_webhook_secret: all.parse_with(
                "payments_webhook_secret",
                webhook_secret,
                errors,
            ),
            payments_checkout_url: all.parse_with("payments_checkout_url", checkout_url, errors),
            require_second_factor: all
                .parsed("require_second_factor", "true or false", errors)
                .unwrap_or(false),
            webhook_private_targets: all
                .parsed("webhook_private_targets", "true or false", errors)
                .unwrap_or(false),
            webhook_retries_s: all.parse_with("webhook_retries_s", retries, errors),
        }
    }

    /// The database, or the file of this name in the data folder.
    pub fn database_url(&self, default_file: &str) -> String {
        self.database_url
            .clone()
            .unwrap_or_else(|| format!("sqlite://{default_file}"))
    }
}

fn names(all: &Layers, setting: &str, errors: &mut Vec<String>) -> u32 {
    let most: Option<std::num::NonZeroU32> =
        all.parsed(setting, "a whole number of names, more than zero", errors);
    most.map_or(storage::NAMES, std::num::NonZeroU32::get)
}

fn lossy(text: &std::ffi::OsStr) -> String {
    text.to_string_lossy().into_owned()
}

fn read_file(named: Option<&Path>) -> Result<Option<String>, ConfigError> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(error) => Err(ConfigError(vec![format!(
            "{}: cannot be read: {error}",
            path.display()
        )])),
    }
}

fn public_url(text: &str) -> Result<String, String> {
    let wrong = || {
        "must be http:// or https:// and a host, without a path, such as https://credits.example.com".to_owned()
    };
    let text = text.trim_end_matches('/');
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .ok_or_else(wrong)?;
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte));
    if is_host {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(wrong())
    }
}

fn log_filter(text: &str) -> Result<String, String> {
    let read = tracing_subscriber::EnvFilter::try_new(text);
    read.map(|_| text.to_owned())
        .map_err(|error| format!("must be a filter such as info or info,server=debug: {error}"))
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".to_owned()),
    }
}

fn webhook_secret(text: &str) -> Result<String, String> {
    Webhooks::new(text, None)?;
    Ok(text.to_owned())
}

fn retries(text: &str) -> Result<Vec<u32>, String> {
    let words = text.split_whitespace();
    let retries: Result<Vec<u32>, _> = words.map(str::parse).collect();
    retries.map_err(|_| "must be whole numbers of seconds, such as 5 300 1800".to_owned())
}

fn checkout_url(text: &str) -> Result<String, String> {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    if is_web && text.contains("{order}") {
        Ok(text.to_owned())
    } else {
        Err("must be an http:// or https:// address with {order} in it".to_owned())
    }
}

fn readers(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=64).contains(count))
        .ok_or_else(|| "must be a whole number from 1 to 64".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(
        flags: &[(&'static str, &str)],
        environment: &[(&str, &str)],
        file: &str,
    ) -> Result<Config, String> {
        let flags = Layers::of_flags(
            flags
                .iter()
                .map(|(name, value)| (*name, Some((*value).to_owned()))),
        );
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::resolve(flags, environment, Some(file)).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_go_before_environment_before_file() {
        let file = "addr = \"127.0.0.1:1\"\ndata_dir = \"/file\"\nlog = \"warn\"\nreaders = 3";
        let environment = [
            ("CREDITSCOPE_ADDR", "127.0.0.1:2"),
            ("CREDITSCOPE_DATA_DIR", "/environment"),
            ("HOME", "/x"),
        ];
        let config = resolve(&[("addr", "127.0.0.1:3")], &environment, file).unwrap();
        assert_eq!(config.addr.port(), 3);
        assert_eq!(config.data_dir, Path::new("/environment"));
        assert_eq!((config.log.as_str(), config.readers), ("warn", 3));
    }

    /// Names of settings in the first cells of the guide's table.
    fn told() -> Vec<&'static str> {
        let guide = include_str!("../../docs/configuration.md");
        let rows = guide.lines().filter(|line| line.starts_with("| `"));
        rows.flat_map(|row| {
            let first = row.split('|').nth(1).unwrap_or_default();
            first.split('`').skip(1).step_by(2)
        })
        .collect()
    }

    #[test]
    fn every_setting_of_the_guide_is_one_and_the_other_way_round() {
        let (mut told, mut known) = (told(), SETTINGS.to_vec());
        told.sort_unstable();
        known.sort_unstable();
        assert_eq!(told, known);
    }

    #[test]
    fn every_wrong_or_unknown_setting_is_named() {
        let environment = [
            ("CREDITSCOPE_ADDRESS", "x"),
            ("CREDITSCOPE_METRICS_ADDR", "nowhere"),
            ("CREDITSCOPE_PUBLIC_URL", "credits"),
        ];
        let error = resolve(
            &[],
            &environment,
            "adr = \"1\"\nlog = true\nmigrate = \"perhaps\"",
        )
        .err()
        .unwrap();
        for name in [
            "CREDITSCOPE_ADDRESS",
            "CREDITSCOPE_METRICS_ADDR",
            "CREDITSCOPE_PUBLIC_URL",
            "'adr'",
            "migrate",
        ] {
            assert!(error.contains(name), "{name} is not named in:\n{error}");
        }
        assert!(
            resolve(&[], &[], "addr = ")
                .err()
                .unwrap()
                .contains("creditscope.toml")
        );
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        assert_eq!(
            resolve(&[], &[("CREDITSCOPE_ADDR", "")], "")
                .unwrap()
                .addr
                .port(),
            3000
        );
    }
}

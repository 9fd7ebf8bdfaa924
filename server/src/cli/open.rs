//! Opens the database for a command.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::calendar::Zone;
use service::{
    Caller, Scope, Services, SystemClock, mail::Pages, payments::Webhooks, ports::Store,
};
use storage::{Database, OpenOptions};

use super::{CliError, output::Output};
use crate::{config::Config, courier::WebCourier, mail::Letters, telemetry};

/// The file of the embedded database, whatever the command.
pub const FILE: &str = "creditscope.db";
/// The folder of the data folder for emails that no server sends.
pub const MAIL: &str = "mail";

/// What a command at the machine's own shell works with.
pub struct Shell<'a> {
    /// All use-cases.
    pub services: Services,
    /// The person at the shell.
    pub caller: Caller,
    /// Where answers go.
    pub output: &'a Output,
    database: Arc<dyn Database>,
}

/// Opens the database, and makes it when there is none: for what is meant to begin one.
pub async fn database(
    config: &Config,
    output: &Output,
    migrate: bool,
) -> Result<Arc<dyn Database>, CliError> {
    let (url, options) = (config.database_url(FILE), options(config, migrate));
    let path = storage::file(&url, &options)?;
    fs::create_dir_all(&config.data_dir)
        .map_err(|error| CliError::Io(config.data_dir.display().to_string(), error))?;
    let is_new = !path.exists();
    let database = storage::open(&url, &options).await?;
    if is_new {
        output.note(&format!("Created the database {}.", path.display()));
    }
    Ok(database)
}

/// The file of the database, whether it is there or not.
pub fn file(config: &Config) -> Result<PathBuf, CliError> {
    Ok(storage::file(
        &config.database_url(FILE),
        &options(config, false),
    )?)
}

/// The file of the database, which must be there: a mistyped folder must not become an empty database.
pub fn existing_file(config: &Config) -> Result<PathBuf, CliError> {
    let path = file(config)?;
    if path.exists() {
        Ok(path)
    } else {
        Err(CliError::Usage(missing(&path)))
    }
}

/// Opens the database that is there.
pub async fn existing(config: &Config, migrate: bool) -> Result<Arc<dyn Database>, CliError> {
    existing_file(config)?;
    Ok(storage::open(&config.database_url(FILE), &options(config, migrate)).await?)
}

fn options(config: &Config, migrate: bool) -> OpenOptions {
    OpenOptions {
        folder: Some(config.data_dir.clone()),
        readers: config.readers,
        sources_per_account: config.sources_per_account,
        activities_per_account: config.activities_per_account,
        migrate,
        ..OpenOptions::default()
    }
}

/// What to do about a database that is not there.
fn missing(path: &Path) -> String {
    let others = databases_beside(path);
    let instead = if others.is_empty() {
        String::new()
    } else {
        let urls: Vec<_> = others
            .iter()
            .map(|name| format!("--database-url sqlite://{name}"))
            .collect();
        format!(", or name the one that is there: {}", urls.join(" or "))
    };
    format!(
        "there is no database {}: check --data-dir and --database-url{instead}, or create it with creditscope migrate",
        path.display()
    )
}

/// Names of other database files in the folder of a database.
pub fn databases_beside(path: &Path) -> Vec<String> {
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok());
    let names = entries.into_iter().flatten().filter_map(Result::ok);
    let mut others: Vec<_> = names
        .map(|entry| entry.path())
        .filter(|other| other.extension().is_some_and(|end| end == "db") && other != path)
        .filter_map(|other| Some(other.file_name()?.to_string_lossy().into_owned()))
        .collect();
    others.sort();
    others
}

/// Starts the use-cases over a database.
pub fn services(database: &Arc<dyn Database>) -> Services {
    let store: Arc<dyn Store> = Arc::<dyn Database>::clone(database);
    telemetry::metrics();
    Services::start_observed(store, Arc::new(SystemClock), telemetry::commit_observer())
}

/// The same use-cases, paying and sending emails as the settings say.
pub fn with_outside(services: Services, config: &Config) -> Result<Services, CliError> {
    let courier = WebCourier::new(
        config.webhook_private_targets,
        config.webhook_retries_s.clone(),
    );
    let mut services = services
        .with_mail(Arc::new(letters(config)?))
        .with_courier(Arc::new(courier))
        .requiring_second_factor(config.require_second_factor);
    if let Some(url) = &config.edge.origin.url {
        services = services.with_pages(Pages {
            alerts: format!("{url}{}", app::ALERTS_PATH),
            keys: format!("{url}{}", app::KEYS_PATH),
            review: format!("{url}{}", app::REVIEW_PATH),
            unsubscribe: format!("{url}{}", app::UNSUBSCRIBE_PATH),
        });
    }
    let Some(secret) = &config.payments_webhook_secret else {
        return Ok(services);
    };
    let webhooks = Webhooks::new(secret, config.payments_checkout_url.clone())
        .map_err(|rule| CliError::Usage(format!("payments_webhook_secret {rule}")))?;
    Ok(services.with_payments(Arc::new(webhooks)))
}

fn letters(config: &Config) -> Result<Letters, CliError> {
    let mail = config.mail.as_ref();
    let mail = mail.ok_or_else(|| CliError::Usage("mail_from is wrong".to_owned()))?;
    let from = mail.from.clone();
    if let Some(url) = &mail.smtp_url {
        return Letters::to_server(from, url)
            .map_err(|rule| CliError::Usage(format!("smtp_url {rule}")));
    }
    let folder = config.data_dir.join(MAIL);
    Letters::to_files(from, &folder)
        .map_err(|error| CliError::Io(folder.display().to_string(), error))
}

/// The time zone that an account's answers are told in.
pub fn zone_of(scope: &Scope) -> Zone {
    Zone::named(&scope.account().time_zone).unwrap_or_else(|_| Zone::utc())
}

impl<'a> Shell<'a> {
    /// Opens the database for a command.
    pub async fn open(config: &Config, output: &'a Output) -> Result<Self, CliError> {
        let database = existing(config, config.migrate).await?;
        Ok(Self {
            services: services(&database),
            caller: Caller::operator("command line"),
            output,
            database,
        })
    }

    /// Makes everything durable and closes the database.
    pub async fn close(self) -> Result<(), CliError> {
        self.services.close().await;
        Ok(self.database.close().await?)
    }
}

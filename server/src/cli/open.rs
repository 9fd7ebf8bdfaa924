//! Opens the database for a command.

use std::{fs, sync::Arc};

use service::{Caller, Services, SystemClock, mail::Pages, payments::Webhooks, ports::Store};
use storage::{Database, OpenOptions};

use super::{CliError, output::Output};
use crate::{config::Config, courier::WebCourier, mail::Letters, telemetry};

/// The file of the embedded database.
pub const FILE: &str = "creditscope.db";
/// The folder of the data folder for letters that no server sends.
const MAIL: &str = "mail";

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

/// Opens the database, or the file of this name in the data folder.
pub async fn database(
    config: &Config,
    default_file: &str,
    migrate: bool,
) -> Result<Arc<dyn Database>, CliError> {
    fs::create_dir_all(&config.data_dir)
        .map_err(|error| CliError::Io(config.data_dir.display().to_string(), error))?;
    let options = OpenOptions {
        folder: Some(config.data_dir.clone()),
        readers: config.readers,
        migrate,
    };
    Ok(storage::open(&config.database_url(default_file), &options).await?)
}

/// Starts the use-cases over a database.
pub fn services(database: &Arc<dyn Database>) -> Services {
    let store: Arc<dyn Store> = Arc::<dyn Database>::clone(database);
    telemetry::metrics();
    Services::start_observed(store, Arc::new(SystemClock), telemetry::commit_observer())
}

/// The same use-cases, paying and sending letters as the settings say.
pub fn with_outside(services: Services, config: &Config) -> Result<Services, CliError> {
    let courier = WebCourier::new(
        config.webhook_private_targets,
        config.webhook_retries_s.clone(),
    );
    let mut services = services
        .with_mail(Arc::new(letters(config)?))
        .with_courier(Arc::new(courier));
    if let Some(url) = &config.edge.origin.url {
        services = services.with_pages(Pages {
            alerts: format!("{url}{}", app::ALERTS_PATH),
            review: format!("{url}{}", app::REVIEW_PATH),
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

impl<'a> Shell<'a> {
    /// Opens the database for a command.
    pub async fn open(config: &Config, output: &'a Output) -> Result<Self, CliError> {
        let database = database(config, FILE, config.migrate).await?;
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

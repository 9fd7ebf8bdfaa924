//! `creditscope rate-card`

use std::{fs, path::PathBuf, process::ExitCode};

use clap::Subcommand;
use domain::{
    Invalid, Json,
    calendar::Zone,
    event::USAGE_TYPE,
    rate::{RateCard, RateRule},
};

use super::{CliError, CliResult, account::LISTED, open::Shell};
use crate::api::{rate_cards::RateCardBody, times};

/// Create and list rate cards.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Store a further version of a rate card
    Create {
        /// The event type it prices
        #[arg(long = "type", default_value = USAGE_TYPE)]
        kind: String,
        /// When it begins to hold: a date in UTC, or an RFC 3339 time
        #[arg(long)]
        effective_at: String,
        /// The rules as a JSON array, as the API takes them
        #[arg(
            long,
            value_name = "JSON",
            conflicts_with = "file",
            required_unless_present = "file"
        )]
        rules: Option<String>,
        /// A file that holds the rules
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// List rate cards with their latest version
    List,
}

/// Runs the command.
pub async fn run(command: Command, shell: &Shell<'_>) -> CliResult {
    let (services, caller) = (&shell.services, &shell.caller);
    match command {
        Command::Create {
            kind,
            effective_at,
            rules,
            file,
        } => {
            let rules = read_rules(rules, file)?;
            let effective_at = times::parse("--effective-at", &effective_at, &Zone::utc())
                .map_err(|_| CliError::Usage(format!("--effective-at: '{effective_at}' must be a date such as 2026-11-23, or an RFC 3339 time")))?;
            let put = services
                .put_rate_card(caller, &kind, effective_at, &rules)
                .await?;
            let verb = if put.created {
                "Stored"
            } else {
                "Nothing changed:"
            };
            let version = put.value.version;
            shell.output.answer(
                &format!("{verb} version {version} of the rate card of {kind}."),
                &RateCardBody::from(put.value),
            );
        }
        Command::List => {
            let mut cards: Vec<RateCard> = Vec::new();
            for kind in services.rate_card_types(caller, None, LISTED).await? {
                cards.extend(services.rate_card(caller, &kind).await?.into_iter().next());
            }
            let cards: Vec<_> = cards.into_iter().map(RateCardBody::from).collect();
            shell.output.list(&cards, |card| {
                vec![
                    card.kind.clone(),
                    format!("v{}", card.version),
                    card.effective_at.clone(),
                    format!("{} rules", card.rules.len()),
                ]
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read_rules(rules: Option<String>, file: Option<PathBuf>) -> Result<Vec<RateRule>, CliError> {
    let text = match (rules, file) {
        (Some(rules), _) => rules,
        (None, Some(file)) => fs::read_to_string(&file)
            .map_err(|error| CliError::Io(file.display().to_string(), error))?,
        (None, None) => String::new(),
    };
    let unreadable = |error: serde_json::Error| {
        CliError::Usage(format!("the rules are no JSON array of rules: {error}"))
    };
    let faults = Json::check(&text).map_err(unreadable)?;
    Invalid::refuse(faults).map_err(|faults| CliError::Usage(faults.to_string()))?;
    serde_json::from_str(&text).map_err(unreadable)
}

//! `creditscope pack`

use std::process::ExitCode;

use clap::Subcommand;
use domain::{Credits, tenancy::Pack};
use service::Permission;

use super::{
    CliResult,
    account::LISTED,
    open::{Shell, zone_of},
};
use crate::api::{balance::GrantBody, packs::PackBody};

/// Create, list and grant packs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create or replace a pack
    Create {
        /// Its key
        key: String,
        /// Display name
        #[arg(long)]
        name: String,
        /// How many credits
        #[arg(long)]
        credits: Credits,
        /// Its price, a decimal; goes with --currency
        #[arg(long, requires = "currency")]
        price: Option<String>,
        /// ISO 4217 code of the price
        #[arg(long, requires = "price")]
        currency: Option<String>,
        /// Billing cycles in which its credits can be spent, the one in which it is bought included
        #[arg(long, default_value_t = 1)]
        valid_cycles: u32,
    },
    /// Grant a pack to an account at once
    Grant {
        /// The pack's key
        key: String,
        /// Key of the account
        #[arg(long)]
        account: String,
        /// The payment, as the payment system names it
        #[arg(long)]
        payment_reference: Option<String>,
    },
    /// List packs
    List,
}

/// Runs the command.
pub async fn run(command: Command, shell: &Shell<'_>) -> CliResult {
    let (services, caller) = (&shell.services, &shell.caller);
    match command {
        Command::Create {
            key,
            name,
            credits,
            price,
            currency,
            valid_cycles,
        } => {
            let pack = Pack {
                key,
                name,
                credits,
                price,
                currency,
                valid_cycles,
            };
            let put = services.put_pack(caller, pack).await?;
            let verb = put.verb();
            let pack = PackBody::from(put.value);
            shell
                .output
                .answer(&format!("{verb} pack {}.", pack.key), &pack);
        }
        Command::Grant {
            key,
            account,
            payment_reference,
        } => {
            let grant = services
                .grant_pack(caller, &account, &key, payment_reference)
                .await?;
            let scope = services
                .scope(caller, Some(&account), Permission::Read)
                .await?;
            let grant = GrantBody::new(grant, &zone_of(&scope));
            let done = format!("Granted {} credits to {account}.", grant.amount);
            shell.output.answer(&done, &grant);
        }
        Command::List => {
            let packs: Vec<_> = services
                .packs(caller, None, LISTED)
                .await?
                .into_iter()
                .map(PackBody::from)
                .collect();
            shell.output.list(&packs, |pack| {
                vec![
                    pack.key.clone(),
                    pack.name.clone(),
                    pack.credits.to_string(),
                ]
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

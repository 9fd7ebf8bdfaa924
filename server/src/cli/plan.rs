//! `creditscope plan`

use std::process::ExitCode;

use clap::Subcommand;
use domain::{Credits, tenancy::Plan};

use super::{CliResult, account::LISTED, open::Shell};
use crate::api::plans::PlanBody;

/// Create and list plans.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create or replace a plan
    Create {
        /// Its key
        key: String,
        /// Display name
        #[arg(long)]
        name: String,
        /// Credits of one billing cycle
        #[arg(long)]
        monthly_credits: Credits,
        /// Price of a cycle, a decimal; goes with --currency
        #[arg(long, requires = "currency")]
        price: Option<String>,
        /// ISO 4217 code of the price
        #[arg(long, requires = "price")]
        currency: Option<String>,
        /// Most unused credits of a cycle that are carried into the next
        #[arg(long)]
        rollover: Option<Credits>,
    },
    /// List plans
    List,
}

/// Runs the command.
pub async fn run(command: Command, shell: &Shell<'_>) -> CliResult {
    let (services, caller) = (&shell.services, &shell.caller);
    match command {
        Command::Create {
            key,
            name,
            monthly_credits,
            price,
            currency,
            rollover,
        } => {
            let put = services
                .put_plan(
                    caller,
                    Plan {
                        key,
                        name,
                        monthly_credits,
                        price,
                        currency,
                        rollover,
                    },
                )
                .await?;
            let verb = put.verb();
            let plan = PlanBody::from(put.value);
            shell
                .output
                .answer(&format!("{verb} plan {}.", plan.key), &plan);
        }
        Command::List => {
            let plans: Vec<_> = services
                .plans(caller, None, LISTED)
                .await?
                .into_iter()
                .map(PlanBody::from)
                .collect();
            shell.output.list(&plans, |plan| {
                vec![
                    plan.key.clone(),
                    plan.name.clone(),
                    plan.monthly_credits.to_string(),
                ]
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

//! `creditscope order`

use std::process::ExitCode;

use clap::Subcommand;
use service::{Permission, orders::PaymentReport};

use super::{
    CliError, CliResult,
    account::LISTED,
    open::{Shell, zone_of},
};
use crate::api::orders::OrderBody;

/// List orders, and say what became of their payments.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List an account's orders, newest first
    List {
        /// Key of the account
        #[arg(long)]
        account: String,
    },
    /// Say that an order was paid: what was ordered is granted at once
    Confirm {
        /// The order's id
        id: String,
        /// Key of the account
        #[arg(long)]
        account: String,
        /// The payment, as the payment system names it
        #[arg(long)]
        payment_reference: Option<String>,
    },
    /// Say that an order could not be paid
    Fail {
        /// The order's id
        id: String,
        /// Key of the account
        #[arg(long)]
        account: String,
        /// Why, in 1 to 500 characters
        #[arg(long)]
        reason: String,
    },
}

/// Runs the command.
pub async fn run(command: Command, shell: &Shell<'_>) -> CliResult {
    match command {
        Command::List { account } => list(shell, &account).await?,
        Command::Confirm {
            id,
            account,
            payment_reference,
        } => {
            let paid = PaymentReport::Paid {
                reference: payment_reference,
            };
            report(shell, &account, &id, paid).await?;
        }
        Command::Fail {
            id,
            account,
            reason,
        } => report(shell, &account, &id, PaymentReport::Failed { reason }).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(shell: &Shell<'_>, account: &str) -> Result<(), CliError> {
    let (services, caller) = (&shell.services, &shell.caller);
    let scope = services
        .scope(caller, Some(account), Permission::Read)
        .await?;
    let zone = zone_of(&scope);
    let orders: Vec<_> = services
        .orders(&scope, None, LISTED)
        .await?
        .into_iter()
        .map(|order| OrderBody::with_checkout(order, services, &zone))
        .collect();
    shell.output.list(&orders, |order| {
        vec![
            order.id.clone(),
            order.state.id().to_owned(),
            order.name.clone(),
            order.credits.to_string(),
            order.ordered_by.clone(),
            order.reason.clone().unwrap_or_default(),
        ]
    });
    Ok(())
}

async fn report(
    shell: &Shell<'_>,
    account: &str,
    id: &str,
    report: PaymentReport,
) -> Result<(), CliError> {
    let order = shell
        .services
        .report_payment(&shell.caller, account, id, report)
        .await?;
    let (services, caller) = (&shell.services, &shell.caller);
    let scope = services
        .scope(caller, Some(account), Permission::Read)
        .await?;
    let order = OrderBody::with_checkout(order, services, &zone_of(&scope));
    shell.output.answer(
        &format!("Order {} is {}.", order.id, order.state.id()),
        &order,
    );
    Ok(())
}

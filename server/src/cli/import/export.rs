//! Rows of our own exports: an event that was priced elsewhere, and may have been given back since.

use domain::{
    Credits, Json,
    event::{Charge, ParsedEvent, Payload},
};
use service::{Permission, Scope, ServiceError, ports::StoredEvent};

use super::{store::Store, totals::Totals};
use crate::cli::CliError;

/// Why credits are given back that were given back where the file comes from.
const REASON: &str = "refunded before the import";

/// What an export tells of an event besides what any file does.
pub struct Exported {
    /// The source it was exported with, when that is one of our own.
    pub own_source: Option<String>,
    /// How much of it was refunded.
    pub reversed: Credits,
    /// The event.
    pub event: ParsedEvent,
}

/// What is stored under an exported event's name.
pub enum Stored {
    /// Nothing.
    Nothing,
    /// The event, at this cost.
    Same(Credits),
    /// Another event.
    Other,
}

impl Exported {
    /// What is stored under the name that the event was exported with. Its content may have been sent in another way than
    /// the file tells it: as a quantity, without a time, as a hold.
    pub async fn stored(&self, store: &Store<'_>) -> Result<Stored, CliError> {
        let scope = scope(store, Permission::Read).await?;
        let source = self.own_source.as_ref().unwrap_or(&self.event.source);
        let found = store.shell.services.event(&scope, source, &self.event.id);
        match found.await {
            Ok(event) if self.is(&event) => Ok(Stored::Same(event.credits)),
            Ok(_) => Ok(Stored::Other),
            Err(ServiceError::NotFound) => Ok(Stored::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    fn is(&self, stored: &StoredEvent) -> bool {
        let Payload::Usage {
            agent,
            activity,
            charge,
            reference,
            metadata,
        } = &self.event.payload
        else {
            return false;
        };
        let stored_metadata = stored
            .metadata
            .as_deref()
            .and_then(|text| Json::parse(text).ok());
        let stored_metadata = stored_metadata.map(|(json, _)| json);
        self.event.time == Some(stored.time)
            && self.event.company == stored.company_key
            && (*agent, activity) == (stored.agent, &stored.activity)
            && *charge == Charge::Credits(stored.credits)
            && *reference == stored.reference
            && metadata.clone().map(Json::Object) == stored_metadata
    }

    /// Gives back what was given back where the file comes from, as far as it was not yet.
    pub async fn give_back(
        &self,
        store: &Store<'_>,
        line: u64,
        totals: &mut Totals,
    ) -> Result<(), CliError> {
        // Where it comes from, an event of our own was given back by itself.
        let is_own = self.own_source.is_some();
        if self.reversed <= Credits::ZERO
            || is_own && !matches!(self.stored(store).await?, Stored::Nothing)
        {
            return Ok(());
        }
        let scope = scope(store, Permission::Bill).await?;
        let services = &store.shell.services;
        let (source, id) = (&self.event.source, &self.event.id);
        let stored = match services.event(&scope, source, id).await {
            Ok(stored) => stored,
            // It was refused.
            Err(ServiceError::NotFound) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let left = self.reversed.saturating_sub(stored.reversed);
        if left <= Credits::ZERO {
            return Ok(());
        }
        match services
            .reverse(&scope, source, id, Some(left), REASON)
            .await
        {
            Ok(_) => Ok(()),
            Err(error @ (ServiceError::Invalid(_) | ServiceError::Conflict(_))) => {
                totals.refuse(line, &format!("reversed_credits: {error}"));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

async fn scope(store: &Store<'_>, permission: Permission) -> Result<Scope, CliError> {
    let (shell, account) = (store.shell, store.account);
    let scope = shell
        .services
        .scope(&shell.caller, Some(account), permission);
    Ok(scope.await?)
}

//! Taking in usage events: check everything, price, store all or nothing.

mod price;

use std::collections::HashMap;

use domain::{
    AccountId, Credits, FieldError, Invalid,
    calendar::{Cycles, Zone},
    event::{AgeLimit, Envelope, MAX_EVENTS, ParsedEvent, check_time},
    ids::check_key,
    lead::is_short_call,
    rate::RateCard,
    tenancy::{Account, Company},
};
use price::spend;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    Caller, Permission, ServiceError, ServiceResult, Services,
    desk::OWN_SOURCES,
    ports::{CommitOutcome, Committed, NewEvent},
};

/// A batch of events to store.
#[derive(Debug, Clone)]
pub struct IngestBatch {
    /// The events, as they arrived.
    pub events: Vec<Envelope>,
    /// The account when the events do not name one.
    pub account: Option<String>,
    /// Whether old events may be stored.
    pub age: AgeLimit,
}

/// What one request looked up, so that each name is looked up once.
struct Intake<'a> {
    services: &'a Services,
    caller: &'a Caller,
    default_account: Option<&'a str>,
    age: AgeLimit,
    cycles: HashMap<AccountId, Cycles>,
    places: HashMap<(Option<String>, String), (AccountId, Company)>,
}

impl Services {
    /// Stores a batch of events, all or nothing, and returns when they are durable.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] names every offending event; [`ServiceError::Busy`] when the queue is full.
    pub async fn ingest(&self, caller: &Caller, batch: IngestBatch) -> ServiceResult<Committed> {
        caller.require_somewhere(Permission::Ingest)?;
        check_size(batch.events.len())?;
        let mut intake = Intake::new(self, caller, batch.account.as_deref(), batch.age);
        let (mut events, mut ids, mut errors) = (
            Vec::with_capacity(batch.events.len()),
            Vec::new(),
            Vec::new(),
        );
        for (index, envelope) in batch.events.into_iter().enumerate() {
            let id = envelope.id.clone();
            match intake.accept(envelope).await {
                Ok(event) => events.push(event),
                Err(Refused::Event(found)) => errors.extend(
                    found
                        .into_iter()
                        .map(|error| error.at(index, id.as_deref())),
                ),
                Err(Refused::Request(error)) => return Err(error),
            }
            ids.push(id);
        }
        Invalid::refuse(errors)?;
        match self.writer.commit(events).await? {
            CommitOutcome::Stored(committed) => Ok(committed),
            CommitOutcome::Conflict(indices) => Err(conflict(&indices, &ids).into()),
        }
    }

    /// What each event of a batch would cost, or everything that is wrong with it. Stores nothing.
    ///
    /// An event may still turn out to be a duplicate or in conflict when it is stored.
    pub async fn quote(
        &self,
        caller: &Caller,
        batch: IngestBatch,
    ) -> ServiceResult<Vec<Result<Credits, Vec<FieldError>>>> {
        caller.require_somewhere(Permission::Ingest)?;
        check_size(batch.events.len())?;
        let mut intake = Intake::new(self, caller, batch.account.as_deref(), batch.age);
        let mut quotes = Vec::with_capacity(batch.events.len());
        for envelope in batch.events {
            quotes.push(match intake.accept(envelope).await {
                Ok(event) => Ok(event.credits),
                Err(Refused::Event(errors)) => Err(errors),
                Err(Refused::Request(error)) => return Err(error),
            });
        }
        Ok(quotes)
    }
}

fn check_size(events: usize) -> ServiceResult<()> {
    if events == 0 {
        return Err(Invalid::one("events", "required", "send at least one event").into());
    }
    if events > MAX_EVENTS {
        let message = format!("holds {events} events: send at most {MAX_EVENTS} in one request");
        return Err(Invalid::one("events", "too_many", message).into());
    }
    Ok(())
}

fn conflict(indices: &[usize], ids: &[Option<String>]) -> Invalid {
    let error = |index: &usize| {
        FieldError::new(
            "id",
            "conflict",
            "is known with other content: an event's id is unique in its source for ever",
        )
        .at(*index, ids.get(*index).and_then(Option::as_deref))
    };
    Invalid(indices.iter().map(error).collect())
}

/// Why an event was not taken.
enum Refused {
    /// It is wrong.
    Event(Vec<FieldError>),
    /// The whole request cannot go on.
    Request(ServiceError),
}

impl From<FieldError> for Refused {
    fn from(error: FieldError) -> Self {
        Self::Event(vec![error])
    }
}

impl From<crate::ports::StoreError> for Refused {
    fn from(error: crate::ports::StoreError) -> Self {
        Self::Request(error.into())
    }
}

impl<'a> Intake<'a> {
    fn new(
        services: &'a Services,
        caller: &'a Caller,
        default_account: Option<&'a str>,
        age: AgeLimit,
    ) -> Self {
        Self {
            services,
            caller,
            default_account,
            age,
            cycles: HashMap::new(),
            places: HashMap::new(),
        }
    }

    async fn accept(&mut self, envelope: Envelope) -> Result<NewEvent, Refused> {
        let parsed = ParsedEvent::parse(envelope).map_err(Refused::Event)?;
        if parsed.source.starts_with(OWN_SOURCES) {
            let message = format!("must not start with '{OWN_SOURCES}': those sources are our own");
            return Err(FieldError::new("source", "reserved", message).into());
        }
        let fingerprint = fingerprint(&parsed);
        let now = self.services.now();
        let time = parsed.time.unwrap_or(now);
        check_time(time, now, self.age)?;
        let (account, company) = self.place(&parsed).await?;
        let cards = self.services.directory.rate_cards(&parsed.kind).await?;
        let card = RateCard::in_force(&cards, time);
        let spent = spend(&parsed.kind, parsed.payload, card)?;
        let quantity = spent.priced.as_ref().map(|priced| priced.quantity);
        let rate_version = spent.priced.as_ref().map(|priced| priced.version);
        let unit = spent.priced.map(|priced| priced.unit);
        let metadata = spent
            .metadata
            .map(|metadata| Value::Object(metadata).to_string());
        let cycles = self.cycles.get(&account).ok_or_else(unknown_company)?;
        let cycle = cycles.booking(time, now, self.age)?;
        Ok(NewEvent {
            account,
            company: company.id,
            source: parsed.source,
            id: parsed.id,
            fingerprint,
            kind: parsed.kind,
            time,
            day_start: cycles.zone().day_of(time),
            cycle_start: cycle.range.start,
            agent: spent.agent,
            activity: spent.activity,
            credits: spent.credits,
            is_short_call: is_short_call(
                spent.agent,
                quantity,
                unit.as_deref(),
                metadata.as_deref(),
            ),
            quantity,
            rate_version,
            unit,
            reference: spent.reference,
            metadata,
            lead: spent.lead,
        })
    }

    /// The account and company an event belongs to, if the caller may write there.
    async fn place(&mut self, event: &ParsedEvent) -> Result<(AccountId, Company), Refused> {
        let account = event
            .account
            .as_deref()
            .or(self.default_account)
            .map(str::to_owned);
        let name = (account, event.company.clone());
        if let Some((account, company)) = self.places.get(&name) {
            return Ok((*account, company.clone()));
        }
        let (account, company) = match &name.0 {
            None if self.caller.may_everywhere(Permission::Ingest) => {
                self.owner(&event.company).await?
            }
            key => self.company_in(key.as_deref(), &event.company).await?,
        };
        self.places.insert(name, (account, company.clone()));
        Ok((account, company))
    }

    async fn company_in(
        &mut self,
        account: Option<&str>,
        company: &str,
    ) -> Result<(AccountId, Company), Refused> {
        let scope = match self
            .services
            .scope(self.caller, account, Permission::Ingest)
            .await
        {
            Ok(scope) => scope,
            Err(ServiceError::NotFound) => {
                return Err(FieldError::new(
                    "account",
                    "unknown_account",
                    "is not an account this key can write to",
                )
                .into());
            }
            Err(error) => return Err(Refused::Request(error)),
        };
        let company = self
            .services
            .directory
            .company(scope.account.id, company)
            .await?
            .ok_or_else(unknown_company)?;
        let account = scope.account.id;
        if !scope.companies.allows(company.id) {
            return Err(unknown_company().into());
        }
        self.remember(&scope.account)?;
        Ok((account, company))
    }

    /// The only account that has a company of this key.
    async fn owner(&mut self, company: &str) -> Result<(AccountId, Company), Refused> {
        let mut owners = self.services.store.company_owners(company, 2).await?;
        if owners.len() > 1 {
            let message = "is a company of several accounts: add the extension attribute account";
            return Err(FieldError::new("subject", "ambiguous_company", message).into());
        }
        let (account, company) = owners.pop().ok_or_else(unknown_company)?;
        let scope = self
            .services
            .scope_by_id(self.caller, account, Permission::Ingest)
            .await
            .map_err(Refused::Request)?;
        self.remember(&scope.account)?;
        Ok((account, company))
    }

    fn remember(&mut self, account: &Account) -> Result<(), Refused> {
        let cycles = account_cycles(account).map_err(Refused::Request)?;
        self.cycles.insert(account.id, cycles);
        Ok(())
    }
}

/// The billing cycles of an account.
pub(crate) fn account_cycles(account: &Account) -> ServiceResult<Cycles> {
    let zone = Zone::named(&account.time_zone)
        .map_err(|error| ServiceError::invalid("time_zone", error))?;
    Ok(Cycles::new(account.cycle_anchor, zone))
}

fn unknown_company() -> FieldError {
    FieldError::new(
        "subject",
        "unknown_company",
        "is not a company of the account: create it first, or check its key",
    )
}

fn fingerprint(event: &ParsedEvent) -> i64 {
    let digest = Sha256::digest(event.content().as_bytes());
    let mut first = [0_u8; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

/// Checks a key that is part of a path.
pub(crate) fn valid_key(field: &str, key: &str) -> ServiceResult<()> {
    check_key(key).map_err(|rule| ServiceError::invalid(field, rule))
}

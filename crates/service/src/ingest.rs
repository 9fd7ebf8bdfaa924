//! Taking in usage events: check everything, price, store all or nothing.
//!
//! What an event *is* (account, source, id, and what it says) comes before all that depends on when it is looked at: its
//! age, closed cycles, rate cards, companies. What is known stays known whatever became of those since.

mod known;
mod place;
mod price;

use domain::{
    FieldError, Invalid, Json,
    calendar::{Cycles, Zone},
    event::{AgeLimit, Envelope, MAX_EVENTS, ParsedEvent, check_time},
    ids::check_key,
    lead::is_short_call,
    rate::RateCard,
    tenancy::Account,
};
pub use known::{Former, Verdict};
use known::{Identity, Standing};
use place::Places;
use price::spend;
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

/// An event of a batch after it was looked at.
struct Sifted {
    /// Its id, as far as it could be read.
    id: Option<String>,
    /// What it is; none when that could not be read.
    identity: Option<Identity>,
    /// The event with its price, or everything that is wrong with it now.
    event: Result<NewEvent, Vec<FieldError>>,
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

impl Services {
    /// Stores a batch of events, all or nothing, and returns when they are durable.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] names every offending event; [`ServiceError::Busy`] when the queue is full.
    pub async fn ingest(&self, caller: &Caller, batch: IngestBatch) -> ServiceResult<Committed> {
        let sifted = self.sift(caller, batch).await?;
        // Nearly always everything is in order, and the writer finds by itself what is known.
        let must_look = sifted.iter().any(Sifted::must_be_looked_for);
        let standings = if must_look {
            self.standings(&sifted).await?
        } else {
            vec![Standing::Unknown; sifted.len()]
        };
        let (mut fresh, mut errors, mut known) = (Fresh::default(), Vec::new(), 0);
        for (index, (one, standing)) in sifted.into_iter().zip(standings).enumerate() {
            match (standing, one.event) {
                (Standing::Same(_), _) => known += 1,
                (Standing::Other, _) => errors.push(conflict(index, one.id.as_deref())),
                (Standing::Unknown, Ok(event)) => fresh.push(index, event, one.id),
                (Standing::Unknown, Err(found)) => {
                    errors.extend(placed(found, index, one.id.as_deref()));
                }
            }
        }
        Invalid::refuse(errors)?;
        self.commit(fresh, known).await
    }

    async fn commit(&self, fresh: Fresh, known: u32) -> ServiceResult<Committed> {
        if fresh.events.is_empty() {
            return Ok(Committed {
                accepted: 0,
                duplicates: known,
            });
        }
        match self.writer.commit(fresh.events).await? {
            CommitOutcome::Stored(committed) => Ok(Committed {
                duplicates: committed.duplicates + known,
                ..committed
            }),
            CommitOutcome::Conflict(indices) => {
                let named = indices.iter().filter_map(|index| fresh.names.get(*index));
                let errors = named.map(|(index, id)| conflict(*index, id.as_deref()));
                Err(Invalid(errors.collect()).into())
            }
        }
    }

    /// Checks and prices every event of a batch.
    async fn sift(&self, caller: &Caller, batch: IngestBatch) -> ServiceResult<Vec<Sifted>> {
        caller.require_somewhere(Permission::Ingest)?;
        check_size(batch.events.len())?;
        let mut intake = Intake {
            services: self,
            places: Places::new(self, caller, batch.account.as_deref()),
            age: batch.age,
        };
        let mut sifted = Vec::with_capacity(batch.events.len());
        for envelope in batch.events {
            sifted.push(intake.sift(envelope).await?);
        }
        Ok(sifted)
    }
}

impl Sifted {
    /// Whether it may be known though it looks wrong, or known with the content of an earlier version.
    fn must_be_looked_for(&self) -> bool {
        self.event.is_err()
            || self
                .identity
                .as_ref()
                .is_some_and(|identity| identity.rounded.is_some())
    }
}

/// Events that are to be stored, and where each stood in its batch.
#[derive(Default)]
struct Fresh {
    events: Vec<NewEvent>,
    names: Vec<(usize, Option<String>)>,
}

impl Fresh {
    fn push(&mut self, index: usize, event: NewEvent, id: Option<String>) {
        self.events.push(event);
        self.names.push((index, id));
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

fn placed(
    errors: Vec<FieldError>,
    index: usize,
    id: Option<&str>,
) -> impl Iterator<Item = FieldError> {
    errors.into_iter().map(move |error| error.at(index, id))
}

fn conflict(index: usize, id: Option<&str>) -> FieldError {
    FieldError::new(
        "id",
        "conflict",
        "is known with other content: an event's id is unique in its source for ever",
    )
    .at(index, id)
}

/// What one request looks events up with.
struct Intake<'a> {
    services: &'a Services,
    places: Places<'a>,
    age: AgeLimit,
}

impl Intake<'_> {
    async fn sift(&mut self, envelope: Envelope) -> ServiceResult<Sifted> {
        let id = envelope.id.clone();
        let refused = |errors| Sifted {
            id: id.clone(),
            identity: None,
            event: Err(errors),
        };
        let parsed = match checked(envelope) {
            Ok(parsed) => parsed,
            Err(errors) => return Ok(refused(errors)),
        };
        let mut identity = Identity::of(&parsed);
        let event = match self.accept(parsed, &mut identity).await {
            Ok(event) => Ok(event),
            Err(Refused::Event(errors)) => Err(errors),
            Err(Refused::Request(error)) => return Err(error),
        };
        Ok(Sifted {
            id,
            identity: Some(identity),
            event,
        })
    }

    async fn accept(
        &mut self,
        parsed: ParsedEvent,
        identity: &mut Identity,
    ) -> Result<NewEvent, Refused> {
        let (account, company) = self.places.find(&parsed, &mut identity.accounts).await?;
        let now = self.services.now();
        let time = parsed.time.unwrap_or(now);
        check_time(time, now, self.age)?;
        let cards = self.services.directory.rate_cards(&parsed.kind).await?;
        let card = RateCard::in_force(&cards, time);
        let spent = spend(&parsed.kind, parsed.payload, card)?;
        let quantity = spent.priced.as_ref().map(|priced| priced.quantity);
        let rate_version = spent.priced.as_ref().map(|priced| priced.version);
        let unit = spent.priced.map(|priced| priced.unit);
        let metadata = spent.metadata.as_ref().map(Json::to_string);
        let cycles = self.places.cycles(account)?;
        let cycle = cycles.booking(time, now, self.age)?;
        Ok(NewEvent {
            account,
            company: company.id,
            source: parsed.source,
            id: parsed.id,
            fingerprint: identity.fingerprint,
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
}

/// Everything about an event that does not depend on when it is looked at.
fn checked(envelope: Envelope) -> Result<ParsedEvent, Vec<FieldError>> {
    let parsed = ParsedEvent::parse(envelope)?;
    if parsed.source.starts_with(OWN_SOURCES) {
        let message = format!("must not start with '{OWN_SOURCES}': those sources are our own");
        return Err(vec![FieldError::new("source", "reserved", message)]);
    }
    Ok(parsed)
}

/// The billing cycles of an account.
pub(crate) fn account_cycles(account: &Account) -> ServiceResult<Cycles> {
    let zone = Zone::named(&account.time_zone)
        .map_err(|error| ServiceError::invalid("time_zone", error))?;
    Ok(Cycles::new(account.cycle_anchor, zone))
}

/// 64 bits of SHA-256 over an event's content.
pub fn fingerprint(content: &str) -> i64 {
    let digest = Sha256::digest(content.as_bytes());
    let mut first = [0_u8; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

/// Checks a key that is part of a path.
pub(crate) fn valid_key(field: &str, key: &str) -> ServiceResult<()> {
    check_key(key).map_err(|rule| ServiceError::invalid(field, rule))
}

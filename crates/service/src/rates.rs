//! Rate cards.

use domain::{
    Time,
    event::USAGE_TYPE,
    rate::{RateCard, RateRule},
};

use crate::{
    Caller, Permission, ServiceError, ServiceResult, Services,
    accounts::Put,
    audit::Deed,
    ports::{Expected, Stored},
};

impl Services {
    /// Stores a further version of the rate card of an event type.
    pub async fn put_rate_card(
        &self,
        caller: &Caller,
        event_type: &str,
        effective_at: Time,
        rules: &[RateRule],
    ) -> ServiceResult<Put<RateCard>> {
        self.put_rate_card_if(caller, event_type, effective_at, rules, &Expected::Any)
            .await
    }

    /// The same, if the latest version is what is expected.
    ///
    /// # Errors
    /// [`ServiceError::Stale`] when it is not.
    pub async fn put_rate_card_if(
        &self,
        caller: &Caller,
        event_type: &str,
        effective_at: Time,
        rules: &[RateRule],
        expected: &Expected,
    ) -> ServiceResult<Put<RateCard>> {
        caller.require_platform(Permission::Provision)?;
        if event_type.is_empty() || event_type.len() > domain::event::MAX_NAME_BYTES {
            return Err(ServiceError::invalid("type", "must be 1 to 255 bytes long"));
        }
        RateCard::check_rules(rules, event_type != USAGE_TYPE)?;
        let stored = self
            .store
            .put_rate_card(event_type, effective_at, rules, expected, self.now())
            .await?;
        if stored == Stored::Stale {
            return Err(ServiceError::Stale);
        }
        self.directory.forget_rate_cards(event_type);
        self.record_of(caller, None, Deed::plain("rate_card.put", event_type))
            .await;
        match stored {
            Stored::Created(value) => Ok(Put {
                value,
                created: true,
            }),
            Stored::Replaced(value) => Ok(Put {
                value,
                created: false,
            }),
            Stored::Fixed | Stored::Over | Stored::Stale => Err(ServiceError::Conflict(
                "this version cannot change".to_owned(),
            )),
        }
    }

    /// All versions of the rate card of an event type, newest first.
    pub async fn rate_card(
        &self,
        caller: &Caller,
        event_type: &str,
    ) -> ServiceResult<Vec<RateCard>> {
        caller.require_platform(Permission::Provision)?;
        let mut versions = self.store.rate_cards(event_type).await?;
        if versions.is_empty() {
            return Err(ServiceError::NotFound);
        }
        versions.sort_unstable_by_key(|card| std::cmp::Reverse(card.version));
        Ok(versions)
    }

    /// Event types that have a rate card, those after `after`.
    pub async fn rate_card_types(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: u32,
    ) -> ServiceResult<Vec<String>> {
        caller.require_platform(Permission::Provision)?;
        Ok(self.store.rate_card_types(after, limit).await?)
    }
}

//! What operators and the platform do to the books: packs, promotions, corrections, reversals, suspension.

use domain::{
    Credits, FieldError, Invalid,
    bounds::{Sign, check_credits},
    event::MAX_REFERENCE_BYTES,
    ids::{check_key, check_text},
    ledger::{Grant, GrantKind},
    tenancy::Pack,
};

use crate::{
    Caller, Permission, Scope, ServiceError, ServiceResult, Services,
    accounts::{Put, check_name, check_price},
    audit::Deed,
    ports::{AccountAct, Act, Acted, Expected, Gift, Reverse, Reversed},
};

/// Longest reason, in characters.
const MAX_REASON_CHARS: usize = 500;
/// Most billing cycles a pack may be valid for.
const MAX_VALID_CYCLES: u32 = 120;

/// What a signed adjustment came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adjusted {
    /// Credits were given as a grant.
    Given(Grant),
    /// Credits were taken off; what the account has left, below zero past all grants.
    Taken(Credits),
}

impl Services {
    /// Creates or replaces a pack of the catalogue. Packs that were bought stay as they were.
    pub async fn put_pack(&self, caller: &Caller, pack: Pack) -> ServiceResult<Put<Pack>> {
        self.put_pack_if(caller, pack, &Expected::Any).await
    }

    /// The same, if what is there is what is expected.
    ///
    /// # Errors
    /// [`ServiceError::Stale`] when it is not.
    pub async fn put_pack_if(
        &self,
        caller: &Caller,
        pack: Pack,
        expected: &Expected,
    ) -> ServiceResult<Put<Pack>> {
        caller.require_platform(Permission::Provision)?;
        let mut errors = Vec::new();
        if let Err(rule) = check_key(&pack.key) {
            errors.push(FieldError::invalid("key", rule));
        }
        check_name(&pack.name, &mut errors);
        check_credits("credits", pack.credits, Sign::Positive, &mut errors);
        if pack.valid_cycles == 0 || pack.valid_cycles > MAX_VALID_CYCLES {
            let rule = format!("must be 1 to {MAX_VALID_CYCLES} billing cycles");
            errors.push(FieldError::invalid("valid_cycles", rule));
        }
        check_price(pack.price.as_ref(), pack.currency.as_ref(), &mut errors);
        Invalid::refuse(errors)?;
        let put = Put::from_stored(self.store.put_pack(&pack, expected, self.now()).await?)?;
        self.record_of(caller, None, Deed::plain("pack.put", &pack.key))
            .await;
        Ok(put)
    }

    /// A pack of the catalogue.
    pub async fn pack(&self, caller: &Caller, key: &str) -> ServiceResult<Pack> {
        caller.require_somewhere(Permission::Read)?;
        self.store.pack(key).await?.ok_or(ServiceError::NotFound)
    }

    /// Packs of the catalogue by key, those after `after`.
    pub async fn packs(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: u32,
    ) -> ServiceResult<Vec<Pack>> {
        caller.require_somewhere(Permission::Read)?;
        Ok(self.store.packs(after, limit).await?)
    }

    /// Grants a pack at once, as the platform does after a payment.
    pub async fn grant_pack(
        &self,
        caller: &Caller,
        account: &str,
        pack: &str,
        payment_reference: Option<String>,
    ) -> ServiceResult<Grant> {
        caller.require_platform(Permission::Provision)?;
        let scope = self
            .scope(caller, Some(account), Permission::Provision)
            .await?;
        check_reference("payment_reference", payment_reference.as_deref())?;
        let pack = self.store.pack(pack).await?.ok_or_else(|| {
            Invalid::one(
                "pack",
                "unknown_pack",
                format!("'{pack}' is not a pack: create it first"),
            )
        })?;
        self.give(
            &scope,
            Gift {
                kind: GrantKind::Pack,
                name: pack.name,
                credits: pack.credits,
                cycles: pack.valid_cycles,
                reference: payment_reference,
            },
        )
        .await
    }

    /// Grants promotional credits at once, to be spent within so many billing cycles, the running one included.
    ///
    /// # Errors
    /// An amount that is not more than zero; a name or a number of cycles that cannot be.
    pub async fn grant_promotion(
        &self,
        caller: &Caller,
        account: &str,
        name: &str,
        credits: Credits,
        cycles: u32,
    ) -> ServiceResult<Grant> {
        caller.require_platform(Permission::Provision)?;
        let mut errors = Vec::new();
        check_name(name, &mut errors);
        check_credits("credits", credits, Sign::Positive, &mut errors);
        if cycles == 0 || cycles > MAX_VALID_CYCLES {
            let rule = format!("must be 1 to {MAX_VALID_CYCLES} billing cycles");
            errors.push(FieldError::invalid("cycles", rule));
        }
        Invalid::refuse(errors)?;
        let scope = self
            .scope(caller, Some(account), Permission::Provision)
            .await?;
        let promotion = Gift {
            kind: GrantKind::Promotion,
            name: name.to_owned(),
            credits,
            cycles,
            reference: None,
        };
        self.give(&scope, promotion).await
    }

    /// Gives credits, or takes them off when negative, with a reason.
    pub async fn adjust(
        &self,
        caller: &Caller,
        account: &str,
        credits: Credits,
        reason: &str,
    ) -> ServiceResult<Adjusted> {
        caller.require_platform(Permission::Provision)?;
        let scope = self
            .scope(caller, Some(account), Permission::Provision)
            .await?;
        check_reason(reason)?;
        let mut errors = Vec::new();
        check_credits("credits", credits, Sign::NotZero, &mut errors);
        Invalid::refuse(errors)?;
        if credits.is_negative() {
            let taken = Act::Correct {
                credits: Credits::ZERO.saturating_sub(credits),
                reason: reason.to_owned(),
            };
            return match self.do_to(&scope, taken).await? {
                Acted::Corrected(left) => Ok(Adjusted::Taken(left)),
                _ => Err(crate::books::other_answer()),
            };
        }
        let gift = Gift {
            kind: GrantKind::Adjustment,
            name: "Adjustment".to_owned(),
            credits,
            cycles: 1,
            reference: Some(reason.to_owned()),
        };
        self.give(&scope, gift).await.map(Adjusted::Given)
    }

    /// Refunds what an event cost, or a part of it, to those who paid. Never more than it cost, and only by the
    /// platform: whoever pays for an account must not give its credits back to it.
    pub async fn reverse(
        &self,
        scope: &Scope,
        source: &str,
        id: &str,
        credits: Option<Credits>,
        reason: &str,
    ) -> ServiceResult<Reversed> {
        scope.require_provision()?;
        check_reason(reason)?;
        let mut errors = Vec::new();
        check_credits("credits", credits, Sign::Positive, &mut errors);
        Invalid::refuse(errors)?;
        // A caller limited to some companies must not learn of others.
        self.event(scope, source, id).await?;
        let reverse = Reverse {
            source: source.to_owned(),
            id: id.to_owned(),
            credits,
            reason: reason.to_owned(),
            reversal: self.new_id(),
        };
        match self.do_to(scope, Act::Reverse(reverse)).await? {
            Acted::Reversed(reversed) => Ok(reversed),
            _ => Err(crate::books::other_answer()),
        }
    }

    /// Stops an account's AI features, or lets them go on.
    pub async fn suspend(
        &self,
        caller: &Caller,
        account: &str,
        is_suspended: bool,
    ) -> ServiceResult<()> {
        caller.require_platform(Permission::Provision)?;
        let scope = self
            .scope(caller, Some(account), Permission::Provision)
            .await?;
        self.store
            .suspend(scope.account.id, is_suspended, self.now())
            .await?;
        self.directory.forget_account(&scope.account);
        self.hub.notify(&[scope.account.id]);
        let action = if is_suspended {
            "account.suspended"
        } else {
            "account.resumed"
        };
        self.record(&scope, Deed::plain(action, &scope.account.key))
            .await;
        Ok(())
    }

    async fn give(&self, scope: &Scope, gift: Gift) -> ServiceResult<Grant> {
        match self.do_to(scope, Act::Give(gift)).await? {
            Acted::Given(grant) => Ok(grant),
            _ => Err(crate::books::other_answer()),
        }
    }

    async fn do_to(&self, scope: &Scope, act: Act) -> ServiceResult<Acted> {
        let (action, target, detail) = match &act {
            Act::Give(gift) => ("credits.given", gift.name.clone(), gift.credits.to_string()),
            Act::Correct { credits, reason } => {
                ("credits.taken", reason.clone(), credits.to_string())
            }
            Act::Reverse(reverse) => (
                "credits.reversed",
                format!("{} · {}", reverse.source, reverse.id),
                reverse.reason.clone(),
            ),
            _ => ("credits.changed", String::new(), String::new()),
        };
        let acted = self
            .act(AccountAct {
                account: scope.account.id,
                actor: scope.actor.clone(),
                act,
            })
            .await?;
        let target = &*target;
        self.record(
            scope,
            Deed {
                action,
                target,
                detail,
            },
        )
        .await;
        Ok(acted)
    }
}

/// A reason for the ledger.
pub(crate) fn check_reason(reason: &str) -> ServiceResult<()> {
    let chars = reason.chars().count();
    if reason.trim().is_empty() || chars > MAX_REASON_CHARS || reason.chars().any(char::is_control)
    {
        let rule = format!(
            "must say why in 1 to {MAX_REASON_CHARS} characters, without control characters"
        );
        return Err(Invalid::one("reason", "required", rule).into());
    }
    Ok(())
}

pub(crate) fn check_reference(field: &str, reference: Option<&str>) -> ServiceResult<()> {
    reference
        .map_or(Ok(()), |text| check_text(text, MAX_REFERENCE_BYTES))
        .map_err(|rule| ServiceError::invalid(field, rule))
}

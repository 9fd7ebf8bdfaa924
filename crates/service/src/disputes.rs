//! Disputes: a reader asks for an event to be refunded, an agency says what it thinks of its client's request, and the
//! platform decides. Nobody decides a request of their own.

use domain::{
    Credits,
    cursor::TimedId,
    ledger::{Dispute, DisputeState, SYSTEM, Verdict},
};

use sha2::{Digest, Sha256};

use crate::{
    Caller, Permission, Scope, ServiceError, ServiceResult, Services,
    audit::Deed,
    ledger::check_reason,
    ports::{AccountAct, Act, Acted, DisputesQuery, OpenDispute, Refusal},
};

/// Open disputes of an account that are looked through for one's own, at most.
const MAX_OPEN: u32 = 100_000;
/// Most refund requests of an account that wait for their decision.
pub const MOST_OPEN_REQUESTS: u32 = 1_000;

impl Services {
    /// Asks for an event to be refunded, whole or in part. What the account's policy lets the system refund is refunded
    /// at once. Sent again with the same `request`, which the sender made up, it is the request of the first time.
    pub async fn open_dispute(
        &self,
        scope: &Scope,
        source: &str,
        id: &str,
        credits: Option<Credits>,
        reason: &str,
        request: Option<&str>,
    ) -> ServiceResult<Dispute> {
        scope.require_dispute()?;
        check_reason(reason)?;
        let event = self.event(scope, source, id).await?;
        if event.reverses.is_some() {
            return Err(ServiceError::NotFound);
        }
        let dispute = Dispute {
            id: request.map_or_else(
                || self.new_id(),
                |request| id_of(scope, source, id, request),
            ),
            source: source.to_owned(),
            event: id.to_owned(),
            company: event.company,
            credits,
            reason: reason.to_owned(),
            actor: scope.actor.clone(),
            is_of_client: scope.is_client(),
            created_at: self.now(),
            support: None,
            state: DisputeState::Open,
            refunded: None,
            decision_reason: None,
            decided_by: None,
            decided_at: None,
        };
        let act = Act::Dispute {
            dispute: Box::new(dispute),
            reversal: self.new_id(),
        };
        let (dispute, is_new) = self.dispute_act(scope, act).await?;
        if !is_new {
            return Ok(dispute);
        }
        let deed = Deed {
            detail: dispute.reason.clone(),
            ..Deed::plain("dispute.opened", &dispute.event)
        };
        self.record(scope, deed).await;
        if dispute.state == DisputeState::Accepted {
            let deed = decided(&dispute);
            let account = Some(scope.account.id);
            self.record_entry(account, SYSTEM, None, deed).await;
        }
        Ok(dispute)
    }

    /// Says whether an agency supports its client's request, which stays open until the platform decides.
    pub async fn support_dispute(
        &self,
        scope: &Scope,
        id: &str,
        supports: bool,
        note: Option<&str>,
    ) -> ServiceResult<Dispute> {
        scope.require_support()?;
        if let Some(note) = note {
            check_reason(note).map_err(|_| {
                ServiceError::invalid(
                    "note",
                    "must be at most 500 characters, without control characters",
                )
            })?;
        }
        self.refuse_former_self(scope, id).await?;
        let act = Act::SupportDispute {
            id: id.to_owned(),
            supports,
            note: note.map(str::to_owned),
        };
        let dispute = self.dispute_act(scope, act).await?.0;
        let action = if supports {
            "dispute.supported"
        } else {
            "dispute.not_supported"
        };
        let deed = Deed {
            detail: note.unwrap_or_default().to_owned(),
            ..Deed::plain(action, &dispute.event)
        };
        self.record(scope, deed).await;
        Ok(dispute)
    }

    /// Decides a dispute; approving refunds at once. Only the platform does, and nobody their own.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] when it was decided otherwise before, or nothing is left to refund. Deciding it in the
    /// same way again changes nothing.
    pub async fn decide_dispute(
        &self,
        caller: &Caller,
        account: &str,
        id: &str,
        verdict: Verdict,
        reason: Option<&str>,
    ) -> ServiceResult<Dispute> {
        caller.require_platform(Permission::Provision)?;
        let scope = self
            .scope(caller, Some(account), Permission::Provision)
            .await?;
        if reason.is_some() || verdict == Verdict::Decline {
            check_reason(reason.unwrap_or_default())?;
        }
        self.refuse_former_self(&scope, id).await?;
        let act = Act::DecideDispute {
            id: id.to_owned(),
            verdict,
            reason: reason.map(str::to_owned),
            reversal: self.new_id(),
        };
        let (dispute, is_new) = self.dispute_act(&scope, act).await?;
        if is_new {
            self.record(&scope, decided(&dispute)).await;
        }
        Ok(dispute)
    }

    /// Disputes of the companies the caller may see, newest first: in these states (any when empty), before `before`.
    pub async fn disputes(
        &self,
        scope: &Scope,
        states: &[DisputeState],
        before: Option<&TimedId>,
        limit: u32,
    ) -> ServiceResult<Vec<Dispute>> {
        let query = DisputesQuery {
            companies: scope.company_ids(),
            states,
            before,
        };
        Ok(self.store.disputes(scope.account.id, &query, limit).await?)
    }

    /// Open disputes of all accounts, the oldest first: for those who run the platform.
    pub async fn open_disputes(
        &self,
        caller: &Caller,
        after: Option<&TimedId>,
        limit: u32,
    ) -> ServiceResult<Vec<OpenDispute>> {
        caller.require_platform(Permission::Read)?;
        Ok(self.store.open_disputes(after, limit).await?)
    }

    /// Refuses who opened a dispute under an address that they had before.
    async fn refuse_former_self(&self, scope: &Scope, id: &str) -> ServiceResult<()> {
        let Some(user) = scope.user else {
            return Ok(());
        };
        let former = self.store.former_emails(user).await?;
        if former.is_empty() {
            return Ok(());
        }
        let query = DisputesQuery {
            states: &[DisputeState::Open],
            ..DisputesQuery::default()
        };
        let open = self
            .store
            .disputes(scope.account.id, &query, MAX_OPEN)
            .await?;
        let is_own = |dispute: &Dispute| dispute.id == id && former.contains(&dispute.actor);
        if open.iter().any(is_own) {
            return Err(Refusal::OwnRequest.into());
        }
        Ok(())
    }

    /// The dispute afterwards, and whether anything was changed.
    async fn dispute_act(&self, scope: &Scope, act: Act) -> ServiceResult<(Dispute, bool)> {
        let act = AccountAct {
            account: scope.account.id,
            actor: scope.actor.clone(),
            act,
        };
        match self.act(act).await? {
            Acted::Dispute(dispute) => Ok((*dispute, true)),
            Acted::KnownDispute(dispute) => Ok((*dispute, false)),
            _ => Err(crate::books::other_answer()),
        }
    }
}

/// The id of a request that its sender can recognise. It is made from everything that tells requests apart, so that
/// nobody meets the request of somebody else by choosing the same name.
fn id_of(scope: &Scope, source: &str, event: &str, request: &str) -> String {
    let mut digest = Sha256::new();
    for part in [scope.actor.as_str(), source, event, request] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .to_string()
}

fn decided(dispute: &Dispute) -> Deed<'_> {
    let action = match dispute.state {
        DisputeState::Refused => "dispute.refused",
        DisputeState::Open | DisputeState::Accepted => "dispute.accepted",
    };
    let amount = dispute.refunded.map(|credits| credits.to_string());
    let said = dispute.decision_reason.as_ref().unwrap_or(&dispute.reason);
    Deed {
        detail: amount.map_or_else(|| said.clone(), |amount| format!("{amount} · {said}")),
        ..Deed::plain(action, &dispute.event)
    }
}

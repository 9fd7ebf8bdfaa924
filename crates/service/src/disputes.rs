//! Disputes: a reader asks for an event to be given back, a billing admin decides.

use domain::{
    Credits,
    ledger::{Dispute, DisputeState},
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    audit::Deed,
    ledger::check_reason,
    ports::{AccountAct, Act, Acted},
};

impl Services {
    /// Asks for an event to be given back, whole or in part.
    pub async fn open_dispute(
        &self,
        scope: &Scope,
        source: &str,
        id: &str,
        credits: Option<Credits>,
        reason: &str,
    ) -> ServiceResult<Dispute> {
        scope.require_dispute()?;
        check_reason(reason)?;
        let event = self.event(scope, source, id).await?;
        if event.reverses.is_some() {
            return Err(ServiceError::NotFound);
        }
        let left = event.credits.saturating_sub(event.reversed);
        if left <= Credits::ZERO {
            return Err(ServiceError::Conflict(
                "nothing of this event's cost is left to give back".to_owned(),
            ));
        }
        if credits.is_some_and(|credits| credits <= Credits::ZERO || credits > left) {
            let rule = format!(
                "must be more than zero and at most {left}: what is left of the event's cost"
            );
            return Err(ServiceError::invalid("credits", rule));
        }
        let dispute = Dispute {
            id: self.new_id(),
            source: source.to_owned(),
            event: id.to_owned(),
            company: event.company,
            credits,
            reason: reason.to_owned(),
            actor: scope.actor.clone(),
            created_at: self.now(),
            state: DisputeState::Open,
            decided_by: None,
            decided_at: None,
        };
        self.dispute_act(scope, Act::Dispute(Box::new(dispute)))
            .await
    }

    /// Decides a dispute; accepting gives the event back at once.
    pub async fn decide_dispute(
        &self,
        scope: &Scope,
        id: &str,
        accepts: bool,
    ) -> ServiceResult<Dispute> {
        scope.require_bill()?;
        let act = Act::DecideDispute {
            id: id.to_owned(),
            accepts,
            reversal: self.new_id(),
        };
        self.dispute_act(scope, act).await
    }

    /// Disputes of the companies the caller may see, open ones first.
    pub async fn disputes(&self, scope: &Scope, limit: u32) -> ServiceResult<Vec<Dispute>> {
        Ok(self
            .store
            .disputes(scope.account.id, scope.company_ids(), limit)
            .await?)
    }

    async fn dispute_act(&self, scope: &Scope, act: Act) -> ServiceResult<Dispute> {
        let act = AccountAct {
            account: scope.account.id,
            actor: scope.actor.clone(),
            act,
        };
        match self.act(act).await? {
            Acted::Dispute(dispute) => {
                let action = match dispute.state {
                    DisputeState::Open => "dispute.opened",
                    DisputeState::Accepted => "dispute.accepted",
                    DisputeState::Refused => "dispute.refused",
                };
                let deed = Deed {
                    detail: dispute.reason.clone(),
                    ..Deed::plain(action, &dispute.event)
                };
                self.record(scope, deed).await;
                Ok(dispute)
            }
            _ => Err(crate::books::other_answer()),
        }
    }
}

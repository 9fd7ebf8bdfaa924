//! Packs, promotions, adjustments, refunds and budgets in the demo's past.

use std::collections::BTreeMap;

use domain::{
    Agent, Credits, FieldError, Invalid,
    filter::ViewQuery,
    ledger::{DisputeState, OrderKind, Verdict},
    time::HOUR_US,
};
use service::{
    Scope, ServiceError, ServiceResult,
    companies::{BoardQuery, Limits},
    orders::{OrderAsk, PaymentReport},
    ports::StoredEvent,
};

use super::Stage;
use crate::demo::cast::{AGENCY, CLIENT, CUSTOMER, CUSTOMER_OWNER, OPERATOR, OWNER};

/// Events among which one is looked for that went wrong.
const LOOKED_AT: u32 = 200;
/// How far back it is.
const LOOKED_BACK_US: i64 = 12 * HOUR_US;
/// How much of the tight budget is used when the demo begins, in percent, and for how many days that is set late.
const TIGHT_PERCENT: i64 = 93;
const DAYS_BY_THEN: i64 = 20;

impl Stage<'_> {
    /// An owner orders a pack; the payment system says what became of the payment.
    pub(super) async fn buy(&self, account: &str, pack: &str, pays: bool) -> ServiceResult<()> {
        let owner = if account == CUSTOMER {
            CUSTOMER_OWNER
        } else {
            OWNER
        };
        let scope = self.scope_of(owner, account).await?;
        let order = self
            .services
            .place_order(&scope, &OrderAsk::one(OrderKind::Pack, pack))
            .await?;
        let report = if pays {
            let number = order.created_at.micros() / HOUR_US;
            let reference = Some(format!("INV-{number}"));
            PaymentReport::Paid { reference }
        } else {
            let reason = "The card was declined".to_owned();
            PaymentReport::Failed { reason }
        };
        self.services
            .report_payment(self.caller, account, &order.id, report)
            .await
            .map(|_| ())
    }

    pub(super) async fn promote(&self) -> ServiceResult<()> {
        let credits = self.world.size.credits(2_500);
        self.services
            .grant_promotion(self.caller, AGENCY, "Loyalty promotion", credits, 2)
            .await
            .map(|_| ())
    }

    pub(super) async fn adjust(&self) -> ServiceResult<()> {
        let credits = self.world.size.credits(400);
        let reason = "Goodwill for 40 minutes without voice calls";
        let operator = self.person(OPERATOR).await?;
        self.services
            .adjust(&operator, AGENCY, credits, reason)
            .await
            .map(|_| ())
    }

    pub(super) async fn set_budgets(&self) -> ServiceResult<()> {
        let size = self.world.size;
        let scope = self.owner().await?;
        for (key, budget, caps) in [
            ("acme-dental", 30_000, vec![]),
            ("bluewater-spa", 15_000, vec![(Agent::VoiceOutbound, 2_500)]),
            ("cedar-fitness", 1_400, vec![]),
        ] {
            let caps = caps
                .into_iter()
                .map(|(agent, cap)| (agent, size.credits(cap)));
            self.set_budget(&scope, key, size.credits(budget), caps.collect())
                .await?;
        }
        Ok(())
    }

    /// A budget that was set a day ago, such that the company has used most of it by now.
    pub(super) async fn set_tight_budget(&self) -> ServiceResult<()> {
        let (scope, key) = (self.owner().await?, "lakeside-vet");
        let board = self
            .services
            .board(&scope, &BoardQuery::search(key))
            .await?;
        let line = board.lines.iter().find(|line| line.company.key == key);
        let used = line.map_or(Credits::ZERO, |line| line.used.credits);
        let by_then = used.micro() / (DAYS_BY_THEN - 1) * DAYS_BY_THEN;
        let whole = Credits::from_whole(by_then / 1_000_000 * 100 / TIGHT_PERCENT);
        let budget = whole.unwrap_or(Credits::ZERO);
        self.set_budget(&scope, key, budget, BTreeMap::new()).await
    }

    pub(super) async fn set_customer_budgets(&self) -> ServiceResult<()> {
        let size = self.world.size;
        let scope = self.scope_of(CUSTOMER_OWNER, CUSTOMER).await?;
        for (key, budget) in [
            ("brightside-downtown", 4_600),
            ("brightside-eastside", 6_000),
        ] {
            self.set_budget(&scope, key, size.credits(budget), BTreeMap::new())
                .await?;
        }
        Ok(())
    }

    async fn set_budget(
        &self,
        scope: &Scope,
        key: &str,
        budget: Credits,
        agent_caps: BTreeMap<Agent, Credits>,
    ) -> ServiceResult<()> {
        let name = self.services.company(scope, key).await?.name;
        let limits = Limits {
            name,
            budget: Some(budget),
            agent_caps,
        };
        self.services.set_limits(scope, key, limits, None).await
    }

    /// The platform returns what a call cost that it booked twice.
    pub(super) async fn reverse(&self) -> ServiceResult<()> {
        let scope = self.scope_of(OPERATOR, AGENCY).await?;
        let call = self.costly_call(&scope, "harbor-homes").await?;
        let reason = "Duplicate call from the voice gateway";
        self.services
            .reverse(&scope, &call.source, &call.id, None, reason)
            .await
            .map(|_| ())
    }

    /// The client asks for what a call cost that went wrong.
    pub(super) async fn request_refund(&self) -> ServiceResult<()> {
        let scope = self.scope_of(CLIENT, AGENCY).await?;
        let call = self.costly_call(&scope, "acme-dental").await?;
        let reason = "The caller heard nothing: the line was silent";
        self.services
            .open_dispute(&scope, &call.source, &call.id, None, reason, None)
            .await
            .map(|_| ())
    }

    /// The platform approves the open request.
    pub(super) async fn approve_refund(&self) -> ServiceResult<()> {
        let operator = self.person(OPERATOR).await?;
        let scope = self.scope_of(OPERATOR, AGENCY).await?;
        let requests = self.services.disputes(&scope, &[], None, LOOKED_AT).await?;
        for request in requests {
            if request.state == DisputeState::Open {
                let approved = Verdict::Approve { credits: None };
                self.services
                    .decide_dispute(&operator, AGENCY, &request.id, approved, None)
                    .await?;
            }
        }
        Ok(())
    }

    /// The call of the last hours that cost most.
    async fn costly_call(&self, scope: &Scope, company: &str) -> ServiceResult<StoredEvent> {
        let now = self.services.now();
        let view = ViewQuery {
            companies: vec![company.to_owned()],
            from: Some(now.plus_micros(-LOOKED_BACK_US).to_string()),
            to: Some(now.to_string()),
            ..ViewQuery::default()
        };
        let events = self
            .services
            .events(scope.clone(), &view, None, LOOKED_AT)
            .await?;
        let calls = events.into_iter().filter(|event| event.reversed.is_zero());
        calls.max_by_key(|event| event.credits).ok_or_else(|| {
            let message = format!("{company} had none in these hours");
            ServiceError::Invalid(Invalid(vec![FieldError::invalid("events", message)]))
        })
    }
}

//! Disputes: requests to refund what an event cost, which the platform decides.

use serde::{Deserialize, Serialize};

use crate::{Credits, Time};

/// Who approves by itself what the policy of an account lets through.
pub const SYSTEM: &str = "system";

/// What became of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// Waits for a decision.
    Open,
    /// It was approved: credits were refunded.
    Accepted,
    /// It was declined: the event costs what it cost.
    Refused,
}

impl DisputeState {
    /// Those that a decision leads to.
    pub const DECIDED: [Self; 2] = [Self::Accepted, Self::Refused];

    /// The name on the wire and in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        }
    }

    /// How it is told to people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "approved",
            Self::Refused => "declined",
        }
    }

    /// By its name.
    pub fn named(text: &str) -> Option<Self> {
        [Self::Open, Self::Accepted, Self::Refused]
            .into_iter()
            .find(|state| state.id() == text)
    }
}

/// A decision on a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Credits are refunded.
    Approve {
        /// How many; what is asked for, as far as it is left of the event's cost, when not said.
        credits: Option<Credits>,
    },
    /// Nothing is refunded.
    Decline,
}

/// What an agency says of its client's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    /// Whether it supports the request.
    pub supports: bool,
    /// What else it says.
    pub note: Option<String>,
    /// Who says so.
    pub actor: String,
    /// When.
    pub at: Time,
}

/// A request to refund what an event cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Its id; unique.
    pub id: String,
    /// The event's source.
    pub source: String,
    /// The event's id.
    pub event: String,
    /// Number of the event's company.
    pub company: crate::CompanyId,
    /// How much is asked for; all that is left when not said.
    pub credits: Option<Credits>,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub actor: String,
    /// Whether a client of an agency asks.
    pub is_of_client: bool,
    /// When it was asked.
    pub created_at: Time,
    /// What the agency says of its client's request.
    pub support: Option<Support>,
    /// What became of it.
    pub state: DisputeState,
    /// How much was refunded; not known of requests that earlier versions approved.
    pub refunded: Option<Credits>,
    /// Why it was decided so.
    pub decision_reason: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Time>,
}

impl Dispute {
    /// Whether the decision that was made is this one. An approval that names no amount is any approval.
    pub fn was_decided_as(&self, verdict: Verdict) -> bool {
        match (self.state, verdict) {
            (DisputeState::Accepted, Verdict::Approve { credits }) => {
                credits.is_none() || credits == self.refunded
            }
            (DisputeState::Refused, Verdict::Decline) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(state: DisputeState, refunded: Option<i64>) -> Dispute {
        let at = Time::from_micros(0);
        Dispute {
            id: "d".to_owned(),
            source: "test".to_owned(),
            event: "e".to_owned(),
            company: crate::CompanyId(1),
            credits: None,
            reason: "cut".to_owned(),
            actor: "client@acme.example".to_owned(),
            is_of_client: true,
            created_at: at,
            support: None,
            state,
            refunded: refunded.map(Credits::from_micro),
            decision_reason: None,
            decided_by: None,
            decided_at: None,
        }
    }

    #[test]
    fn a_decision_is_the_same_when_it_would_have_the_same_effect() {
        let approve = |micro: Option<i64>| Verdict::Approve {
            credits: micro.map(Credits::from_micro),
        };
        let approved = decided(DisputeState::Accepted, Some(5));
        assert!(approved.was_decided_as(approve(None)));
        assert!(approved.was_decided_as(approve(Some(5))));
        assert!(!approved.was_decided_as(approve(Some(4))));
        assert!(!approved.was_decided_as(Verdict::Decline));
        let declined = decided(DisputeState::Refused, None);
        assert!(declined.was_decided_as(Verdict::Decline));
        assert!(!declined.was_decided_as(approve(None)));
        assert!(!decided(DisputeState::Open, None).was_decided_as(Verdict::Decline));
    }
}

//! What became of a request for a refund, in words.

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundOutcome {
    /// It waits for a decision.
    Requested,
    /// It was approved at once.
    Refunded,
    /// It was not taken, and why.
    Refused(String),
}

impl RefundOutcome {
    /// What an address says that a form without scripts led to.
    pub fn of(others: &[(String, String)]) -> Option<Self> {
        let outcome = |(name, value): &(String, String)| match (name.as_str(), value.as_str()) {
            ("done", "disputed") => Some(Self::Requested),
            ("done", "refunded") => Some(Self::Refunded),
            ("failed", why) => Some(Self::Refused(why.to_owned())),
            _ => None,
        };
        others.iter().find_map(outcome)
    }

    /// The parameter of such an address.
    pub fn parameter(&self) -> (&'static str, &str) {
        match self {
            Self::Requested => ("done", "disputed"),
            Self::Refunded => ("done", "refunded"),
            Self::Refused(why) => ("failed", why),
        }
    }

    /// Whether the request was taken.
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Requested | Self::Refunded)
    }

    /// What the reader is told.
    pub fn text(&self) -> String {
        match self {
            Self::Requested => "Refund requested. The platform decides.".to_owned(),
            Self::Refunded => "Refunded automatically.".to_owned(),
            Self::Refused(why) => why.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_became_of_a_request() {
        let refused = RefundOutcome::Refused("Reason is required.".to_owned());
        for outcome in [RefundOutcome::Requested, RefundOutcome::Refunded, refused] {
            let (name, value) = outcome.parameter();
            let others = [("event".into(), "a/b".into()), (name.into(), value.into())];
            assert_eq!(RefundOutcome::of(&others), Some(outcome));
        }
        assert_eq!(
            RefundOutcome::of(&[("done".into(), "ordered".into())]),
            None
        );
    }
}

//! Holds: credits that a running call reserves.

use serde::{Deserialize, Serialize};

use crate::{Agent, CompanyId, Credits, Time, time::SECOND_US};

/// Longest time until a hold ends by itself unless renewed, in seconds: a day.
pub const MAX_HOLD_S: u32 = 86_400;

/// What became of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// The call runs.
    Active,
    /// It ended and became an event with what it really cost.
    Settled,
    /// It was given up; what it had reported became an event.
    Released,
    /// Nobody renewed it in time; what it had reported last became an event.
    Expired,
}

impl HoldState {
    /// The name on the wire and in the database.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Settled => "settled",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// By its name.
    pub fn named(text: &str) -> Option<Self> {
        [Self::Active, Self::Settled, Self::Released, Self::Expired]
            .into_iter()
            .find(|state| state.id() == text)
    }
}

/// Credits that a running call reserves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Unique in its account, for ever: its event has the same id.
    pub id: String,
    /// Which company spends.
    pub company: CompanyId,
    /// Who spends.
    pub agent: Agent,
    /// On what.
    pub activity: String,
    /// What was asked for.
    pub credits: Credits,
    /// What was used so far, as reported last; never goes back.
    pub used: Credits,
    /// What became of it.
    pub state: HoldState,
    /// When it began.
    pub created_at: Time,
    /// When it ends by itself.
    pub expires_at: Time,
    /// What its event cost, once it ended.
    pub settled: Option<Credits>,
    /// Tells a repeated settlement from another one.
    pub fingerprint: i64,
    /// Tells the request that began it, sent again, from another one; not known of holds from before it was kept.
    pub asked: Option<i64>,
}

/// A change to a running hold; what is left out stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Renewal {
    /// What was used so far.
    pub used: Option<Credits>,
    /// What to reserve from now on.
    pub credits: Option<Credits>,
    /// Ends by itself so many seconds from now.
    pub expires_in_s: Option<u32>,
}

/// Why a hold cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// It has ended.
    #[error("this hold has ended ({}): its cost was booked", .0.id())]
    Ended(HoldState),
    /// Usage cannot go back.
    #[error("must not be less than the {0} credits reported before")]
    LessUsed(Credits),
}

impl Hold {
    /// What it reserves: what was asked for, or what was used when that is more.
    pub fn reserved(&self) -> Credits {
        self.credits.max(self.used)
    }

    /// Whether the call runs.
    pub fn is_active(&self) -> bool {
        self.state == HoldState::Active
    }

    /// Whether it should have been renewed by now.
    pub fn is_overdue(&self, now: Time) -> bool {
        self.is_active() && self.expires_at <= now
    }

    /// The hold after a renewal.
    ///
    /// # Errors
    /// When it has ended, or less was used than before.
    pub fn renewed(&self, renewal: Renewal, now: Time) -> Result<Self, HoldError> {
        if !self.is_active() {
            return Err(HoldError::Ended(self.state));
        }
        let used = renewal.used.unwrap_or(self.used);
        if used < self.used {
            return Err(HoldError::LessUsed(self.used));
        }
        Ok(Self {
            used,
            credits: renewal.credits.unwrap_or(self.credits),
            expires_at: renewal
                .expires_in_s
                .map_or(self.expires_at, |seconds| expiry(now, seconds)),
            ..self.clone()
        })
    }

    /// The hold once it ended at this cost.
    #[must_use]
    pub fn ended(&self, state: HoldState, cost: Credits, fingerprint: i64) -> Self {
        Self {
            state,
            settled: Some(cost),
            used: cost.max(self.used),
            fingerprint,
            ..self.clone()
        }
    }
}

/// When something ends that ends so many seconds from now.
pub fn expiry(now: Time, seconds: u32) -> Time {
    now.plus_micros(i64::from(seconds) * SECOND_US)
}

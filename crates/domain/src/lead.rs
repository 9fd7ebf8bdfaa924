//! What conversations and calls brought in: leads, bookings and sales; and which usage brought in nothing.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Agent, Credits, Quantity,
    bounds::MOST_MONEY_MICRO,
    credits::MICRO,
    time::{DAY_US, SECOND_US},
    usage::Totals,
};

/// The event type that reports a lead.
pub const LEAD_TYPE: &str = "creditscope.lead";

/// The largest worth of one lead, in millionths of its currency: a billion.
pub const MAX_WORTH_MICRO: i64 = MOST_MONEY_MICRO;

/// A voice call shorter than this is a short one.
pub const SHORT_CALL_US: i64 = 10 * SECOND_US;

/// A lead belongs to the chat replies of its reference that lie this near to it.
pub const LEAD_REACH_US: i64 = 35 * DAY_US;

/// How far it got with someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadKind {
    /// Somebody left how to be reached.
    Lead,
    /// Somebody made an appointment.
    Booking,
    /// Somebody bought.
    Sale,
}

/// The text is none of the three kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of lead, booking, sale")]
pub struct UnknownLeadKind;

impl LeadKind {
    /// All kinds, the earliest first.
    pub const ALL: [Self; 3] = [Self::Lead, Self::Booking, Self::Sale];

    /// The word on the wire.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Booking => "booking",
            Self::Sale => "sale",
        }
    }

    /// The name of several.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Lead => "Leads",
            Self::Booking => "Bookings",
            Self::Sale => "Sales",
        }
    }

    /// Position in [`LeadKind::ALL`]; the stored number.
    pub const fn index(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for LeadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for LeadKind {
    type Err = UnknownLeadKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.id() == text).ok_or(UnknownLeadKind)
    }
}

/// What a lead is worth to the company.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Worth {
    /// In millionths of the currency, from zero to [`MAX_WORTH_MICRO`].
    pub amount_micro: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// What an event says of a lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewLead {
    /// How far it got.
    pub kind: LeadKind,
    /// What it is worth, when said.
    pub worth: Option<Worth>,
}

/// What some usage cost and what it brought in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gain {
    /// The usage.
    pub used: Totals,
    /// How many leads of each kind, in the order of [`LeadKind::ALL`].
    pub leads: [u64; 3],
    /// What they are worth, by currency, in millionths.
    pub worth_micro: BTreeMap<String, i128>,
}

impl Gain {
    /// Adds leads of one kind and currency.
    pub fn add_leads(
        &mut self,
        kind: LeadKind,
        leads: u64,
        currency: Option<&str>,
        worth_micro: i64,
    ) {
        let count = &mut self.leads[usize::from(kind.index())];
        *count = count.saturating_add(leads);
        if let Some(currency) = currency {
            *self.worth_micro.entry(currency.to_owned()).or_default() += i128::from(worth_micro);
        }
    }

    /// Leads, bookings and sales together.
    pub fn all_leads(&self) -> u64 {
        self.leads
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// How many of a kind.
    pub fn of(&self, kind: LeadKind) -> u64 {
        self.leads[usize::from(kind.index())]
    }

    /// Whether nothing was used and nothing came in.
    pub fn is_nothing(&self) -> bool {
        self.used == Totals::default() && self.all_leads() == 0
    }

    /// What one of `count` cost, to a millionth of a credit, half up; none when there is none.
    pub fn credits_per(&self, count: u64) -> Option<Credits> {
        let (all, count) = (i128::from(self.used.credits.micro()), i128::from(count));
        if count == 0 {
            return None;
        }
        let each = (2 * all + count).div_euclid(2 * count);
        i64::try_from(each).ok().map(Credits::from_micro)
    }

    /// What a credit brought in, in millionths of a currency, half up; none when none was used.
    pub fn worth_per_credit(&self, currency: &str) -> Option<i64> {
        let used = i128::from(self.used.credits.micro());
        let worth = self.worth_micro.get(currency)?;
        if used <= 0 {
            return None;
        }
        let each = (2 * worth * i128::from(MICRO) + used).div_euclid(2 * used);
        i64::try_from(each).ok()
    }
}

/// How long a voice call lasted, in microseconds, as far as its event says: by its quantity when that is a time, else by
/// `duration_s` of its metadata.
fn lasted_us(
    quantity: Option<Quantity>,
    unit: Option<&str>,
    metadata: Option<&str>,
) -> Option<i64> {
    if let (Some(quantity), Some(unit)) = (quantity, unit) {
        match unit {
            "second" | "seconds" | "s" => return Some(quantity.micro()),
            "minute" | "minutes" | "min" => return quantity.micro().checked_mul(60),
            _ => {}
        }
    }
    // Most metadata says nothing of it, and is not worth reading as JSON.
    let metadata = metadata.filter(|text| text.contains("\"duration_s\""))?;
    let metadata: Value = serde_json::from_str(metadata).ok()?;
    let seconds = metadata.get("duration_s")?.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a length of time, which `as` holds within its bounds"
    )]
    Some((seconds * SECOND_US as f64) as i64)
}

/// Whether an event is a voice call of less than ten seconds: hardly anything was said.
pub fn is_short_call(
    agent: Agent,
    quantity: Option<Quantity>,
    unit: Option<&str>,
    metadata: Option<&str>,
) -> bool {
    agent.is_voice()
        && lasted_us(quantity, unit, metadata).is_some_and(|lasted| lasted < SHORT_CALL_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_short(quantity: Option<(i64, &str)>, metadata: Option<&str>) -> bool {
        let (quantity, unit) = quantity.unzip();
        let quantity = quantity.and_then(Quantity::from_whole);
        is_short_call(Agent::VoiceInbound, quantity, unit, metadata)
    }

    #[test]
    fn a_call_is_short_below_ten_seconds() {
        assert!(is_short(Some((9, "second")), None));
        assert!(!is_short(Some((10, "second")), None));
        assert!(is_short(Some((0, "minute")), None));
        assert!(!is_short(Some((1, "minute")), None));
        assert!(is_short(None, Some(r#"{"duration_s":9.999}"#)));
        assert!(!is_short(None, Some(r#"{"duration_s":10}"#)));
    }

    #[test]
    fn a_call_of_unknown_length_and_what_is_no_call_are_not_short() {
        assert!(!is_short(None, None));
        assert!(!is_short(Some((1, "token")), None));
        assert!(!is_short(None, Some(r#"{"note":"\"duration_s\""}"#)));
        assert!(!is_short(None, Some(r#"{"duration_s":"1"}"#)));
        assert!(!is_short_call(
            Agent::Chat,
            Quantity::from_whole(1),
            Some("second"),
            None
        ));
    }

    #[test]
    fn what_a_lead_cost_and_a_credit_brought_is_exact_to_a_millionth() {
        let mut gain = Gain::default();
        assert!(gain.is_nothing());
        gain.used.credits = Credits::from_whole(100).unwrap();
        gain.add_leads(LeadKind::Lead, 2, None, 0);
        gain.add_leads(LeadKind::Sale, 1, Some("EUR"), 50 * MICRO);
        assert_eq!((gain.all_leads(), gain.of(LeadKind::Sale)), (3, 1));
        let each = gain.credits_per(gain.all_leads());
        assert_eq!(each.unwrap().to_string(), "33.333333");
        assert_eq!(gain.credits_per(6).unwrap().to_string(), "16.666667");
        assert_eq!(gain.credits_per(0), None);
        assert_eq!(gain.worth_per_credit("EUR"), Some(MICRO / 2));
        assert_eq!(gain.worth_per_credit("USD"), None);
    }

    #[test]
    fn kinds_have_one_word_each() {
        for kind in LeadKind::ALL {
            assert_eq!(kind.id().parse(), Ok(kind));
        }
        assert_eq!("Lead".parse::<LeadKind>(), Err(UnknownLeadKind));
    }
}

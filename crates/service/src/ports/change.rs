//! Changes that depend on what is stored: its version, and how much of it there may be. The store looks at both in the
//! transaction of the change, because whatever was read before it may be true no more.

use std::{fmt, str::FromStr};

use domain::{
    alert::Rule,
    brand::Brand,
    rate::RateCard,
    tenancy::{Account, Company, Pack, Plan},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Membership;
use crate::orders::PlanBase;

/// Bytes of a version: enough that no two contents share one by chance.
const VERSION_BYTES: usize = 12;

/// The version of something stored: a digest of what it says. Whatever is changed and changed back is the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version([u8; VERSION_BYTES]);

impl Version {
    /// The version of a content.
    fn of<T: Serialize>(kind: &str, content: &T) -> Self {
        // What is stored can be written as JSON: otherwise it would not be there.
        let text = serde_json::to_vec(content).unwrap_or_default();
        let mut digest = Sha256::new();
        digest.update(kind);
        digest.update([0]);
        digest.update(text);
        let mut version = [0; VERSION_BYTES];
        version.copy_from_slice(&digest.finalize()[..VERSION_BYTES]);
        Self(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl FromStr for Version {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RULE: &str = "is not a version";
        if text.len() != VERSION_BYTES * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(RULE);
        }
        let mut version = [0; VERSION_BYTES];
        for (place, byte) in version.iter_mut().enumerate() {
            let digits = text.get(place * 2..place * 2 + 2).ok_or(RULE)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| RULE)?;
        }
        Ok(Self(version))
    }
}

/// What can be changed by people who read it before.
pub trait Versioned {
    /// The version of what it says now.
    fn version(&self) -> Version;
}

impl Versioned for Account {
    fn version(&self) -> Version {
        Version::of("account", self)
    }
}

impl Versioned for Company {
    fn version(&self) -> Version {
        Version::of("company", self)
    }
}

impl Versioned for Plan {
    fn version(&self) -> Version {
        Version::of("plan", self)
    }
}

impl Versioned for Pack {
    fn version(&self) -> Version {
        Version::of("pack", self)
    }
}

impl Versioned for RateCard {
    /// What follows a version of a card is another one, also with the same rules.
    fn version(&self) -> Version {
        Version::of("rate_card", &(self.version, self.effective_at, &self.rules))
    }
}

/// Something to buy as an account is offered it: with all that the sum to pay and what is said of it depend on.
#[derive(Debug, Serialize)]
pub struct Offered<'a, T> {
    /// The plan that the account is on, its price among it, and what the running cycle has of plans.
    pub base: &'a PlanBase,
    /// What is offered.
    pub item: &'a T,
}

impl<T: Serialize> Versioned for Offered<'_, T> {
    fn version(&self) -> Version {
        Version::of("offer", self)
    }
}

impl Versioned for Brand {
    fn version(&self) -> Version {
        Version::of("brand", self)
    }
}

impl Versioned for Rule {
    /// Whether it is snoozed is changed by itself.
    fn version(&self) -> Version {
        let said = (&self.key, &self.condition, self.by_mail, self.by_webhook);
        Version::of("rule", &said)
    }
}

impl Versioned for Membership {
    fn version(&self) -> Version {
        let mut companies: Vec<i64> = self.companies.iter().map(|id| id.0).collect();
        companies.sort_unstable();
        Version::of("member", &(self.role.id(), companies))
    }
}

/// What a change expects to find.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Expected {
    /// Whatever there is, or nothing.
    #[default]
    Any,
    /// Nothing.
    Absent,
    /// Something, of any version.
    Present,
    /// One of these versions.
    Versions(Vec<Version>),
}

impl Expected {
    /// One version.
    pub fn version(version: Version) -> Self {
        Self::Versions(vec![version])
    }

    /// Whether it is met by what is there.
    pub fn is_met_by<T: Versioned>(&self, found: Option<&T>) -> bool {
        match (self, found) {
            (Self::Any, _) | (Self::Absent, None) | (Self::Present, Some(_)) => true,
            (Self::Versions(versions), Some(found)) => versions.contains(&found.version()),
            (Self::Absent, Some(_)) | (Self::Present | Self::Versions(_), None) => false,
        }
    }
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edited<T> {
    /// It was made.
    Made(T),
    /// There is nothing that could be changed so.
    Missing,
    /// A limit does not allow it. Nothing was stored.
    Over,
    /// It is another version than the change expects. Nothing was stored.
    Stale,
}

impl<T> Edited<T> {
    /// Whether it was made.
    pub const fn is_made(&self) -> bool {
        matches!(self, Self::Made(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brand(name: &str) -> Brand {
        Brand {
            name: name.to_owned(),
            ..Brand::default()
        }
    }

    #[test]
    fn a_version_is_of_the_content_and_reads_as_it_is_written() {
        let version = brand("North").version();
        assert_eq!(version, brand("North").version());
        assert_ne!(version, brand("South").version());
        assert_eq!(version.to_string().parse(), Ok(version));
        for wrong in ["", "zz", &"0".repeat(25), &"é".repeat(12)] {
            assert!(wrong.parse::<Version>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_change_expects_a_version_presence_or_absence() {
        let (one, other) = (brand("North"), brand("South"));
        let is_met = |expected: &Expected| {
            [None, Some(&one), Some(&other)].map(|found| expected.is_met_by(found))
        };
        assert_eq!(is_met(&Expected::Any), [true, true, true]);
        assert_eq!(is_met(&Expected::Absent), [true, false, false]);
        assert_eq!(is_met(&Expected::Present), [false, true, true]);
        let version = Expected::version(one.version());
        assert_eq!(is_met(&version), [false, true, false]);
    }
}

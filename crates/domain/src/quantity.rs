//! Exact metered quantities (tokens, seconds, replies).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::credits::{AmountError, AmountVisitor, MICRO, format_micro, parse_micro};

/// A metered quantity of some unit, held as whole millionths of the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(i64);

impl Quantity {
    /// From millionths of the unit.
    pub const fn from_micro(micro: i64) -> Self {
        Self(micro)
    }

    /// From whole units, or `None` when out of range.
    pub const fn from_whole(units: i64) -> Option<Self> {
        match units.checked_mul(MICRO) {
            Some(micro) => Some(Self(micro)),
            None => None,
        }
    }

    /// Millionths of the unit.
    pub const fn micro(self) -> i64 {
        self.0
    }

    /// Sum, or `None` when out of range.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micro) => Some(Self(micro)),
            None => None,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_micro(self.0))
    }
}

impl FromStr for Quantity {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_micro(text).map(Self)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_micro(self.0))
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor).map(Self)
    }
}

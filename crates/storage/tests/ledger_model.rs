//! The ledger on a real database, held against plain models, tables of dates and many hands at once.
//!
//! `LEDGER_CASES`, `LEDGER_SEED` and `RACE_OPS` choose how long it looks, and for what.

#![expect(clippy::unwrap_used, reason = "a test stops at the first failure")]

mod ledger {
    pub mod found;
    pub mod machine;
    pub mod model;
    pub mod office;
    pub mod race;
    pub mod refunds;
    pub mod steps;
    pub mod tables;
    pub mod terms;
}

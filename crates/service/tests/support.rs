//! What the tests stand on: a database in memory, a clock they set, an agency with companies, and a naive model.

pub mod memory;
pub mod model;
pub mod world;

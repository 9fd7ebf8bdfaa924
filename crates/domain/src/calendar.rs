//! Calendar time in any IANA zone: billing cycles, windows and periods.

mod cycle;
mod period;
mod window;
mod zone;

pub use crate::filter::Comparison;
pub use cycle::{Cycle, Cycles, GRACE_US};
pub use period::{Coverage, Period, ResolvedPeriod};
pub use window::{MAX_WINDOWS, TooManyWindows, Window};
pub use zone::{UnknownZone, Zone};

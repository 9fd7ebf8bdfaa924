//! Generic parts of an interface; they know no product word.

#[cfg(feature = "hydrate")]
pub mod browser;
mod escape;
mod icon;
mod length;
mod lifetime;
mod menu;
mod notice;

pub use escape::escape;
pub use icon::Icon;
pub use length::length;
pub use lifetime::Lifetime;
pub use menu::{Menu, MenuFile, MenuItem};
pub use notice::{Notice, Tone};

//! Generic parts of an interface; they know no product word.

#[cfg(feature = "hydrate")]
pub mod browser;
mod copy;
mod icon;
mod length;
mod lifetime;
mod menu;
mod notice;

pub use copy::CopyLink;
pub use icon::Icon;
pub use length::length;
pub use lifetime::Lifetime;
pub use menu::{Menu, MenuFile, MenuItem};
pub use notice::{Notice, Tone};

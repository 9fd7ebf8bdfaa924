//! Generic parts of an interface; they know no product word.

#[cfg(feature = "hydrate")]
pub mod browser;
mod escape;
mod icon;
mod length;
#[cfg(feature = "hydrate")]
mod lifetime;
#[cfg(feature = "ssr")]
mod menu;
#[cfg(feature = "ssr")]
mod notice;

pub use escape::escape;
pub use icon::Icon;
pub use length::length;
#[cfg(feature = "hydrate")]
pub use lifetime::Lifetime;
#[cfg(feature = "ssr")]
pub use menu::{Menu, MenuFile, MenuItem};
#[cfg(feature = "ssr")]
pub use notice::{Notice, Tone};
